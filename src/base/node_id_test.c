/* SPDX-License-Identifier: Apache-2.0 */
#include "base/node_id.h"

static void test_hex_round_trip(void)
{
	NodeId id = node_id_random(), again;
	char hex[NODE_ID_HEX_SIZE];
	node_id_to_hex(&id, hex);
	g_assert_true(node_id_from_hex(hex, &again));
	g_assert_true(node_id_equal(&id, &again));
	g_assert_cmpint(node_id_compare(&id, &again), ==, 0);
}

static void test_refuses_what_is_no_id(void)
{
	NodeId id = node_id_random(), before = id;
	uint8_t zero[NODE_ID_SIZE] = { 0 };
	g_assert_false(node_id_from_bytes(zero, sizeof zero, &id));
	g_assert_false(node_id_from_bytes("short", 5, &id));
	g_assert_false(node_id_from_hex("00112233445566778899aabbccddee", &id));
	g_assert_false(node_id_from_hex("zz112233445566778899aabbccddeeff", &id));
	g_assert_true(node_id_equal(&id, &before));
}

static void test_random_ids_differ(void)
{
	NodeId a = node_id_random(), b = node_id_random();
	g_assert_false(node_id_equal(&a, &b));
}

static void *make_ids(void *data)
{
	NodeId *ids = data;
	for (unsigned i = 0; i < 1000; i++) {
		ids[i] = node_id_new();
		g_assert_true(i == 0 || node_id_compare(&ids[i - 1], &ids[i]) < 0);
	}
	return NULL;
}

static void test_new_ids_lie_together(void)
{
	static NodeId ids[4][1000];
	GThread *threads[4];
	for (unsigned i = 0; i < 4; i++) {
		threads[i] = g_thread_new("ids", make_ids, ids[i]);
	}
	g_autoptr(GHashTable) seen = g_hash_table_new(node_id_hash, node_id_equal);
	for (unsigned i = 0; i < 4; i++) {
		g_thread_join(threads[i]);
		for (unsigned j = 0; j < 1000; j++) {
			g_assert_true(g_hash_table_add(seen, &ids[i][j]));
			g_assert_cmpmem(ids[i][j].bytes, 5, ids[0][0].bytes, 5);
		}
	}
}

static void test_hashes_of_new_ids_differ(void)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
	for (unsigned i = 0; i < 1000; i++) {
		NodeId id = node_id_new();
		g_hash_table_add(seen, GUINT_TO_POINTER(node_id_hash(&id)));
	}
	g_assert_cmpuint(g_hash_table_size(seen), >, 990);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/base/node_id/hex-round-trip", test_hex_round_trip);
	g_test_add_func("/base/node_id/refuses-what-is-no-id", test_refuses_what_is_no_id);
	g_test_add_func("/base/node_id/random-ids-differ", test_random_ids_differ);
	g_test_add_func("/base/node_id/new-ids-lie-together", test_new_ids_lie_together);
	g_test_add_func("/base/node_id/hashes-of-new-ids-differ", test_hashes_of_new_ids_differ);
	return g_test_run();
}
