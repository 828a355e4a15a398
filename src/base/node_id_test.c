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

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/base/node_id/hex-round-trip", test_hex_round_trip);
	g_test_add_func("/base/node_id/refuses-what-is-no-id", test_refuses_what_is_no_id);
	g_test_add_func("/base/node_id/random-ids-differ", test_random_ids_differ);
	return g_test_run();
}
