/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is here is said to be so for good only after it was synced. Nobody waits for that: a thread
 * takes all bodies that want it, syncs once for all of them, and writes what was here before the
 * sync began, if the file is still the same.
 */
#include "client/virtual/volume_internal.h"

#include <errno.h>
#include <unistd.h>

/* Bodies in one batch: each holds a descriptor. */
#define BATCH_MAX 512
/* More may not wait: whoever promises content does instead. */
#define WAITING_MAX 1024
/* While fewer wait, and nobody waits for them, more are awaited for so long: each sync of the whole
 * makes programs that write wait for the disk. */
#define GATHER_MIN 256
#define GATHER_US 1000000
/* Fewer are synced alone. */
#define ALONE_MAX 2

struct Keeper {
	Volume *volume;
	GThread *thread;
	GMutex mutex; /* guards all below */
	GCond cond;
	GQueue bodies; /* Body, a reference each */
	int waiting;   /* atomic: of these */
	bool busy;
	bool stop;
	unsigned hurries; /* who wait for all of them */
};

/* What was here before the sync. */
typedef struct Before {
	Body *body;
	unsigned generation;
	bool whole;
	uint8_t parts[RANGES_SIZE_MAX];
	size_t parts_size;
} Before;

/* False: there is nothing to be said of it, or nothing any more (it was told twice, by its last
 * bytes and by who closed it). */
static bool note(Body *body, Before *ret_before)
{
	g_mutex_lock(&body->mutex);
	body->queued = false;
	body->parts_changed = false;
	ret_before->body = body;
	ret_before->generation = body->generation;
	ret_before->whole = body->clean && ranges_have(&body->here, 0, body->record.size);
	ret_before->parts_size = ranges_encode(&body->here, ret_before->parts);
	bool wanted = body->clean && !body->record.complete;
	g_mutex_unlock(&body->mutex);
	return wanted;
}

static bool sync_all(const Volume *volume, const Before *before, unsigned count)
{
	if (count > ALONE_MAX) {
		return syncfs(volume->root) == 0;
	}
	bool ok = true;
	for (unsigned i = 0; i < count; i++) {
		ok &= TEMP_FAILURE_RETRY(fdatasync(before[i].body->fd)) == 0;
	}
	return ok;
}

static void mark(const Before *before)
{
	Body *body = before->body;
	g_mutex_lock(&body->mutex);
	bool same = body->clean && body->generation == before->generation;
	if (same && before->whole && !body->record.complete) {
		Record record = body->record;
		record.complete = true;
		body->record.complete = record_write(body->fd, &record) == 0;
	} else if (same && !body->record.complete) {
		record_put(body->fd, RECORD_PARTS_ATTRIBUTE,
			   before->parts_size ? before->parts : NULL, before->parts_size);
	}
	g_mutex_unlock(&body->mutex);
}

static void unref(void *body, void *unused G_GNUC_UNUSED)
{
	body_unref(body);
}

static void settle(Volume *volume, GPtrArray *bodies)
{
	g_autofree Before *before = g_new(Before, bodies->len);
	unsigned count = 0;
	for (unsigned i = 0; i < bodies->len; i++) {
		count += note(g_ptr_array_index(bodies, i), &before[count]);
	}
	/* A failure must be believed: then these files are fetched again after a crash. */
	if (sync_all(volume, before, count)) {
		for (unsigned i = 0; i < count; i++) {
			mark(&before[i]);
		}
	}
	g_ptr_array_foreach(bodies, unref, NULL);
	chores_consider(volume);
}

/* Locked. */
static void gather(Keeper *keeper)
{
	int64_t until_us = g_get_monotonic_time() + GATHER_US;
	while (!keeper->stop && keeper->hurries == 0 &&
	       g_queue_get_length(&keeper->bodies) < GATHER_MIN &&
	       g_cond_wait_until(&keeper->cond, &keeper->mutex, until_us)) {
	}
}

static GPtrArray *take(Keeper *keeper)
{
	GPtrArray *bodies = g_ptr_array_new();
	g_mutex_lock(&keeper->mutex);
	keeper->busy = false;
	g_cond_broadcast(&keeper->cond);
	while (g_queue_is_empty(&keeper->bodies) && !keeper->stop) {
		g_cond_wait(&keeper->cond, &keeper->mutex);
	}
	gather(keeper);
	Body *body;
	while (bodies->len < BATCH_MAX && (body = g_queue_pop_head(&keeper->bodies))) {
		g_ptr_array_add(bodies, body);
	}
	g_atomic_int_set(&keeper->waiting, (int)g_queue_get_length(&keeper->bodies));
	keeper->busy = bodies->len > 0;
	g_mutex_unlock(&keeper->mutex);
	return bodies;
}

static void *run(void *data)
{
	Keeper *keeper = data;
	for (;;) {
		g_autoptr(GPtrArray) bodies = take(keeper);
		if (bodies->len == 0) {
			return NULL;
		}
		settle(keeper->volume, bodies);
	}
}

Keeper *keeper_new(Volume *volume)
{
	Keeper *keeper = g_new0(Keeper, 1);
	keeper->volume = volume;
	g_mutex_init(&keeper->mutex);
	g_cond_init(&keeper->cond);
	keeper->thread = g_thread_new("keeper", run, keeper);
	return keeper;
}

void keeper_free(Keeper *keeper)
{
	if (!keeper) {
		return;
	}
	g_mutex_lock(&keeper->mutex);
	keeper->stop = true;
	g_cond_broadcast(&keeper->cond);
	g_mutex_unlock(&keeper->mutex);
	g_thread_join(keeper->thread);
	g_assert(g_queue_is_empty(&keeper->bodies));
	g_mutex_clear(&keeper->mutex);
	g_cond_clear(&keeper->cond);
	g_free(keeper);
}

void keeper_add(Body *body)
{
	if (body->queued || body->fd < 0) {
		return;
	}
	Keeper *keeper = body->volume->keeper;
	body->queued = true;
	body_ref(body);
	g_mutex_lock(&keeper->mutex);
	g_queue_push_tail(&keeper->bodies, body);
	unsigned waiting = g_queue_get_length(&keeper->bodies);
	g_atomic_int_set(&keeper->waiting, (int)waiting);
	if (waiting == 1 || waiting >= GATHER_MIN) {
		g_cond_broadcast(&keeper->cond);
	}
	g_mutex_unlock(&keeper->mutex);
}

void keeper_wait(Keeper *keeper, bool for_room)
{
	unsigned left_max = for_room ? WAITING_MAX : 0;
	/* Asked whenever a file is opened. */
	if (for_room && g_atomic_int_get(&keeper->waiting) <= WAITING_MAX) {
		return;
	}
	g_mutex_lock(&keeper->mutex);
	keeper->hurries += for_room ? 0 : 1;
	g_cond_broadcast(&keeper->cond);
	while (g_queue_get_length(&keeper->bodies) > left_max || (keeper->busy && !for_room)) {
		g_cond_wait(&keeper->cond, &keeper->mutex);
	}
	keeper->hurries -= for_room ? 0 : 1;
	g_mutex_unlock(&keeper->mutex);
}
