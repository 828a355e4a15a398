/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/node_id.h"
#include "server/accounts/audit.h"
#include "sql/sql.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Links with which whoever has one reads a file or a folder without an account. A node of an
 * account has at most one, so that asking again gives the same. Its token has 256 random bits; it
 * is found by its hash, and kept as it is too, since its owner wants to see it again: whoever could
 * read it in the database reads the files as well.
 *
 * All functions may be called from any thread.
 */
typedef struct ShareLink {
	int64_t account;
	NodeId drive;
	NodeId node;
	char *token; /* a secret */
	int64_t created_us;
	int64_t expires_us; /* 0: when it is ended */
} ShareLink;

void share_link_clear(void *link);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ShareLink, share_link_clear)

/* Brings the tables to their newest form. */
bool share_link_migrate(Sql *sql, GError **error);

typedef struct ShareLinkWish {
	int64_t account;
	NodeId drive;
	NodeId node;
	bool has_expiry;    /* false: as it is, for a new one none */
	int64_t expires_us; /* 0: none */
} ShareLinkWish;

/* The node's link, made if there is none. DRIVE_ERROR_FORBIDDEN over SHARE_LINKS_MAX. */
bool share_link_make(Sql *sql, const ShareLinkWish *wish, const AuditBy *by, ShareLink *ret_link,
		     GError **error);

/* What a token is good for now; DRIVE_ERROR_NOT_FOUND if it is none, ended or expired. */
bool share_link_find(Sql *sql, const char *token, int64_t now_us, ShareLink *ret_link,
		     GError **error);

/* That of a node of the account, if it is good; DRIVE_ERROR_NOT_FOUND. */
bool share_link_get(Sql *sql, int64_t account, const NodeId *node, int64_t now_us,
		    ShareLink *ret_link, GError **error);

/* The account's that are good (ShareLink, to be cleared), oldest first. */
bool share_link_list(Sql *sql, int64_t account, int64_t now_us, GArray *ret_links, GError **error);

/* DRIVE_ERROR_NOT_FOUND if the account has no link to this node. */
bool share_link_end(Sql *sql, int64_t account, const NodeId *node, const AuditBy *by,
		    GError **error);

/* Ends all of an account that is removed. */
bool share_link_end_all(Sql *sql, int64_t account, GError **error);
