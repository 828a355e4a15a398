/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages of changes: the words of the server become values that the rest of the client may rely on.
 * Names can be names on a disk, contents are well-formed, sizes agree, seqs grow.
 */
#include "client/remote/remote_internal.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"
#include "chunk/content.h"

#include <string.h>

static void entry_clear(void *data)
{
	RemoteEntry *entry = data;
	g_free(entry->name);
	g_clear_pointer(&entry->content, g_bytes_unref);
}

RemotePage *remote_page_new(void)
{
	RemotePage *page = g_new0(RemotePage, 1);
	page->entries = g_array_new(FALSE, TRUE, sizeof(RemoteEntry));
	g_array_set_clear_func(page->entries, entry_clear);
	page->chunks = g_array_new(FALSE, FALSE, sizeof(EncodedChunk));
	return page;
}

void remote_page_free(RemotePage *page)
{
	if (!page) {
		return;
	}
	g_array_unref(page->entries);
	g_array_unref(page->chunks);
	g_clear_pointer(&page->cursor, g_bytes_unref);
	g_clear_pointer(&page->body, g_bytes_unref);
	g_free(page);
}

static bool invalid(GError **error, const char *reason)
{
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID, "page of changes: %s", reason);
	return false;
}

static bool read_file(RemoteEntry *entry, const ProtobufCBinaryData *bytes, GError **error)
{
	if (entry->size > FILE_SIZE_MAX) {
		return invalid(error, "a file of impossible size");
	}
	g_auto(Content) content = { 0 };
	if (!content_decode(bytes->data, bytes->len, &content, error)) {
		g_prefix_error(error, "page of changes: ");
		return false;
	}
	if (content.depth == 0 && content_length(&content) != entry->size) {
		return invalid(error, "a file whose size is not that of its chunks");
	}
	entry->content = g_bytes_new(bytes->data, bytes->len);
	return true;
}

static bool read_link(RemoteEntry *entry, const ProtobufCBinaryData *bytes, GError **error)
{
	if (bytes->len == 0 || bytes->len > LINK_TARGET_SIZE_MAX ||
	    memchr(bytes->data, '\0', bytes->len)) {
		return invalid(error, "a link with an impossible target");
	}
	entry->content = g_bytes_new(bytes->data, bytes->len);
	return true;
}

static bool read_value(RemoteEntry *entry, const Imdrive__Sync__Entry *message, GError **error)
{
	entry->size = message->size;
	entry->mtime_ns = message->mtime_ns;
	entry->executable = message->executable;
	switch (message->kind) {
	case IMDRIVE__SYNC__KIND__KIND_FILE:
		entry->kind = REMOTE_FILE;
		return read_file(entry, &message->content, error);
	case IMDRIVE__SYNC__KIND__KIND_LINK:
		entry->kind = REMOTE_LINK;
		return read_link(entry, &message->content, error);
	case IMDRIVE__SYNC__KIND__KIND_FOLDER:
		entry->kind = REMOTE_FOLDER;
		return message->content.len == 0 || invalid(error, "a folder with content");
	default:
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_UNSUPPORTED,
			    "page of changes: a node of kind %d: this version is too old for it",
			    (int)message->kind);
		return false;
	}
}

static bool read_place(RemoteEntry *entry, const NodeId *drive, const Imdrive__Sync__Entry *message,
		       GError **error)
{
	if (node_id_equal(&entry->id, drive)) {
		entry->name = g_strdup("");
		bool alone = message->parent.len == 0;
		bool folder = message->kind == IMDRIVE__SYNC__KIND__KIND_FOLDER;
		return (alone && folder) || invalid(error, "a root that is not one");
	}
	if (!node_id_from_bytes(message->parent.data, message->parent.len, &entry->parent)) {
		return invalid(error, "a node without parent");
	}
	if (node_id_equal(&entry->parent, &entry->id)) {
		return invalid(error, "a node inside itself");
	}
	if (!text_is_name((const char *)message->name.data, message->name.len)) {
		return invalid(error, "a name that cannot be one");
	}
	entry->name = g_strndup((const char *)message->name.data, message->name.len);
	return true;
}

static bool read_entry(RemoteEntry *entry, const NodeId *drive, const Imdrive__Sync__Entry *message,
		       GError **error)
{
	if (!node_id_from_bytes(message->id.data, message->id.len, &entry->id)) {
		return invalid(error, "a node without id");
	}
	entry->seq = message->seq;
	entry->deleted = message->deleted;
	entry->own = message->own;
	if (entry->deleted) {
		bool root = node_id_equal(&entry->id, drive);
		return !root || invalid(error, "the root deleted");
	}
	return read_place(entry, drive, message, error) && read_value(entry, message, error);
}

bool remote_page_read(RemotePage *page, const NodeId *drive, const Imdrive__Sync__Page *message,
		      GError **error)
{
	g_assert(page->entries->len == 0);
	NodeId said;
	if (!node_id_from_bytes(message->drive.data, message->drive.len, &said) ||
	    !node_id_equal(&said, drive)) {
		return invalid(error, "of another drive");
	}
	if (message->cursor.len == 0 || message->cursor.len > CURSOR_SIZE_MAX) {
		return invalid(error, "no cursor");
	}
	page->cursor = g_bytes_new(message->cursor.data, message->cursor.len);
	page->at_head = message->at_head;
	page->reset = message->reset;
	page->seq = message->seq;
	uint64_t seq = 0;
	for (size_t i = 0; i < message->n_entries; i++) {
		g_array_set_size(page->entries, (unsigned)i + 1);
		RemoteEntry *entry = &g_array_index(page->entries, RemoteEntry, i);
		if (!read_entry(entry, drive, message->entries[i], error)) {
			return false;
		}
		if (entry->seq < seq || entry->seq > page->seq) {
			return invalid(error, "seqs out of order");
		}
		seq = entry->seq;
	}
	return true;
}
