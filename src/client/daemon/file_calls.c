/* SPDX-License-Identifier: Apache-2.0 */
#include "client/daemon/file_calls.h"

#include "base/error.h"
#include "base/limits.h"
#include "client/plan/plan.h"

#include <string.h>

GPtrArray *file_calls_paths(const json_t *params, GError **error)
{
	g_autoptr(GPtrArray) paths = g_ptr_array_new();
	size_t index;
	json_t *item;
	const json_t *list = json_object_get(params, "paths");
	bool right = json_is_array(list) && json_array_size(list) <= CONTROL_PATHS_MAX;
	json_array_foreach(list, index, item)
	{
		right = right && json_is_string(item);
		g_ptr_array_add(paths, (char *)json_string_value(item));
	}
	if (!right) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "the call takes paths, a list of %d at most", CONTROL_PATHS_MAX);
		return NULL;
	}
	return g_steal_pointer(&paths);
}

/* What is wrong with the whole of it is no file's. */
static bool has_problem(const EngineStatus *status, const char *path)
{
	for (unsigned i = 0; i < status->problems->len; i++) {
		const EngineProblem *problem = status->problems->pdata[i];
		if (*path && strcmp(problem->path, path) == 0) {
			return true;
		}
	}
	return false;
}

static bool is_conflict(const char *path)
{
	g_autofree char *name = g_path_get_basename(path);
	g_autofree char *original = NULL;
	g_autofree char *label = NULL;
	return plan_conflict_parse(name, &original, &label);
}

static const char *name_of(EngineLook look, const EngineStatus *status, const char *path)
{
	if (has_problem(status, path)) {
		return "problem";
	}
	if (look == ENGINE_LOOK_ABSENT) {
		return "";
	}
	if (is_conflict(path)) {
		return "conflict";
	}
	return look == ENGINE_LOOK_SYNCED ? "synced" : "syncing";
}

/* Fills in what lies in this binding. states: of each path, NULL where nobody knows yet. */
static void look(const Bound *bound, const GPtrArray *paths, const char **states)
{
	g_autoptr(GPtrArray) inside = g_ptr_array_new();
	g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(unsigned));
	for (unsigned i = 0; i < paths->len; i++) {
		const char *rest =
			states[i] ? NULL : daemon_rest_of(paths->pdata[i], bound->folder);
		if (rest) {
			g_ptr_array_add(inside, (char *)rest);
			g_array_append_val(places, i);
		}
	}
	if (inside->len == 0) {
		return;
	}
	Engine *engine = binding_engine(bound->binding);
	g_auto(EngineStatus) status = { 0 };
	g_autofree EngineLook *looks = g_new(EngineLook, inside->len);
	engine_status_get(engine, &status);
	engine_look_paths(engine, (const char *const *)inside->pdata, inside->len, looks);
	for (unsigned i = 0; i < inside->len; i++) {
		states[g_array_index(places, unsigned, i)] =
			name_of(looks[i], &status, inside->pdata[i]);
	}
}

json_t *file_calls_look(Daemon *daemon, json_t *params, GError **error)
{
	g_autoptr(GPtrArray) paths = file_calls_paths(params, error);
	if (!paths) {
		return NULL;
	}
	g_autofree const char **states = g_new0(const char *, paths->len + 1);
	for (unsigned i = 0; i < daemon->bounds->len; i++) {
		const Bound *bound = daemon->bounds->pdata[i];
		if (bound->binding) {
			look(bound, paths, states);
		}
	}
	json_t *list = json_array();
	for (unsigned i = 0; i < paths->len; i++) {
		json_array_append_new(list, json_string(states[i] ? states[i] : ""));
	}
	return json_pack("{s:o}", "states", list);
}
