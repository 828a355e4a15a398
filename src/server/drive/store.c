/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chunks into the packs.
 *
 * Everything of a request is verified before the first byte is appended: a bad request leaves
 * nothing behind.
 */
#include "server/drive/store_internal.h"

#include "base/error.h"
#include "base/limits.h"
#include "server/drive/drive_internal.h"
#include "server/drive/workspace_internal.h"

bool store_verify(const EncodedChunk *chunks, size_t count, GHashTable *lists, GError **error)
{
	uint8_t *buffer = workspace_bytes();

	if (count > CHUNK_IDS_MAX) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_TOO_LARGE,
			    "%zu chunks in one request, at most %u are taken", count,
			    CHUNK_IDS_MAX);
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		const EncodedChunk *chunk = &chunks[i];

		if (chunk->raw_size == 0 || chunk->raw_size > CHUNK_SIZE_MAX) {
			g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_TOO_LARGE,
				    "a chunk of %u bytes", chunk->raw_size);
			return false;
		}
		const uint8_t *bytes = codec_view(workspace_codec(), chunk, buffer, error);

		if (bytes == NULL) {
			return false;
		}
		if (lists != NULL && g_hash_table_contains(lists, &chunk->id)) {
			g_hash_table_replace(lists, g_memdup2(&chunk->id, sizeof(chunk->id)),
					     g_bytes_new(bytes, chunk->raw_size));
		}
	}
	return true;
}

bool store_sync(Drive *drive, GError **error)
{
	GError *cause = NULL;

	if (blobs_sync(drive->options.blobs, &cause)) {
		return true;
	}
	if (drive->options.broken != NULL) {
		drive->options.broken(cause, drive->options.broken_data);
	}
	g_propagate_error(error, cause);
	return false;
}

/*
 * The ids of those that must be stored, each once. What the drive holds or the account has leased
 * is not stored twice: a device repeats a request of which it did not hear the answer. What only
 * others hold is stored again, so that nobody can find out by the time it takes.
 *
 * Nobody is given the place of a chunk that is known already to name it anew: a pack without chunks
 * stays without, see upkeep.c.
 */
static GHashTable *find_missing(Drive *drive, const DriveCaller *caller,
				const StoreRequest *request, GArray *ids, GError **error)
{
	g_autoptr(GArray) missing = g_array_sized_new(false, false, sizeof(ChunkId), ids->len);
	GHashTable *wanted;

	if (!journal_missing(drive->options.journal, &caller->drive, caller->account,
			     (const ChunkId *)ids->data, ids->len, request->quota_bytes, missing,
			     error)) {
		return NULL;
	}
	wanted = g_hash_table_new_full(chunk_id_hash, chunk_id_equal, g_free, NULL);
	for (unsigned i = 0; i < missing->len; i++) {
		g_hash_table_add(wanted,
				 g_memdup2(&g_array_index(missing, ChunkId, i), sizeof(ChunkId)));
	}
	return wanted;
}

/* Appends those of the request that are wanted, and syncs. */
static bool append_wanted(Drive *drive, const StoreRequest *request, GHashTable *wanted,
			  GArray *ret_stored, GError **error)
{
	g_autoptr(GArray) chunks = g_array_new(false, false, sizeof(EncodedChunk));

	for (size_t i = 0; i < request->count; i++) {
		if (g_hash_table_remove(wanted, &request->chunks[i].id)) {
			g_array_append_val(chunks, request->chunks[i]);
		}
	}
	g_autofree BlobsLocation *locations = g_new(BlobsLocation, chunks->len);

	if (!blobs_append(drive->options.blobs, (EncodedChunk *)chunks->data, chunks->len,
			  locations, error)) {
		return false;
	}
	for (unsigned i = 0; i < chunks->len; i++) {
		JournalStored stored = { g_array_index(chunks, EncodedChunk, i).id, locations[i] };

		g_array_append_val(ret_stored, stored);
	}
	return chunks->len == 0 || store_sync(drive, error);
}

/* Bytes that it will take. */
static uint64_t size_of_wanted(const StoreRequest *request, GHashTable *wanted)
{
	uint64_t size = 0;

	for (size_t i = 0; i < request->count; i++) {
		if (g_hash_table_contains(wanted, &request->chunks[i].id)) {
			size += request->chunks[i].size + BLOBS_RECORD_OVERHEAD;
		}
	}
	return size;
}

bool store_append(Drive *drive, const DriveCaller *caller, const StoreRequest *request,
		  GArray *ret_stored, GError **error)
{
	g_autoptr(GArray) ids = g_array_sized_new(false, false, sizeof(ChunkId), request->count);
	g_autoptr(GHashTable) wanted = NULL;

	for (size_t i = 0; i < request->count; i++) {
		g_array_append_val(ids, request->chunks[i].id);
	}
	wanted = find_missing(drive, caller, request, ids, error);
	if (wanted == NULL) {
		return false;
	}
	if (g_hash_table_size(wanted) == 0) {
		return true;
	}
	uint64_t size = size_of_wanted(request, wanted);

	if (!room_take(drive->room, size, error)) {
		return false;
	}
	bool stored = append_wanted(drive, request, wanted, ret_stored, error);

	room_give_back(drive->room, size);
	return stored;
}
