/* SPDX-License-Identifier: Apache-2.0 */
#include "server/share/shared_page.h"

#include "base/error.h"
#include "base/limits.h"
#include "pages/page_message.h"
#include "pages/page_shared.h"
#include "server/share/shared_archive.h"

#define POLICY                                                                    \
	"default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; " \
	"frame-ancestors 'none'; form-action 'none'"

/* ---- answers --------------------------------------------------------------------------- */

static Frame frame_of(const ShareCall *call)
{
	return (Frame){
		.language = call->language,
		.drive = call->drive_name,
		.csrf = "",
	};
}

static void reply(ShareCall *call, unsigned status, GBytes *page)
{
	call->response->status = status;
	call->response->content_type = "text/html; charset=utf-8";
	call->response->body = page;
	response_add_header(call->response, "Content-Security-Policy", POLICY);
	response_add_header(call->response, "X-Frame-Options", "DENY");
	/* The address is the secret. */
	response_add_header(call->response, "Referrer-Policy", "no-referrer");
	response_add_header(call->response, "X-Robots-Tag", "noindex");
	response_add_header(call->response, "Vary", "Accept-Language");
}

void shared_page_fail(ShareCall *call, const GError *error)
{
	unsigned status = error_http_status(error);
	bool gone = status < 500;
	Frame frame = frame_of(call);
	const PageMessage page = {
		.title = gone ? PHRASE_M_LINK_GONE : PHRASE_M_INTERNAL,
		.text = gone ? PHRASE_M_LINK_GONE_TEXT : PHRASE_M_INTERNAL_TEXT,
		.href = "/",
		.way = PHRASE_TO_SIGN_IN,
	};
	call->response->detail = g_strdup(error->message);
	reply(call, gone ? 404 : status, page_message(&frame, &page));
}

void shared_page_refuse_archive(ShareCall *call, unsigned status)
{
	bool large = status == 413;
	g_autofree char *folder = share_path(call, &call->node.id, "");
	g_autofree char *again = share_path(call, &call->node.id, "/archive");
	Frame frame = frame_of(call);
	const PageMessage page = {
		.title = large ? PHRASE_M_ARCHIVE_LARGE : PHRASE_M_ARCHIVE_BUSY,
		.text = large ? PHRASE_M_ARCHIVE_LARGE_TEXT : PHRASE_M_ARCHIVE_BUSY_TEXT,
		.about = G_STRINGIFY(SHARE_ARCHIVE_ENTRIES_MAX),
		.href = large ? folder : again,
		.way = large ? PHRASE_TO_FOLDER : PHRASE_TRY_AGAIN,
		.other_href = large ? NULL : folder,
		.other_way = PHRASE_TO_FOLDER,
	};
	reply(call, status, page_message(&frame, &page));
}

/* ---- the page -------------------------------------------------------------------------- */

static void clear_entry(void *data)
{
	PageSharedEntry *entry = data;
	g_free((char *)entry->name);
	g_free((char *)entry->href);
	g_free((char *)entry->content_href);
}

static int64_t time_of(const JournalNode *node)
{
	return node->mtime_ns / 1000;
}

static void add_entry(const ShareCall *call, const JournalNode *node, GArray *entries)
{
	bool is_file = node->kind == JOURNAL_FILE;
	PageSharedEntry entry = {
		.name = share_name(node->name),
		.href = node->kind != JOURNAL_LINK ? share_path(call, &node->id, "") : NULL,
		.content_href = is_file ? share_path(call, &node->id, "/content") : NULL,
		.size = node->size,
		.time_us = time_of(node),
	};
	g_array_append_val(entries, entry);
}

/* The name after which the page's entries come; NULL: from the first. */
static bool read_after(const ShareCall *call, GBytes **ret_after, GError **error)
{
	const char *hex = request_query(call->request, "after");
	NodeId id;
	JournalNode node = { 0 };
	*ret_after = NULL;
	if (!hex || !node_id_from_hex(hex, &id)) {
		return true;
	}
	if (!drive_within(call->share->drive, &call->caller, &call->node.id, &id, &node, error)) {
		return false;
	}
	*ret_after = g_bytes_ref(node.name);
	journal_node_clear(&node);
	return true;
}

static void clear_node(void *node)
{
	journal_node_clear(node);
}

/* *ret_next: the path of the page behind this one, or NULL. */
static bool list_folder(const ShareCall *call, GArray *entries, char **ret_next, GError **error)
{
	g_autoptr(GArray) nodes = g_array_new(FALSE, FALSE, sizeof(JournalNode));
	g_autoptr(GBytes) after = NULL;
	g_array_set_clear_func(nodes, clear_node);
	if (!read_after(call, &after, error) ||
	    !drive_children(call->share->drive, &call->caller, &call->node.id, after,
			    SHARE_ENTRIES_MAX + 1, nodes, error)) {
		return false;
	}
	unsigned count = MIN(nodes->len, SHARE_ENTRIES_MAX);
	for (unsigned i = 0; i < count; i++) {
		add_entry(call, &g_array_index(nodes, JournalNode, i), entries);
	}
	if (nodes->len > count) {
		char hex[NODE_ID_HEX_SIZE];
		node_id_to_hex(&g_array_index(nodes, JournalNode, count - 1).id, hex);
		g_autofree char *query = g_strconcat("?after=", hex, NULL);
		*ret_next = share_path(call, &call->node.id, query);
	}
	return true;
}

bool shared_page_show(ShareCall *call, GError **error)
{
	bool folder = call->node.kind == JOURNAL_FOLDER;
	g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(PageSharedEntry));
	g_array_set_clear_func(entries, clear_entry);
	g_autofree char *next = NULL;
	bool fits = true;
	if (folder && (!list_folder(call, entries, &next, error) ||
		       !shared_archive_fits(call, &fits, error))) {
		return false;
	}
	g_autofree char *name = share_name(call->node.name);
	g_autofree char *content =
		share_path(call, &call->node.id, folder ? "/archive" : "/content");
	g_autofree char *up = share_is_top(call) ? NULL : share_path(call, &call->node.parent, "");
	const PageShared shared = {
		.name = name,
		.owner = call->owner,
		.folder = folder,
		.content_href = folder && (entries->len == 0 || !fits) ? NULL : content,
		.too_many = fits ? NULL : G_STRINGIFY(SHARE_ARCHIVE_ENTRIES_MAX),
		.size = call->node.size,
		.time_us = time_of(&call->node),
		.expires_us = call->link.expires_us,
		.up_href = up,
		.entries = (const PageSharedEntry *)(const void *)entries->data,
		.entry_count = entries->len,
		.next_href = next,
	};
	Frame frame = frame_of(call);
	reply(call, 200, page_shared(&frame, &shared, call->now_us));
	return true;
}
