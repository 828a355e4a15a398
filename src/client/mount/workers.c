/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whoever waits for a request sleeps in the kernel, and a signal wakes it; it may come just before
 * it sleeps, so it comes again.
 */
#define FUSE_USE_VERSION 312

#include "client/mount/workers.h"

#include <errno.h>
#include <fuse3/fuse_lowlevel.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

#define WAKE_SIGNAL SIGUSR1
#define WAKE_US 2000

typedef struct Worker {
	Workers *workers;
	pthread_t thread;
	bool waits;
} Worker;

struct Workers {
	WorkersOptions options;
	GMutex lock; /* guards all below */
	GCond left;
	GPtrArray *present; /* Worker */
	GPtrArray *gone;    /* Worker, to be joined */
	unsigned waiting;
	bool told;
};

static void *work(void *data);

/* Locked. A thread that starts waits. */
static bool start_one(Workers *workers)
{
	Worker *worker = g_new0(Worker, 1);
	worker->workers = workers;
	worker->waits = true;
	sigset_t all, before;
	sigfillset(&all);
	sigdelset(&all, WAKE_SIGNAL);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	int failure = pthread_create(&worker->thread, NULL, work, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failure) {
		g_free(worker);
		return false;
	}
	g_ptr_array_add(workers->present, worker);
	workers->waiting++;
	return true;
}

/* Locked. They have left, or are about to return. */
static void join_gone(Workers *workers)
{
	for (unsigned i = 0; i < workers->gone->len; i++) {
		Worker *worker = workers->gone->pdata[i];
		pthread_join(worker->thread, NULL);
		g_free(worker);
	}
	g_ptr_array_set_size(workers->gone, 0);
}

static void set_waits(Worker *worker, bool waits)
{
	worker->waits = waits;
	worker->workers->waiting += waits ? 1 : -1u;
}

static void begin(Worker *worker)
{
	Workers *workers = worker->workers;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&workers->lock);
	set_waits(worker, false);
	if (workers->waiting == 0 && workers->present->len < workers->options.threads_max) {
		join_gone(workers);
		start_one(workers);
	}
}

/* False: enough others wait. */
static bool end(Worker *worker)
{
	Workers *workers = worker->workers;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&workers->lock);
	if (workers->waiting >= workers->options.idle_max) {
		return false;
	}
	set_waits(worker, true);
	return true;
}

/* False: it was the last one for this worker. */
static bool serve(Worker *worker, struct fuse_buf *request)
{
	struct fuse_session *session = worker->workers->options.session;
	int size = fuse_session_receive_buf(session, request);
	if (size == -EINTR || size == -EAGAIN) {
		return true;
	}
	if (size <= 0) {
		fuse_session_exit(session);
		return false;
	}
	begin(worker);
	fuse_session_process_buf(session, request);
	return end(worker);
}

static void leave(Worker *worker)
{
	Workers *workers = worker->workers;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&workers->lock);
	if (worker->waits) {
		set_waits(worker, false);
	}
	g_ptr_array_remove_fast(workers->present, worker);
	g_ptr_array_add(workers->gone, worker);
	g_cond_broadcast(&workers->left);
}

static void tell_end(Workers *workers)
{
	g_mutex_lock(&workers->lock);
	bool told = workers->told;
	workers->told = true;
	g_mutex_unlock(&workers->lock);
	if (!told) {
		workers->options.ended(workers->options.data);
	}
}

static void *work(void *data)
{
	Worker *worker = data;
	struct fuse_session *session = worker->workers->options.session;
	struct fuse_buf request = { 0 };
	while (!fuse_session_exited(session) && serve(worker, &request)) {
	}
	free(request.mem);
	if (fuse_session_exited(session)) {
		tell_end(worker->workers);
	}
	leave(worker);
	return NULL;
}

static void woken(int number)
{
	(void)number;
}

Workers *workers_new(const WorkersOptions *options)
{
	/* The program has no other use for it; SIGURG tells of leases (client/disk). */
	const struct sigaction action = { .sa_handler = woken };
	sigaction(WAKE_SIGNAL, &action, NULL);
	Workers *workers = g_new0(Workers, 1);
	workers->options = *options;
	g_mutex_init(&workers->lock);
	g_cond_init(&workers->left);
	workers->present = g_ptr_array_new();
	workers->gone = g_ptr_array_new();
	g_mutex_lock(&workers->lock);
	bool started = start_one(workers);
	g_mutex_unlock(&workers->lock);
	if (!started) {
		workers_free(workers);
		return NULL;
	}
	return workers;
}

void workers_free(Workers *workers)
{
	if (!workers) {
		return;
	}
	g_mutex_lock(&workers->lock);
	workers->told = true;
	fuse_session_exit(workers->options.session);
	while (workers->present->len > 0) {
		for (unsigned i = 0; i < workers->present->len; i++) {
			const Worker *worker = workers->present->pdata[i];
			if (worker->waits) {
				pthread_kill(worker->thread, WAKE_SIGNAL);
			}
		}
		g_cond_wait_until(&workers->left, &workers->lock, g_get_monotonic_time() + WAKE_US);
	}
	join_gone(workers);
	g_mutex_unlock(&workers->lock);
	g_ptr_array_unref(workers->present);
	g_ptr_array_unref(workers->gone);
	g_cond_clear(&workers->left);
	g_mutex_clear(&workers->lock);
	g_free(workers);
}
