/* SPDX-License-Identifier: Apache-2.0 */
#include "server/feed/feed.h"

#include <malloc.h>

static void count_call(void *data)
{
	g_atomic_int_inc((int *)data);
}

static void test_wakes_those_of_the_drive(void)
{
	g_autoptr(Feed) feed = feed_new();
	NodeId here = node_id_random();
	NodeId elsewhere = node_id_random();
	int a = 0;
	int b = 0;
	int c = 0;
	FeedWait *wait_a = feed_wait(feed, &here, 1, count_call, &a);
	FeedWait *wait_b = feed_wait(feed, &here, 1, count_call, &b);
	FeedWait *wait_c = feed_wait(feed, &elsewhere, 1, count_call, &c);
	g_assert_cmpuint(feed_waiting(feed), ==, 3);

	feed_wake(feed, &here);
	g_assert_cmpint(a, ==, 1);
	g_assert_cmpint(b, ==, 1);
	g_assert_cmpint(c, ==, 0);
	g_assert_cmpuint(feed_waiting(feed), ==, 1);

	feed_forget(feed, wait_a);
	feed_forget(feed, wait_b);
	feed_forget(feed, wait_c);
	g_assert_cmpuint(feed_waiting(feed), ==, 0);
}

static void test_wakes_once(void)
{
	g_autoptr(Feed) feed = feed_new();
	NodeId drives[3] = { node_id_random(), node_id_random(), node_id_random() };
	int calls = 0;
	FeedWait *wait = feed_wait(feed, drives, 3, count_call, &calls);
	feed_wake(feed, &drives[1]);
	feed_wake(feed, &drives[1]);
	feed_wake(feed, &drives[0]);
	feed_wake(feed, &drives[2]);
	g_assert_cmpint(calls, ==, 1);
	feed_forget(feed, wait);
}

static void test_same_drive_twice(void)
{
	g_autoptr(Feed) feed = feed_new();
	NodeId drive = node_id_random();
	NodeId drives[2] = { drive, drive };
	int calls = 0;
	FeedWait *wait = feed_wait(feed, drives, 2, count_call, &calls);
	feed_wake(feed, &drive);
	g_assert_cmpint(calls, ==, 1);
	feed_forget(feed, wait);
	wait = feed_wait(feed, drives, 2, count_call, &calls);
	feed_forget(feed, wait);
	feed_wake(feed, &drive);
	g_assert_cmpint(calls, ==, 1);
}

static void test_forgotten_is_not_called(void)
{
	g_autoptr(Feed) feed = feed_new();
	NodeId drive = node_id_random();
	int calls = 0;
	int other = 0;
	FeedWait *wait = feed_wait(feed, &drive, 1, count_call, &calls);
	FeedWait *stays = feed_wait(feed, &drive, 1, count_call, &other);
	feed_forget(feed, wait);
	feed_forget(feed, NULL);
	feed_wake(feed, &drive);
	g_assert_cmpint(calls, ==, 0);
	g_assert_cmpint(other, ==, 1);
	feed_forget(feed, stays);
}

/* ---- threads --------------------------------------------------------------------------- */

#define ROUNDS 20000

typedef struct Contest {
	Feed *feed;
	NodeId drives[4];
	int stop;
} Contest;

static void *wake_all(void *data)
{
	Contest *contest = data;
	for (unsigned i = 0; !g_atomic_int_get(&contest->stop); i++) {
		feed_wake(contest->feed, &contest->drives[i % 4]);
	}
	return NULL;
}

static void set_dead(void *data)
{
	/* Freed memory would be found by the sanitizers, a late call by the assertion. */
	int *alive = data;
	g_assert_cmpint(g_atomic_int_get(alive), ==, 1);
}

static void test_forget_races_wake(void)
{
	Contest contest = { .feed = feed_new() };
	for (int i = 0; i < 4; i++) {
		contest.drives[i] = node_id_random();
	}
	GThread *waker = g_thread_new("wake", wake_all, &contest);
	for (int i = 0; i < ROUNDS; i++) {
		int *alive = g_new(int, 1);
		*alive = 1;
		FeedWait *wait = feed_wait(contest.feed, contest.drives, 4, set_dead, alive);
		feed_forget(contest.feed, wait);
		g_atomic_int_set(alive, 0);
		g_free(alive);
	}
	g_atomic_int_set(&contest.stop, 1);
	g_thread_join(waker);
	feed_free(contest.feed);
}

#define WAITERS 10000

static void test_ten_thousand_are_small(void)
{
	g_autoptr(Feed) feed = feed_new();
	g_autofree FeedWait **waits = g_new(FeedWait *, WAITERS);
	g_autofree NodeId *drives = g_new(NodeId, WAITERS);
	int calls = 0;
	size_t before = mallinfo2().uordblks;
	for (int i = 0; i < WAITERS; i++) {
		drives[i] = node_id_random();
		waits[i] = feed_wait(feed, &drives[i], 1, count_call, &calls);
	}
	size_t each = (mallinfo2().uordblks - before) / WAITERS;
	g_test_message("%zu bytes for each wait", each);
	g_assert_cmpuint(each, <, 1024);

	feed_wake(feed, &drives[4711]);
	g_assert_cmpint(calls, ==, 1);
	for (int i = 0; i < WAITERS; i++) {
		feed_forget(feed, waits[i]);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/server/feed/feed/wakes-those-of-the-drive",
			test_wakes_those_of_the_drive);
	g_test_add_func("/server/feed/feed/wakes-once", test_wakes_once);
	g_test_add_func("/server/feed/feed/same-drive-twice", test_same_drive_twice);
	g_test_add_func("/server/feed/feed/forgotten-is-not-called", test_forgotten_is_not_called);
	g_test_add_func("/server/feed/feed/forget-races-wake", test_forget_races_wake);
	g_test_add_func("/server/feed/feed/ten-thousand-are-small", test_ten_thousand_are_small);
	return g_test_run();
}
