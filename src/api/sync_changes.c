/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting: the request is put into the feed first and the journal read afterwards, so that what
 * comes between the two wakes it. A request that is woken is handled from the start again, and so
 * notices that its credential ended, too.
 */
#include "api/sync_changes.h"

#include "api/sync_request.h"
#include "base/error.h"
#include "base/limits.h"

#include <string.h>

typedef Imdrive__Sync__ChangesRequest ChangesRequest;
typedef Imdrive__Sync__Entry Entry;

/* A page as it is packed: the message, and what it points into. */
typedef struct PackedPage {
	NodeId drive;
	JournalPage page;
	Entry *entries;
	Entry **pointers;
	Imdrive__Sync__Page message;
} PackedPage;

static void packed_page_clear(void *data)
{
	PackedPage *packed = data;
	journal_page_clear(&packed->page);
	g_clear_pointer(&packed->entries, g_free);
	g_clear_pointer(&packed->pointers, g_free);
}

static ProtobufCBinaryData bytes_field(GBytes *bytes)
{
	ProtobufCBinaryData field = { 0 };
	if (bytes) {
		field.data = (uint8_t *)g_bytes_get_data(bytes, &field.len);
	}
	return field;
}

static ProtobufCBinaryData id_field(NodeId *id)
{
	static const NodeId none;
	if (memcmp(id, &none, sizeof none) == 0) {
		return (ProtobufCBinaryData){ 0 };
	}
	return (ProtobufCBinaryData){ .data = id->bytes, .len = NODE_ID_SIZE };
}

static void pack_entry(JournalNode *node, int64_t device, Entry *ret_entry)
{
	imdrive__sync__entry__init(ret_entry);
	ret_entry->id = id_field(&node->id);
	ret_entry->parent = id_field(&node->parent);
	ret_entry->name = bytes_field(node->name);
	ret_entry->kind = (Imdrive__Sync__Kind)node->kind;
	ret_entry->size = node->size;
	ret_entry->mtime_ns = node->mtime_ns;
	ret_entry->executable = node->executable;
	ret_entry->content = bytes_field(node->content);
	ret_entry->seq = node->seq;
	ret_entry->deleted = node->deleted;
	ret_entry->own = device != 0 && node->device == device;
}

static void pack_page(PackedPage *packed, int64_t device)
{
	GArray *nodes = packed->page.nodes;
	packed->entries = g_new(Entry, nodes->len);
	packed->pointers = g_new(Entry *, nodes->len);
	for (unsigned i = 0; i < nodes->len; i++) {
		pack_entry(&g_array_index(nodes, JournalNode, i), device, &packed->entries[i]);
		packed->pointers[i] = &packed->entries[i];
	}
	imdrive__sync__page__init(&packed->message);
	packed->message.drive = id_field(&packed->drive);
	packed->message.cursor = bytes_field(packed->page.cursor);
	packed->message.entries = packed->pointers;
	packed->message.n_entries = nodes->len;
	packed->message.at_head = packed->page.at_head;
	packed->message.reset = packed->page.reset;
	packed->message.seq = packed->page.seq;
}

/* Reads a page that packs into size_max bytes: fewer nodes if they are long ones. */
static bool read_page(ApiCall *call, const Imdrive__Sync__Cursor *cursor, size_t size_max,
		      PackedPage *ret_packed, GError **error)
{
	g_autoptr(GBytes) opaque =
		cursor->opaque.len > 0 ? g_bytes_new_static(cursor->opaque.data, cursor->opaque.len)
				       : NULL;
	call->caller.drive = ret_packed->drive;
	unsigned nodes_max = CHANGES_ENTRIES_MAX;
	for (;;) {
		if (!drive_changes(call->api->drive, &call->caller, opaque, nodes_max,
				   &ret_packed->page, error)) {
			return false;
		}
		pack_page(ret_packed, call->caller.device);
		if (imdrive__sync__page__get_packed_size(&ret_packed->message) <= size_max) {
			return true;
		}
		packed_page_clear(ret_packed);
		if (nodes_max == 1) {
			g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_TOO_LARGE,
				    "the changes of one commit take more than %zu bytes", size_max);
			return false;
		}
		nodes_max /= 2;
	}
}

static bool has_news(const PackedPage *packed, const Imdrive__Sync__Cursor *cursor)
{
	const JournalPage *page = &packed->page;
	return page->nodes->len > 0 || page->reset || !page->at_head || cursor->opaque.len == 0;
}

/* ---- the request ----------------------------------------------------------------------- */

static bool read_drives(const ChangesRequest *message, NodeId *ret_drives, GError **error)
{
	size_t count = message->n_cursors;
	if (count == 0 || count > CURSORS_MAX) {
		g_set_error(error, DRIVE_ERROR, count ? DRIVE_ERROR_TOO_LARGE : DRIVE_ERROR_INVALID,
			    "changes takes 1 to %d cursors, and has %zu", CURSORS_MAX, count);
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		const Imdrive__Sync__Cursor *cursor = message->cursors[i];
		if (!sync_request_id(&cursor->drive, "drive", &ret_drives[i], error)) {
			return false;
		}
		if (cursor->opaque.len > CURSOR_SIZE_MAX) {
			g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
					    "a cursor is too long");
			return false;
		}
	}
	return true;
}

/* Pages (PackedPage) of the drives with news; of all of them if the request does not wait. */
static bool read_pages(ApiCall *call, const ChangesRequest *message, const NodeId *drives,
		       GArray *ret_pages, GError **error)
{
	size_t size_left = MESSAGE_SIZE_MAX - 1024;
	for (size_t i = 0; i < message->n_cursors && size_left > MESSAGE_SIZE_MAX / 2; i++) {
		PackedPage packed = { .drive = drives[i] };
		if (!read_page(call, message->cursors[i], size_left, &packed, error)) {
			return false;
		}
		if (message->wait_ms > 0 && !has_news(&packed, message->cursors[i])) {
			packed_page_clear(&packed);
			continue;
		}
		size_left -= imdrive__sync__page__get_packed_size(&packed.message);
		g_array_append_val(ret_pages, packed);
	}
	return true;
}

/* ---- the answer ------------------------------------------------------------------------ */

static bool append_chunk(const EncodedChunk *chunk, void *data, GError **error)
{
	frame_append_chunk(data, chunk);
	return true;
}

static bool reply(ApiCall *call, const ChangesRequest *message, GArray *pages, GError **error)
{
	Imdrive__Sync__ChangesResponse answer = IMDRIVE__SYNC__CHANGES_RESPONSE__INIT;
	g_autofree Imdrive__Sync__Page **pointers = g_new(Imdrive__Sync__Page *, pages->len);
	for (unsigned i = 0; i < pages->len; i++) {
		PackedPage *packed = &g_array_index(pages, PackedPage, i);
		/* The array has moved them since they were packed. */
		packed->message.drive = id_field(&packed->drive);
		pointers[i] = &packed->message;
	}
	answer.pages = pointers;
	answer.n_pages = pages->len;
	g_autoptr(Bulk) body = bulk_new(0);
	if (!message_append(body, &answer.base, error)) {
		return false;
	}
	size_t inline_left = MIN(message->inline_bytes, BATCH_SIZE_TARGET);
	for (unsigned i = 0; i < pages->len && inline_left > 0; i++) {
		PackedPage *packed = &g_array_index(pages, PackedPage, i);
		call->caller.drive = packed->drive;
		DriveInline request = {
			.page = &packed->page,
			.bytes_max = inline_left,
			.visit = append_chunk,
			.visit_data = body,
		};
		if (!drive_changes_inline(call->api->drive, &call->caller, &request, error)) {
			return false;
		}
		inline_left -= MIN(inline_left, request.visited);
	}
	api_reply_frames(call, g_steal_pointer(&body));
	return true;
}

/* ---- waiting --------------------------------------------------------------------------- */

/* How much longer the request may wait; some less for each than asked, so that not all end at once.
 */
static unsigned wait_left_ms(const ApiCall *call, const ChangesRequest *message)
{
	const Request *request = call->request;
	unsigned wait_ms = MIN(message->wait_ms, CHANGES_WAIT_MS_MAX);
	if (!request->wake || wait_ms <= request->waited_ms) {
		return 0;
	}
	unsigned left_ms = wait_ms - request->waited_ms;
	return left_ms - (unsigned)g_random_int_range(0, (int)(left_ms / 10 + 1));
}

static FeedWait *begin_wait(ApiCall *call, const NodeId *drives, size_t count)
{
	NodeId topics[CURSORS_MAX + 1];
	memcpy(topics, drives, count * sizeof *drives);
	topics[count] = api_account_topic(call->caller.account);
	return feed_wait(call->api->feed, topics, count + 1, call->request->wake,
			 call->request->wake_data);
}

/* The credential may have ended after it was looked at and before the feed knew of the wait. */
static bool still_admitted(ApiCall *call)
{
	return api_admits(call->api, call->request->headers[REQUEST_AUTHORIZATION]);
}

bool sync_changes(ApiCall *call, GError **error)
{
	g_autoptr(Imdrive__Sync__ChangesRequest) message =
		sync_request_lone_message(call, &imdrive__sync__changes_request__descriptor, error);
	NodeId drives[CURSORS_MAX];
	if (!message || !read_drives(message, drives, error)) {
		return false;
	}
	unsigned left_ms = wait_left_ms(call, message);
	FeedWait *wait = left_ms > 0 ? begin_wait(call, drives, message->n_cursors) : NULL;
	g_autoptr(GArray) pages = g_array_new(FALSE, FALSE, sizeof(PackedPage));
	g_array_set_clear_func(pages, packed_page_clear);
	bool read = read_pages(call, message, drives, pages, error);
	if (read && pages->len == 0 && wait && still_admitted(call)) {
		call->response->status = 0;
		call->response->wait_ms = left_ms;
		call->response->waiting = wait;
		return true;
	}
	feed_forget(call->api->feed, wait);
	if (read && pages->len == 0) {
		call->response->status = 204;
		return true;
	}
	return read && reply(call, message, pages, error);
}
