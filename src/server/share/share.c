/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links from both sides: who makes them, and what is found out about a request that came with one
 * before a page or content is made for it. A link says only what it is good for now: its owner, the
 * node and where that lies are looked up each time.
 */
#include "server/share/share.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"
#include "pages/html.h"
#include "pages/page_message.h"
#include "server/share/shared_archive.h"
#include "server/share/shared_content.h"
#include "server/share/shared_page.h"
#include "server/share/share_internal.h"

#include <string.h>

#define OWNER_CHARACTERS_MAX 64

/* ---- life ------------------------------------------------------------------------------ */

Share *share_open(const ShareOptions *options, GError **error)
{
	if (!share_link_migrate(options->sql, error)) {
		return NULL;
	}
	Share *share = g_new0(Share, 1);
	share->sql = options->sql;
	share->accounts = options->accounts;
	share->drive = options->drive;
	share->drive_name = g_strdup(options->drive_name);
	share->chat = options->chat;
	share->forbids_links = options->forbids_links;
	share->forbids_sending = options->forbids_sending;
	share->archives = crowd_new(SHARE_ARCHIVES_ENTRIES_MAX);
	share->archive_peers = crowd_new(SHARE_ARCHIVES_EACH_MAX);
	share->archive_owners = crowd_new(SHARE_ARCHIVES_EACH_MAX);
	return share;
}

void share_close(Share *share)
{
	if (!share) {
		return;
	}
	crowd_free(share->archives);
	crowd_free(share->archive_peers);
	crowd_free(share->archive_owners);
	g_free(share->drive_name);
	g_free(share->base);
	g_free(share);
}

void share_set_base(Share *share, const char *base)
{
	g_assert(!share->base);
	share->base = g_strdup(base);
}

/* ---- for owners ------------------------------------------------------------------------ */

bool share_allows_links(const Share *share, GError **error)
{
	if (share->forbids_links) {
		g_set_error_literal(
			error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN,
			"the operator of this drive does not allow links; give the file to "
			"others yourself, or ask the operator to allow them");
	}
	return !share->forbids_links;
}

static bool check_node(Share *share, const DriveCaller *caller, const NodeId *id, GError **error)
{
	JournalNode node = { 0 };
	if (node_id_equal(id, &caller->drive)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "the whole drive cannot be shared: share a folder in it");
		return false;
	}
	if (!drive_within(share->drive, caller, id, id, &node, error)) {
		return false;
	}
	bool is_link = node.kind == JOURNAL_LINK;
	journal_node_clear(&node);
	if (is_link) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "a symbolic link cannot be shared: share what it leads to");
	}
	return !is_link;
}

bool share_make(Share *share, const DriveCaller *caller, const NodeId *node,
		const ShareTerms *terms, const AuditBy *by, ShareLink *ret_link, GError **error)
{
	const ShareLinkWish wish = {
		.account = caller->account,
		.drive = caller->drive,
		.node = *node,
		.has_expiry = terms->has_expiry,
		.expires_us = terms->expires_us,
	};
	return share_allows_links(share, error) && check_node(share, caller, node, error) &&
	       share_link_make(share->sql, &wish, by, ret_link, error);
}

bool share_list(Share *share, int64_t account, int64_t now_us, GArray *ret_links, GError **error)
{
	return share_link_list(share->sql, account, now_us, ret_links, error);
}

bool share_end(Share *share, int64_t account, const NodeId *node, const AuditBy *by, GError **error)
{
	return share_link_end(share->sql, account, node, by, error);
}

char *share_url(Share *share, const ShareLink *link)
{
	return g_strconcat(share->base ? share->base : "", SHARE_PREFIX, link->token, NULL);
}

/* ---- a request with a link ------------------------------------------------------------- */

bool share_is_top(const ShareCall *call)
{
	return node_id_equal(&call->node.id, &call->link.node);
}

char *share_path(const ShareCall *call, const NodeId *node, const char *behind)
{
	char hex[NODE_ID_HEX_SIZE];
	if (node_id_equal(node, &call->link.node)) {
		return g_strconcat(SHARE_PREFIX, call->link.token, behind, NULL);
	}
	node_id_to_hex(node, hex);
	return g_strconcat(SHARE_PREFIX, call->link.token, "/", hex, behind, NULL);
}

char *share_name(GBytes *name)
{
	size_t size;
	const char *bytes = g_bytes_get_data(name, &size);
	g_autofree char *text = text_printable(bytes, size);
	return html_name(text, NAME_SIZE_MAX);
}

/* What stands behind "/s/": TOKEN[/NODE][/VERB]. */
typedef struct Target {
	char *token;
	NodeId node; /* zeros: the link's own */
	bool has_node;
	const char *verb; /* "": a page */
	char **parts;
} Target;

static void target_clear(Target *target)
{
	g_strfreev(target->parts);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Target, target_clear)

static bool read_target(const char *path, Target *ret_target)
{
	ret_target->parts = g_strsplit(path + strlen(SHARE_PREFIX), "/", 4);
	char **part = ret_target->parts;
	if (!*part) {
		return false;
	}
	ret_target->token = *part++;
	if (*part && node_id_from_hex(*part, &ret_target->node)) {
		ret_target->has_node = true;
		part++;
	}
	ret_target->verb = *part ? *part++ : "";
	return !*part;
}

/* ret_owner: as he is shown; NULL: not wanted. */
static bool find_owner(Share *share, const ShareLink *link, char **ret_owner, GError **error)
{
	Account account = { 0 };
	if (!accounts_get(share->accounts, link->account, &account, error)) {
		return false;
	}
	bool disabled = account.disabled;
	if (ret_owner) {
		*ret_owner = html_name(*account.display_name ? account.display_name : account.name,
				       OWNER_CHARACTERS_MAX);
	}
	accounts_account_clear(&account);
	if (disabled) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
				    "the account of the link is disabled");
	}
	return !disabled;
}

static bool find_node(ShareCall *call, const Target *target, GError **error)
{
	call->caller = (DriveCaller){ .account = call->link.account, .drive = call->link.drive };
	return drive_within(call->share->drive, &call->caller, &call->link.node,
			    target->has_node ? &target->node : &call->link.node, &call->node,
			    error);
}

static bool open_link(ShareCall *call, const Target *target, GError **error)
{
	return share_allows_links(call->share, error) &&
	       share_link_find(call->share->sql, target->token, call->now_us, &call->link, error) &&
	       find_owner(call->share, &call->link, &call->owner, error) &&
	       find_node(call, target, error);
}

bool share_is_good(Share *share, const char *token, GError **error)
{
	g_auto(ShareLink) link = { 0 };
	return share_link_find(share->sql, token, g_get_real_time(), &link, error) &&
	       find_owner(share, &link, NULL, error);
}

static void call_clear(ShareCall *call)
{
	share_link_clear(&call->link);
	journal_node_clear(&call->node);
	g_free(call->owner);
	g_free(call->drive_name);
}

static bool dispatch(ShareCall *call, const Target *target, GError **error)
{
	if (!open_link(call, target, error)) {
		return false;
	}
	if (strcmp(target->verb, "") == 0) {
		return shared_page_show(call, error);
	}
	if (strcmp(target->verb, "content") == 0) {
		return shared_content_send(call, error);
	}
	if (strcmp(target->verb, "archive") == 0) {
		return shared_archive_send(call, error);
	}
	g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND, "a link has no such page");
	return false;
}

static void handle(void *data, const Request *request, Response *ret_response)
{
	Share *share = data;
	g_autoptr(GError) error = NULL;
	g_auto(Target) target = { 0 };
	if (!share->base) {
		response_fail(ret_response, 503, "busy", "the drive is starting");
		return;
	}
	if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0) {
		response_fail(ret_response, 405, "invalid", "links are read only");
		return;
	}
	ShareCall call = {
		.share = share,
		.request = request,
		.response = ret_response,
		.now_us = g_get_real_time(),
		.language = phrase_language_of(request->headers[REQUEST_ACCEPT_LANGUAGE]),
		.drive_name = frame_drive(share->drive_name, share->base),
	};
	if (!read_target(request->path, &target)) {
		g_set_error_literal(&error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
				    "a link has no such page");
	} else {
		dispatch(&call, &target, &error);
	}
	if (error) {
		shared_page_fail(&call, error);
	}
	call_clear(&call);
}

/* ---- the service ----------------------------------------------------------------------- */

static bool serves(void *data, const char *path)
{
	return g_str_has_prefix(path, SHARE_PREFIX);
}

static size_t body_max(void *data, const char *method, const char *path)
{
	return 0;
}

Service share_service(Share *share)
{
	return (Service){
		.serves = serves,
		.secret_below = SHARE_PREFIX,
		.body_max = body_max,
		.handle = handle,
		.data = share,
	};
}
