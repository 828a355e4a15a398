/* SPDX-License-Identifier: Apache-2.0 */
#include "client/virtual/ranges.h"

#include <string.h>

#define SIZE 200

static void check(const Ranges *ranges, const bool *model)
{
	for (unsigned from = 0; from < SIZE; from++) {
		bool all = true;
		for (unsigned to = from; to < SIZE; to++) {
			g_assert_true(ranges_have(ranges, from, to) == all);
			all &= model[to];
		}
	}
	for (unsigned i = 0; ranges->list && i < ranges->list->len; i++) {
		const Range *range = &g_array_index(ranges->list, Range, i);
		g_assert_cmpuint(range->from, <, range->to);
		g_assert_true(i == 0 || g_array_index(ranges->list, Range, i - 1).to < range->from);
	}
}

static void test_model(void)
{
	for (unsigned round = 0; round < 50; round++) {
		g_auto(Ranges) ranges = { 0 };
		bool model[SIZE] = { false };
		for (unsigned step = 0; step < 20; step++) {
			unsigned from = (unsigned)g_test_rand_int_range(0, SIZE);
			unsigned to = (unsigned)g_test_rand_int_range((int)from, SIZE + 1);
			ranges_add(&ranges, from, to);
			memset(model + from, true, to - from);
			check(&ranges, model);
		}
	}
}

static void test_encoding(void)
{
	g_auto(Ranges) ranges = { 0 };
	g_auto(Ranges) found = { 0 };
	uint8_t bytes[RANGES_SIZE_MAX];
	g_assert_cmpuint(ranges_encode(&ranges, bytes), ==, 0);
	ranges_add(&ranges, 5, 9);
	ranges_add(&ranges, 20, 40);
	size_t size = ranges_encode(&ranges, bytes);
	g_assert_cmpuint(size, ==, 32);
	g_assert_true(ranges_decode(bytes, size, 40, &found));
	g_assert_true(ranges_have(&found, 5, 9) && ranges_have(&found, 20, 40));
	g_assert_false(ranges_have(&found, 8, 10));
	g_auto(Ranges) none = { 0 };
	g_assert_false(ranges_decode(bytes, size, 39, &none));
	g_assert_false(ranges_decode(bytes, size - 1, 40, &none));
	memset(bytes, 0, 16);
	g_assert_false(ranges_decode(bytes, size, 40, &none));
	g_assert_true(ranges_are_empty(&none));
}

static void test_many(void)
{
	g_auto(Ranges) ranges = { 0 };
	g_auto(Ranges) found = { 0 };
	uint8_t bytes[RANGES_SIZE_MAX];
	for (unsigned i = 0; i < 2 * RANGES_ENCODED_MAX; i++) {
		ranges_add(&ranges, 1000 * i, 1000 * i + 1 + i);
	}
	size_t size = ranges_encode(&ranges, bytes);
	g_assert_cmpuint(size, ==, RANGES_SIZE_MAX);
	g_assert_true(ranges_decode(bytes, size, G_MAXUINT64, &found));
	/* The largest. */
	g_assert_false(ranges_have(&found, 0, 1));
	uint64_t last = 2 * RANGES_ENCODED_MAX - 1;
	g_assert_true(ranges_have(&found, 1000 * last, 1000 * last + 1 + last));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/client/virtual/ranges/model", test_model);
	g_test_add_func("/client/virtual/ranges/encoding", test_encoding);
	g_test_add_func("/client/virtual/ranges/keeps-the-largest", test_many);
	return g_test_run();
}
