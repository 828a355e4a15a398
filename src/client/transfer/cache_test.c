/* SPDX-License-Identifier: Apache-2.0 */
#include "client/transfer/cache.h"

#include <string.h>

/* A page whose body is these texts, each 10 bytes, one chunk each. */
static RemotePage *page_of(const char *const *texts, size_t count)
{
	RemotePage *page = remote_page_new();
	g_autoptr(GByteArray) body = g_byte_array_new();
	for (size_t i = 0; i < count; i++) {
		g_assert_cmpuint(strlen(texts[i]), ==, 10);
		g_byte_array_append(body, (const uint8_t *)texts[i], 10);
	}
	page->body = g_byte_array_free_to_bytes(g_steal_pointer(&body));
	const uint8_t *bytes = g_bytes_get_data(page->body, NULL);
	for (size_t i = 0; i < count; i++) {
		EncodedChunk chunk = { chunk_id_of(texts[i], 10), CODEC_RAW, 10, 10,
				       bytes + 10 * i };
		g_array_append_val(page->chunks, chunk);
	}
	return page;
}

static void add(Cache *cache, const char *a, const char *b)
{
	const char *const texts[] = { a, b };
	g_autoptr(RemotePage) page = page_of(texts, b ? 2 : 1);
	cache_add(cache, page);
}

static bool has(Cache *cache, const char *text)
{
	ChunkId id = chunk_id_of(text, 10);
	EncodedChunk chunk;
	g_autoptr(GBytes) body = NULL;
	if (!cache_find(cache, &id, &chunk, &body)) {
		return false;
	}
	g_assert_cmpmem(chunk.bytes, chunk.size, text, 10);
	return true;
}

static void test_oldest_goes_first(void)
{
	g_autoptr(Cache) cache = cache_new(40);
	add(cache, "aaaaaaaaaa", "bbbbbbbbbb");
	add(cache, "cccccccccc", "dddddddddd");
	g_assert_true(has(cache, "aaaaaaaaaa"));
	add(cache, "eeeeeeeeee", NULL);
	g_assert_false(has(cache, "aaaaaaaaaa"));
	g_assert_false(has(cache, "bbbbbbbbbb"));
	g_assert_true(has(cache, "cccccccccc"));
	g_assert_true(has(cache, "eeeeeeeeee"));
}

static void test_chunk_that_came_again(void)
{
	g_autoptr(Cache) cache = cache_new(30);
	add(cache, "aaaaaaaaaa", "bbbbbbbbbb");
	add(cache, "aaaaaaaaaa", NULL);
	add(cache, "cccccccccc", NULL);
	g_assert_true(has(cache, "aaaaaaaaaa"));
	g_assert_false(has(cache, "bbbbbbbbbb"));
	add(cache, "cccccccccc", "dddddddddd");
	g_assert_false(has(cache, "aaaaaaaaaa"));
	g_assert_true(has(cache, "cccccccccc"));
}

static void test_same_chunk_twice_in_a_page(void)
{
	g_autoptr(Cache) cache = cache_new(30);
	add(cache, "aaaaaaaaaa", "aaaaaaaaaa");
	g_assert_true(has(cache, "aaaaaaaaaa"));
	add(cache, "bbbbbbbbbb", "cccccccccc");
	g_assert_false(has(cache, "aaaaaaaaaa"));
}

static void test_too_large(void)
{
	g_autoptr(Cache) cache = cache_new(15);
	add(cache, "aaaaaaaaaa", NULL);
	add(cache, "bbbbbbbbbb", "cccccccccc");
	g_assert_true(has(cache, "aaaaaaaaaa"));
	g_assert_false(has(cache, "bbbbbbbbbb"));
}

static void test_bytes_outlive_page(void)
{
	g_autoptr(Cache) cache = cache_new(10);
	add(cache, "aaaaaaaaaa", NULL);
	ChunkId id = chunk_id_of("aaaaaaaaaa", 10);
	EncodedChunk chunk;
	g_autoptr(GBytes) body = NULL;
	g_assert_true(cache_find(cache, &id, &chunk, &body));
	add(cache, "bbbbbbbbbb", NULL);
	g_assert_false(has(cache, "aaaaaaaaaa"));
	g_assert_cmpmem(chunk.bytes, chunk.size, "aaaaaaaaaa", 10);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/client/transfer/cache/oldest-goes-first", test_oldest_goes_first);
	g_test_add_func("/client/transfer/cache/chunk-that-came-again", test_chunk_that_came_again);
	g_test_add_func("/client/transfer/cache/same-chunk-twice-in-a-page",
			test_same_chunk_twice_in_a_page);
	g_test_add_func("/client/transfer/cache/too-large", test_too_large);
	g_test_add_func("/client/transfer/cache/bytes-outlive-page", test_bytes_outlive_page);
	return g_test_run();
}
