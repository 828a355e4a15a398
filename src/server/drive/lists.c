/* SPDX-License-Identifier: Apache-2.0 */
/*
 * List chunks of a commit. Their bytes come with the request or from an earlier upload. A chunk
 * that neither the drive holds nor the account has leased is as good as absent: else a list of
 * somebody else's would tell what his file is made of.
 */
#include "server/drive/lists_internal.h"

#include "base/error.h"
#include "base/limits.h"
#include "chunk/content.h"
#include "server/drive/drive_internal.h"
#include "server/drive/reader_internal.h"
#include "server/drive/workspace_internal.h"

static GHashTable *table_new(void)
{
	return g_hash_table_new_full(chunk_id_hash, chunk_id_equal, g_free,
				     (GDestroyNotify)g_bytes_unref);
}

/* The ids that have no bytes yet (ChunkId). */
static GArray *missing_ids(GHashTable *lists)
{
	GArray *ids = g_array_new(false, false, sizeof(ChunkId));
	GHashTableIter iter;
	void *id;
	void *bytes;

	g_hash_table_iter_init(&iter, lists);
	while (g_hash_table_iter_next(&iter, &id, &bytes)) {
		if (bytes == NULL) {
			g_array_append_vals(ids, id, 1);
		}
	}
	return ids;
}

static void add_lists_of(const JournalOperation *operation, GHashTable *lists)
{
	g_auto(Content) content = { 0 };

	/* What is no content is for the journal to refuse. */
	if (operation->content_size == 0 || operation->kind == JOURNAL_LINK ||
	    !content_decode(operation->content, operation->content_size, &content, NULL) ||
	    content.depth == 0) {
		return;
	}
	for (size_t i = 0; i < content.count; i++) {
		if (!g_hash_table_contains(lists, &content.refs[i].id)) {
			g_hash_table_insert(lists, g_memdup2(&content.refs[i].id, sizeof(ChunkId)),
					    NULL);
		}
	}
}

GHashTable *lists_wanted(Drive *drive, const NodeId *drive_id, const DriveCommit *commit,
			 GError **error)
{
	g_autoptr(GHashTable) lists = table_new();
	g_autoptr(GArray) ids = NULL;
	g_autofree bool *held = NULL;

	for (size_t i = 0; i < commit->operation_count; i++) {
		add_lists_of(&commit->operations[i], lists);
	}
	ids = missing_ids(lists);
	if (ids->len == 0) {
		return g_steal_pointer(&lists);
	}
	held = g_new0(bool, ids->len);
	if (!journal_holds_lists(drive->options.journal, drive_id, (const ChunkId *)ids->data,
				 ids->len, held, error)) {
		return NULL;
	}
	for (unsigned i = 0; i < ids->len; i++) {
		if (held[i]) {
			g_hash_table_remove(lists, &g_array_index(ids, ChunkId, i));
		}
	}
	return g_steal_pointer(&lists);
}

static uint64_t size_of_all(GHashTable *lists)
{
	uint64_t size = 0;
	GHashTableIter iter;
	void *bytes;

	g_hash_table_iter_init(&iter, lists);
	while (g_hash_table_iter_next(&iter, NULL, &bytes)) {
		size += bytes != NULL ? g_bytes_get_size(bytes) : 0;
	}
	return size;
}

static bool read_list(Drive *drive, const JournalStored *stored, GByteArray *scratch,
		      GHashTable *lists, GError **error)
{
	uint8_t *bytes = workspace_bytes();
	EncodedChunk chunk;

	if (!reader_open(drive, stored, scratch, &chunk, bytes, error)) {
		return false;
	}
	g_hash_table_replace(lists, g_memdup2(&stored->id, sizeof(stored->id)),
			     g_bytes_new(bytes, chunk.raw_size));
	return true;
}

/* Reads those of ids that were found. */
static bool read_found(Drive *drive, GArray *ids, const BlobsLocation *locations, const bool *found,
		       GHashTable *lists, GError **error)
{
	g_autoptr(GByteArray) scratch = g_byte_array_new();
	uint64_t size = size_of_all(lists);

	for (unsigned i = 0; i < ids->len; i++) {
		JournalStored stored = { g_array_index(ids, ChunkId, i), locations[i] };

		if (!found[i]) {
			continue;
		}
		size += stored.location.raw_size;
		if (size > COMMIT_LISTS_SIZE_MAX) {
			g_set_error(
				error, DRIVE_ERROR, DRIVE_ERROR_TOO_LARGE,
				"the lists of the files in this commit have over %" G_GUINT64_FORMAT
				" bytes: commit the files one by one",
				(guint64)COMMIT_LISTS_SIZE_MAX);
			return false;
		}
		if (!read_list(drive, &stored, scratch, lists, error)) {
			return false;
		}
	}
	return true;
}

static gboolean drop_without_bytes(void *id, void *bytes, void *data)
{
	return bytes == NULL;
}

bool lists_load(Drive *drive, const DriveCaller *caller, GHashTable *lists, GError **error)
{
	for (unsigned leased = 0; leased <= 1; leased++) {
		g_autoptr(GArray) ids = missing_ids(lists);
		g_autofree BlobsLocation *locations = g_new(BlobsLocation, ids->len);
		g_autofree bool *found = g_new0(bool, ids->len);
		const ChunkId *array = (const ChunkId *)ids->data;
		Journal *journal = drive->options.journal;

		if (ids->len == 0) {
			return true;
		}
		if (leased == 0 ? !journal_locate(journal, &caller->drive, array, ids->len,
						  locations, found, error)
				: !journal_locate_leased(journal, caller->account, array, ids->len,
							 locations, found, error)) {
			return false;
		}
		if (!read_found(drive, ids, locations, found, lists, error)) {
			return false;
		}
	}
	g_hash_table_foreach_remove(lists, drop_without_bytes, NULL);
	return true;
}
