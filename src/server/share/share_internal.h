/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/crowd.h"
#include "pages/frame.h"
#include "server/accounts/accounts.h"
#include "server/share/share.h"

#define SHARE_PREFIX "/s/"

struct Share {
	Sql *sql;
	Accounts *accounts;
	Drive *drive;
	Chat *chat; /* NULL: none */
	bool forbids_links;
	bool forbids_sending;
	char *drive_name;
	char *base; /* NULL until it is known */
	/* Entries of the ZIP files that are under way. */
	Crowd *archives; /* all, by 0 */
	Crowd *archive_peers;
	Crowd *archive_owners; /* accounts */
};

/* A request that came with a link. */
typedef struct ShareCall {
	Share *share;
	const Request *request;
	Response *response;
	int64_t now_us;
	Language language;
	char *drive_name;
	ShareLink link;
	char *owner; /* as he is shown */
	DriveCaller caller;
	JournalNode node; /* what is asked for: the link's, or below it */
} ShareCall;

/* DRIVE_ERROR_FORBIDDEN if the operator wants no links. */
bool share_allows_links(const Share *share, GError **error);

/*
 * Whether what an answer began with is good still: asked for each piece of one that takes its time.
 * DRIVE_ERROR_NOT_FOUND: the link was ended or has expired, or its owner shares nothing any more.
 */
bool share_is_good(Share *share, const char *token, GError **error);

/* Whether it is the link's own node. */
bool share_is_top(const ShareCall *call);

/* "/s/TOKEN" or "/s/TOKEN/NODE", with this behind it; free with g_free(). */
char *share_path(const ShareCall *call, const NodeId *node, const char *behind);

/* A name as it is shown and downloaded; free with g_free(). */
char *share_name(GBytes *name);
