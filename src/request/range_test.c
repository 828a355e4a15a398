/* SPDX-License-Identifier: Apache-2.0 */
#include "request/range.h"

#define ETAG "\"7\""
#define SIZE 1000

static void assert_part(const char *text, uint64_t offset, uint64_t length)
{
	Range range;
	g_assert_cmpint(range_read(text, NULL, ETAG, SIZE, &range), ==, RANGE_PART);
	g_assert_cmpuint(range.offset, ==, offset);
	g_assert_cmpuint(range.length, ==, length);
}

static void assert_asks(const char *text, RangeAsked asked)
{
	Range range;
	g_assert_cmpint(range_read(text, NULL, ETAG, SIZE, &range), ==, asked);
}

static void test_parts(void)
{
	assert_part("bytes=0-0", 0, 1);
	assert_part("bytes=0-999", 0, 1000);
	assert_part("Bytes=500-", 500, 500);
	assert_part("bytes=-1", 999, 1);
	assert_part("bytes=-5000", 0, 1000);
	assert_part("bytes=999-9223372036854775807", 999, 1);
}

static void test_nothing_there(void)
{
	Range range;
	assert_asks("bytes=1000-", RANGE_NONE);
	assert_asks("bytes=1000-1000", RANGE_NONE);
	assert_asks("bytes=-0", RANGE_NONE);
	g_assert_cmpint(range_read("bytes=0-", NULL, ETAG, 0, &range), ==, RANGE_NONE);
	g_assert_cmpint(range_read("bytes=-1", NULL, ETAG, 0, &range), ==, RANGE_NONE);
}

static void test_what_is_not_understood_is_the_whole(void)
{
	static const char *const texts[] = {
		NULL,
		"",
		"bytes",
		"bytes=",
		"bytes=-",
		"bytes=5-4",
		"bytes=a-",
		"bytes=0-b",
		"bytes=+1-2",
		"bytes= 1-2",
		"bytes=1-2,4-",
		"lines=1-2",
		"bytes=--1",
		"bytes=1--2",
		"bytes=0x1-2",
		"bytes=99999999999999999999-",
		"bytes=0-99999999999999999999",
	};
	for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
		assert_asks(texts[i], RANGE_WHOLE);
	}
}

static void test_only_of_the_same(void)
{
	Range range;
	g_assert_cmpint(range_read("bytes=1-2", ETAG, ETAG, SIZE, &range), ==, RANGE_PART);
	g_assert_cmpint(range_read("bytes=1-2", "\"8\"", ETAG, SIZE, &range), ==, RANGE_WHOLE);
	g_assert_cmpint(range_read("bytes=1-2", "W/" ETAG, ETAG, SIZE, &range), ==, RANGE_WHOLE);
	g_assert_cmpint(
		range_read("bytes=1-2", "Sun, 06 Nov 1994 08:49:37 GMT", ETAG, SIZE, &range), ==,
		RANGE_WHOLE);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/request/range/parts", test_parts);
	g_test_add_func("/request/range/nothing-there", test_nothing_there);
	g_test_add_func("/request/range/what-is-not-understood-is-the-whole",
			test_what_is_not_understood_is_the_whole);
	g_test_add_func("/request/range/only-of-the-same", test_only_of_the_same);
	return g_test_run();
}
