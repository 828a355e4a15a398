/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How it all looks to a person: one state, what is left to do, and what needs attention.
 */
#include "base/error.h"
#include "base/text.h"
#include "client/engine/engine_internal.h"

#include <string.h>

#define PROBLEMS_SHOWN_MAX 1000

static void problem_free(void *data)
{
	EngineProblem *problem = data;
	g_free(problem->path);
	g_free(problem->message);
	g_free(problem);
}

/* What was tried and what was wrong; and, where that is nothing, what to do. */
static char *message_of(const GError *error)
{
	if (error->code == DRIVE_ERROR_OFFLINE) {
		return g_strdup_printf("the drive cannot be reached (%s); it goes on by itself "
				       "when it is there again",
				       error->message);
	}
	bool full = error->code == DRIVE_ERROR_NO_SPACE;
	return g_strconcat(error->message,
			   full ? "; it goes on by itself when there is room" : NULL, NULL);
}

static void add_problem(EngineStatus *status, char *path, const GError *error)
{
	EngineProblem *problem = g_new0(EngineProblem, 1);
	problem->path = path ? path : g_strdup("");
	problem->code = error->domain == DRIVE_ERROR ? error->code : DRIVE_ERROR_IO;
	problem->message = message_of(error);
	g_ptr_array_add(status->problems, problem);
}

static void list_problems(Engine *engine, EngineStatus *status)
{
	GHashTableIter iter;
	void *key, *value;
	const GError *trouble = trouble_of_all(engine);
	if (trouble) {
		add_problem(status, g_strdup(""), trouble);
	}
	g_hash_table_iter_init(&iter, engine->problems);
	while (status->problems->len < PROBLEMS_SHOWN_MAX &&
	       g_hash_table_iter_next(&iter, &key, NULL)) {
		char *path = state_path(engine->state, SIDE_LOCAL, KEY_OF(key));
		if (!path) {
			path = state_path(engine->state, SIDE_REMOTE, KEY_OF(key));
		}
		add_problem(status, path, trouble_of(engine, KEY_OF(key)));
	}
	g_hash_table_iter_init(&iter, local_errors(engine->local));
	while (status->problems->len < PROBLEMS_SHOWN_MAX &&
	       g_hash_table_iter_next(&iter, &key, &value)) {
		add_problem(status, state_path(engine->state, SIDE_LOCAL, *(int64_t *)key), value);
	}
}

static uint64_t bytes_left(const Engine *engine)
{
	const Lane *const lanes[] = { &engine->upload_small, &engine->upload_large,
				      &engine->apply_small, &engine->apply_large };
	uint64_t bytes = 0;
	for (size_t i = 0; i < G_N_ELEMENTS(lanes); i++) {
		bytes += lanes[i]->waiting_bytes + lanes[i]->running_bytes;
	}
	return bytes;
}

static EngineState overall(Engine *engine, const EngineStatus *status)
{
	if (engine->signed_out || engine->absent || engine->brake) {
		return ENGINE_ATTENTION;
	}
	if (engine->paused) {
		return ENGINE_PAUSED;
	}
	if (engine->offline) {
		return ENGINE_OFFLINE;
	}
	bool quiet =
		engine_is_settled(engine) || (g_queue_is_empty(engine->touched) &&
					      bytes_left(engine) == 0 && engine_is_stuck(engine));
	if (!quiet) {
		return ENGINE_SYNCING;
	}
	return status->problems->len > 0 ? ENGINE_ATTENTION : ENGINE_IDLE;
}

static char *reason_of(const Engine *engine)
{
	if (engine->signed_out) {
		return g_strdup("this device is signed out: its credential has expired or was "
				"revoked; sign in again with 'imdrive login'");
	}
	if (engine->brake) {
		return g_strdup("more than half of everything here is about to be deleted; if that "
				"is meant, run 'imdrive resume --accept-deletions', otherwise "
				"'imdrive resume --undo-deletions'");
	}
	const GError *trouble = trouble_of_all(engine);
	return trouble ? message_of(trouble) : NULL;
}

void engine_status_get(Engine *engine, EngineStatus *ret_status)
{
	StateTotals totals = state_totals(engine->state);
	size_t divergent = engine_choice_unsettled(engine);
	*ret_status = (EngineStatus){
		.signed_out = engine->signed_out,
		.files = totals.files,
		.folders = totals.folders,
		.bytes = totals.bytes,
		.pending = divergent > 0 ? divergent - 1 : 0,
		.held = engine->brake ? planning_vanished(engine) : 0,
		.bytes_done = engine->bytes_done,
		.bytes_left = bytes_left(engine),
		.bytes_uploaded = upload_progress(engine->world.upload),
		.bytes_downloaded = apply_progress(engine->world.apply),
		.scanning = !local_is_complete(engine->local),
		.unwatched = local_unwatched(engine->local),
		.problems = g_ptr_array_new_with_free_func(problem_free),
		.skipped = g_ptr_array_new_with_free_func(g_free),
		.left_out = g_ptr_array_new_with_free_func(g_free),
		.spelled = g_ptr_array_new_with_free_func(g_free),
	};
	const GPtrArray *skipped = local_skipped(engine->local);
	for (unsigned i = 0; i < skipped->len; i++) {
		g_ptr_array_add(ret_status->skipped, g_strdup(skipped->pdata[i]));
	}
	const GPtrArray *spelled = local_spelled(engine->local);
	for (unsigned i = 0; i < spelled->len; i++) {
		char *here = disk_spell(engine->world.disk, spelled->pdata[i]);
		g_ptr_array_add(ret_status->spelled, g_strdup(spelled->pdata[i]));
		g_ptr_array_add(ret_status->spelled, here ? here : g_strdup(spelled->pdata[i]));
	}
	engine_choice_list(engine, ret_status->left_out);
	list_problems(engine, ret_status);
	ret_status->reason = reason_of(engine);
	ret_status->state = overall(engine, ret_status);
}

void engine_status_clear(EngineStatus *status)
{
	g_free(status->reason);
	g_clear_pointer(&status->problems, g_ptr_array_unref);
	g_clear_pointer(&status->skipped, g_ptr_array_unref);
	g_clear_pointer(&status->left_out, g_ptr_array_unref);
	g_clear_pointer(&status->spelled, g_ptr_array_unref);
}

const char *engine_status_name(EngineState state)
{
	static const char *const names[] = { "idle", "syncing", "offline", "paused", "attention" };
	g_assert((size_t)state < G_N_ELEMENTS(names));
	return names[state];
}

GArray *engine_status_activity(Engine *engine)
{
	return engine->activity;
}

bool engine_status_offline(const Engine *engine)
{
	return engine->offline;
}

void engine_status_amounts(const Engine *engine, uint64_t *ret_stored, uint64_t *ret_waiting)
{
	const Lane *small = &engine->upload_small, *large = &engine->upload_large;
	*ret_stored = state_totals(engine->state).bytes;
	*ret_waiting = small->waiting_bytes + small->running_bytes + large->waiting_bytes +
		       large->running_bytes;
}
