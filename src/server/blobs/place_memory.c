/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A place in memory that can crash.
 *
 * Every sequence keeps the list of its writes since the last sync. A crash decides for each of them
 * whether it reached the disk, did not (zeros), or was torn at a sector, and where the sequence now
 * ends, but never before what was synced. Removals are undone by a crash until a later create,
 * which is what syncs the folder.
 */
#include "server/blobs/place_impl.h"

#include "base/error.h"

#include <inttypes.h>
#include <string.h>

#define SECTOR_SIZE 512

typedef struct Range {
	uint64_t offset;
	uint64_t size;
} Range;

typedef struct Sequence {
	uint64_t name;
	GByteArray *bytes;
	uint64_t size_synced;
	GArray *unsynced; /* Range, in the order of the writes */
} Sequence;

/* What all handles share. */
typedef struct Memory {
	GMutex lock;           /* guards all below */
	GHashTable *sequences; /* by name */
} Memory;

typedef struct PlaceMemory {
	Place place;
	Memory *memory; /* g_atomic_rc_box */
} PlaceMemory;

static void sequence_free(void *data)
{
	Sequence *sequence = data;

	g_byte_array_unref(sequence->bytes);
	g_array_unref(sequence->unsynced);
	g_free(sequence);
}

static void memory_clear(void *data)
{
	Memory *memory = data;

	g_hash_table_unref(memory->sequences);
	g_mutex_clear(&memory->lock);
}

static Memory *memory_of(Place *place)
{
	return ((PlaceMemory *)place)->memory;
}

static Sequence *find_locked(Memory *memory, uint64_t name, GError **error)
{
	Sequence *sequence = g_hash_table_lookup(memory->sequences, &name);

	if (sequence == NULL) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
			    "pack %016" PRIx64 " does not exist", name);
	}
	return sequence;
}

static bool memory_create(Place *place, uint64_t name, GError **error)
{
	Memory *memory = memory_of(place);
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&memory->lock);
	Sequence *sequence;

	if (g_hash_table_contains(memory->sequences, &name)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CONFLICT,
			    "pack %016" PRIx64 " exists already", name);
		return false;
	}
	sequence = g_new0(Sequence, 1);
	sequence->name = name;
	sequence->bytes = g_byte_array_new();
	sequence->unsynced = g_array_new(false, false, sizeof(Range));
	g_hash_table_insert(memory->sequences, &sequence->name, sequence);
	return true;
}

static bool memory_write(Place *place, const PlaceSpan *span, GError **error)
{
	Memory *memory = memory_of(place);
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&memory->lock);
	Range range = { span->offset, place_span_size(span) };
	Sequence *sequence = find_locked(memory, span->name, error);
	uint64_t at = range.offset;

	if (sequence == NULL) {
		return false;
	}
	if (range.offset + range.size > G_MAXUINT) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NO_SPACE, "write pack: too large");
		return false;
	}
	if (sequence->bytes->len < at + range.size) {
		size_t old = sequence->bytes->len;

		g_byte_array_set_size(sequence->bytes, at + range.size);
		memset(sequence->bytes->data + old, 0, at + range.size - old);
	}
	for (unsigned i = 0; i < span->count; i++) {
		memcpy(sequence->bytes->data + at, span->parts[i].iov_base, span->parts[i].iov_len);
		at += span->parts[i].iov_len;
	}
	g_array_append_val(sequence->unsynced, range);
	return true;
}

static bool memory_sync(Place *place, uint64_t name, GError **error)
{
	Memory *memory = memory_of(place);
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&memory->lock);
	Sequence *sequence = find_locked(memory, name, error);

	if (sequence == NULL) {
		return false;
	}
	sequence->size_synced = sequence->bytes->len;
	g_array_set_size(sequence->unsynced, 0);
	return true;
}

static bool memory_read(Place *place, const PlaceSpan *span, GError **error)
{
	Memory *memory = memory_of(place);
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&memory->lock);
	Sequence *sequence = find_locked(memory, span->name, error);
	uint64_t at = span->offset;

	if (sequence == NULL) {
		return false;
	}
	if (at + place_span_size(span) > sequence->bytes->len) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT,
			    "read pack %016" PRIx64 ": it ends before byte %" PRIu64, span->name,
			    at + place_span_size(span));
		return false;
	}
	for (unsigned i = 0; i < span->count; i++) {
		memcpy(span->parts[i].iov_base, sequence->bytes->data + at, span->parts[i].iov_len);
		at += span->parts[i].iov_len;
	}
	return true;
}

static bool memory_list(Place *place, GArray *ret_entries, GError **error)
{
	Memory *memory = memory_of(place);
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&memory->lock);
	GHashTableIter iter;
	void *value;

	g_hash_table_iter_init(&iter, memory->sequences);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		Sequence *sequence = value;
		PlaceEntry entry = { sequence->name, sequence->bytes->len };

		g_array_append_val(ret_entries, entry);
	}
	return true;
}

static bool memory_truncate(Place *place, uint64_t name, uint64_t size, GError **error)
{
	Memory *memory = memory_of(place);
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&memory->lock);
	Sequence *sequence = find_locked(memory, name, error);

	if (sequence == NULL) {
		return false;
	}
	if (size < sequence->bytes->len) {
		g_byte_array_set_size(sequence->bytes, size);
		sequence->size_synced = MIN(sequence->size_synced, size);
	}
	return true;
}

static bool memory_remove(Place *place, uint64_t name, GError **error)
{
	Memory *memory = memory_of(place);
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&memory->lock);
	Sequence *sequence = find_locked(memory, name, error);

	if (sequence == NULL) {
		return false;
	}
	g_hash_table_remove(memory->sequences, &name);
	return true;
}

static void memory_free(Place *place)
{
	g_atomic_rc_box_release_full(memory_of(place), memory_clear);
	g_free(place);
}

static const PlaceOperations memory_operations = {
	.create = memory_create,
	.write = memory_write,
	.sync = memory_sync,
	.read = memory_read,
	.list = memory_list,
	.truncate = memory_truncate,
	.remove = memory_remove,
	.free = memory_free,
};

static Place *handle_new(Memory *memory)
{
	PlaceMemory *handle = g_new0(PlaceMemory, 1);

	handle->place.operations = &memory_operations;
	handle->memory = memory;
	return &handle->place;
}

Place *place_memory_new(void)
{
	Memory *memory = g_atomic_rc_box_new0(Memory);

	g_mutex_init(&memory->lock);
	memory->sequences = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, sequence_free);
	return handle_new(memory);
}

Place *place_memory_share(Place *place)
{
	g_assert(place->operations == &memory_operations);
	return handle_new(g_atomic_rc_box_acquire(memory_of(place)));
}

/* Zeros what of this write did not reach the disk. */
static void crash_write(Sequence *sequence, const Range *range, GRand *rand)
{
	uint64_t kept = range->size;

	switch (g_rand_int_range(rand, 0, 3)) {
	case 0:
		kept = 0;
		break;
	case 1:
		/* A sector is written or not: the tear lies where one ends. */
		kept = g_rand_double(rand) * range->size;
		kept = (range->offset + kept) / SECTOR_SIZE * SECTOR_SIZE;
		kept = kept > range->offset ? kept - range->offset : 0;
		break;
	default:
		break;
	}
	if (range->offset + kept < sequence->bytes->len) {
		uint64_t end = MIN(range->offset + range->size, sequence->bytes->len);

		memset(sequence->bytes->data + range->offset + kept, 0, end - range->offset - kept);
	}
}

static void crash_sequence(Sequence *sequence, GRand *rand)
{
	uint64_t unsynced = sequence->bytes->len - sequence->size_synced;

	for (unsigned i = 0; i < sequence->unsynced->len; i++) {
		crash_write(sequence, &g_array_index(sequence->unsynced, Range, i), rand);
	}
	if (g_rand_boolean(rand)) {
		uint64_t kept = g_rand_double(rand) * unsynced;

		g_byte_array_set_size(sequence->bytes, sequence->size_synced + kept);
	}
	g_array_set_size(sequence->unsynced, 0);
	sequence->size_synced = sequence->bytes->len;
}

static int compare_names(const void *a, const void *b)
{
	const Sequence *left = *(Sequence *const *)a;
	const Sequence *right = *(Sequence *const *)b;

	return left->name < right->name ? -1 : left->name > right->name;
}

void place_memory_crash(Place *place, uint64_t seed)
{
	Memory *memory = memory_of(place);
	uint32_t seeds[2] = { seed, seed >> 32 };
	GRand *rand = g_rand_new_with_seed_array(seeds, G_N_ELEMENTS(seeds));
	g_autoptr(GPtrArray) sorted = g_ptr_array_new();
	GHashTableIter iter;
	void *value;

	g_assert(place->operations == &memory_operations);
	g_mutex_lock(&memory->lock);
	/* By name, so that the seed alone decides. */
	g_hash_table_iter_init(&iter, memory->sequences);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		g_ptr_array_add(sorted, value);
	}
	g_ptr_array_sort(sorted, compare_names);
	for (unsigned i = 0; i < sorted->len; i++) {
		crash_sequence(sorted->pdata[i], rand);
	}
	g_mutex_unlock(&memory->lock);
	g_rand_free(rand);
}
