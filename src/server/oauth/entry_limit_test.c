/* SPDX-License-Identifier: Apache-2.0 */
#include "server/oauth/entry_limit.h"

#define NOW_US 1000000000ll
#define MINUTE_US G_TIME_SPAN_MINUTE

static void a9_the_fifth_wrong_entry_locks(void)
{
	g_autoptr(EntryLimit) limit = entry_limit_new();
	const char *const keys[] = { "session", "peer" };
	for (unsigned i = 0; i < 5; i++) {
		g_assert_true(entry_limit_take(limit, keys, 2, NOW_US));
	}
	g_assert_false(entry_limit_take(limit, keys, 2, NOW_US));
	/* Another session of the same peer, another peer with the same session. */
	g_assert_false(entry_limit_take(limit, (const char *[]){ "other", "peer" }, 2, NOW_US));
	g_assert_false(entry_limit_take(limit, (const char *[]){ "session", "other" }, 2, NOW_US));
	g_assert_true(entry_limit_take(limit, (const char *[]){ "other", "other" }, 2, NOW_US));
}

static void a9_opens_after_ten_minutes(void)
{
	g_autoptr(EntryLimit) limit = entry_limit_new();
	const char *const keys[] = { "session" };
	for (unsigned i = 0; i < 5; i++) {
		g_assert_true(entry_limit_take(limit, keys, 1, NOW_US));
	}
	g_assert_false(entry_limit_take(limit, keys, 1, NOW_US + 9 * MINUTE_US));
	g_assert_true(entry_limit_take(limit, keys, 1, NOW_US + 10 * MINUTE_US));
}

static void a9_right_entries_do_not_count(void)
{
	g_autoptr(EntryLimit) limit = entry_limit_new();
	const char *const keys[] = { "session", NULL };
	for (unsigned i = 0; i < 100; i++) {
		g_assert_true(entry_limit_take(limit, keys, 2, NOW_US));
		entry_limit_give_back(limit, keys, 2);
	}
}

#define ADD(name, function) g_test_add_func("/server/oauth/entry_limit/" name, function)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("a9-the-fifth-wrong-entry-locks", a9_the_fifth_wrong_entry_locks);
	ADD("a9-opens-after-ten-minutes", a9_opens_after_ten_minutes);
	ADD("a9-right-entries-do-not-count", a9_right_entries_do_not_count);
	return g_test_run();
}
