/* SPDX-License-Identifier: Apache-2.0 */
#include "server/accounts/login_limit.h"

#include "base/limits.h"

#define NOW_US (1700000000 * G_TIME_SPAN_SECOND)

static unsigned fail_until_refused(LoginLimit *limit, const char *peer, const char *name,
				   int64_t now_us, unsigned *ret_retry_s)
{
	unsigned tries = 0;
	while (login_limit_take(limit, peer, name, now_us, ret_retry_s)) {
		tries++;
		g_assert_cmpuint(tries, <, 1000);
	}
	return tries;
}

static void test_name_is_protected_from_many_peers(void)
{
	g_autoptr(LoginLimit) limit = login_limit_new();
	unsigned retry_s = 0;
	unsigned tries = 0;
	for (unsigned i = 0; i < 100; i++) {
		g_autofree char *peer = g_strdup_printf("192.0.2.%u", i);
		tries += login_limit_take(limit, peer, i % 2 ? "alice" : "ALICE", NOW_US, &retry_s);
	}
	g_assert_cmpuint(tries, ==, 10);
	g_assert_cmpuint(retry_s, >, 0);
	g_assert_true(login_limit_take(limit, "192.0.2.1", "bob", NOW_US, &retry_s));
	int64_t later_us = NOW_US + retry_s * G_TIME_SPAN_SECOND;
	g_assert_true(login_limit_take(limit, "192.0.2.1", "alice", later_us, &retry_s));
	g_assert_false(login_limit_take(limit, "192.0.2.1", "alice", later_us, &retry_s));
}

static void test_peer_cannot_try_many_names(void)
{
	g_autoptr(LoginLimit) limit = login_limit_new();
	unsigned retry_s = 0;
	unsigned tries = 0;
	for (unsigned i = 0; i < 100; i++) {
		g_autofree char *name = g_strdup_printf("user%u", i);
		g_autofree char *peer = g_strdup_printf("2001:db8:1:2:3::%x", i);
		tries += login_limit_take(limit, peer, name, NOW_US, &retry_s);
	}
	g_assert_cmpuint(tries, ==, 30);
	g_assert_true(login_limit_take(limit, "2001:db8:1:3::1", "user0", NOW_US, &retry_s));
}

static void test_success_costs_nothing(void)
{
	g_autoptr(LoginLimit) limit = login_limit_new();
	unsigned retry_s = 0;
	for (unsigned i = 0; i < 1000; i++) {
		g_assert_true(login_limit_take(limit, "192.0.2.1", "alice", NOW_US, &retry_s));
		login_limit_give_back(limit, "192.0.2.1", "alice", NOW_US);
	}
	g_assert_cmpuint(fail_until_refused(limit, "192.0.2.1", "alice", NOW_US, &retry_s), ==, 10);
}

static void test_time_heals(void)
{
	g_autoptr(LoginLimit) limit = login_limit_new();
	unsigned retry_s = 0;
	fail_until_refused(limit, "192.0.2.1", "alice", NOW_US, &retry_s);
	int64_t later_us = NOW_US + G_TIME_SPAN_HOUR;
	g_assert_cmpuint(fail_until_refused(limit, "192.0.2.1", "alice", later_us, &retry_s), ==,
			 10);
}

static void test_memory_is_bounded(void)
{
	g_autoptr(LoginLimit) limit = login_limit_new();
	unsigned retry_s = 0;
	fail_until_refused(limit, "192.0.2.1", "alice", NOW_US, &retry_s);
	for (unsigned i = 0; i < LOGIN_LIMIT_ENTRIES_MAX + 10; i++) {
		g_autofree char *name = g_strdup_printf("user%u", i);
		login_limit_take(limit, NULL, name, NOW_US, &retry_s);
	}
	/* The flood made room by forgetting its own, not the name that is under attack. */
	g_assert_false(login_limit_take(limit, NULL, "alice", NOW_US, &retry_s));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/api/login-limit/name-is-protected-from-many-peers",
			test_name_is_protected_from_many_peers);
	g_test_add_func("/api/login-limit/peer-cannot-try-many-names",
			test_peer_cannot_try_many_names);
	g_test_add_func("/api/login-limit/success-costs-nothing", test_success_costs_nothing);
	g_test_add_func("/api/login-limit/time-heals", test_time_heals);
	g_test_add_func("/api/login-limit/memory-is-bounded", test_memory_is_bounded);
	return g_test_run();
}
