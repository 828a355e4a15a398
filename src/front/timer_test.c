/* SPDX-License-Identifier: Apache-2.0 */
#include "front/timer.h"

typedef struct Bell {
	Timer timer;
	GAsyncQueue *rung; /* Bell, in the order of ringing */
} Bell;

static void ring(void *data)
{
	Bell *bell = data;
	g_async_queue_push(bell->rung, bell);
}

static void bell_init(Bell *bell, GAsyncQueue *rung)
{
	*bell = (Bell){ .timer = { .func = ring, .data = bell }, .rung = rung };
}

static void test_rings_in_order(void)
{
	g_autoptr(TimerQueue) queue = timer_queue_new("timers");
	g_autoptr(GAsyncQueue) rung = g_async_queue_new();
	Bell bells[5];
	const unsigned delays_ms[5] = { 40, 10, 30, 0, 20 };
	const unsigned order[5] = { 3, 1, 4, 2, 0 };
	for (int i = 0; i < 5; i++) {
		bell_init(&bells[i], rung);
		timer_set(queue, &bells[i].timer, delays_ms[i]);
	}
	for (int i = 0; i < 5; i++) {
		g_assert_true(g_async_queue_pop(rung) == &bells[order[i]]);
	}
}

static void test_later_and_earlier(void)
{
	g_autoptr(TimerQueue) queue = timer_queue_new("timers");
	g_autoptr(GAsyncQueue) rung = g_async_queue_new();
	Bell later;
	Bell earlier;
	Bell unset;
	bell_init(&later, rung);
	bell_init(&earlier, rung);
	bell_init(&unset, rung);
	timer_set(queue, &unset.timer, 1);
	timer_set(queue, &later.timer, 5);
	timer_set(queue, &earlier.timer, 60000);
	timer_unset(queue, &unset.timer);
	timer_set(queue, &later.timer, 80);
	timer_set(queue, &earlier.timer, 20);
	g_assert_true(g_async_queue_pop(rung) == &earlier);
	g_assert_true(g_async_queue_pop(rung) == &later);
	g_assert_cmpint(g_async_queue_length(rung), ==, 0);
	timer_set(queue, &unset.timer, 1);
	g_assert_true(g_async_queue_pop(rung) == &unset);
}

static void test_expires_all(void)
{
	g_autoptr(TimerQueue) queue = timer_queue_new("timers");
	g_autoptr(GAsyncQueue) rung = g_async_queue_new();
	Bell bells[100];
	for (int i = 0; i < 100; i++) {
		bell_init(&bells[i], rung);
		timer_set(queue, &bells[i].timer, 60000);
	}
	timer_unset(queue, &bells[50].timer);
	timer_remove(queue, &bells[51].timer);
	timer_queue_expire(queue);
	for (int i = 0; i < 98; i++) {
		void *bell = g_async_queue_pop(rung);
		g_assert_true(bell != &bells[50] && bell != &bells[51]);
	}
	timer_set(queue, &bells[50].timer, 60000);
	g_assert_true(g_async_queue_pop(rung) == &bells[50]);
}

static void count(void *data)
{
	g_atomic_int_inc((int *)data);
}

/* Every timer that is neither unset nor removed rings exactly once, whatever was done before. */
static void test_many_at_random(void)
{
	g_autoptr(TimerQueue) queue = timer_queue_new("timers");
	g_autoptr(GRand) rand = g_rand_new_with_seed(4711);
	enum { COUNT = 2000 };
	static Timer timers[COUNT];
	static int rung[COUNT];
	for (int i = 0; i < COUNT; i++) {
		timers[i] = (Timer){ .func = count, .data = &rung[i] };
	}
	for (int step = 0; step < 20 * COUNT; step++) {
		Timer *timer = &timers[g_rand_int_range(rand, 0, COUNT)];
		switch (g_rand_int_range(rand, 0, 8)) {
		case 0:
			timer_unset(queue, timer);
			break;
		case 1:
			timer_remove(queue, timer);
			break;
		default:
			timer_set(queue, timer, 60000 + (unsigned)g_rand_int_range(rand, 0, 1000));
		}
	}
	int expected = 0;
	for (int i = 0; i < COUNT; i++) {
		expected += timers[i].due_us != INT64_MAX && timers[i].due_us != 0;
	}
	timer_queue_expire(queue);
	int total = 0;
	while (total < expected) {
		g_usleep(1000);
		total = 0;
		for (int i = 0; i < COUNT; i++) {
			g_assert_cmpint(g_atomic_int_get(&rung[i]), <=, 1);
			total += g_atomic_int_get(&rung[i]);
		}
	}
	for (int i = 0; i < COUNT; i++) {
		timer_remove(queue, &timers[i]);
	}
	g_assert_cmpint(total, ==, expected);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/front/timer/rings-in-order", test_rings_in_order);
	g_test_add_func("/front/timer/later-and-earlier", test_later_and_earlier);
	g_test_add_func("/front/timer/expires-all", test_expires_all);
	g_test_add_func("/front/timer/many-at-random", test_many_at_random);
	return g_test_run();
}
