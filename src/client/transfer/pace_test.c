/* SPDX-License-Identifier: Apache-2.0 */
#include "client/transfer/pace.h"

#include "base/error.h"

static void test_no_limit(void)
{
	Pace *pace = pace_new(0);
	g_assert_true(pace_wait(pace, G_MAXUINT32, NULL, NULL));
	pace_free(pace);
}

static void test_waits(void)
{
	Pace *pace = pace_new(1000000);
	int64_t start_us = g_get_monotonic_time();
	for (int i = 0; i < 11; i++) {
		g_assert_true(pace_wait(pace, 100000, NULL, NULL));
	}
	g_assert_cmpint(g_get_monotonic_time() - start_us, >=, 90000);
	pace_free(pace);
}

static void *unlimit(void *pace)
{
	pace_set(pace, 0);
	return NULL;
}

static void test_a_new_limit_holds_for_those_who_wait(void)
{
	Pace *pace = pace_new(1);
	GThread *thread = g_thread_new("unlimit", unlimit, pace);
	/* Would take a day. */
	g_assert_true(pace_wait(pace, 86400, NULL, NULL));
	g_thread_join(thread);
	g_assert_cmpuint(pace_rate(pace), ==, 0);
	g_assert_cmpuint(pace_request_size(pace, 1 << 30), ==, 1 << 30);
	pace_set(pace, 1 << 20);
	g_assert_cmpuint(pace_request_size(pace, 1 << 30), ==, 1 << 20);
	pace_free(pace);
}

static void *cancel(void *cancellable)
{
	g_cancellable_cancel(cancellable);
	return NULL;
}

static void test_cancelled(void)
{
	Pace *pace = pace_new(1);
	g_autoptr(GCancellable) cancellable = g_cancellable_new();
	g_autoptr(GError) error = NULL;
	GThread *thread = g_thread_new("cancel", cancel, cancellable);
	/* Would take a day. */
	g_assert_false(pace_wait(pace, 86400, cancellable, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_CANCELLED);
	g_thread_join(thread);
	pace_free(pace);
}

static void test_request_size(void)
{
	Pace *none = pace_new(0);
	Pace *slow = pace_new(1000);
	Pace *fast = pace_new(1000000);
	g_assert_cmpuint(pace_request_size(none, 4000000), ==, 4000000);
	g_assert_cmpuint(pace_request_size(slow, 4000000), ==, 256 * 1024);
	g_assert_cmpuint(pace_request_size(fast, 4000000), ==, 1000000);
	g_assert_cmpuint(pace_request_size(fast, 500000), ==, 500000);
	pace_free(none);
	pace_free(slow);
	pace_free(fast);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/client/transfer/pace/no-limit", test_no_limit);
	g_test_add_func("/client/transfer/pace/waits", test_waits);
	g_test_add_func("/client/transfer/pace/cancelled", test_cancelled);
	g_test_add_func("/client/transfer/pace/request-size", test_request_size);
	g_test_add_func("/client/transfer/pace/a-new-limit-holds-for-those-who-wait",
			test_a_new_limit_holds_for_those_who_wait);
	return g_test_run();
}
