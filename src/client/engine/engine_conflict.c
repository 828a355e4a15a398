/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conflict copies that wait for a person to say which is meant. They are files like any other, on
 * all devices; what makes them what they are is their name alone.
 */
#include "client/engine/engine_internal.h"

#include <string.h>

void engine_conflict_free(EngineConflict *conflict)
{
	g_free(conflict->copy);
	g_free(conflict->original);
	g_free(conflict->label);
	g_free(conflict);
}

static bool is_mine(const Engine *engine, const char *label)
{
	size_t size = strlen(engine->device_name);
	return strncmp(label, engine->device_name, size) == 0 && label[size] == ',';
}

/* Is the other value still to come from the drive? Nobody can choose before he has seen it. */
static bool is_coming(Engine *engine, int64_t folder, const char *original)
{
	if (state_find(engine->state, SIDE_LOCAL, folder, original) != ENTRY_KEY_NONE) {
		return false;
	}
	int64_t there = state_find(engine->state, SIDE_REMOTE, folder, original);
	return there != ENTRY_KEY_NONE && !state_get(engine->state, SIDE_SYNCED, there);
}

static EngineConflict *read_conflict(Engine *engine, const Entry *entry)
{
	g_autofree char *name = NULL;
	g_autofree char *label = NULL;
	g_autofree char *copy = state_path(engine->state, SIDE_LOCAL, entry->key);
	if (!copy || !plan_conflict_parse(entry->name, &name, &label) ||
	    is_coming(engine, entry->parent, name)) {
		return NULL;
	}
	size_t above = strlen(copy) - strlen(entry->name);
	EngineConflict *conflict = g_new(EngineConflict, 1);
	conflict->original = g_strdup_printf("%.*s%s", (int)above, copy, name);
	conflict->copy = g_steal_pointer(&copy);
	conflict->mine = is_mine(engine, label);
	conflict->label = g_steal_pointer(&label);
	return conflict;
}

static int compare(const void *a, const void *b)
{
	const EngineConflict *const *one = a, *const *other = b;
	return strcmp((*one)->copy, (*other)->copy);
}

void engine_conflict_list(Engine *engine, GPtrArray *ret_conflicts)
{
	g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func((GDestroyNotify)entry_unref);
	state_conflicts(engine->state, entries);
	for (unsigned i = 0; i < entries->len; i++) {
		EngineConflict *conflict = read_conflict(engine, entries->pdata[i]);
		if (conflict) {
			g_ptr_array_add(ret_conflicts, conflict);
		}
	}
	g_ptr_array_sort(ret_conflicts, compare);
}

size_t engine_conflict_count(Engine *engine)
{
	g_autoptr(GPtrArray) list =
		g_ptr_array_new_with_free_func((GDestroyNotify)engine_conflict_free);
	engine_conflict_list(engine, list);
	return list->len;
}
