/* SPDX-License-Identifier: Apache-2.0 */
#include "client/transfer/rate.h"

#include <glib.h>

static void test_no_limit(void)
{
	Rate rate;
	rate_init(&rate, 0, 0);
	g_assert_cmpint(rate_take(&rate, 1000000000, 0), ==, 0);
	g_assert_cmpint(rate_take(&rate, 1000000000, 0), ==, 0);
}

static void test_burst_then_wait(void)
{
	Rate rate;
	rate_init(&rate, 1000, 0);
	g_assert_cmpint(rate_take(&rate, 1000, 0), ==, 0);
	g_assert_cmpint(rate_take(&rate, 500, 0), ==, 500000);
	g_assert_cmpint(rate_take(&rate, 500, 500000), ==, 500000);
	/* An hour of silence saves no more than a second's worth. */
	int64_t later_us = 3600000000;
	g_assert_cmpint(rate_take(&rate, 1000, later_us), ==, 0);
	g_assert_cmpint(rate_take(&rate, 1, later_us), ==, 1000);
}

static void test_keeps_limit(void)
{
	Rate rate;
	rate_init(&rate, 100000, 0);
	int64_t now_us = 0;
	uint64_t sent = 0;
	for (int i = 0; i < 1000; i++) {
		uint64_t bytes = (uint64_t)(i * 7919 % 30000);
		now_us += rate_take(&rate, bytes, now_us);
		now_us += i % 3 * 1000;
		sent += bytes;
	}
	double rate_seen = (double)sent / ((double)now_us / 1e6 + 1);
	g_assert_cmpfloat(rate_seen, <=, 100000);
	g_assert_cmpfloat(rate_seen, >, 95000);
}

static void test_clock_that_steps_back(void)
{
	Rate rate;
	rate_init(&rate, 1000, 1000000);
	g_assert_cmpint(rate_take(&rate, 1000, 1000000), ==, 0);
	g_assert_cmpint(rate_take(&rate, 100, 0), ==, 100000);
	g_assert_cmpint(rate_take(&rate, 0, 100000), ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/client/transfer/rate/no-limit", test_no_limit);
	g_test_add_func("/client/transfer/rate/burst-then-wait", test_burst_then_wait);
	g_test_add_func("/client/transfer/rate/keeps-limit", test_keeps_limit);
	g_test_add_func("/client/transfer/rate/clock-that-steps-back", test_clock_that_steps_back);
	return g_test_run();
}
