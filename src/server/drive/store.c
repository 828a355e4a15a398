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
	uint8_t *bytes = workspace_bytes();

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
		if (!codec_open(workspace_codec(), chunk, bytes, error)) {
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

/* The chunks of a request, each once, and where those lie that are known already. */
typedef struct Batch {
	size_t count;
	const EncodedChunk **chunks;
	ChunkId *ids;
	BlobsLocation *locations;
	bool *known;
} Batch;

static void batch_clear(Batch *batch)
{
	g_free(batch->chunks);
	g_free(batch->ids);
	g_free(batch->locations);
	g_free(batch->known);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Batch, batch_clear)

static void batch_init(Batch *batch, const EncodedChunk *chunks, size_t count)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(chunk_id_hash, chunk_id_equal);

	*batch = (Batch){
		.chunks = g_new(const EncodedChunk *, count),
		.ids = g_new(ChunkId, count),
		.locations = g_new0(BlobsLocation, count),
		.known = g_new0(bool, count),
	};
	for (size_t i = 0; i < count; i++) {
		if (g_hash_table_add(seen, (void *)&chunks[i].id)) {
			batch->chunks[batch->count] = &chunks[i];
			batch->ids[batch->count++] = chunks[i].id;
		}
	}
}

/*
 * What the drive holds or the account has leased is not stored twice: a device repeats a request
 * of which it did not hear the answer. What only others hold is stored again, so that nobody can
 * find out by the time it takes.
 */
static bool find_known(Drive *drive, const DriveCaller *caller, Batch *batch, GError **error)
{
	g_autofree BlobsLocation *leased = g_new(BlobsLocation, batch->count);
	g_autofree bool *is_leased = g_new0(bool, batch->count);

	if (!journal_locate(drive->options.journal, &caller->drive, batch->ids, batch->count,
			    batch->locations, batch->known, error) ||
	    !journal_locate_leased(drive->options.journal, caller->account, batch->ids,
				   batch->count, leased, is_leased, error)) {
		return false;
	}
	for (size_t i = 0; i < batch->count; i++) {
		if (!batch->known[i] && is_leased[i]) {
			batch->known[i] = true;
			batch->locations[i] = leased[i];
		}
	}
	return true;
}

bool store_append(Drive *drive, const DriveCaller *caller, const EncodedChunk *chunks, size_t count,
		  GArray *ret_stored, GError **error)
{
	g_auto(Batch) batch = { 0 };
	bool appended = false;

	if (count == 0) {
		return true;
	}
	batch_init(&batch, chunks, count);
	if (!find_known(drive, caller, &batch, error)) {
		return false;
	}
	for (size_t i = 0; i < batch.count; i++) {
		JournalStored stored = { batch.ids[i], batch.locations[i] };

		if (!batch.known[i]) {
			if (!blobs_append(drive->options.blobs, batch.chunks[i], &stored.location,
					  error)) {
				return false;
			}
			appended = true;
		}
		g_array_append_val(ret_stored, stored);
	}
	return !appended || store_sync(drive, error);
}
