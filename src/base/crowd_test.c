/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crowd.h"

static void test_counts_each(void)
{
	g_autoptr(Crowd) crowd = crowd_new(2);
	g_assert_true(crowd_take(crowd, 1, 1));
	g_assert_true(crowd_take(crowd, 1, 1));
	g_assert_false(crowd_take(crowd, 1, 1));
	g_assert_true(crowd_take(crowd, 2, 1));
	crowd_give_back(crowd, 1, 1);
	g_assert_true(crowd_take(crowd, 1, 1));
	g_assert_false(crowd_take(crowd, 1, 1));
	crowd_give_back(crowd, 1, 1);
	crowd_give_back(crowd, 1, 1);
	g_assert_true(crowd_take(crowd, 1, 1));
}

static void test_takes_all_or_nothing(void)
{
	g_autoptr(Crowd) crowd = crowd_new(10);
	g_assert_true(crowd_take(crowd, 1, 7));
	g_assert_false(crowd_take(crowd, 1, 4));
	g_assert_false(crowd_take(crowd, 1, UINT_MAX));
	g_assert_true(crowd_take(crowd, 1, 3));
	g_assert_false(crowd_take(crowd, 1, 1));
	g_assert_true(crowd_take(crowd, 2, 10));
	crowd_give_back(crowd, 1, 10);
	g_assert_true(crowd_take(crowd, 1, 10));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/base/crowd/counts-each", test_counts_each);
	g_test_add_func("/base/crowd/takes-all-or-nothing", test_takes_all_or_nothing);
	return g_test_run();
}
