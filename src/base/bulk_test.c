/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bulk.h"

#include "base/limits.h"
#include "base/memory.h"

#include <string.h>

static void check_bytes(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] != (uint8_t)(i * 7)) {
			g_error("byte %zu of %zu is wrong", i, size);
		}
	}
}

static Bulk *bulk_of(size_t size, size_t capacity, size_t step)
{
	g_autofree uint8_t *bytes = g_malloc(size);
	for (size_t i = 0; i < size; i++) {
		bytes[i] = (uint8_t)(i * 7);
	}
	Bulk *bulk = bulk_new(capacity);
	for (size_t at = 0; at < size; at += step) {
		bulk_append(bulk, bytes + at, MIN(step, size - at));
	}
	return bulk;
}

static void test_keeps_what_was_appended(void)
{
	static const size_t sizes[] = { 1, 255, 4 * KIB, 1 * MIB, 5 * MIB + 3 };
	for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
		g_autoptr(Bulk) grown = bulk_of(sizes[i], 0, 40001);
		g_assert_cmpuint(grown->len, ==, sizes[i]);
		check_bytes(grown->data, grown->len);
		g_autoptr(Bulk) reserved = bulk_of(sizes[i], sizes[i], sizes[i]);
		g_assert_cmpuint(reserved->capacity, ==, sizes[i]);
		check_bytes(reserved->data, reserved->len);
	}
}

static void test_is_empty_at_first(void)
{
	g_autoptr(Bulk) bulk = bulk_new(0);
	g_assert_null(bulk->data);
	bulk_append(bulk, NULL, 0);
	g_assert_cmpuint(bulk->len, ==, 0);
	g_autoptr(GBytes) bytes = bulk_free_to_bytes(g_steal_pointer(&bulk));
	g_assert_cmpuint(g_bytes_get_size(bytes), ==, 0);
}

/* Bytes that somebody still has are not written over by the next. */
static void test_bytes_live_as_long_as_somebody_has_them(void)
{
	GBytes *kept[8];
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < G_N_ELEMENTS(kept); i++) {
			kept[i] = bulk_free_to_bytes(bulk_of(2 * MIB + i, 0, MIB));
		}
		for (unsigned i = 0; i < G_N_ELEMENTS(kept); i++) {
			size_t size = 0;
			const uint8_t *bytes = g_bytes_get_data(kept[i], &size);
			g_assert_cmpuint(size, ==, 2 * MIB + i);
			check_bytes(bytes, size);
			g_bytes_unref(kept[i]);
		}
		memory_give_back();
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/base/bulk/keeps-what-was-appended", test_keeps_what_was_appended);
	g_test_add_func("/base/bulk/is-empty-at-first", test_is_empty_at_first);
	g_test_add_func("/base/bulk/bytes-live-as-long-as-somebody-has-them",
			test_bytes_live_as_long_as_somebody_has_them);
	return g_test_run();
}
