/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What failed, and when it is tried again.
 *
 * One node's failure (unreadable, refused) is a problem of that node: it is shown until it is
 * cured, and tried again after 1, 2, 4 … 60 s, or at once when the node changes. A failure of a
 * whole batch (server or disk) stalls its nodes together; where a disk was full, never for long.
 * What finds no room on the server waits for that (room.c).
 */
#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "client/engine/engine_internal.h"

#include <string.h>

#define RETRY_FIRST_US 1000000
#define RETRY_MAX_US 60000000
/* Room, here or there, comes back when somebody makes it, and nothing tells. */
#define RETRY_SPACE_US 5000000
#define ACTIVITY_MAX 1000

typedef struct Problem {
	GError *error;
	unsigned failures;
	int64_t retry_us; /* -1: when there is room */
} Problem;

static int64_t back_off(unsigned failures)
{
	return MIN(RETRY_FIRST_US << MIN(failures, 10), RETRY_MAX_US);
}

int64_t trouble_back_off(unsigned failures, const GError *error)
{
	int64_t wait_us = back_off(failures);
	if (error->code == DRIVE_ERROR_QUOTA) {
		return wait_us;
	}
	return error->code == DRIVE_ERROR_NO_SPACE ? MIN(wait_us / 2, RETRY_SPACE_US) : wait_us / 2;
}

static void problem_free(void *item)
{
	Problem *problem = item;
	g_clear_error(&problem->error);
	g_free(problem);
}

static void activity_clear(void *item)
{
	EngineActivity *activity = item;
	g_free(activity->path);
}

void trouble_init(Engine *engine)
{
	engine->problems = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, problem_free);
	engine->problem_next_us = -1;
	engine->activity = g_array_new(FALSE, FALSE, sizeof(EngineActivity));
	g_array_set_clear_func(engine->activity, activity_clear);
}

static void log_trouble(const char *event, const char *path, const GError *error)
{
	g_autofree char *shown = text_printable(path, strlen(path));
	log_event(LOG_WARNING, event, "path=\"%s\" error=\"%s\"", shown, error->message);
}

void trouble_item(Engine *engine, int64_t key, const GError *error)
{
	Problem *problem = g_hash_table_lookup(engine->problems, KEY(key));
	if (!problem) {
		g_autofree char *path = state_path(engine->state, SIDE_LOCAL, key);
		problem = g_new0(Problem, 1);
		g_hash_table_insert(engine->problems, KEY(key), problem);
		log_trouble("problem", path ? path : "", error);
	}
	g_clear_error(&problem->error);
	problem->error = g_error_copy(error);
	problem->retry_us = -1;
	if (error->code == DRIVE_ERROR_QUOTA) {
		return;
	}
	problem->retry_us = engine_now(engine) + back_off(problem->failures++);
	engine->problem_next_us = engine_sooner(engine->problem_next_us, problem->retry_us);
}

void trouble_cured(Engine *engine, int64_t key)
{
	g_hash_table_remove(engine->problems, KEY(key));
}

bool trouble_holds(Engine *engine, int64_t key)
{
	const Problem *problem = g_hash_table_lookup(engine->problems, KEY(key));
	return problem && problem->retry_us > engine_now(engine);
}

void trouble_stall(Engine *engine, int64_t key)
{
	g_hash_table_add(engine->stalled, KEY(key));
}

void trouble_batch(Engine *engine, const GError *error)
{
	if (error->code == DRIVE_ERROR_CANCELLED) {
		return;
	}
	bool known = engine->trouble && strcmp(engine->trouble->message, error->message) == 0;
	if (!known) {
		log_trouble("trouble", "", error);
	}
	g_clear_error(&engine->trouble);
	engine->trouble = g_error_copy(error);
	engine->offline |= error->code == DRIVE_ERROR_OFFLINE;
	engine->signed_out |= error->code == DRIVE_ERROR_UNAUTHENTICATED;
	if (engine->stalled_until_us < 0) {
		engine->stalled_until_us =
			engine_now(engine) + trouble_back_off(engine->stalled_failures++, error);
	}
}

void trouble_resume(Engine *engine)
{
	engine->stalled_until_us = engine_now(engine);
}

void trouble_passed(Engine *engine)
{
	/* That the server is there, and takes the credential, only the feed can tell. */
	if (engine->trouble && !engine->offline && !engine->signed_out &&
	    g_hash_table_size(engine->stalled) == 0) {
		engine->stalled_failures = 0;
		g_clear_error(&engine->trouble);
	}
}

void trouble_over(Engine *engine)
{
	engine->offline = false;
	engine->signed_out = false;
	if (g_error_matches(engine->trouble, DRIVE_ERROR, DRIVE_ERROR_NO_SPACE)) {
		/* That the server is there tells nothing of a full disk. */
		return;
	}
	engine->stalled_failures = 0;
	g_clear_error(&engine->trouble);
	if (engine->stalled_until_us >= 0) {
		trouble_resume(engine);
	}
}

static int64_t retry_problems(Engine *engine, int64_t now_us)
{
	if (engine->problem_next_us < 0 || engine->problem_next_us > now_us) {
		return engine->problem_next_us;
	}
	GHashTableIter iter;
	void *key, *value;
	engine->problem_next_us = -1;
	g_hash_table_iter_init(&iter, engine->problems);
	while (g_hash_table_iter_next(&iter, &key, &value)) {
		const Problem *problem = value;
		if (problem->retry_us < 0) {
			continue;
		}
		if (problem->retry_us <= now_us) {
			planning_touch(engine, KEY_OF(key));
		} else {
			engine->problem_next_us =
				engine_sooner(engine->problem_next_us, problem->retry_us);
		}
	}
	return engine->problem_next_us;
}

int64_t trouble_timers(Engine *engine, int64_t now_us)
{
	if (engine->stalled_until_us >= 0 && engine->stalled_until_us <= now_us) {
		engine->stalled_until_us = -1;
		planning_touch_all(engine, engine->stalled);
	}
	return engine_sooner(engine->stalled_until_us, retry_problems(engine, now_us));
}

void trouble_activity(Engine *engine, const char *what, int64_t key, const char *known)
{
	g_autofree char *path =
		known ? g_strdup(known) : state_path(engine->state, SIDE_LOCAL, key);
	if (!path) {
		path = state_path(engine->state, SIDE_REMOTE, key);
	}
	EngineActivity activity = {
		.time_us = engine_now(engine),
		.what = what,
		.path = path ? g_steal_pointer(&path) : g_strdup(""),
	};
	if (engine->activity->len >= 2 * ACTIVITY_MAX) {
		g_array_remove_range(engine->activity, 0, ACTIVITY_MAX);
	}
	g_array_append_val(engine->activity, activity);
}

const GError *trouble_of(Engine *engine, int64_t key)
{
	const Problem *problem = g_hash_table_lookup(engine->problems, KEY(key));
	return problem ? problem->error : NULL;
}

const GError *trouble_of_all(const Engine *engine)
{
	/* Of what is refused for want of an account's room, each file is shown. */
	return !engine->trouble && room_is_full_disk(engine) ? room_error(engine) : engine->trouble;
}
