/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop. See engine_internal.h for which file does what.
 */
#include "client/engine/engine.h"

#include "base/limits.h"
#include "client/engine/engine_internal.h"

#include <string.h>

static void notice_clear(void *item)
{
	WatchEvent *event = item;
	g_free((char *)event->name);
}

static GHashTable *key_set(GDestroyNotify free_value)
{
	return g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, free_value);
}

Engine *engine_new(State *state, const World *world, const Ignore *ignore,
		   const EngineOptions *options)
{
	Engine *engine = g_new0(Engine, 1);
	engine->state = state;
	engine->world = *world;
	engine->device_name = g_strdup(options->device_name);
	engine->rescan_us = options->rescan_us;
	engine->follow = follow_new(state);
	engine->cancellable = g_cancellable_new();
	g_mutex_init(&engine->lock);
	g_queue_init(&engine->posted);
	engine->noticed = g_array_new(FALSE, FALSE, sizeof(WatchEvent));
	g_array_set_clear_func(engine->noticed, notice_clear);
	engine->touched = g_queue_new();
	engine->touched_set = key_set(NULL);
	engine->busy = key_set(NULL);
	engine->blocked = key_set((GDestroyNotify)g_array_unref);
	engine->after_feed = key_set(NULL);
	engine->after_feed_us = -1;
	engine->held = key_set(NULL);
	engine->stalled = key_set(NULL);
	engine->stalled_until_us = -1;
	engine->scans_out = key_set(NULL);
	engine->next_number = (uint64_t)g_random_int() << 31;
	Lane *const lanes[] = { &engine->upload_small, &engine->upload_large, &engine->apply_small,
				&engine->apply_large };
	for (size_t i = 0; i < G_N_ELEMENTS(lanes); i++) {
		g_queue_init(&lanes[i]->waiting);
	}
	trouble_init(engine);
	engine_choice_init(engine);
	resuming_init(engine);
	room_init(engine);
	observing_init(engine, ignore);
	return engine;
}

void engine_free(Engine *engine)
{
	if (!engine) {
		return;
	}
	g_assert(engine->running == 0);
	g_queue_clear_full(&engine->upload_small.waiting, (GDestroyNotify)upload_item_free);
	g_queue_clear_full(&engine->upload_large.waiting, (GDestroyNotify)upload_item_free);
	applying_clear(&engine->apply_small);
	applying_clear(&engine->apply_large);
	g_queue_clear_full(&engine->young, g_free);
	local_free(engine->local);
	follow_free(engine->follow);
	g_queue_free(engine->touched);
	GHashTable *const tables[] = { engine->touched_set, engine->busy,    engine->blocked,
				       engine->after_feed,  engine->held,    engine->ours,
				       engine->scans_out,   engine->stalled, engine->problems,
				       engine->young_keys };
	for (size_t i = 0; i < G_N_ELEMENTS(tables); i++) {
		g_hash_table_unref(tables[i]);
	}
	engine_choice_clear(engine);
	resuming_clear(engine);
	room_clear(engine);
	g_array_unref(engine->noticed);
	g_array_unref(engine->activity);
	g_object_unref(engine->cancellable);
	g_clear_error(&engine->trouble);
	g_mutex_clear(&engine->lock);
	g_free(engine->device_name);
	g_free(engine);
}

int64_t engine_now(Engine *engine)
{
	return engine->world.now_us(engine->world.data);
}

int64_t engine_sooner(int64_t a, int64_t b)
{
	if (a < 0) {
		return b;
	}
	return b < 0 ? a : MIN(a, b);
}

DiskInfo engine_info_of(const Entry *entry)
{
	return (DiskInfo){
		.kind = (DiskKind)entry->kind,
		.size = entry->size,
		.mtime_ns = entry->mtime_ns,
		.executable = entry->executable,
		.stamp = entry->stamp,
	};
}

void engine_submit(Engine *engine, Job *job)
{
	engine->running++;
	engine->world.submit(engine->world.data, job);
}

unsigned engine_running(const Engine *engine)
{
	return engine->running;
}

void engine_post(Engine *engine, Job *job)
{
	g_mutex_lock(&engine->lock);
	g_queue_push_tail(&engine->posted, job);
	g_mutex_unlock(&engine->lock);
	engine->world.wake(engine->world.data);
}

/* More than this many unhandled events are worth less than a scan. */
#define NOTICED_MAX 100000

void engine_notice(Engine *engine, const WatchEvent *events, size_t count)
{
	g_mutex_lock(&engine->lock);
	for (size_t i = 0; i < count; i++) {
		if (events[i].what == WATCH_OVERFLOW || engine->noticed->len >= NOTICED_MAX) {
			engine->overflowed = true;
			continue;
		}
		WatchEvent copy = events[i];
		copy.name =
			events[i].name ? disk_name_of(engine->world.disk, events[i].name) : NULL;
		g_array_append_val(engine->noticed, copy);
	}
	g_mutex_unlock(&engine->lock);
	engine->world.wake(engine->world.data);
}

static void take_events(Engine *engine)
{
	g_mutex_lock(&engine->lock);
	GQueue posted = engine->posted;
	g_queue_init(&engine->posted);
	g_autoptr(GArray) noticed = g_steal_pointer(&engine->noticed);
	engine->noticed = g_array_new(FALSE, FALSE, sizeof(WatchEvent));
	g_array_set_clear_func(engine->noticed, notice_clear);
	bool overflowed = engine->overflowed;
	engine->overflowed = false;
	g_mutex_unlock(&engine->lock);

	Job *job;
	while ((job = g_queue_pop_head(&posted))) {
		g_assert(engine->running > 0);
		engine->running--;
		job->done(job);
	}
	for (unsigned i = 0; i < noticed->len; i++) {
		observing_notice(engine, &g_array_index(noticed, WatchEvent, i));
	}
	if (overflowed) {
		local_mark_folder(engine->local, ENTRY_KEY_ROOT, true);
	}
}

static int64_t run_timers(Engine *engine)
{
	int64_t now_us = engine_now(engine);
	int64_t next_us = local_expire(engine->local, now_us);
	if (engine->after_feed_us >= 0 && engine->after_feed_us <= now_us) {
		engine->after_feed_us = -1;
		planning_touch_all(engine, engine->after_feed);
	}
	next_us = engine_sooner(next_us, engine->after_feed_us);
	next_us = engine_sooner(next_us, observing_timers(engine, now_us));
	next_us = engine_sooner(next_us, trouble_timers(engine, now_us));
	return engine_sooner(next_us, room_timers(engine, now_us));
}

int64_t engine_step(Engine *engine)
{
	take_events(engine);
	if (engine->cancelled) {
		return -1;
	}
	int64_t next_us = run_timers(engine);
	bool again = false;
	if (!engine->absent && !engine->paused && !engine->signed_out) {
		resuming_run(engine);
		again = planning_run(engine);
		uploading_start(engine);
		applying_start(engine);
	}
	observing_start(engine);
	recording_start(engine);
	/* Only now is it clear whether anything is under way, for which a record would wait. */
	next_us = engine_sooner(next_us, recording_timers(engine, engine_now(engine)));
	return again ? engine_now(engine) : next_us;
}

void engine_cancel(Engine *engine)
{
	engine->cancelled = true;
	g_cancellable_cancel(engine->cancellable);
}

void engine_pause(Engine *engine, bool paused)
{
	engine->paused = paused;
	engine->world.wake(engine->world.data);
}

void engine_set_ignore(Engine *engine, const Ignore *ignore)
{
	observing_set_ignore(engine, ignore);
}

bool engine_record(Engine *engine, GError **error)
{
	return recording_now(engine, error);
}

void engine_accept_deletions(Engine *engine)
{
	engine->deletions_accepted = true;
	engine->brake = false;
	planning_touch_all(engine, engine->held);
	engine->world.wake(engine->world.data);
}

void engine_undo_deletions(Engine *engine)
{
	if (engine->brake) {
		engine->brake = false;
		planning_unlearn_vanished(engine);
		planning_touch_all(engine, engine->held);
		engine->world.wake(engine->world.data);
	}
}

void engine_look(Engine *engine, const char *path)
{
	g_auto(GStrv) names = g_strsplit(path, "/", -1);
	int64_t folder = ENTRY_KEY_ROOT;
	char **name = names;
	for (; *name && name[1] && folder != ENTRY_KEY_NONE; name++) {
		folder = state_find(engine->state, SIDE_LOCAL, folder, *name);
	}
	if (*name && folder != ENTRY_KEY_NONE) {
		local_mark_name(engine->local, folder, *name);
		engine->world.wake(engine->world.data);
	}
}

static bool has_transfers(const Engine *engine)
{
	const Lane *const lanes[] = { &engine->upload_small, &engine->upload_large,
				      &engine->apply_small, &engine->apply_large };
	for (size_t i = 0; i < G_N_ELEMENTS(lanes); i++) {
		if (lanes[i]->running > 0 || !g_queue_is_empty((GQueue *)&lanes[i]->waiting)) {
			return true;
		}
	}
	return false;
}

/* Something came that no step has handled yet? */
static bool has_news(Engine *engine)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&engine->lock);
	return engine->noticed->len > 0 || engine->overflowed;
}

static bool is_at_rest(Engine *engine)
{
	return !has_news(engine) && engine->feed_began && engine->feed_failures == 0 &&
	       follow_at_head(engine->follow) && local_is_quiet(engine->local) &&
	       g_queue_is_empty(engine->touched) && g_queue_is_empty(&engine->young) &&
	       !has_transfers(engine);
}

bool engine_is_settled(Engine *engine)
{
	/* One node always differs: the parking place is only local. */
	return is_at_rest(engine) && engine_choice_unsettled(engine) <= 1 &&
	       !state_is_dirty(engine->state) &&
	       g_hash_table_size(local_errors(engine->local)) == 0;
}

/* The server was tried so often in a row without an answer. */
#define FEED_FAILURES_STUCK 3

bool engine_is_stuck(Engine *engine)
{
	if (engine->signed_out || engine->absent || engine->brake ||
	    engine->feed_failures >= FEED_FAILURES_STUCK) {
		return true;
	}
	bool waits = g_hash_table_size(engine->after_feed) > 0 ||
		     g_hash_table_size(engine->stalled) > 0 || room_is_full_disk(engine);
	return is_at_rest(engine) && !waits && !state_is_dirty(engine->state) &&
	       !engine_is_settled(engine);
}
