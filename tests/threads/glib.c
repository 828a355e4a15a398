/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For runs under ThreadSanitizer, preloaded by tools/check: GLib's locks are built on futexes,
 * which the sanitizer does not see. Here they are built on those of pthread, which it does, and
 * what passes through thread pools and queues is told to it.
 *
 * A lock in memory that is all zero is ready for use, as GLib promises; what it needs is made when
 * it is first used.
 */
#include <dlfcn.h>
#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

void __tsan_acquire(void *address);
void __tsan_release(void *address);

#define NS_PER_US 1000
#define US_PER_S 1000000

static void *real(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);
	g_assert(function);
	return function;
}

/* ---- mutexes ---------------------------------------------------------------------------- */

static pthread_mutex_t *new_mutex(int kind)
{
	pthread_mutexattr_t attributes;
	pthread_mutex_t *mutex = calloc(1, sizeof *mutex);
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_settype(&attributes, kind);
	pthread_mutex_init(mutex, &attributes);
	return mutex;
}

static pthread_mutex_t *mutex_at(gpointer *place, int kind)
{
	pthread_mutex_t *mutex = __atomic_load_n(place, __ATOMIC_ACQUIRE);
	if (mutex) {
		__tsan_acquire(mutex);
		return mutex;
	}
	gpointer none = NULL;
	mutex = new_mutex(kind);
	__tsan_release(mutex);
	if (!__atomic_compare_exchange_n(place, &none, (gpointer)mutex, 0, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE)) {
		pthread_mutex_destroy(mutex);
		free(mutex);
		mutex = none;
		__tsan_acquire(mutex);
	}
	return mutex;
}

static void clear_mutex(gpointer *place)
{
	if (*place) {
		pthread_mutex_destroy(*place);
		free(*place);
		*place = NULL;
	}
}

void g_mutex_init(GMutex *mutex)
{
	mutex->p = NULL;
}

void g_mutex_clear(GMutex *mutex)
{
	clear_mutex(&mutex->p);
}

void g_mutex_lock(GMutex *mutex)
{
	pthread_mutex_lock(mutex_at(&mutex->p, PTHREAD_MUTEX_NORMAL));
}

void g_mutex_unlock(GMutex *mutex)
{
	pthread_mutex_unlock(mutex_at(&mutex->p, PTHREAD_MUTEX_NORMAL));
}

gboolean g_mutex_trylock(GMutex *mutex)
{
	return pthread_mutex_trylock(mutex_at(&mutex->p, PTHREAD_MUTEX_NORMAL)) == 0;
}

void g_rec_mutex_init(GRecMutex *mutex)
{
	mutex->p = NULL;
}

void g_rec_mutex_clear(GRecMutex *mutex)
{
	clear_mutex(&mutex->p);
}

void g_rec_mutex_lock(GRecMutex *mutex)
{
	pthread_mutex_lock(mutex_at(&mutex->p, PTHREAD_MUTEX_RECURSIVE));
}

void g_rec_mutex_unlock(GRecMutex *mutex)
{
	pthread_mutex_unlock(mutex_at(&mutex->p, PTHREAD_MUTEX_RECURSIVE));
}

/* ---- conditions ------------------------------------------------------------------------- */

static pthread_cond_t *new_condition(void)
{
	pthread_condattr_t attributes;
	pthread_cond_t *condition = calloc(1, sizeof *condition);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(condition, &attributes);
	return condition;
}

static pthread_cond_t *condition_at(gpointer *place)
{
	pthread_cond_t *condition = __atomic_load_n(place, __ATOMIC_ACQUIRE);
	if (condition) {
		__tsan_acquire(condition);
		return condition;
	}
	gpointer none = NULL;
	condition = new_condition();
	__tsan_release(condition);
	if (!__atomic_compare_exchange_n(place, &none, (gpointer)condition, 0, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE)) {
		pthread_cond_destroy(condition);
		free(condition);
		condition = none;
		__tsan_acquire(condition);
	}
	return condition;
}

void g_cond_init(GCond *condition)
{
	condition->p = NULL;
}

void g_cond_clear(GCond *condition)
{
	if (condition->p) {
		pthread_cond_destroy(condition->p);
		free(condition->p);
		condition->p = NULL;
	}
}

void g_cond_wait(GCond *condition, GMutex *mutex)
{
	pthread_cond_wait(condition_at(&condition->p), mutex_at(&mutex->p, PTHREAD_MUTEX_NORMAL));
}

gboolean g_cond_wait_until(GCond *condition, GMutex *mutex, gint64 end_time)
{
	struct timespec until = {
		.tv_sec = end_time / US_PER_S,
		.tv_nsec = end_time % US_PER_S * NS_PER_US,
	};
	return pthread_cond_timedwait(condition_at(&condition->p),
				      mutex_at(&mutex->p, PTHREAD_MUTEX_NORMAL),
				      &until) != ETIMEDOUT;
}

void g_cond_signal(GCond *condition)
{
	pthread_cond_signal(condition_at(&condition->p));
}

void g_cond_broadcast(GCond *condition)
{
	pthread_cond_broadcast(condition_at(&condition->p));
}

/* ---- handing over ----------------------------------------------------------------------- */

typedef struct Work {
	GFunc run;
	gpointer data;
} Work;

static void run_work(gpointer item, gpointer data)
{
	Work *work = data;
	__tsan_acquire(item);
	work->run(item, work->data);
	__tsan_release(data);
}

/* Lives as long as the program: a pool's threads outlive it for a moment. */
GThreadPool *g_thread_pool_new(GFunc run, gpointer data, gint threads_max, gboolean exclusive,
			       GError **error)
{
	GThreadPool *(*make)(GFunc, gpointer, gint, gboolean, GError **) =
		real("g_thread_pool_new");
	Work *work = calloc(1, sizeof *work);
	*work = (Work){ .run = run, .data = data };
	return make(run_work, work, threads_max, exclusive, error);
}

/* Whoever waits for the pool's end comes after all that it did. */
void g_thread_pool_free(GThreadPool *pool, gboolean immediate, gboolean wait)
{
	void (*end)(GThreadPool *, gboolean, gboolean) = real("g_thread_pool_free");
	void *work = pool->user_data;
	end(pool, immediate, wait);
	if (wait) {
		__tsan_acquire(work);
	}
}

gboolean g_thread_pool_push(GThreadPool *pool, gpointer item, GError **error)
{
	gboolean (*push)(GThreadPool *, gpointer, GError **) = real("g_thread_pool_push");
	__tsan_release(item);
	return push(pool, item, error);
}

void g_async_queue_push(GAsyncQueue *queue, gpointer item)
{
	void (*push)(GAsyncQueue *, gpointer) = real("g_async_queue_push");
	__tsan_release(item);
	push(queue, item);
}

gpointer g_async_queue_pop(GAsyncQueue *queue)
{
	gpointer (*pop)(GAsyncQueue *) = real("g_async_queue_pop");
	gpointer item = pop(queue);
	__tsan_acquire(item);
	return item;
}

void(g_once_init_leave)(volatile void *location, gsize result)
{
	void (*leave)(volatile void *, gsize) = real("g_once_init_leave");
	__tsan_release((void *)location);
	leave(location, result);
}

gboolean(g_once_init_enter)(volatile void *location)
{
	gboolean (*enter)(volatile void *) = real("g_once_init_enter");
	gboolean first = enter(location);
	if (!first) {
		__tsan_acquire((void *)location);
	}
	return first;
}
