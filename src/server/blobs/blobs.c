/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Appending, syncing and reading packs.
 *
 * An append reserves its range of the current pack under the lock and writes outside it, so that
 * appends of many threads overlap. A range whose write failed is given back if it is the last, else
 * it stays a hole, which nothing names.
 *
 * Syncs are numbered. A caller whose appends were all taken along by a sync that runs waits for
 * that one, any other for the next, which one of those who wait leads for all.
 *
 * Invariants, under the lock:
 *  1. every pack with writers, unsynced bytes or a sync under way is in `open`, and so is
 * `current`;
 *  2. no two ranges handed out overlap, and none lies beyond PACK_SIZE_MAX;
 *  3. `failure` once set stays: what the disk holds is unknown.
 */
#include "server/blobs/blobs.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/node_id.h"
#include "server/blobs/pack.h"
#include "server/blobs/place_impl.h"

#include <inttypes.h>
#include <string.h>

/* So many records, or one that is larger, are written at once: a write costs as much as a page. */
#define RUN_CHUNKS_MAX 64
#define RUN_SIZE_MAX (1 * MIB)
#define PARTS_OF_RECORD 3
G_STATIC_ASSERT(PARTS_OF_RECORD *RUN_CHUNKS_MAX <= PLACE_PARTS_MAX);

typedef struct OpenPack {
	uint64_t name;
	uint64_t end; /* where the next record goes */
	unsigned writers;
	bool unsynced; /* a write has returned that no sync has taken along */
	bool syncing;
} OpenPack;

struct Blobs {
	Place *place;
	BlobsBegin begin; /* may be NULL */
	void *begin_data;
	GMutex lock; /* guards all below */
	GCond sync_ended;
	GPtrArray *open;   /* OpenPack */
	OpenPack *current; /* borrowed; NULL: the next append begins a pack */
	uint64_t syncs_begun;
	uint64_t syncs_ended;
	bool sync_running;
	GError *failure;
};

uint64_t blobs_location_end(const BlobsLocation *location)
{
	return location->offset + pack_record_size(location->size);
}

Blobs *blobs_open(Place *place, GError **error)
{
	Blobs *blobs = g_new0(Blobs, 1);

	blobs->place = place;
	blobs->open = g_ptr_array_new_with_free_func(g_free);
	g_mutex_init(&blobs->lock);
	g_cond_init(&blobs->sync_ended);
	return blobs;
}

void blobs_on_begin(Blobs *blobs, BlobsBegin begin, void *data)
{
	g_assert(blobs->current == NULL);
	blobs->begin = begin;
	blobs->begin_data = data;
}

void blobs_close(Blobs *blobs)
{
	if (blobs == NULL) {
		return;
	}
	g_assert(!blobs->sync_running);
	place_free(blobs->place);
	g_ptr_array_unref(blobs->open);
	g_clear_error(&blobs->failure);
	g_cond_clear(&blobs->sync_ended);
	g_mutex_clear(&blobs->lock);
	g_free(blobs);
}

static uint64_t random_name(void)
{
	uint64_t name = 0;

	while (name == 0) {
		NodeId id = node_id_random();

		memcpy(&name, id.bytes, sizeof(name));
		name &= INT64_MAX;
	}
	return name;
}

static bool write_pack_header(Blobs *blobs, uint64_t name, GError **error)
{
	uint8_t header[PACK_HEADER_SIZE];
	struct iovec part = { header, sizeof(header) };

	pack_header_encode(name, header);
	if (!place_write(blobs->place, &(PlaceSpan){ name, 0, &part, 1 }, error)) {
		/* An empty pack does no harm. */
		place_remove(blobs->place, name, NULL);
		return false;
	}
	return true;
}

/* Drops what is finished from the open packs. */
static void seal_locked(Blobs *blobs)
{
	for (unsigned i = blobs->open->len; i > 0; i--) {
		OpenPack *pack = blobs->open->pdata[i - 1];

		if (pack != blobs->current && pack->writers == 0 && !pack->unsynced &&
		    !pack->syncing) {
			g_ptr_array_remove_index_fast(blobs->open, i - 1);
		}
	}
}

/*
 * Makes a new pack the current one. Others wait for the lock meanwhile: it happens once in
 * PACK_SIZE_MAX bytes and costs a sync or two.
 */
static bool roll_locked(Blobs *blobs, GError **error)
{
	uint64_t name = random_name();
	OpenPack *pack;

	if (blobs->begin != NULL && !blobs->begin(name, blobs->begin_data, error)) {
		return false;
	}
	if (!place_create(blobs->place, name, error) || !write_pack_header(blobs, name, error)) {
		return false;
	}
	pack = g_new0(OpenPack, 1);
	pack->name = name;
	pack->end = PACK_HEADER_SIZE;
	g_ptr_array_add(blobs->open, pack);
	blobs->current = pack;
	seal_locked(blobs);
	return true;
}

static bool fail_if_failed_locked(Blobs *blobs, GError **error)
{
	if (blobs->failure == NULL) {
		return true;
	}
	if (error != NULL) {
		*error = g_error_copy(blobs->failure);
	}
	return false;
}

/* A pack and the offset in it for a record; counts the caller as its writer. */
static OpenPack *reserve(Blobs *blobs, uint64_t size, uint64_t *ret_offset, GError **error)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&blobs->lock);
	OpenPack *pack;

	if (!fail_if_failed_locked(blobs, error)) {
		return NULL;
	}
	if (blobs->current == NULL || blobs->current->end + size > PACK_SIZE_MAX) {
		if (!roll_locked(blobs, error)) {
			return NULL;
		}
	}
	pack = blobs->current;
	*ret_offset = pack->end;
	pack->end += size;
	pack->writers++;
	return pack;
}

static void written(Blobs *blobs, OpenPack *pack, uint64_t offset, uint64_t size, bool ok)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&blobs->lock);

	g_assert(pack->writers > 0);
	pack->writers--;
	if (ok) {
		pack->unsynced = true;
	} else if (pack->end == offset + size) {
		pack->end = offset;
	}
	seal_locked(blobs);
}

/* How many of the chunks, at least one, are written at once. */
static size_t take_run(const EncodedChunk *chunks, size_t count, uint64_t *ret_size)
{
	size_t taken = 0;

	*ret_size = 0;
	while (taken < MIN(count, RUN_CHUNKS_MAX)) {
		uint64_t size = pack_record_size(chunks[taken].size);

		if (taken > 0 && *ret_size + size > RUN_SIZE_MAX) {
			break;
		}
		*ret_size += size;
		taken++;
	}
	return taken;
}

/* Three parts of a record that lies at this offset. */
static void fill_parts(const OpenPack *pack, uint64_t offset, const EncodedChunk *chunk,
		       uint8_t *header, struct iovec *ret_parts)
{
	static const uint8_t zeros[BLOBS_ALIGNMENT];
	size_t filling = pack_record_size(chunk->size) - PACK_RECORD_HEADER_SIZE - chunk->size;

	g_assert(chunk->size >= 1 && chunk->size <= chunk->raw_size);
	g_assert(chunk->raw_size <= CHUNK_SIZE_MAX);
	pack_record_encode(pack->name, offset, chunk, header);
	ret_parts[0] = (struct iovec){ header, PACK_RECORD_HEADER_SIZE };
	ret_parts[1] = (struct iovec){ (void *)chunk->bytes, chunk->size };
	ret_parts[2] = (struct iovec){ (void *)zeros, filling };
}

/* One write for chunks that take so many bytes together. */
static bool append_run(Blobs *blobs, const EncodedChunk *chunks, size_t count, uint64_t size,
		       BlobsLocation *ret_locations, GError **error)
{
	uint8_t headers[RUN_CHUNKS_MAX][PACK_RECORD_HEADER_SIZE];
	struct iovec parts[PARTS_OF_RECORD * RUN_CHUNKS_MAX];
	PlaceSpan span = { .parts = parts, .count = (unsigned)(PARTS_OF_RECORD * count) };
	OpenPack *pack = reserve(blobs, size, &span.offset, error);

	if (pack == NULL) {
		return false;
	}
	uint64_t offset = span.offset;

	span.name = pack->name;
	for (size_t i = 0; i < count; i++) {
		const EncodedChunk *chunk = &chunks[i];

		fill_parts(pack, offset, chunk, headers[i], &parts[PARTS_OF_RECORD * i]);
		ret_locations[i] = (BlobsLocation){
			.pack = pack->name,
			.offset = offset,
			.size = chunk->size,
			.raw_size = chunk->raw_size,
			.encoding = chunk->encoding,
		};
		offset += pack_record_size(chunk->size);
	}
	bool ok = place_write(blobs->place, &span, error);

	written(blobs, pack, span.offset, size, ok);
	return ok;
}

bool blobs_append(Blobs *blobs, const EncodedChunk *chunks, size_t count,
		  BlobsLocation *ret_locations, GError **error)
{
	for (size_t done = 0; done < count;) {
		uint64_t size;
		size_t taken = take_run(chunks + done, count - done, &size);

		if (!append_run(blobs, chunks + done, taken, size, ret_locations + done, error)) {
			g_prefix_error(error, "store a chunk: ");
			return false;
		}
		done += taken;
	}
	return true;
}

/* The names of the packs to sync, which count as synced from here on unless the sync fails. */
static GArray *take_unsynced_locked(Blobs *blobs)
{
	GArray *names = g_array_new(false, false, sizeof(uint64_t));

	for (unsigned i = 0; i < blobs->open->len; i++) {
		OpenPack *pack = blobs->open->pdata[i];

		if (pack->unsynced) {
			pack->unsynced = false;
			pack->syncing = true;
			g_array_append_val(names, pack->name);
		}
	}
	return names;
}

/* Called with the lock, which is released while the disk works. */
static void lead_sync_locked(Blobs *blobs)
{
	g_autoptr(GArray) names = take_unsynced_locked(blobs);
	g_autoptr(GError) error = NULL;
	bool ok = true;

	blobs->sync_running = true;
	blobs->syncs_begun++;
	g_mutex_unlock(&blobs->lock);
	for (unsigned i = 0; i < names->len && ok; i++) {
		ok = place_sync(blobs->place, g_array_index(names, uint64_t, i), &error);
	}
	g_mutex_lock(&blobs->lock);
	blobs->sync_running = false;
	if (ok) {
		blobs->syncs_ended = blobs->syncs_begun;
		for (unsigned i = 0; i < blobs->open->len; i++) {
			((OpenPack *)blobs->open->pdata[i])->syncing = false;
		}
		seal_locked(blobs);
	} else {
		g_prefix_error(&error, "nothing is stored until a restart, since a sync failed: ");
		blobs->failure = g_steal_pointer(&error);
	}
	g_cond_broadcast(&blobs->sync_ended);
}

static bool any_unsynced_locked(Blobs *blobs)
{
	for (unsigned i = 0; i < blobs->open->len; i++) {
		if (((OpenPack *)blobs->open->pdata[i])->unsynced) {
			return true;
		}
	}
	return false;
}

bool blobs_sync(Blobs *blobs, GError **error)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&blobs->lock);
	uint64_t wanted = blobs->syncs_begun + (any_unsynced_locked(blobs) ? 1 : 0);

	while (blobs->failure == NULL && blobs->syncs_ended < wanted) {
		if (blobs->sync_running) {
			g_cond_wait(&blobs->sync_ended, &blobs->lock);
		} else {
			lead_sync_locked(blobs);
		}
	}
	return fail_if_failed_locked(blobs, error);
}

static bool record_is(const EncodedChunk *chunk, const ChunkId *id, const BlobsLocation *location)
{
	return chunk_id_equal(&chunk->id, id) && chunk->size == location->size &&
	       chunk->raw_size == location->raw_size && chunk->encoding == location->encoding;
}

/* False only if the index is damaged. */
static bool location_is_sane(const BlobsLocation *location, GError **error)
{
	if (location->pack != 0 && location->pack <= INT64_MAX && location->size >= 1 &&
	    location->size <= CHUNK_SIZE_MAX && location->offset >= PACK_HEADER_SIZE &&
	    location->offset < PACK_SIZE_MAX && location->offset % BLOBS_ALIGNMENT == 0) {
		return true;
	}
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT,
		    "no chunk can lie in pack %016" PRIx64 " at byte %" PRIu64, location->pack,
		    location->offset);
	return false;
}

/* Reads the record's header and its first bytes, as many as asked for. */
static bool read_record(Blobs *blobs, const ChunkId *id, const BlobsLocation *location,
			struct iovec *bytes, GError **error)
{
	uint8_t header[PACK_RECORD_HEADER_SIZE];
	struct iovec parts[] = { { header, sizeof(header) }, *bytes };
	PlaceSpan span = { location->pack, location->offset, parts, G_N_ELEMENTS(parts) };
	EncodedChunk chunk;

	if (!place_read(blobs->place, &span, error) ||
	    !pack_record_decode(location->pack, location->offset, header, &chunk, error)) {
		return false;
	}
	if (!record_is(&chunk, id, location)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT,
			    "pack %016" PRIx64 " holds another chunk at byte %" PRIu64,
			    location->pack, location->offset);
		return false;
	}
	return true;
}

bool blobs_read(Blobs *blobs, const ChunkId *id, const BlobsLocation *location,
		GByteArray *ret_bytes, GError **error)
{
	unsigned before = ret_bytes->len;
	struct iovec bytes;

	if (!location_is_sane(location, error)) {
		return false;
	}
	g_byte_array_set_size(ret_bytes, before + location->size);
	bytes = (struct iovec){ ret_bytes->data + before, location->size };
	if (!read_record(blobs, id, location, &bytes, error)) {
		g_byte_array_set_size(ret_bytes, before);
		return false;
	}
	return true;
}

bool blobs_probe(Blobs *blobs, const ChunkId *id, const BlobsLocation *location, GError **error)
{
	uint8_t byte;
	struct iovec last = { &byte, sizeof(byte) };
	PlaceSpan span = { location->pack, 0, &last, 1 };

	if (!location_is_sane(location, error) || !read_record(blobs, id, location, &last, error)) {
		return false;
	}
	span.offset = location->offset + PACK_RECORD_HEADER_SIZE + location->size - 1;
	return place_read(blobs->place, &span, error);
}

bool blobs_list(Blobs *blobs, GArray *ret_packs, GError **error)
{
	g_autoptr(GArray) entries = g_array_new(false, false, sizeof(PlaceEntry));

	g_assert(g_array_get_element_size(ret_packs) == sizeof(BlobsPack));
	if (!place_list(blobs->place, entries, error)) {
		return false;
	}
	for (unsigned i = 0; i < entries->len; i++) {
		const PlaceEntry *entry = &g_array_index(entries, PlaceEntry, i);
		BlobsPack pack = { entry->name, entry->size };

		g_array_append_val(ret_packs, pack);
	}
	return true;
}

bool blobs_scan(Blobs *blobs, const BlobsPack *pack, BlobsVisit visit, void *data, GError **error)
{
	return pack_scan(blobs->place, pack, visit, data, error);
}

bool blobs_is_open(Blobs *blobs, uint64_t pack)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&blobs->lock);

	for (unsigned i = 0; i < blobs->open->len; i++) {
		if (((OpenPack *)blobs->open->pdata[i])->name == pack) {
			return true;
		}
	}
	return false;
}

bool blobs_trim(Blobs *blobs, uint64_t pack, uint64_t size_known, GError **error)
{
	g_assert(!blobs_is_open(blobs, pack));
	return place_truncate(blobs->place, pack, size_known, error);
}

bool blobs_remove(Blobs *blobs, uint64_t pack, GError **error)
{
	g_assert(!blobs_is_open(blobs, pack));
	return place_remove(blobs->place, pack, error);
}
