/* SPDX-License-Identifier: Apache-2.0 */
/* How single paths stand, for whoever shows files. */
#include "client/engine/engine_internal.h"

/* Beyond that many changes, each folder is taken for one with changes in it. */
#define CHANGES_MAX 10000

/* The keys of what is to be done, and of all folders that it lies in; NULL: too many. */
static GHashTable *list_unsettled(Engine *engine)
{
	if (engine_choice_unsettled(engine) > CHANGES_MAX) {
		return NULL;
	}
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	GHashTable *unsettled = g_hash_table_new(NULL, NULL);
	state_divergent(engine->state, keys);
	for (unsigned i = 0; i < keys->len; i++) {
		int64_t key = g_array_index(keys, int64_t, i);
		/* Of the root and the like there is nothing to agree on. */
		if (key < ENTRY_KEY_FIRST || g_hash_table_contains(engine->resting, KEY(key)) ||
		    engine_choice_is_hollow(engine, key)) {
			continue;
		}
		while (key != ENTRY_KEY_NONE && g_hash_table_add(unsettled, KEY(key))) {
			const Entry *entry = state_get(engine->state, SIDE_LOCAL, key);
			entry = entry ? entry : state_get(engine->state, SIDE_REMOTE, key);
			key = entry ? entry->parent : ENTRY_KEY_NONE;
		}
	}
	return unsettled;
}

static EngineLook look(Engine *engine, const char *path, GHashTable *unsettled)
{
	int64_t key = engine_choice_find(engine, SIDE_LOCAL, path);
	const Entry *entry = key ? state_get(engine->state, SIDE_LOCAL, key) : NULL;
	if (!entry) {
		return ENGINE_LOOK_ABSENT;
	}
	if (unsettled) {
		return g_hash_table_contains(unsettled, KEY(key)) ? ENGINE_LOOK_SYNCING
								  : ENGINE_LOOK_SYNCED;
	}
	const Entry *synced = state_get(engine->state, SIDE_SYNCED, key);
	const Entry *remote = state_get(engine->state, SIDE_REMOTE, key);
	bool done = entry->kind != ENTRY_FOLDER && synced && remote &&
		    entry_same_place(entry, synced) && entry_same_value(entry, synced) &&
		    entry_same_place(entry, remote) && entry_same_value(entry, remote);
	return done ? ENGINE_LOOK_SYNCED : ENGINE_LOOK_SYNCING;
}

void engine_look_paths(Engine *engine, const char *const *paths, size_t count,
		       EngineLook *ret_looks)
{
	GHashTable *unsettled = list_unsettled(engine);
	for (size_t i = 0; i < count; i++) {
		ret_looks[i] = look(engine, paths[i], unsettled);
	}
	g_clear_pointer(&unsettled, g_hash_table_unref);
}
