/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that works alone has one request under way at a time, and its next one follows at once.
 * The kernel gives it to the thread that has waited longest, so with several that wait each would
 * find cold caches, on another processor. So one thread waits in the kernel, and the others wait
 * for its place.
 *
 *	parked -> receives -> serves -> receives, or parked if somebody else does
 *
 * Whoever serves may be held up, or others may send requests, too: the *relief*, a thread that
 * looks each millisecond while there is work, and never else, then lets one more receive.
 *
 * Whoever receives sleeps in the kernel, and a signal wakes it; it may come just before it sleeps,
 * so it comes again.
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
#define RELIEF_US 1000
/* So many looks in a row found nobody receiving: one more is to receive from now on; found nothing
 * to do: one less; and after so many without any request the relief sleeps. */
#define LOOKS_BUSY 12
#define LOOKS_CALM 50
#define LOOKS_QUIET 10

typedef struct Worker {
	Workers *workers;
	pthread_t thread;
	bool started;
	bool receives;
} Worker;

struct Workers {
	WorkersOptions options;
	GThread *relief;
	GMutex lock; /* guards all below */
	GCond left;
	GCond turn;   /* for who is parked */
	GCond needed; /* for the relief */
	bool relief_sleeps;
	bool ended;
	bool told;
	GPtrArray *present; /* Worker */
	GPtrArray *gone;    /* Worker, to be joined */
	unsigned starting;
	unsigned receiving;
	unsigned wanted; /* so many are to receive */
	unsigned parked;
	unsigned served; /* requests, to see whether it goes on */
};

static void *work(void *data);

/* Locked. */
static bool start_one(Workers *workers)
{
	Worker *worker = g_new0(Worker, 1);
	worker->workers = workers;
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
	workers->starting++;
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

/* Locked. False: it is to leave. */
static bool park(Workers *workers)
{
	if (workers->parked >= workers->options.idle_max) {
		return false;
	}
	workers->parked++;
	g_cond_wait(&workers->turn, &workers->lock);
	workers->parked--;
	return true;
}

/* Until this worker is to receive. False: it is to leave. */
static bool take_turn(Worker *worker)
{
	Workers *workers = worker->workers;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&workers->lock);
	bool stays = true;
	if (!worker->started) {
		worker->started = true;
		workers->starting--;
	}
	while (!worker->receives && stays && !workers->ended) {
		if (workers->receiving < workers->wanted) {
			worker->receives = true;
			workers->receiving++;
		} else {
			stays = park(workers);
		}
	}
	return worker->receives;
}

static void begin(Worker *worker)
{
	Workers *workers = worker->workers;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&workers->lock);
	worker->receives = false;
	workers->receiving--;
	workers->served++;
	if (workers->relief_sleeps) {
		workers->relief_sleeps = false;
		g_cond_signal(&workers->needed);
	}
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
	return true;
}

/* ---- the relief ------------------------------------------------------------------------- */

/* Locked: nobody receives. False: nobody else is to be had. */
static bool relieve(Workers *workers)
{
	if (workers->parked > 0) {
		g_cond_signal(&workers->turn);
		return true;
	}
	if (workers->present->len >= workers->options.threads_max) {
		return false;
	}
	join_gone(workers);
	return start_one(workers);
}

typedef struct Looks {
	unsigned served; /* at the last look */
	unsigned busy;
	unsigned calm;
	unsigned quiet;
} Looks;

/* Locked. */
static void look(Workers *workers, Looks *looks)
{
	bool goes_on = workers->served != looks->served;
	bool relieved = false;
	looks->served = workers->served;
	if (workers->receiving + workers->starting > 0) {
		looks->busy = 0;
		if (workers->wanted > 1 && ++looks->calm >= LOOKS_CALM) {
			looks->calm = 0;
			workers->wanted--;
		}
	} else if (!goes_on) {
		relieved = relieve(workers);
	} else if (++looks->busy >= LOOKS_BUSY) {
		looks->busy = 0;
		looks->calm = 0;
		workers->wanted = MIN(workers->wanted + 1, workers->options.idle_max);
		relieved = relieve(workers);
	}
	looks->quiet = goes_on || relieved ? 0 : looks->quiet + 1;
}

static void *run_relief(void *data)
{
	Workers *workers = data;
	Looks looks = { 0 };
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&workers->lock);
	while (!workers->ended) {
		if (looks.quiet >= LOOKS_QUIET) {
			workers->relief_sleeps = true;
			while (workers->relief_sleeps && !workers->ended) {
				g_cond_wait(&workers->needed, &workers->lock);
			}
			looks = (Looks){ .served = workers->served };
		}
		int64_t until_us = g_get_monotonic_time() + RELIEF_US;
		while (!workers->ended &&
		       g_cond_wait_until(&workers->needed, &workers->lock, until_us)) {
		}
		look(workers, &looks);
	}
	return NULL;
}

/* ---- life ------------------------------------------------------------------------------- */

static void leave(Worker *worker)
{
	Workers *workers = worker->workers;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&workers->lock);
	if (worker->receives) {
		worker->receives = false;
		workers->receiving--;
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
	while (take_turn(worker) && !fuse_session_exited(session) && serve(worker, &request)) {
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
	g_cond_init(&workers->turn);
	g_cond_init(&workers->needed);
	workers->wanted = 1;
	workers->present = g_ptr_array_new();
	workers->gone = g_ptr_array_new();
	workers->relief = g_thread_new("relief", run_relief, workers);
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
	workers->ended = true;
	g_cond_broadcast(&workers->turn);
	g_cond_broadcast(&workers->needed);
	g_mutex_unlock(&workers->lock);
	g_thread_join(workers->relief);
	g_mutex_lock(&workers->lock);
	fuse_session_exit(workers->options.session);
	while (workers->present->len > 0) {
		for (unsigned i = 0; i < workers->present->len; i++) {
			const Worker *worker = workers->present->pdata[i];
			if (worker->receives) {
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
	g_cond_clear(&workers->turn);
	g_cond_clear(&workers->needed);
	g_mutex_clear(&workers->lock);
	g_free(workers);
}
