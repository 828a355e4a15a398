/* SPDX-License-Identifier: Apache-2.0 */
#include "server/blobs/blobs.h"

#include "base/error.h"
#include "base/limits.h"
#include "server/blobs/place_impl.h"

#include <glib/gstdio.h>

#include <string.h>

/* A chunk whose bytes follow from its number. */
typedef struct Sample {
	EncodedChunk chunk;
	uint8_t bytes[2000];
} Sample;

static Sample *sample_new(uint32_t number)
{
	Sample *sample = g_new0(Sample, 1);
	size_t size = 4 + number * 37 % (sizeof(sample->bytes) - 4);

	for (size_t i = 0; i < size; i++) {
		sample->bytes[i] = number * 13 + i;
	}
	memcpy(sample->bytes, &number, sizeof(number));
	sample->chunk = (EncodedChunk){
		.id = chunk_id_of(sample->bytes, size),
		.encoding = CODEC_RAW,
		.raw_size = size,
		.size = size,
		.bytes = sample->bytes,
	};
	return sample;
}

static bool append(Blobs *blobs, uint32_t number, BlobsLocation *ret_location)
{
	g_autofree Sample *sample = sample_new(number);

	return blobs_append(blobs, &sample->chunk, 1, ret_location, NULL);
}

static bool holds(Blobs *blobs, uint32_t number, const BlobsLocation *location)
{
	g_autofree Sample *sample = sample_new(number);
	g_autoptr(GByteArray) bytes = g_byte_array_new();

	return blobs_read(blobs, &sample->chunk.id, location, bytes, NULL) &&
	       bytes->len == sample->chunk.size &&
	       memcmp(bytes->data, sample->bytes, bytes->len) == 0;
}

static Blobs *open_blobs(Place *place)
{
	g_autoptr(GError) error = NULL;
	Blobs *blobs = blobs_open(place, &error);

	g_assert_no_error(error);
	return blobs;
}

/* Counts the records of all packs that decode to their id; records of damaged bytes apart. */
typedef struct Census {
	Codec *codec;
	GHashTable *whole; /* ChunkId */
	unsigned damaged;
} Census;

static bool count_record(const EncodedChunk *chunk, const BlobsLocation *location, void *data,
			 GError **error)
{
	Census *census = data;
	g_autofree uint8_t *bytes = g_malloc(chunk->raw_size);

	if (codec_open(census->codec, chunk, bytes, NULL)) {
		g_hash_table_add(census->whole, g_memdup2(&chunk->id, sizeof(chunk->id)));
	} else {
		census->damaged++;
	}
	return true;
}

static void take_census(Blobs *blobs, Census *ret_census)
{
	g_autoptr(GArray) packs = g_array_new(false, false, sizeof(BlobsPack));

	ret_census->codec = codec_new();
	ret_census->whole = g_hash_table_new_full(chunk_id_hash, chunk_id_equal, g_free, NULL);
	ret_census->damaged = 0;
	g_assert_true(blobs_list(blobs, packs, NULL));
	for (unsigned i = 0; i < packs->len; i++) {
		/* A pack whose header did not reach the disk holds nothing that was synced. */
		blobs_scan(blobs, &g_array_index(packs, BlobsPack, i), count_record, ret_census,
			   NULL);
	}
}

static void census_clear(Census *census)
{
	codec_free(census->codec);
	g_hash_table_unref(census->whole);
}

static bool census_has(Census *census, uint32_t number)
{
	g_autofree Sample *sample = sample_new(number);

	return g_hash_table_contains(census->whole, &sample->chunk.id);
}

/* ---- one thread ------------------------------------------------------------------------ */

static void test_gives_back_what_it_got(void)
{
	g_autoptr(Blobs) blobs = open_blobs(place_memory_new());
	BlobsLocation locations[50];

	for (uint32_t i = 0; i < G_N_ELEMENTS(locations); i++) {
		g_assert_true(append(blobs, i, &locations[i]));
		g_assert_cmpuint(locations[i].offset % BLOBS_ALIGNMENT, ==, 0);
		g_assert_true(i == 0 ||
			      locations[i].offset == blobs_location_end(&locations[i - 1]));
	}
	for (uint32_t i = 0; i < G_N_ELEMENTS(locations); i++) {
		g_assert_true(holds(blobs, i, &locations[i]));
	}
}

/* Many small ones, and large ones among them. */
static void test_writes_many_chunks_at_once(void)
{
	enum { COUNT = 300 };
	g_autofree uint8_t *large = g_malloc0(CHUNK_SIZE_MAX);
	g_autoptr(GPtrArray) samples = g_ptr_array_new_with_free_func(g_free);
	g_autofree EncodedChunk *chunks = g_new(EncodedChunk, COUNT);
	g_autofree BlobsLocation *locations = g_new(BlobsLocation, COUNT);
	Place *place = place_faulty_new(place_memory_new());
	g_autoptr(Blobs) blobs = open_blobs(place);

	for (uint32_t i = 0; i < COUNT; i++) {
		Sample *sample = sample_new(i);

		g_ptr_array_add(samples, sample);
		chunks[i] = sample->chunk;
		if (i % 100 == 50) {
			chunks[i].bytes = large;
			chunks[i].size = chunks[i].raw_size = CHUNK_SIZE_MAX;
			chunks[i].id = chunk_id_of(large, CHUNK_SIZE_MAX);
		}
	}
	place_faulty_set(place, 0, false, 0, 0);
	g_assert_true(blobs_append(blobs, chunks, COUNT, locations, NULL));
	g_assert_cmpuint(place_faulty_calls(place), <, 20);
	g_assert_true(blobs_sync(blobs, NULL));
	for (uint32_t i = 0; i < COUNT; i++) {
		g_autoptr(GByteArray) bytes = g_byte_array_new();

		g_assert_true(blobs_read(blobs, &chunks[i].id, &locations[i], bytes, NULL));
		g_assert_cmpmem(bytes->data, bytes->len, chunks[i].bytes, chunks[i].size);
		g_assert_true(i == 0 ||
			      locations[i].offset == blobs_location_end(&locations[i - 1]));
	}
}

static void test_appends_to_what_the_reader_has(void)
{
	g_autoptr(Blobs) blobs = open_blobs(place_memory_new());
	g_autofree Sample *sample = sample_new(7);
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	BlobsLocation location;

	g_assert_true(append(blobs, 7, &location));
	g_byte_array_append(bytes, (const uint8_t *)"before", 6);
	g_assert_true(blobs_read(blobs, &sample->chunk.id, &location, bytes, NULL));
	g_assert_cmpuint(bytes->len, ==, 6 + sample->chunk.size);
	g_assert_cmpmem(bytes->data, 6, "before", 6);
	location.size++;
	g_assert_false(blobs_read(blobs, &sample->chunk.id, &location, bytes, NULL));
	g_assert_cmpuint(bytes->len, ==, 6 + sample->chunk.size);
}

static void assert_unreadable(Blobs *blobs, const ChunkId *id, const BlobsLocation *location)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	g_autoptr(GError) error = NULL;

	g_assert_false(blobs_read(blobs, id, location, bytes, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT);
	g_clear_error(&error);
	g_assert_false(blobs_probe(blobs, id, location, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT);
}

static void test_probes_without_reading(void)
{
	Place *place = place_memory_new();
	g_autoptr(Blobs) blobs = open_blobs(place);
	g_autofree Sample *sample = sample_new(9);
	BlobsLocation location;

	g_assert_true(append(blobs, 9, &location));
	g_assert_true(blobs_probe(blobs, &sample->chunk.id, &location, NULL));
	place_truncate(place, location.pack,
		       location.offset + BLOBS_RECORD_OVERHEAD + sample->chunk.size - 1, NULL);
	assert_unreadable(blobs, &sample->chunk.id, &location);
}

static void test_refuses_what_lies_elsewhere(void)
{
	g_autoptr(Blobs) blobs = open_blobs(place_memory_new());
	g_autofree Sample *sample = sample_new(1);
	g_autofree Sample *other = sample_new(2);
	BlobsLocation location;
	BlobsLocation other_location;
	BlobsLocation wrong;

	g_assert_true(append(blobs, 1, &location));
	g_assert_true(append(blobs, 2, &other_location));
	assert_unreadable(blobs, &sample->chunk.id, &other_location);
	assert_unreadable(blobs, &other->chunk.id, &location);
	wrong = location;
	wrong.offset += BLOBS_ALIGNMENT;
	assert_unreadable(blobs, &sample->chunk.id, &wrong);
	wrong = location;
	wrong.raw_size++;
	assert_unreadable(blobs, &sample->chunk.id, &wrong);
	wrong = location;
	wrong.encoding = CODEC_ZSTD;
	assert_unreadable(blobs, &sample->chunk.id, &wrong);
	/* What only a damaged index would say. */
	wrong = location;
	wrong.size = UINT32_MAX;
	assert_unreadable(blobs, &sample->chunk.id, &wrong);
	wrong = location;
	wrong.offset = UINT64_MAX - 7;
	assert_unreadable(blobs, &sample->chunk.id, &wrong);
	wrong = location;
	wrong.pack = UINT64_MAX;
	assert_unreadable(blobs, &sample->chunk.id, &wrong);
}

static void test_never_appends_to_an_old_pack(void)
{
	g_autoptr(Place) memory = place_memory_new();
	BlobsLocation before;
	BlobsLocation after;
	g_autoptr(Blobs) blobs = open_blobs(place_memory_share(memory));

	g_assert_true(append(blobs, 1, &before));
	g_assert_true(blobs_sync(blobs, NULL));
	g_assert_true(blobs_is_open(blobs, before.pack));
	g_clear_pointer(&blobs, blobs_close);
	blobs = open_blobs(place_memory_share(memory));
	g_assert_false(blobs_is_open(blobs, before.pack));
	g_assert_true(append(blobs, 2, &after));
	g_assert_cmpuint(after.pack, !=, before.pack);
	g_assert_true(holds(blobs, 1, &before));
	g_assert_true(holds(blobs, 2, &after));
}

static void test_trims_and_removes_sealed_packs(void)
{
	g_autoptr(Place) memory = place_memory_new();
	g_autoptr(GArray) packs = g_array_new(false, false, sizeof(BlobsPack));
	BlobsLocation kept;
	BlobsLocation cut;
	g_autoptr(Blobs) blobs = open_blobs(place_memory_share(memory));

	g_assert_true(append(blobs, 1, &kept));
	g_assert_true(append(blobs, 2, &cut));
	g_clear_pointer(&blobs, blobs_close);
	blobs = open_blobs(place_memory_share(memory));
	g_assert_true(blobs_trim(blobs, kept.pack, blobs_location_end(&kept), NULL));
	g_assert_true(holds(blobs, 1, &kept));
	g_assert_false(holds(blobs, 2, &cut));
	g_assert_true(blobs_list(blobs, packs, NULL));
	g_assert_cmpuint(packs->len, ==, 1);
	g_assert_cmpuint(g_array_index(packs, BlobsPack, 0).size, ==, blobs_location_end(&kept));
	g_assert_true(blobs_remove(blobs, kept.pack, NULL));
	g_assert_false(holds(blobs, 1, &kept));
}

static void test_rolls_packs(void)
{
	g_autofree char *folder = g_dir_make_tmp("imdrive-blobs-XXXXXX", NULL);
	g_autoptr(Blobs) blobs = open_blobs(place_disk_new(folder, NULL));
	g_autofree uint8_t *bytes = g_malloc0(CHUNK_SIZE_MAX);
	EncodedChunk chunk = {
		.raw_size = CHUNK_SIZE_MAX,
		.size = CHUNK_SIZE_MAX,
		.bytes = bytes,
	};
	BlobsLocation first;
	BlobsLocation location;
	unsigned in_first = 1;
	g_autoptr(GArray) packs = g_array_new(false, false, sizeof(BlobsPack));

	g_assert_true(blobs_append(blobs, &chunk, 1, &first, NULL));
	while (blobs_append(blobs, &chunk, 1, &location, NULL) && location.pack == first.pack) {
		g_assert_cmpuint(blobs_location_end(&location), <=, PACK_SIZE_MAX);
		in_first++;
	}
	g_assert_cmpuint(in_first, ==, PACK_SIZE_MAX / CHUNK_SIZE_MAX - 1);
	/* Full, but not on disk: not yet to be touched. */
	g_assert_true(blobs_is_open(blobs, first.pack));
	g_assert_true(blobs_sync(blobs, NULL));
	g_assert_false(blobs_is_open(blobs, first.pack));
	g_assert_true(blobs_is_open(blobs, location.pack));
	g_assert_true(blobs_list(blobs, packs, NULL));
	g_assert_cmpuint(packs->len, ==, 2);
	g_assert_true(blobs_remove(blobs, first.pack, NULL));
	g_clear_pointer(&blobs, blobs_close);
	blobs = open_blobs(place_disk_new(folder, NULL));
	g_assert_true(blobs_remove(blobs, location.pack, NULL));
	g_assert_cmpint(g_rmdir(folder), ==, 0);
}

typedef struct Begun {
	uint64_t pack;
	unsigned calls;
	bool fail;
	Place *place;
} Begun;

static bool begin(uint64_t pack, void *data, GError **error)
{
	Begun *begun = data;
	g_autoptr(GArray) entries = g_array_new(false, false, sizeof(PlaceEntry));

	/* Before it exists. */
	g_assert_true(place_list(begun->place, entries, NULL));
	g_assert_cmpuint(entries->len, ==, 0);
	begun->pack = pack;
	begun->calls++;
	if (begun->fail) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_IO, "on request");
	}
	return !begun->fail;
}

static void test_tells_of_a_pack_before_it_exists(void)
{
	Place *place = place_memory_new();
	g_autoptr(Blobs) blobs = open_blobs(place);
	Begun begun = { .fail = true, .place = place };
	BlobsLocation location;

	blobs_on_begin(blobs, begin, &begun);
	g_assert_false(append(blobs, 1, &location));
	begun.fail = false;
	g_assert_true(append(blobs, 1, &location));
	g_assert_cmpuint(begun.pack, ==, location.pack);
	g_assert_true(append(blobs, 2, &location));
	g_assert_cmpuint(begun.calls, ==, 2);
}

/* ---- faults ---------------------------------------------------------------------------- */

static void test_stops_after_a_failed_sync(void)
{
	Place *place = place_faulty_new(place_memory_new());
	g_autoptr(Blobs) blobs = open_blobs(place);
	BlobsLocation synced;
	BlobsLocation location;
	g_autoptr(GError) error = NULL;

	g_assert_true(append(blobs, 1, &synced));
	g_assert_true(blobs_sync(blobs, NULL));
	g_assert_true(append(blobs, 2, &location));
	place_faulty_set(place, 1, false, DRIVE_ERROR, DRIVE_ERROR_IO);
	g_assert_false(blobs_sync(blobs, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_IO);
	/* The disk would answer again, with a promise it cannot keep. */
	g_assert_false(blobs_sync(blobs, NULL));
	g_assert_false(append(blobs, 3, &location));
	g_assert_true(blobs_is_open(blobs, synced.pack));
	g_assert_true(holds(blobs, 1, &synced));
}

static void test_goes_on_after_a_full_disk(void)
{
	Place *place = place_faulty_new(place_memory_new());
	g_autoptr(Blobs) blobs = open_blobs(place);
	BlobsLocation before;
	BlobsLocation failed;
	BlobsLocation after;
	Census census;

	g_assert_true(append(blobs, 1, &before));
	place_faulty_set(place, 1, true, DRIVE_ERROR, DRIVE_ERROR_NO_SPACE);
	for (unsigned i = 0; i < 5; i++) {
		g_assert_false(append(blobs, 2, &failed));
	}
	place_faulty_set(place, 0, false, DRIVE_ERROR, 0);
	g_assert_true(append(blobs, 3, &after));
	/* Space that nothing will ever name is not lost for good. */
	g_assert_cmpuint(after.offset, ==, blobs_location_end(&before));
	g_assert_true(blobs_sync(blobs, NULL));
	g_assert_true(holds(blobs, 1, &before));
	g_assert_true(holds(blobs, 3, &after));
	take_census(blobs, &census);
	g_assert_cmpuint(g_hash_table_size(census.whole), ==, 2);
	census_clear(&census);
}

/* Appends and syncs; stops at the first failure. *ret_synced of *ret_appended are promised. */
static void run_appends(Blobs *blobs, BlobsLocation *locations, uint32_t count,
			uint32_t *ret_appended, uint32_t *ret_synced)
{
	*ret_appended = 0;
	*ret_synced = 0;
	while (*ret_appended < count) {
		if (!append(blobs, *ret_appended, &locations[*ret_appended])) {
			return;
		}
		(*ret_appended)++;
		if (*ret_appended % 4 == 0) {
			if (!blobs_sync(blobs, NULL)) {
				return;
			}
			*ret_synced = *ret_appended;
		}
	}
}

static void assert_kept(Blobs *blobs, const BlobsLocation *locations, uint32_t appended,
			uint32_t synced)
{
	Census census;
	unsigned known = 0;

	for (uint32_t i = 0; i < synced; i++) {
		g_assert_true(holds(blobs, i, &locations[i]));
	}
	take_census(blobs, &census);
	for (uint32_t i = 0; i <= appended; i++) {
		bool found = census_has(&census, i);

		g_assert_true(found || i >= synced);
		known += found;
	}
	/* Nothing else is claimed. */
	g_assert_cmpuint(known, ==, g_hash_table_size(census.whole));
	g_assert_cmpuint(census.damaged, <=, appended + 1 - synced);
	census_clear(&census);
}

static void test_survives_a_crash_at_any_call(void)
{
	BlobsLocation locations[20];
	bool finished = false;

	for (unsigned nth = 1; !finished; nth++) {
		for (uint64_t seed = 0; seed < 20; seed++) {
			g_autoptr(Place) memory = place_memory_new();
			Place *faulty = place_faulty_new(place_memory_share(memory));
			g_autoptr(Blobs) blobs = open_blobs(faulty);
			uint32_t appended;
			uint32_t synced;

			place_faulty_set(faulty, nth, true, DRIVE_ERROR, DRIVE_ERROR_IO);
			run_appends(blobs, locations, G_N_ELEMENTS(locations), &appended, &synced);
			finished = synced == G_N_ELEMENTS(locations);
			g_clear_pointer(&blobs, blobs_close);
			place_memory_crash(memory, seed);
			blobs = open_blobs(place_memory_share(memory));
			assert_kept(blobs, locations, appended, synced);
		}
	}
}

static void test_survives_a_failure_of_any_call(void)
{
	BlobsLocation locations[20];
	bool finished = false;

	for (unsigned nth = 1; !finished; nth++) {
		Place *faulty = place_faulty_new(place_memory_new());
		g_autoptr(Blobs) blobs = open_blobs(faulty);
		uint32_t appended;
		uint32_t synced;

		place_faulty_set(faulty, nth, false, DRIVE_ERROR, DRIVE_ERROR_IO);
		run_appends(blobs, locations, G_N_ELEMENTS(locations), &appended, &synced);
		finished = place_faulty_calls(faulty) < nth;
		place_faulty_set(faulty, 0, false, DRIVE_ERROR, 0);
		assert_kept(blobs, locations, appended, synced);
	}
}

/* Two chunks in a pack, the first of them known to be needed, after a restart. */
static Blobs *open_after_two(Place *memory, Place **ret_faulty, BlobsLocation *ret_kept)
{
	BlobsLocation cut;
	Blobs *blobs = open_blobs(place_memory_share(memory));
	g_assert_true(append(blobs, 1, ret_kept));
	g_assert_true(append(blobs, 2, &cut));
	g_assert_true(blobs_sync(blobs, NULL));
	blobs_close(blobs);
	*ret_faulty = place_faulty_new(place_memory_share(memory));
	return open_blobs(*ret_faulty);
}

/* Fails at the n-th call, once or for good; then the power may go. Trimming cuts nothing needed. */
static bool run_upkeep(unsigned nth, bool lasting)
{
	g_autoptr(Place) memory = place_memory_new();
	Place *faulty;
	BlobsLocation kept;
	g_autoptr(Blobs) blobs = open_after_two(memory, &faulty, &kept);

	place_faulty_set(faulty, nth, lasting, DRIVE_ERROR, DRIVE_ERROR_IO);
	blobs_trim(blobs, kept.pack, blobs_location_end(&kept), NULL);
	bool finished = place_faulty_calls(faulty) < nth;
	place_faulty_set(faulty, 0, false, DRIVE_ERROR, 0);
	if (lasting) {
		g_clear_pointer(&blobs, blobs_close);
		place_memory_crash(memory, nth);
		faulty = place_faulty_new(place_memory_share(memory));
		blobs = open_blobs(faulty);
	}
	g_assert_true(holds(blobs, 1, &kept));
	g_assert_true(blobs_trim(blobs, kept.pack, blobs_location_end(&kept), NULL));
	g_assert_true(holds(blobs, 1, &kept));

	place_faulty_set(faulty, nth, lasting, DRIVE_ERROR, DRIVE_ERROR_IO);
	bool removed = blobs_remove(blobs, kept.pack, NULL);
	finished = finished && place_faulty_calls(faulty) < nth;
	place_faulty_set(faulty, 0, false, DRIVE_ERROR, 0);
	g_assert_true(removed || blobs_remove(blobs, kept.pack, NULL));
	g_assert_false(holds(blobs, 1, &kept));
	return finished;
}

static void test_upkeep_survives_a_failure_of_any_call(void)
{
	for (unsigned lasting = 0; lasting < 2; lasting++) {
		unsigned nth = 1;
		while (!run_upkeep(nth, lasting)) {
			nth++;
			g_assert_cmpuint(nth, <, 100);
		}
	}
}

/* ---- threads --------------------------------------------------------------------------- */

/* A place whose syncs wait at a gate. */
typedef struct Gate {
	Place place;
	Place *below;
	GMutex lock; /* guards all below */
	GCond moved;
	bool closed;
	unsigned arrived; /* syncs so far */
} Gate;

static bool gate_create(Place *place, uint64_t name, GError **error)
{
	return place_create(((Gate *)place)->below, name, error);
}

static bool gate_write(Place *place, const PlaceSpan *span, GError **error)
{
	return place_write(((Gate *)place)->below, span, error);
}

static bool gate_sync(Place *place, uint64_t name, GError **error)
{
	Gate *gate = (Gate *)place;

	g_mutex_lock(&gate->lock);
	gate->arrived++;
	g_cond_broadcast(&gate->moved);
	while (gate->closed) {
		g_cond_wait(&gate->moved, &gate->lock);
	}
	g_mutex_unlock(&gate->lock);
	return place_sync(gate->below, name, error);
}

static void gate_free(Place *place)
{
	Gate *gate = (Gate *)place;

	place_free(gate->below);
	g_mutex_clear(&gate->lock);
	g_cond_clear(&gate->moved);
	g_free(gate);
}

static const PlaceOperations gate_operations = {
	.create = gate_create,
	.write = gate_write,
	.sync = gate_sync,
	.free = gate_free,
};

static Gate *gate_new(void)
{
	Gate *gate = g_new0(Gate, 1);

	gate->place.operations = &gate_operations;
	gate->below = place_memory_new();
	g_mutex_init(&gate->lock);
	g_cond_init(&gate->moved);
	gate->closed = true;
	return gate;
}

static void gate_wait_for(Gate *gate, unsigned arrived)
{
	g_mutex_lock(&gate->lock);
	while (gate->arrived < arrived) {
		g_cond_wait(&gate->moved, &gate->lock);
	}
	g_mutex_unlock(&gate->lock);
}

static void gate_open(Gate *gate)
{
	g_mutex_lock(&gate->lock);
	gate->closed = false;
	g_cond_broadcast(&gate->moved);
	g_mutex_unlock(&gate->lock);
}

static int syncing; /* threads that are about to sync */

static void *sync_in_thread(void *blobs)
{
	g_atomic_int_inc(&syncing);
	return GINT_TO_POINTER(blobs_sync(blobs, NULL));
}

static unsigned gate_arrived(Gate *gate)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&gate->lock);

	return gate->arrived;
}

static void test_waits_for_a_sync_that_began_later(void)
{
	Gate *gate = gate_new();
	g_autoptr(Blobs) blobs = open_blobs(&gate->place);
	BlobsLocation location;
	GThread *first;
	GThread *late[8];

	g_assert_true(append(blobs, 1, &location));
	first = g_thread_new("first", sync_in_thread, blobs);
	gate_wait_for(gate, 1);
	/* The sync that is under way may not have seen this. */
	g_assert_true(append(blobs, 2, &location));
	g_atomic_int_set(&syncing, 0);
	for (unsigned i = 0; i < G_N_ELEMENTS(late); i++) {
		late[i] = g_thread_new("late", sync_in_thread, blobs);
	}
	while (g_atomic_int_get(&syncing) < (int)G_N_ELEMENTS(late)) {
		g_thread_yield();
	}
	gate_open(gate);
	g_assert_true(g_thread_join(first));
	for (unsigned i = 0; i < G_N_ELEMENTS(late); i++) {
		g_assert_true(g_thread_join(late[i]));
	}
	g_assert_cmpuint(gate_arrived(gate), ==, 2);
	/* All is on disk: no reason to work the disk again. */
	g_assert_true(blobs_sync(blobs, NULL));
	g_assert_cmpuint(gate_arrived(gate), ==, 2);
}

static void test_shares_a_sync(void)
{
	Gate *gate = gate_new();
	g_autoptr(Blobs) blobs = open_blobs(&gate->place);
	BlobsLocation location;
	GThread *threads[16];

	g_assert_true(append(blobs, 1, &location));
	threads[0] = g_thread_new("leader", sync_in_thread, blobs);
	gate_wait_for(gate, 1);
	/* Nothing was appended since: these need what is under way, and no sync of their own. */
	for (unsigned i = 1; i < G_N_ELEMENTS(threads); i++) {
		threads[i] = g_thread_new("follower", sync_in_thread, blobs);
	}
	gate_open(gate);
	for (unsigned i = 0; i < G_N_ELEMENTS(threads); i++) {
		g_assert_true(g_thread_join(threads[i]));
	}
	g_assert_cmpuint(gate_arrived(gate), ==, 1);
}

#define WRITERS 4
#define APPENDS 500

typedef struct Writer {
	Blobs *blobs;
	uint32_t first;
	BlobsLocation locations[APPENDS];
} Writer;

static void *write_in_thread(void *data)
{
	Writer *writer = data;

	for (uint32_t i = 0; i < APPENDS; i++) {
		g_assert_true(append(writer->blobs, writer->first + i, &writer->locations[i]));
		if (i % 50 == 0) {
			g_assert_true(blobs_sync(writer->blobs, NULL));
			g_assert_true(
				holds(writer->blobs, writer->first + i, &writer->locations[i]));
		}
	}
	return NULL;
}

static void test_takes_appends_of_many_threads(void)
{
	g_autofree char *folder = g_dir_make_tmp("imdrive-blobs-XXXXXX", NULL);
	g_autoptr(Blobs) blobs = open_blobs(place_disk_new(folder, NULL));
	g_autofree Writer *writers = g_new0(Writer, WRITERS);
	GThread *threads[WRITERS];
	Census census;

	for (unsigned i = 0; i < WRITERS; i++) {
		writers[i].blobs = blobs;
		writers[i].first = i * APPENDS;
		threads[i] = g_thread_new("writer", write_in_thread, &writers[i]);
	}
	for (unsigned i = 0; i < WRITERS; i++) {
		g_thread_join(threads[i]);
	}
	for (uint32_t i = 0; i < WRITERS * APPENDS; i++) {
		g_assert_true(holds(blobs, i, &writers[i / APPENDS].locations[i % APPENDS]));
	}
	take_census(blobs, &census);
	g_assert_cmpuint(g_hash_table_size(census.whole), ==, WRITERS * APPENDS);
	g_assert_cmpuint(census.damaged, ==, 0);
	census_clear(&census);
	g_clear_pointer(&blobs, blobs_close);
	blobs = open_blobs(place_disk_new(folder, NULL));
	g_assert_true(blobs_remove(blobs, writers[0].locations[0].pack, NULL));
	g_assert_cmpint(g_rmdir(folder), ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(path, function) g_test_add_func("/server/blobs/blobs/" path, function)
	ADD("gives-back-what-it-got", test_gives_back_what_it_got);
	ADD("writes-many-chunks-at-once", test_writes_many_chunks_at_once);
	ADD("appends-to-what-the-reader-has", test_appends_to_what_the_reader_has);
	ADD("refuses-what-lies-elsewhere", test_refuses_what_lies_elsewhere);
	ADD("probes-without-reading", test_probes_without_reading);
	ADD("never-appends-to-an-old-pack", test_never_appends_to_an_old_pack);
	ADD("trims-and-removes-sealed-packs", test_trims_and_removes_sealed_packs);
	ADD("rolls-packs", test_rolls_packs);
	ADD("tells-of-a-pack-before-it-exists", test_tells_of_a_pack_before_it_exists);
	ADD("stops-after-a-failed-sync", test_stops_after_a_failed_sync);
	ADD("goes-on-after-a-full-disk", test_goes_on_after_a_full_disk);
	ADD("survives-a-crash-at-any-call", test_survives_a_crash_at_any_call);
	ADD("survives-a-failure-of-any-call", test_survives_a_failure_of_any_call);
	ADD("upkeep-survives-a-failure-of-any-call", test_upkeep_survives_a_failure_of_any_call);
	ADD("waits-for-a-sync-that-began-later", test_waits_for_a_sync_that_began_later);
	ADD("shares-a-sync", test_shares_a_sync);
	ADD("takes-appends-of-many-threads", test_takes_appends_of_many_threads);
	return g_test_run();
}
