/* SPDX-License-Identifier: Apache-2.0 */
#include "chunk/chunk_id.h"

#include <string.h>

static void assert_id(const void *bytes, size_t size, const char *hex)
{
	ChunkId id = chunk_id_of(bytes, size);
	for (size_t i = 0; i < CHUNK_ID_SIZE; i++) {
		char pair[3];
		g_snprintf(pair, sizeof pair, "%02x", id.bytes[i]);
		g_assert_cmpmem(pair, 2, hex + 2 * i, 2);
	}
}

/* The examples of FIPS 180-4. */
static void test_is_sha256(void)
{
	assert_id("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_id("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	g_autofree char *million = g_malloc(1000000);
	memset(million, 'a', 1000000);
	assert_id(million, 1000000,
		  "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void test_orders_like_its_bytes(void)
{
	ChunkId low = chunk_id_of("a", 1);
	ChunkId high = low;
	high.bytes[CHUNK_ID_SIZE - 1] ^= 1;
	if (high.bytes[CHUNK_ID_SIZE - 1] < low.bytes[CHUNK_ID_SIZE - 1]) {
		ChunkId swap = low;
		low = high;
		high = swap;
	}
	g_assert_cmpint(chunk_id_compare(&low, &high), <, 0);
	g_assert_cmpint(chunk_id_compare(&high, &low), >, 0);
	g_assert_cmpint(chunk_id_compare(&low, &low), ==, 0);
	g_assert_false(chunk_id_equal(&low, &high));
}

static void test_is_a_hash_table_key(void)
{
	g_autoptr(GHashTable) table = g_hash_table_new(chunk_id_hash, chunk_id_equal);
	ChunkId ids[100];
	for (unsigned i = 0; i < G_N_ELEMENTS(ids); i++) {
		ids[i] = chunk_id_of(&i, sizeof i);
		g_assert_true(g_hash_table_add(table, &ids[i]));
	}
	unsigned seven = 7;
	ChunkId again = chunk_id_of(&seven, sizeof seven);
	g_assert_true(g_hash_table_lookup(table, &again) == &ids[7]);
}

static void *hash_in_thread(void *data)
{
	for (unsigned i = 0; i < 1000; i++) {
		assert_id("abc", 3,
			  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	}
	return NULL;
}

static void test_from_many_threads(void)
{
	GThread *running[8];
	for (unsigned i = 0; i < G_N_ELEMENTS(running); i++) {
		running[i] = g_thread_new("hash", hash_in_thread, NULL);
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(running); i++) {
		g_thread_join(running[i]);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/chunk/chunk_id/from-many-threads", test_from_many_threads);
	g_test_add_func("/chunk/chunk_id/is-sha256", test_is_sha256);
	g_test_add_func("/chunk/chunk_id/orders-like-its-bytes", test_orders_like_its_bytes);
	g_test_add_func("/chunk/chunk_id/is-a-hash-table-key", test_is_a_hash_table_key);
	return g_test_run();
}
