/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "admin/config.h"
#include "server/accounts/accounts.h"
#include "server/chat/chat.h"
#include "sql/sql.h"

/*
 * Confirm in chat as the operator configured it: the chat with its drivers, which knows the
 * accounts' addresses and writes STOP into the audit log.
 */
typedef struct Chatter Chatter;

typedef struct ChatterOptions {
	const Config *config;
	const char *url; /* where the drive is reached */
	Accounts *accounts;
	Sql *sql;
	/* A line for the log: the chat server is reached or lost, somebody said STOP. Any thread.
	 */
	void (*report)(bool bad, const char *text, void *data);
	void *data;
} ChatterOptions;

/* Also where no chat server is configured: then nobody is asked (chat_is_there()). */
Chatter *chatter_open(const ChatterOptions *options, GError **error);
/* Whoever uses the chat is to have ended. */
void chatter_close(Chatter *chatter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Chatter, chatter_close)

/* Borrowed. */
Chat *chatter_chat(Chatter *chatter);
