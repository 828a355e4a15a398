/* SPDX-License-Identifier: Apache-2.0 */
/*
 * State may lag the disk, never lead it: what was settled is recorded only after a sync of the disk
 * that began later. A batch that is being applied syncs anyway and serves what was settled before
 * it; otherwise a sync of its own follows within a second, or, after much, as soon as nothing else
 * is under way: the disk is not asked more often than it was given work. On a virtual disk it waits
 * until nothing was settled for a moment: programs, and the device that is just receiving what was
 * saved, would wait for that sync of everything, too.
 */
#include "client/engine/engine_internal.h"

#include "base/log.h"

#define RECORD_INTERVAL_US 1000000
/* So many agreements are worth a sync at once. */
#define RECORD_MUCH 200
#define TIDY_INTERVAL_US (300ll * 1000000)

typedef struct SyncJob {
	Job job;
	Engine *engine;
	uint64_t generation;
	bool tidy; /* also look after what was swapped out */
	int64_t now_us;
	bool synced;
	GError *error;
} SyncJob;

void recording_synced(Engine *engine, uint64_t generation)
{
	g_autoptr(GError) error = NULL;
	engine->last_record_us = engine_now(engine);
	if (!state_record(engine->state, generation, &error)) {
		g_prefix_error(&error, "record the state of the folder: ");
		trouble_batch(engine, error);
		return;
	}
	engine_choice_recorded(engine, generation);
	resuming_recorded(engine, generation);
}

static void run(Job *job)
{
	SyncJob *sync = (SyncJob *)job;
	Disk *disk = sync->engine->world.disk;
	if (sync->tidy) {
		/* What cannot be tidied now is tried again. */
		disk_tidy(disk, sync->now_us, NULL);
	}
	sync->synced = disk_sync(disk, &sync->error);
}

static void done(Job *job)
{
	SyncJob *sync = (SyncJob *)job;
	Engine *engine = sync->engine;
	engine->sync_running = false;
	if (sync->synced) {
		recording_synced(engine, sync->generation);
	} else {
		engine->last_record_us = engine_now(engine);
		trouble_batch(engine, sync->error);
	}
	g_clear_error(&sync->error);
	g_free(sync);
}

static int64_t due_us(Engine *engine, int64_t now_us)
{
	bool idle = engine->apply_small.running + engine->apply_large.running == 0 &&
		    engine->upload_small.running + engine->upload_large.running == 0 &&
		    g_queue_is_empty(engine->touched);
	int64_t wait_us = idle ? RECORD_INTERVAL_US / 10 : RECORD_INTERVAL_US;
	if (idle && state_unrecorded(engine->state) >= RECORD_MUCH) {
		wait_us = 0;
	}
	/* A clock that jumped back must not stop it. */
	if (now_us < engine->last_record_us || now_us < engine->settled_us) {
		return now_us;
	}
	int64_t rest_us = engine->settled_us + wait_us;
	if (!disk_is_lazy(engine->world.disk)) {
		rest_us = 0;
	}
	rest_us = MIN(rest_us, engine->unrecorded_us + RECORD_INTERVAL_US);
	return MAX(engine->last_record_us + wait_us, rest_us);
}

/* When what is not recorded yet was settled: the first and the last of it. */
static void note_settled(Engine *engine)
{
	size_t unrecorded = state_unrecorded(engine->state);
	if (unrecorded != engine->unrecorded) {
		engine->settled_us = engine_now(engine);
		if (engine->unrecorded == 0) {
			engine->unrecorded_us = engine->settled_us;
		}
		engine->unrecorded = unrecorded;
	}
}

void recording_start(Engine *engine)
{
	note_settled(engine);
	if (engine->sync_running || engine->cancelled || !state_is_dirty(engine->state) ||
	    due_us(engine, engine_now(engine)) > engine_now(engine)) {
		return;
	}
	SyncJob *sync = g_new0(SyncJob, 1);
	sync->job.run = run;
	sync->job.done = done;
	sync->engine = engine;
	sync->generation = state_mark(engine->state);
	resuming_marked(engine, sync->generation);
	sync->now_us = engine_now(engine);
	sync->tidy = sync->now_us >= engine->next_tidy_us;
	if (sync->tidy) {
		engine->next_tidy_us = sync->now_us + TIDY_INTERVAL_US;
	}
	engine->sync_running = true;
	engine_submit(engine, &sync->job);
}

int64_t recording_timers(Engine *engine, int64_t now_us)
{
	if (engine->sync_running || !state_is_dirty(engine->state)) {
		return -1;
	}
	return due_us(engine, now_us);
}

bool recording_now(Engine *engine, GError **error)
{
	uint64_t generation = state_mark(engine->state);
	return !state_is_dirty(engine->state) || (disk_sync(engine->world.disk, error) &&
						  state_record(engine->state, generation, error));
}
