/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>
#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

/*
 * The drive's endpoints for signing in, as a client finds and calls them (RFC 8414, RFC 6749).
 */
typedef struct Endpoints {
	char *issuer;
	char *authorization;
	char *token;
	char *device; /* NULL: none */
	char *revocation;
} Endpoints;

void endpoint_list_clear(Endpoints *endpoints);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Endpoints, endpoint_list_clear)

/*
 * Asks the drive at this address (server_url_read()) for them. DRIVE_ERROR_INVALID unless it calls
 * itself by the same address and has all of them below it, so that no other server gets a code.
 */
bool endpoint_discover(const char *server, GCancellable *cancellable, Endpoints *ret_endpoints,
		       GError **error);

/* Adds "name=value" to a form, escaped. */
void endpoint_form_add(GString *form, const char *name, const char *value);

typedef struct EndpointAnswer {
	unsigned status;
	json_t *object; /* never NULL */
	char *code;     /* "invalid_grant": the error of an answer that is none of 2xx; else NULL */
} EndpointAnswer;

void endpoint_answer_clear(EndpointAnswer *answer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(EndpointAnswer, endpoint_answer_clear)

/*
 * Sends a form. False if there was no answer, or one that no drive gives: DRIVE_ERROR_OFFLINE, or
 * DRIVE_ERROR_BUSY for 429 and 5xx: try again.
 */
bool endpoint_post(const char *url, const GString *form, GCancellable *cancellable,
		   EndpointAnswer *ret_answer, GError **error);

/* Asks for a JSON document; fails like endpoint_post(). */
bool endpoint_get(const char *url, GCancellable *cancellable, EndpointAnswer *ret_answer,
		  GError **error);

/* What an answer's error means to a person; takes it up into error. Always returns false. */
bool endpoint_refused(const EndpointAnswer *answer, GError **error);
