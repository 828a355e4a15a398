/* SPDX-License-Identifier: Apache-2.0 */
#include "front/nap.h"

static void test_woken_once(void)
{
	Nap nap;
	nap_init(&nap);
	nap_begin(&nap);
	g_assert_true(nap_fall_asleep(&nap));
	g_assert_true(nap_notice(&nap, false));
	g_assert_false(nap_notice(&nap, false));
	g_assert_false(nap_is_expired(&nap));
	nap_clear(&nap);
}

static void test_noticed_before_sleep(void)
{
	Nap nap;
	nap_init(&nap);
	nap_begin(&nap);
	g_assert_false(nap_notice(&nap, false));
	g_assert_false(nap_fall_asleep(&nap));
	nap_begin(&nap);
	g_assert_true(nap_fall_asleep(&nap));
	nap_clear(&nap);
}

static void test_time_stays_up(void)
{
	Nap nap;
	nap_init(&nap);
	nap_begin(&nap);
	g_assert_false(nap_notice(&nap, true));
	g_assert_false(nap_notice(&nap, false));
	nap_begin(&nap);
	g_assert_true(nap_is_expired(&nap));
	nap_clear(&nap);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/front/nap/woken-once", test_woken_once);
	g_test_add_func("/front/nap/noticed-before-sleep", test_noticed_before_sleep);
	g_test_add_func("/front/nap/time-stays-up", test_time_stays_up);
	return g_test_run();
}
