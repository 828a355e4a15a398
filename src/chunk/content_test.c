/* SPDX-License-Identifier: Apache-2.0 */
#include "chunk/content.h"

#include "base/error.h"
#include "base/limits.h"

#include <string.h>

#define LIST_COUNT_MIN 256
#define LIST_COUNT_MAX 4096

static ContentRef ref_of(uint64_t seed)
{
	return (ContentRef){
		.id = chunk_id_of(&seed, sizeof seed),
		.length = (uint32_t)(1 + seed % CHUNK_SIZE_MAX),
	};
}

static ContentRef *refs_new(uint64_t seed, size_t count)
{
	ContentRef *refs = g_new(ContentRef, count);
	for (size_t i = 0; i < count; i++) {
		refs[i] = ref_of(seed * 1000003 + i);
	}
	return refs;
}

static GPtrArray *lists_new(void)
{
	return g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
}

static void assert_same_refs(const ContentRef *a, const ContentRef *b, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		g_assert_true(chunk_id_equal(&a[i].id, &b[i].id));
		g_assert_cmpuint(a[i].length, ==, b[i].length);
	}
}

static void assert_refused(const void *bytes, size_t size, DriveError code)
{
	Content content = { .count = 77 };
	g_autoptr(GError) error = NULL;
	g_autofree uint8_t *exact = g_memdup2(bytes, size);
	g_assert_false(content_decode(exact, size, &content, &error));
	g_assert_error(error, DRIVE_ERROR, (int)code);
	g_assert_cmpuint(content.count, ==, 77);
}

static void assert_list_refused(const void *bytes, size_t size)
{
	Content content = { .count = 77 };
	g_autoptr(GError) error = NULL;
	g_autofree uint8_t *exact = g_memdup2(bytes, size);
	g_assert_false(content_decode_list(exact, size, &content, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID);
	g_assert_cmpuint(content.count, ==, 77);
}

static void test_empty_file_has_empty_content(void)
{
	g_autoptr(GPtrArray) lists = lists_new();
	g_autoptr(GBytes) encoded = content_encode(NULL, 0, lists);
	g_assert_cmpuint(g_bytes_get_size(encoded), ==, 0);
	g_auto(Content) content = { 0 };
	g_assert_true(content_decode("", 0, &content, NULL));
	g_assert_cmpuint(content.count, ==, 0);
	g_assert_cmpuint(content_length(&content), ==, 0);
}

static void test_has_the_documented_bytes(void)
{
	ContentRef ref = { .id = chunk_id_of("abc", 3), .length = 0x10203 };
	g_autoptr(GPtrArray) lists = lists_new();
	g_autoptr(GBytes) encoded = content_encode(&ref, 1, lists);
	size_t size;
	const uint8_t *bytes = g_bytes_get_data(encoded, &size);
	g_assert_cmpuint(size, ==, 1 + 36);
	g_assert_cmpuint(bytes[0], ==, 0);
	g_assert_cmpmem(bytes + 1, 32, ref.id.bytes, 32);
	g_assert_cmpmem(bytes + 33, 4, "\x03\x02\x01\x00", 4);
}

/* Encodes, decodes with all lists, and compares with what went in. */
static void assert_roundtrip(const ContentRef *refs, size_t count)
{
	g_autoptr(GPtrArray) lists = lists_new();
	g_autoptr(GBytes) encoded = content_encode(refs, count, lists);
	size_t size;
	const uint8_t *bytes = g_bytes_get_data(encoded, &size);
	g_auto(Content) content = { 0 };
	g_autoptr(GError) error = NULL;
	g_assert_true(content_decode(bytes, size, &content, &error));
	g_assert_no_error(error);
	if (count <= CONTENT_DIRECT_MAX) {
		g_assert_cmpuint(lists->len, ==, 0);
		g_assert_cmpuint(content.depth, ==, 0);
		g_assert_cmpuint(content.count, ==, count);
		assert_same_refs(content.refs, refs, count);
		return;
	}
	g_assert_cmpuint(content.depth, ==, 1);
	g_assert_cmpuint(content.count, ==, lists->len);
	g_assert_cmpuint(content_length(&content), ==, count * CONTENT_REF_SIZE);
	size_t at = 0;
	for (unsigned i = 0; i < lists->len; i++) {
		size_t list_size;
		const void *list = g_bytes_get_data(lists->pdata[i], &list_size);
		ChunkId id = chunk_id_of(list, list_size);
		g_assert_true(chunk_id_equal(&id, &content.refs[i].id));
		g_assert_cmpuint(list_size, ==, content.refs[i].length);
		g_auto(Content) part = { 0 };
		g_assert_true(content_decode_list(list, list_size, &part, &error));
		g_assert_no_error(error);
		g_assert_cmpuint(at + part.count, <=, count);
		assert_same_refs(part.refs, refs + at, part.count);
		at += part.count;
	}
	g_assert_cmpuint(at, ==, count);
}

static void test_gives_back_what_it_got(void)
{
	static const size_t counts[] = { 1,   2,    31,   32,   33,   255,  256,
					 257, 1000, 4095, 4096, 4097, 20000 };
	for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
		g_autofree ContentRef *refs = refs_new(i, counts[i]);
		assert_roundtrip(refs, counts[i]);
	}
}

/* The rule: id's last 16 bits % 1024 == 0, from the 256th ref on; 4096 at the latest. */
static void test_lists_end_where_the_ids_say(void)
{
	const size_t count = 20000;
	g_autofree ContentRef *refs = refs_new(9, count);
	g_autoptr(GPtrArray) lists = lists_new();
	g_autoptr(GBytes) encoded = content_encode(refs, count, lists);
	g_assert_cmpuint(lists->len, >, 4);
	size_t at = 0;
	for (unsigned i = 0; i < lists->len; i++) {
		size_t length = g_bytes_get_size(lists->pdata[i]) / CONTENT_REF_SIZE;
		for (size_t k = LIST_COUNT_MIN; k <= length; k++) {
			const uint8_t *id = refs[at + k - 1].id.bytes;
			bool end = id[30] == 0 && (id[31] & 3) == 0;
			g_assert_true(k == length
					      ? end || length == LIST_COUNT_MAX || at + k == count
					      : !end);
		}
		at += length;
	}
}

static void test_equal_ids_keep_the_bounds(void)
{
	const size_t count = 10000;
	g_autofree ContentRef *refs = g_new0(ContentRef, count);
	for (int boundary = 0; boundary <= 1; boundary++) {
		for (size_t i = 0; i < count; i++) {
			refs[i].length = CHUNK_SIZE_MAX;
			refs[i].id.bytes[30] = !boundary;
		}
		g_autoptr(GPtrArray) lists = lists_new();
		g_autoptr(GBytes) encoded = content_encode(refs, count, lists);
		size_t first = g_bytes_get_size(lists->pdata[0]) / CONTENT_REF_SIZE;
		g_assert_cmpuint(first, ==, boundary ? LIST_COUNT_MIN : LIST_COUNT_MAX);
		assert_roundtrip(refs, count);
	}
}

static void test_a_change_renews_few_lists(void)
{
	const size_t count = 50000;
	g_autofree ContentRef *refs = refs_new(10, count + 1);
	g_autoptr(GPtrArray) before = lists_new();
	g_autoptr(GBytes) encoded = content_encode(refs, count, before);
	g_autoptr(GHashTable) known = g_hash_table_new(g_bytes_hash, g_bytes_equal);
	for (unsigned i = 0; i < before->len; i++) {
		g_hash_table_add(known, before->pdata[i]);
	}
	memmove(refs + 101, refs + 100, (count - 100) * sizeof *refs);
	refs[100] = ref_of(424242);
	g_autoptr(GPtrArray) after = lists_new();
	g_autoptr(GBytes) again = content_encode(refs, count + 1, after);
	unsigned renewed = 0;
	for (unsigned i = 0; i < after->len; i++) {
		renewed += !g_hash_table_contains(known, after->pdata[i]);
	}
	g_assert_cmpuint(after->len, >, 20);
	g_assert_cmpuint(renewed, <=, 2);
}

static void put_length(uint8_t *bytes, size_t index, uint32_t length)
{
	length = GUINT32_TO_LE(length);
	memcpy(bytes + 1 + index * CONTENT_REF_SIZE + CHUNK_ID_SIZE, &length, sizeof length);
}

static void test_refuses_what_deviates(void)
{
	const size_t count = 33;
	g_autofree uint8_t *bytes = g_malloc0(1 + count * CONTENT_REF_SIZE);
	for (size_t i = 0; i < count; i++) {
		put_length(bytes, i, 100);
	}
	Content content;
	const size_t two = 1 + 2 * CONTENT_REF_SIZE;
	g_assert_true(content_decode(bytes, two, &content, NULL));
	content_clear(&content);
	for (size_t size = 1; size < two; size++) {
		if (size != 1 + CONTENT_REF_SIZE) {
			assert_refused(bytes, size, DRIVE_ERROR_INVALID);
		}
	}
	assert_refused(bytes, 1 + count * CONTENT_REF_SIZE, DRIVE_ERROR_INVALID);
	for (unsigned depth = 2; depth < 256; depth++) {
		bytes[0] = (uint8_t)depth;
		assert_refused(bytes, two, DRIVE_ERROR_INVALID);
	}
	bytes[0] = 0;
	put_length(bytes, 1, 0);
	assert_refused(bytes, two, DRIVE_ERROR_INVALID);
	put_length(bytes, 1, CHUNK_SIZE_MAX + 1);
	assert_refused(bytes, two, DRIVE_ERROR_INVALID);
	put_length(bytes, 1, UINT32_MAX);
	assert_refused(bytes, two, DRIVE_ERROR_INVALID);
	put_length(bytes, 1, CHUNK_SIZE_MAX);
	g_assert_true(content_decode(bytes, two, &content, NULL));
	content_clear(&content);
}

static void test_refuses_impossible_lists(void)
{
	uint8_t bytes[1 + 2 * CONTENT_REF_SIZE] = { 1 };
	const struct {
		uint32_t first;
		uint32_t second;
		bool valid;
	} cases[] = {
		{ LIST_COUNT_MIN * 36, 36, true },
		{ LIST_COUNT_MAX * 36, LIST_COUNT_MAX * 36, true },
		{ (LIST_COUNT_MIN - 1) * 36, 36, false },
		{ (LIST_COUNT_MAX + 1) * 36, 36, false },
		{ LIST_COUNT_MIN * 36, (LIST_COUNT_MAX + 1) * 36, false },
		{ LIST_COUNT_MIN * 36 + 1, 36, false },
		{ LIST_COUNT_MIN * 36, 37, false },
		{ LIST_COUNT_MIN * 36, 0, false },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		put_length(bytes, 0, cases[i].first);
		put_length(bytes, 1, cases[i].second);
		if (cases[i].valid) {
			g_auto(Content) content = { 0 };
			g_assert_true(content_decode(bytes, sizeof bytes, &content, NULL));
		} else {
			assert_refused(bytes, sizeof bytes, DRIVE_ERROR_INVALID);
		}
	}
	/* One list of so few chunks that they belong into the content itself. */
	put_length(bytes, 0, CONTENT_DIRECT_MAX * 36);
	assert_refused(bytes, 1 + 36, DRIVE_ERROR_INVALID);
	put_length(bytes, 0, (CONTENT_DIRECT_MAX + 1) * 36);
	g_auto(Content) content = { 0 };
	g_assert_true(content_decode(bytes, 1 + 36, &content, NULL));
}

static void test_refuses_too_many_bytes(void)
{
	g_autofree uint8_t *bytes = g_malloc0(CONTENT_SIZE_MAX + 1);
	assert_refused(bytes, CONTENT_SIZE_MAX + 1, DRIVE_ERROR_TOO_LARGE);
}

static void test_list_refuses_what_deviates(void)
{
	const size_t count = LIST_COUNT_MAX + 1;
	g_autofree uint8_t *bytes = g_malloc0(count * CONTENT_REF_SIZE);
	for (size_t i = 0; i < count; i++) {
		bytes[i * 36 + 30] = 1; /* no boundary */
		bytes[i * 36 + 32] = 1; /* length */
	}
	Content content;
	g_assert_true(content_decode_list(bytes, LIST_COUNT_MAX * 36, &content, NULL));
	g_assert_cmpuint(content.count, ==, LIST_COUNT_MAX);
	content_clear(&content);
	assert_list_refused(bytes, count * 36);
	assert_list_refused(bytes, 0);
	assert_list_refused(bytes, 35);
	assert_list_refused(bytes, 37);

	bytes[(LIST_COUNT_MIN - 2) * 36 + 30] = 0; /* a boundary too early does not count */
	g_assert_true(content_decode_list(bytes, 300 * 36, &content, NULL));
	content_clear(&content);
	bytes[(LIST_COUNT_MIN - 1) * 36 + 30] = 0;
	g_assert_true(content_decode_list(bytes, LIST_COUNT_MIN * 36, &content, NULL));
	content_clear(&content);
	assert_list_refused(bytes, 300 * 36);
	bytes[32] = 0; /* a chunk of no bytes */
	assert_list_refused(bytes, 36);
}

/* Every mutation is refused, or is another content with that very encoding. */
static void test_encoding_is_canonical(void)
{
	g_autofree ContentRef *refs = refs_new(11, 20);
	g_autoptr(GPtrArray) lists = lists_new();
	g_autoptr(GBytes) encoded = content_encode(refs, 20, lists);
	size_t size;
	const uint8_t *whole = g_bytes_get_data(encoded, &size);
	g_autoptr(GRand) rand = g_rand_new_with_seed(12);
	unsigned refused = 0;
	for (unsigned round = 0; round < 20000; round++) {
		g_autofree uint8_t *mutated = g_memdup2(whole, size);
		size_t length = round % 3 ? size : (size_t)g_rand_int_range(rand, 0, (int)size);
		mutated[g_rand_int_range(rand, 0, (int)size)] ^=
			(uint8_t)g_rand_int_range(rand, 1, 256);
		mutated[0] = round % 2 ? mutated[0] : 0;
		g_auto(Content) content = { 0 };
		if (!content_decode(mutated, length, &content, NULL)) {
			refused++;
			continue;
		}
		if (content.depth == 0) {
			g_autoptr(GBytes) again =
				content_encode(content.refs, content.count, lists);
			size_t again_size;
			const void *again_bytes = g_bytes_get_data(again, &again_size);
			g_assert_cmpmem(again_bytes, again_size, mutated, length);
		}
	}
	g_assert_cmpuint(refused, >, 1000);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/chunk/content/empty-file-has-empty-content",
			test_empty_file_has_empty_content);
	g_test_add_func("/chunk/content/has-the-documented-bytes", test_has_the_documented_bytes);
	g_test_add_func("/chunk/content/gives-back-what-it-got", test_gives_back_what_it_got);
	g_test_add_func("/chunk/content/lists-end-where-the-ids-say",
			test_lists_end_where_the_ids_say);
	g_test_add_func("/chunk/content/equal-ids-keep-the-bounds", test_equal_ids_keep_the_bounds);
	g_test_add_func("/chunk/content/a-change-renews-few-lists", test_a_change_renews_few_lists);
	g_test_add_func("/chunk/content/refuses-what-deviates", test_refuses_what_deviates);
	g_test_add_func("/chunk/content/refuses-impossible-lists", test_refuses_impossible_lists);
	g_test_add_func("/chunk/content/refuses-too-many-bytes", test_refuses_too_many_bytes);
	g_test_add_func("/chunk/content/list-refuses-what-deviates",
			test_list_refuses_what_deviates);
	g_test_add_func("/chunk/content/encoding-is-canonical", test_encoding_is_canonical);
	return g_test_run();
}
