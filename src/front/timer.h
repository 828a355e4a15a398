/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Many timers, one thread. Setting a timer that runs already to a later time costs nothing but the
 * lock, so that a connection can move its deadline with every request.
 */
typedef struct TimerQueue TimerQueue;

/*
 * Called on the queue's thread with the queue locked: it must be short and must not touch timers of
 * this queue.
 */
typedef void (*TimerFunc)(void *data);

/* Embedded in its owner, zeroed before the first use. */
typedef struct Timer {
	TimerFunc func;
	void *data;
	int64_t due_us;    /* when to call func, monotonic; INT64_MAX: not */
	int64_t queued_us; /* where it stands in the queue: at due_us or before */
	unsigned index;    /* 1..: its place in the heap; 0: in none */
} Timer;

TimerQueue *timer_queue_new(const char *thread_name);
/* All timers must have been removed. */
void timer_queue_free(TimerQueue *queue);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TimerQueue, timer_queue_free)

/* Calls timer->func once, after delay_ms from now; replaces what was set. */
void timer_set(TimerQueue *queue, Timer *timer, unsigned delay_ms);

/* Does not call it after all. Cheap; the queue may still know the timer. */
void timer_unset(TimerQueue *queue, Timer *timer);

/* The same, and the queue forgets the timer: when it returns, func is not running. */
void timer_remove(TimerQueue *queue, Timer *timer);

/* Calls all timers now, and from then on each as soon as it is set. */
void timer_queue_expire(TimerQueue *queue);
