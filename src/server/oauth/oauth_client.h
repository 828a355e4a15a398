/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "sql/sql.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The programs that may ask for a sign-in. All are public clients: they have no secret, and PKCE
 * ties a code to whoever asked for it. The drive's own are built in; the operator adds others.
 */
typedef struct OauthClient {
	char *id;
	char *name;       /* for people */
	bool own;         /* the drive's own */
	char **redirects; /* as registered; NULL-terminated */
	unsigned scopes;  /* that it may have */
	int64_t created_us;
} OauthClient;

void oauth_client_free(void *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OauthClient, oauth_client_free)

/* Makes the table. */
bool oauth_client_migrate(Sql *sql, GError **error);

/* By id; DRIVE_ERROR_NOT_FOUND. */
OauthClient *oauth_client_find(Sql *sql, const char *id, GError **error);

/*
 * Whether a request may name this redirect (A1): exactly one of those registered, byte by byte, but
 * for the port where that is http on 127.0.0.1 or [::1] (RFC 8252 7.3).
 */
bool oauth_client_allows(const OauthClient *client, const char *redirect);

/*
 * A new one. redirects: 1..OAUTH_REDIRECTS_MAX of https, of http on 127.0.0.1 or [::1], or of a
 * scheme of its own with a dot in it ("org.example.app:/done"); no fragment, no wildcard, no user.
 * DRIVE_ERROR_INVALID. The id is made, and yours.
 */
typedef struct OauthClientNew {
	const char *name;
	const char *const *redirects;
	unsigned scopes;
	int64_t now_us;
} OauthClientNew;
bool oauth_client_add(Sql *sql, const OauthClientNew *what, char **ret_id, GError **error);

/* All that were added (OauthClient, owned by the array), oldest first. */
bool oauth_client_list(Sql *sql, GPtrArray **ret_clients, GError **error);

/* What was signed in through it stays so: devices are revoked one by one. DRIVE_ERROR_NOT_FOUND. */
bool oauth_client_remove(Sql *sql, const char *id, GError **error);
