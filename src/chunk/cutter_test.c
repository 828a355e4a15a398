/* SPDX-License-Identifier: Apache-2.0 */
#include "chunk/cutter.h"

#include "base/limits.h"
#include "chunk/chunk_id.h"

#include <glib.h>
#include <string.h>

#define SMALL_SIZE (4 * MIB)

/* Small chunks, so that a small input has many of them. */
static const CutterParameters small = {
	.size_min = 512,
	.size_average = 2048,
	.size_max = 8192,
};

/* The same bytes everywhere and for ever: SHA-256 in counter mode. */
static uint8_t *random_bytes_new(uint32_t seed, size_t size)
{
	g_assert(size % CHUNK_ID_SIZE == 0);
	uint8_t *bytes = g_malloc(size);
	for (size_t at = 0; at < size; at += CHUNK_ID_SIZE) {
		uint64_t counter[2] = { GUINT64_TO_LE(seed), GUINT64_TO_LE(at) };
		ChunkId block = chunk_id_of(counter, sizeof counter);
		memcpy(bytes + at, block.bytes, CHUNK_ID_SIZE);
	}
	return bytes;
}

static GHashTable *cut_to_ids(const CutterParameters *parameters, const uint8_t *bytes, size_t size,
			      unsigned *ret_count)
{
	GHashTable *ids = g_hash_table_new_full(chunk_id_hash, chunk_id_equal, g_free, NULL);
	*ret_count = 0;
	for (size_t at = 0; at < size;) {
		size_t length = cutter_next(parameters, bytes + at, size - at);
		ChunkId id = chunk_id_of(bytes + at, length);
		g_hash_table_add(ids, g_memdup2(&id, sizeof id));
		at += length;
		*ret_count += 1;
	}
	return ids;
}

static unsigned count_missing(GHashTable *wanted, GHashTable *present)
{
	unsigned missing = 0;
	GHashTableIter iter;
	void *id;
	g_hash_table_iter_init(&iter, wanted);
	while (g_hash_table_iter_next(&iter, &id, NULL)) {
		missing += !g_hash_table_contains(present, id);
	}
	return missing;
}

/* The rule as docs/formats/content.md words it, with nothing clever about it. */
static size_t cut_by_definition(const CutterParameters *parameters, const uint8_t *bytes,
				size_t size)
{
	static uint64_t gear[256];
	for (unsigned i = 0; i < 256 && gear[255] == 0; i++) {
		uint8_t text[13];
		memcpy(text, "imdrive gear", 12);
		text[12] = (uint8_t)i;
		ChunkId id = chunk_id_of(text, sizeof text);
		for (int k = 7; k >= 0; k--) {
			gear[i] = gear[i] << 8 | id.bytes[k];
		}
	}
	unsigned bits = g_bit_storage(parameters->size_average) - 1;
	for (size_t p = parameters->size_min; p < size && p < parameters->size_max; p++) {
		uint64_t hash = 0;
		for (unsigned k = 1; k <= 64; k++) {
			hash += gear[bytes[p - k]] << (k - 1);
		}
		unsigned zeros = p <= parameters->size_average ? bits + 2 : bits - 2;
		if (hash >> (64 - zeros) == 0) {
			return p;
		}
	}
	return MIN(size, parameters->size_max);
}

static void test_follows_the_definition(void)
{
	/* So small that chunks end at size_min and at size_average exactly, too. */
	static const CutterParameters smallest = { 64, 128, 1024 };
	const size_t size = 256 * KIB;
	g_autofree uint8_t *bytes = random_bytes_new(1, size);
	for (size_t at = 0; at < size; at++) {
		const CutterParameters *parameters = at % 97 ? &smallest : &small;
		size_t left = MIN(size - at, parameters->size_max + 1);
		size_t length = cutter_next(parameters, bytes + at, left);
		g_assert_cmpuint(length, ==, cut_by_definition(parameters, bytes + at, left));
	}
}

/* Long ones are looked through two blocks at a time. */
static void test_follows_the_definition_in_long_chunks(void)
{
	static const CutterParameters parameters = { 512, 64 * KIB, 256 * KIB };
	g_autofree uint8_t *bytes = random_bytes_new(9, SMALL_SIZE);
	for (size_t at = 0; at < SMALL_SIZE;) {
		size_t left = SMALL_SIZE - at;
		size_t length = cutter_next(&parameters, bytes + at, left);
		g_assert_cmpuint(length, ==, cut_by_definition(&parameters, bytes + at, left));
		at += length;
	}
}

static void test_finds_the_same_however_the_bytes_come(void)
{
	static const CutterParameters parameters = { 512, 16 * KIB, 64 * KIB };
	g_autofree uint8_t *bytes = random_bytes_new(10, SMALL_SIZE);
	g_autoptr(GRand) rand = g_rand_new_with_seed(11);
	for (size_t at = 0; SMALL_SIZE - at >= parameters.size_max;) {
		size_t length = cutter_next(&parameters, bytes + at, SMALL_SIZE - at);
		size_t size = 0;
		size_t found = 0;
		while (found == 0) {
			size_t searched = size;
			size += (size_t)g_rand_int_range(rand, 0, at % 2 ? 100 : 20000);
			/* What is not there must not be looked at. */
			g_autofree uint8_t *exact = g_memdup2(bytes + at, MAX(size, 1));
			found = cutter_find(&parameters, exact, size, searched);
			g_assert_true(found > 0 ? size >= length : size < length);
		}
		g_assert_cmpuint(found, ==, length);
		at += length;
	}
}

static void test_never_changes(void)
{
	static const size_t expected[] = { 608621, 573558, 542018, 610571, 1120069, 739467 };
	g_autofree uint8_t *bytes = random_bytes_new(2, SMALL_SIZE);
	size_t at = 0;
	for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
		size_t length = cutter_next(&cutter_default, bytes + at, SMALL_SIZE - at);
		g_assert_cmpuint(length, ==, expected[i]);
		at += length;
	}
}

static void test_keeps_sizes(void)
{
	g_autofree uint8_t *bytes = random_bytes_new(3, SMALL_SIZE);
	unsigned count = 0;
	for (size_t at = 0; at < SMALL_SIZE; count++) {
		size_t length = cutter_next(&small, bytes + at, SMALL_SIZE - at);
		g_assert_cmpuint(length, <=, small.size_max);
		g_assert_cmpuint(length, <=, SMALL_SIZE - at);
		at += length;
		g_assert_true(length >= small.size_min || at == SMALL_SIZE);
	}
	g_assert_cmpuint(SMALL_SIZE / count, >, small.size_average * 8 / 10);
	g_assert_cmpuint(SMALL_SIZE / count, <, small.size_average * 14 / 10);
}

static void test_short_input_is_one_chunk(void)
{
	g_autofree uint8_t *bytes = random_bytes_new(4, 512);
	for (size_t size = 1; size <= 512; size++) {
		g_assert_cmpuint(cutter_next(&small, bytes, size), ==, size);
	}
}

/* No run of one byte value is cut before size_max: sparse files get few, equal chunks. */
static void test_constant_bytes_get_the_longest_chunks(void)
{
	CutterParameters parameters = cutter_default;
	parameters.size_max = CHUNK_SIZE_AVERAGE + 64;
	const size_t size = parameters.size_max + 1;
	g_autofree uint8_t *bytes = g_malloc(size);
	for (int value = 0; value < 256; value++) {
		memset(bytes, value, size);
		g_assert_cmpuint(cutter_next(&parameters, bytes, size), ==, parameters.size_max);
	}
}

/* What stands beyond size_max must not matter, nor anything outside the given bytes. */
static void test_needs_size_max_bytes_at_most(void)
{
	g_autofree uint8_t *bytes = random_bytes_new(5, SMALL_SIZE);
	for (size_t at = 0; at + 2 * small.size_max < SMALL_SIZE;) {
		g_autofree uint8_t *exact = g_memdup2(bytes + at, small.size_max);
		size_t length = cutter_next(&small, bytes + at, SMALL_SIZE - at);
		g_assert_cmpuint(cutter_next(&small, exact, small.size_max), ==, length);
		at += length;
	}
}

/* Bytes inserted, removed or changed renew the chunks around them and no others. */
static void test_resists_shifts(void)
{
	g_autofree uint8_t *bytes = random_bytes_new(6, SMALL_SIZE);
	unsigned count;
	g_autoptr(GHashTable) before = cut_to_ids(&small, bytes, SMALL_SIZE, &count);
	g_autoptr(GRand) rand = g_rand_new_with_seed(7);
	for (unsigned round = 0; round < 40; round++) {
		size_t at = (size_t)g_rand_int_range(rand, 0, SMALL_SIZE);
		size_t inserted = (size_t)g_rand_int_range(rand, 0, 100);
		size_t removed = (size_t)g_rand_int_range(rand, 0, 100);
		removed = MIN(removed, SMALL_SIZE - at);
		g_autofree uint8_t *edited = g_malloc0(SMALL_SIZE + inserted);
		memcpy(edited, bytes, at);
		memcpy(edited + at + inserted, bytes + at + removed, SMALL_SIZE - at - removed);
		g_autoptr(GHashTable) after =
			cut_to_ids(&small, edited, SMALL_SIZE + inserted - removed, &count);
		g_assert_cmpuint(count_missing(after, before), <=, 8);
	}
}

static void test_resists_shifts_in_large_files(void)
{
	const size_t size = 64 * MIB;
	g_autofree uint8_t *bytes = g_malloc(size + 1);
	g_autoptr(GRand) rand = g_rand_new_with_seed(8);
	for (size_t at = 0; at < size; at += sizeof(uint32_t)) {
		uint32_t word = g_rand_int(rand);
		memcpy(bytes + at, &word, sizeof word);
	}
	unsigned count;
	g_autoptr(GHashTable) before = cut_to_ids(&cutter_default, bytes, size, &count);
	g_assert_cmpuint(count, >, 64);
	memmove(bytes + 1001, bytes + 1000, size - 1000);
	g_autoptr(GHashTable) after = cut_to_ids(&cutter_default, bytes, size + 1, &count);
	g_assert_cmpuint(count_missing(after, before), <=, 3);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/chunk/cutter/follows-the-definition", test_follows_the_definition);
	g_test_add_func("/chunk/cutter/follows-the-definition-in-long-chunks",
			test_follows_the_definition_in_long_chunks);
	g_test_add_func("/chunk/cutter/finds-the-same-however-the-bytes-come",
			test_finds_the_same_however_the_bytes_come);
	g_test_add_func("/chunk/cutter/never-changes", test_never_changes);
	g_test_add_func("/chunk/cutter/keeps-sizes", test_keeps_sizes);
	g_test_add_func("/chunk/cutter/short-input-is-one-chunk", test_short_input_is_one_chunk);
	g_test_add_func("/chunk/cutter/constant-bytes-get-the-longest-chunks",
			test_constant_bytes_get_the_longest_chunks);
	g_test_add_func("/chunk/cutter/needs-size-max-bytes-at-most",
			test_needs_size_max_bytes_at_most);
	g_test_add_func("/chunk/cutter/resists-shifts", test_resists_shifts);
	g_test_add_func("/chunk/cutter/resists-shifts-in-large-files",
			test_resists_shifts_in_large_files);
	return g_test_run();
}
