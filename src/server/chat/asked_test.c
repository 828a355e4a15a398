/* SPDX-License-Identifier: Apache-2.0 */
#include "server/chat/asked.h"

#define MINUTE_US (60 * G_TIME_SPAN_SECOND)
#define HOUR_US (60 * MINUTE_US)

static void test_counts_by_hour_and_day(void)
{
	g_autoptr(Asked) asked = asked_new(&(const AskedLimits){ 3, 10, 100, false });
	int64_t now = 5 * HOUR_US;
	unsigned taken = 0;
	for (unsigned i = 0; i < 24 * 6; i++) {
		unsigned before = taken;
		for (unsigned tries = 0; tries < 5; tries++) {
			taken += asked_take(asked, "alice", now) ? 1 : 0;
		}
		g_assert_cmpuint(taken - before, <=, 3);
		now += 10 * MINUTE_US;
	}
	g_assert_cmpuint(taken, ==, 10);
	g_assert_true(asked_take(asked, "bob", now));
	g_assert_true(asked_take(asked, "alice", now + HOUR_US));
}

static void test_windows_slide(void)
{
	g_autoptr(Asked) asked = asked_new(&(const AskedLimits){ 1, 0, 100, false });
	g_assert_true(asked_take(asked, "alice", HOUR_US));
	g_assert_false(asked_take(asked, "alice", 2 * HOUR_US - 1));
	g_assert_true(asked_knows(asked, "alice", 2 * HOUR_US - 1));
	g_assert_false(asked_knows(asked, "alice", 2 * HOUR_US));
	g_assert_true(asked_take(asked, "alice", 2 * HOUR_US));
}

static void test_memory_is_bounded(void)
{
	g_autoptr(Asked) strict = asked_new(&(const AskedLimits){ 3, 10, 2, false });
	g_assert_true(asked_take(strict, "a", 1));
	g_assert_true(asked_take(strict, "b", 1));
	g_assert_false(asked_take(strict, "c", 1));
	g_assert_true(asked_take(strict, "c", 25 * HOUR_US)); /* the others count no more */
	g_autoptr(Asked) forgetful = asked_new(&(const AskedLimits){ 1, 0, 2, true });
	g_assert_true(asked_take(forgetful, "a", 1));
	g_assert_true(asked_take(forgetful, "b", 1));
	g_assert_true(asked_take(forgetful, "c", 1)); /* and "a" is forgotten */
	g_assert_false(asked_knows(forgetful, "a", 1));
	g_assert_true(asked_knows(forgetful, "b", 1));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/server/chat/asked/c3-counts-by-hour-and-day",
			test_counts_by_hour_and_day);
	g_test_add_func("/server/chat/asked/windows-slide", test_windows_slide);
	g_test_add_func("/server/chat/asked/memory-is-bounded", test_memory_is_bounded);
	return g_test_run();
}
