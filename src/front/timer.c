/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A binary heap by queued_us. A timer that is put off, or unset, stays where it is and is looked at
 * again when its place comes up. Most are put off again and again and never expire.
 *
 * Invariant: heap[i]->index == i + 1, and queued_us <= due_us for all in the heap.
 */
#include "front/timer.h"

struct TimerQueue {
	GMutex lock; /* guards everything below and all timers in the heap */
	GCond changed;
	GPtrArray *heap;
	bool expire; /* all are due */
	bool stop;
	GThread *thread;
};

/* ---- heap ------------------------------------------------------------------------------ */

static Timer *at(TimerQueue *queue, unsigned index)
{
	return queue->heap->pdata[index - 1];
}

static void place(TimerQueue *queue, Timer *timer, unsigned index)
{
	queue->heap->pdata[index - 1] = timer;
	timer->index = index;
}

static void sift_up(TimerQueue *queue, Timer *timer)
{
	unsigned index = timer->index;
	while (index > 1 && at(queue, index / 2)->queued_us > timer->queued_us) {
		place(queue, at(queue, index / 2), index);
		index /= 2;
	}
	place(queue, timer, index);
}

static void sift_down(TimerQueue *queue, Timer *timer)
{
	unsigned index = timer->index;
	unsigned count = queue->heap->len;
	for (;;) {
		unsigned child = 2 * index;
		if (child > count) {
			break;
		}
		if (child < count &&
		    at(queue, child + 1)->queued_us < at(queue, child)->queued_us) {
			child++;
		}
		if (at(queue, child)->queued_us >= timer->queued_us) {
			break;
		}
		place(queue, at(queue, child), index);
		index = child;
	}
	place(queue, timer, index);
}

static void heap_add(TimerQueue *queue, Timer *timer)
{
	g_ptr_array_add(queue->heap, timer);
	timer->index = queue->heap->len;
	sift_up(queue, timer);
}

static void heap_remove(TimerQueue *queue, Timer *timer)
{
	unsigned index = timer->index;
	Timer *last = at(queue, queue->heap->len);
	g_ptr_array_set_size(queue->heap, (int)queue->heap->len - 1);
	timer->index = 0;
	if (last != timer) {
		place(queue, last, index);
		sift_up(queue, last);
		sift_down(queue, last);
	}
}

/* ---- thread ---------------------------------------------------------------------------- */

/* Deals with the first of the heap, which came up. */
static void come_up(TimerQueue *queue, int64_t now_us)
{
	Timer *timer = at(queue, 1);
	bool due = timer->due_us <= now_us || (queue->expire && timer->due_us != INT64_MAX);
	if (due || timer->due_us == INT64_MAX) {
		heap_remove(queue, timer);
	} else {
		timer->queued_us = timer->due_us;
		sift_down(queue, timer);
	}
	if (due) {
		timer->due_us = INT64_MAX;
		timer->func(timer->data);
	}
}

static void *run(void *data)
{
	TimerQueue *queue = data;
	g_mutex_lock(&queue->lock);
	while (!queue->stop) {
		int64_t now_us = g_get_monotonic_time();
		if (queue->heap->len == 0) {
			g_cond_wait(&queue->changed, &queue->lock);
		} else if (queue->expire || at(queue, 1)->queued_us <= now_us) {
			come_up(queue, now_us);
		} else {
			g_cond_wait_until(&queue->changed, &queue->lock, at(queue, 1)->queued_us);
		}
	}
	g_mutex_unlock(&queue->lock);
	return NULL;
}

TimerQueue *timer_queue_new(const char *thread_name)
{
	TimerQueue *queue = g_new0(TimerQueue, 1);
	g_mutex_init(&queue->lock);
	g_cond_init(&queue->changed);
	queue->heap = g_ptr_array_new();
	queue->thread = g_thread_new(thread_name, run, queue);
	return queue;
}

void timer_queue_free(TimerQueue *queue)
{
	if (!queue) {
		return;
	}
	g_mutex_lock(&queue->lock);
	g_assert(queue->heap->len == 0);
	queue->stop = true;
	g_cond_signal(&queue->changed);
	g_mutex_unlock(&queue->lock);
	g_thread_join(queue->thread);
	g_ptr_array_unref(queue->heap);
	g_cond_clear(&queue->changed);
	g_mutex_clear(&queue->lock);
	g_free(queue);
}

/* ---- timers ---------------------------------------------------------------------------- */

void timer_set(TimerQueue *queue, Timer *timer, unsigned delay_ms)
{
	g_assert(timer->func);
	int64_t due_us = g_get_monotonic_time() + (int64_t)delay_ms * 1000;
	g_mutex_lock(&queue->lock);
	timer->due_us = due_us;
	if (timer->index == 0) {
		timer->queued_us = due_us;
		heap_add(queue, timer);
	} else if (due_us < timer->queued_us) {
		timer->queued_us = due_us;
		sift_up(queue, timer);
	}
	if (queue->expire || at(queue, 1) == timer) {
		g_cond_signal(&queue->changed);
	}
	g_mutex_unlock(&queue->lock);
}

void timer_unset(TimerQueue *queue, Timer *timer)
{
	g_mutex_lock(&queue->lock);
	timer->due_us = INT64_MAX;
	g_mutex_unlock(&queue->lock);
}

void timer_remove(TimerQueue *queue, Timer *timer)
{
	g_mutex_lock(&queue->lock);
	timer->due_us = INT64_MAX;
	if (timer->index > 0) {
		heap_remove(queue, timer);
	}
	g_mutex_unlock(&queue->lock);
}

void timer_queue_expire(TimerQueue *queue)
{
	g_mutex_lock(&queue->lock);
	queue->expire = true;
	g_cond_signal(&queue->changed);
	g_mutex_unlock(&queue->lock);
}
