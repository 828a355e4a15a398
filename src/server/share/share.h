/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "request/service.h"
#include "server/chat/chat.h"
#include "server/drive/drive.h"
#include "server/share/share_link.h"

#include <glib.h>
#include <stdbool.h>

/*
 * What links open: PUBLIC_URL/s/TOKEN, a page with a file to download, or a folder to look into.
 * Whoever has the link sees what lies there now, and nothing beside it.
 *
 * All functions may be called from any thread.
 */
typedef struct Share Share;

typedef struct ShareOptions {
	Sql *sql;               /* borrowed, with its tables migrated */
	Accounts *accounts;     /* borrowed */
	Drive *drive;           /* borrowed */
	const char *drive_name; /* what it is called on pages; NULL: its host */
	Chat *chat;             /* borrowed; NULL: links are not sent */
	bool forbids_links;     /* the operator's word: none is made, and none opens anything */
	bool forbids_sending;
} ShareOptions;

Share *share_open(const ShareOptions *options, GError **error);
/* No request may be under way. */
void share_close(Share *share);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Share, share_close)

/* The base of links, once. */
void share_set_base(Share *share, const char *base);

/* Serves what links lead to. Borrows share. */
Service share_service(Share *share);

/* How long a link is to be good. */
typedef struct ShareTerms {
	bool has_expiry;    /* false: as it is, for a new link without end */
	int64_t expires_us; /* 0: without end */
} ShareTerms;

/*
 * The link to a live file or folder of the caller's drive, made if there is none.
 * DRIVE_ERROR_INVALID for the root and for symbolic links, DRIVE_ERROR_FORBIDDEN if the operator
 * wants no links; see share_link_make().
 */
bool share_make(Share *share, const DriveCaller *caller, const NodeId *node,
		const ShareTerms *terms, const AuditBy *by, ShareLink *ret_link, GError **error);

/* share_link_list(), share_link_end() */
bool share_list(Share *share, int64_t account, int64_t now_us, GArray *ret_links, GError **error);
bool share_end(Share *share, int64_t account, const NodeId *node, const AuditBy *by,
	       GError **error);

/* What people open: free with g_free(). A secret. */
char *share_url(Share *share, const ShareLink *link);
