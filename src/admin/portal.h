/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "admin/config.h"
#include "admin/data_folder.h"
#include "request/service.h"

#include <glib.h>
#include <stdbool.h>

/*
 * All that lets people in, put together from the configuration and the data folder: chat services
 * (DATA/providers), confirming in chat, the authorization server, and the pages before them.
 */
typedef struct Portal Portal;
typedef struct Chat Chat;
typedef struct LoginLimit LoginLimit;

typedef struct PortalOptions {
	const char *folder;
	DataFolder *data;                             /* borrowed */
	const Config *config;                         /* borrowed for the call */
	Chat *chat;                                   /* borrowed; NULL: nobody confirms in chat */
	LoginLimit *limit;                            /* borrowed */
	void (*report)(const char *text, void *data); /* what an operator should know */
	void *report_data;
} PortalOptions;

Portal *portal_open(const PortalOptions *options, GError **error);
/* No request may be under way. */
void portal_close(Portal *portal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Portal, portal_close)

/* How many services it has, and them, in their order. */
#define PORTAL_SERVICES 2
void portal_services(Portal *portal, Service ret_services[PORTAL_SERVICES]);

/*
 * The base of all absolute URLs: what the configuration says, else where the server listens. Once,
 * when that is known. Reports it if nobody can sign in over it.
 */
void portal_set_base(Portal *portal, const char *base);

/*
 * The link with which the first administrator enters, while there is no account; NULL if there is
 * one. A secret.
 */
bool portal_first_link(Portal *portal, char **ret_link, GError **error);
