/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No room on the server, for this account or on its disk: then nothing is read in vain.
 *
 *	    room ---- something is refused ----> full
 *	     ^                                    |
 *	     +---- what tries alone is stored ----+
 *
 * While it is full, what is smaller than all that was refused is sent as ever, since it may fit.
 * The rest is read once, to see whether the server has its content already, which needs no room,
 * and then waits; unless it changes, it is not looked at again. Now and then the smallest that
 * waits tries alone. When that is stored there is room again, for nobody knows how much: jobs begin
 * with few items and grow as long as they are taken.
 *
 * What was found out of a file is kept until it is stored, also once there is room: there may be
 * too little.
 */
#include "base/error.h"
#include "client/engine/engine_internal.h"

/* Items in the first jobs after something was refused, or there is room again. */
#define STEP_FIRST 1
/* A job cannot be larger. */
#define STEP_LAST 512

/* A file that found no room. */
typedef struct Waiting {
	int64_t key;
	DiskInfo seen;   /* as it was then */
	bool lacking;    /* the server has not all of it */
	unsigned chosen; /* how often it was to try alone, and could not begin */
} Waiting;

void room_init(Engine *engine)
{
	engine->waiting = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
	engine->room_below = UINT64_MAX;
	engine->room_probe = ENTRY_KEY_NONE;
	engine->room_probe_us = -1;
}

void room_clear(Engine *engine)
{
	g_hash_table_unref(engine->waiting);
	g_clear_error(&engine->room_error);
}

const GError *room_error(const Engine *engine)
{
	return engine->room_error;
}

bool room_is_full_disk(const Engine *engine)
{
	return g_error_matches(engine->room_error, DRIVE_ERROR, DRIVE_ERROR_NO_SPACE);
}

unsigned room_step(const Engine *engine)
{
	return engine->room_step;
}

RoomTurn room_turn(Engine *engine, int64_t key)
{
	const Entry *local = state_get(engine->state, SIDE_LOCAL, key);
	if (key == engine->room_probe) {
		return ROOM_TRY_ALONE;
	}
	if (!local || local->kind != ENTRY_FILE || local->size < engine->room_below) {
		return ROOM_TRY;
	}
	const Waiting *waiting = g_hash_table_lookup(engine->waiting, KEY(key));
	DiskInfo now = engine_info_of(local);
	bool known = waiting && waiting->lacking && disk_info_equal(&now, &waiting->seen);
	return known ? ROOM_WAIT : ROOM_ASK;
}

/* ---- trying alone ------------------------------------------------------------------------- */

static void probe_at(Engine *engine)
{
	engine->room_probe_us =
		engine_now(engine) + trouble_back_off(engine->room_failures, engine->room_error);
}

static void probe_later(Engine *engine)
{
	engine->room_probe = ENTRY_KEY_NONE;
	if (engine->room_error) {
		probe_at(engine);
	}
}

/* Which could not begin comes after the others. */
static bool comes_before(const Waiting *a, const Waiting *b)
{
	if (!b || a->chosen != b->chosen) {
		return !b || a->chosen < b->chosen;
	}
	return a->seen.size != b->seen.size ? a->seen.size < b->seen.size : a->key < b->key;
}

static void choose(Engine *engine)
{
	GHashTableIter iter;
	void *value;
	Waiting *first = NULL;
	g_hash_table_iter_init(&iter, engine->waiting);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		if (comes_before(value, first)) {
			first = value;
		}
	}
	if (first) {
		first->chosen++;
		engine->room_probe = first->key;
		planning_touch(engine, first->key);
	}
}

int64_t room_timers(Engine *engine, int64_t now_us)
{
	/* Whoever ends one of these makes a step. */
	if (!engine->room_error || engine->paused || engine->absent || engine->signed_out ||
	    engine->offline) {
		return -1;
	}
	if (engine->room_probe_us <= now_us) {
		probe_at(engine);
		if (!g_hash_table_contains(engine->busy, KEY(engine->room_probe))) {
			choose(engine);
		}
	}
	return engine->room_probe_us;
}

/* ---- what was found out ------------------------------------------------------------------- */

static Waiting *enlist(Engine *engine, const UploadItem *item)
{
	Waiting *waiting = g_hash_table_lookup(engine->waiting, KEY(item->key));
	if (!waiting) {
		waiting = g_new0(Waiting, 1);
		waiting->key = item->key;
		g_hash_table_insert(engine->waiting, KEY(item->key), waiting);
	}
	if (!disk_info_equal(&waiting->seen, &item->expected)) {
		waiting->seen = item->expected;
		waiting->lacking = false;
	}
	waiting->chosen = 0;
	return waiting;
}

void room_refused(Engine *engine, const UploadItem *item, const GError *error)
{
	Waiting *waiting = enlist(engine, item);
	waiting->lacking |= item->stored_only;
	engine->room_below = MIN(engine->room_below, item->expected.size);
	engine->room_step = STEP_FIRST;
	bool first = !engine->room_error;
	g_clear_error(&engine->room_error);
	engine->room_error = g_error_copy(error);
	if (item->key == engine->room_probe) {
		engine->room_failures++;
	}
	if (first || item->key == engine->room_probe) {
		probe_later(engine);
	}
}

void room_lacking(Engine *engine, const UploadItem *item)
{
	enlist(engine, item)->lacking = true;
}

static int compare_sizes(const void *a, const void *b)
{
	const Waiting *const *one = a, *const *other = b;
	return comes_before(*one, *other) ? -1 : 1;
}

/* All may go, the small ones first: they may fit where a large one does not. */
static void found(Engine *engine)
{
	engine->room_below = UINT64_MAX;
	engine->room_probe = ENTRY_KEY_NONE;
	engine->room_failures = 0;
	engine->room_step = STEP_FIRST;
	g_clear_error(&engine->room_error);
	g_autoptr(GPtrArray) all = g_ptr_array_new();
	GHashTableIter iter;
	void *value;
	g_hash_table_iter_init(&iter, engine->waiting);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		((Waiting *)value)->chosen = 0;
		g_ptr_array_add(all, value);
	}
	g_ptr_array_sort(all, compare_sizes);
	for (unsigned i = 0; i < all->len; i++) {
		planning_touch(engine, ((const Waiting *)all->pdata[i])->key);
	}
}

void room_stored(Engine *engine, const UploadItem *item)
{
	bool alone = item->key == engine->room_probe;
	g_hash_table_remove(engine->waiting, KEY(item->key));
	if (alone || (engine->room_error && g_hash_table_size(engine->waiting) == 0)) {
		found(engine);
	}
}

void room_settled(Engine *engine, int64_t key)
{
	if (!g_hash_table_remove(engine->waiting, KEY(key))) {
		return;
	}
	if (engine->room_error && g_hash_table_size(engine->waiting) == 0) {
		found(engine);
	} else if (key == engine->room_probe) {
		engine->room_probe = ENTRY_KEY_NONE;
	}
}

void room_ended(Engine *engine, const UploadItem *item)
{
	if (item->key == engine->room_probe) {
		probe_later(engine);
	}
}

void room_job_taken(Engine *engine)
{
	if (engine->room_step > 0) {
		engine->room_step = engine->room_step < STEP_LAST ? 2 * engine->room_step : 0;
	}
}
