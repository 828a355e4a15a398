/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Folders that are left out on this device: which they are, and what follows for the engine's
 * books. What is to be done is planned as always (client/plan).
 *
 * Choices are kept by node id, so that they follow a folder wherever it is moved. Two things are on
 * disk before anything is taken away, since the state may lag the disk: the choice, and the keys of
 * what is about to go. So whatever is missing after a crash was not deleted, also if it lies
 * elsewhere on the server by then. A key is dropped when a record says that it is not synced.
 */
#include "base/error.h"
#include "base/text.h"
#include "client/engine/engine_internal.h"

#include <string.h>

#define LEFT_OUT "left-out"
#define TAKEN_AWAY "taken-away"

/* ---- what is kept ------------------------------------------------------------------------ */

static bool save_left_out(Engine *engine, GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);
	GHashTableIter iter;
	void *id;
	g_hash_table_iter_init(&iter, engine->left_out);
	while (g_hash_table_iter_next(&iter, &id, NULL)) {
		char hex[NODE_ID_HEX_SIZE];
		node_id_to_hex(id, hex);
		g_string_append_printf(text, "%s%s", text->len ? "," : "", hex);
	}
	return state_set_setting(engine->state, LEFT_OUT, text->str, error) &&
	       state_secure(engine->state, error);
}

static bool save_taken_away(Engine *engine, GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);
	GHashTableIter iter;
	void *key;
	g_hash_table_iter_init(&iter, engine->taken_away);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		g_string_append_printf(text, "%s%" G_GINT64_FORMAT, text->len ? "," : "",
				       KEY_OF(key));
	}
	if (!state_set_setting(engine->state, TAKEN_AWAY, text->str, error)) {
		return false;
	}
	engine->taken_away_unsaved = false;
	return true;
}

static char **load(Engine *engine, const char *setting)
{
	g_autofree char *text = state_get_setting(engine->state, setting);
	return g_strsplit(text ? text : "", ",", -1);
}

void engine_choice_init(Engine *engine)
{
	engine->left_out = g_hash_table_new_full(node_id_hash, node_id_equal, g_free, NULL);
	engine->taken_away = g_hash_table_new(NULL, NULL);
	engine->resting = g_hash_table_new(NULL, NULL);
	engine->hollow = g_hash_table_new(NULL, NULL);
	g_auto(GStrv) ids = load(engine, LEFT_OUT);
	for (char **text = ids; *text; text++) {
		NodeId id;
		if (node_id_from_hex(*text, &id)) {
			g_hash_table_add(engine->left_out, g_memdup2(&id, sizeof id));
			/* What is still here of it is settled, and nothing else would ask. */
			planning_touch(engine, state_key_of_id(engine->state, &id));
		}
	}
	g_auto(GStrv) keys = load(engine, TAKEN_AWAY);
	for (char **text = keys; *text; text++) {
		int64_t key = g_ascii_strtoll(*text, NULL, 10);
		if (key >= ENTRY_KEY_FIRST && state_get(engine->state, SIDE_SYNCED, key)) {
			g_hash_table_insert(engine->taken_away, KEY(key), NULL);
		}
	}
}

void engine_choice_clear(Engine *engine)
{
	g_hash_table_unref(engine->left_out);
	g_hash_table_unref(engine->taken_away);
	g_hash_table_unref(engine->resting);
	g_hash_table_unref(engine->hollow);
}

/* ---- planning ---------------------------------------------------------------------------- */

static bool view_left_out(void *data, const NodeId *id)
{
	return g_hash_table_contains(((Engine *)data)->left_out, id);
}

static bool view_taken_away(void *data, int64_t key)
{
	return g_hash_table_contains(((Engine *)data)->taken_away, KEY(key));
}

static bool view_hollow(void *data, int64_t key)
{
	return engine_choice_is_hollow(data, key);
}

void engine_choice_view(Engine *engine, PlanView *view)
{
	view->left_out = g_hash_table_size(engine->left_out) > 0 ? view_left_out : NULL;
	view->taken_away = g_hash_table_size(engine->taken_away) > 0 ? view_taken_away : NULL;
	view->hollow = g_hash_table_size(engine->hollow) > 0 ? view_hollow : NULL;
}

void engine_choice_planned(Engine *engine, const PlanView *view, const GArray *keys)
{
	if (!view->left_out && g_hash_table_size(engine->resting) == 0) {
		return;
	}
	for (unsigned i = 0; i < keys->len; i++) {
		int64_t key = g_array_index(keys, int64_t, i);
		if (!state_get(engine->state, SIDE_LOCAL, key) &&
		    !state_get(engine->state, SIDE_SYNCED, key) && plan_is_left_out(view, key)) {
			g_hash_table_add(engine->resting, KEY(key));
		} else {
			g_hash_table_remove(engine->resting, KEY(key));
		}
	}
}

void engine_choice_take_away(Engine *engine, int64_t key)
{
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	g_array_append_val(keys, key);
	for (unsigned i = 0; i < keys->len; i++) {
		key = g_array_index(keys, int64_t, i);
		if (state_get(engine->state, SIDE_SYNCED, key)) {
			g_hash_table_insert(engine->taken_away, KEY(key), NULL);
			engine->taken_away_unsaved = true;
		}
		state_child_keys(engine->state, SIDE_LOCAL, key, keys);
	}
}

bool engine_choice_secure(Engine *engine)
{
	g_autoptr(GError) error = NULL;
	if (!engine->taken_away_unsaved) {
		return true;
	}
	if (save_taken_away(engine, &error) && state_secure(engine->state, &error)) {
		return true;
	}
	engine->taken_away_unsaved = true;
	g_prefix_error(&error, "leave out a folder: ");
	trouble_batch(engine, error);
	return false;
}

void engine_choice_returned(Engine *engine, int64_t key)
{
	if (g_hash_table_remove(engine->taken_away, KEY(key))) {
		engine->taken_away_unsaved = true;
	}
}

static bool is_applying(const Engine *engine)
{
	const Lane *small = &engine->apply_small, *large = &engine->apply_large;
	return small->running + large->running + small->waiting.length + large->waiting.length > 0;
}

/*
 * It is still here, after all. So it seems also of what a job has taken away that then failed,
 * until somebody has looked again.
 */
static bool is_spared(Engine *engine, int64_t key)
{
	return state_get(engine->state, SIDE_LOCAL, key) && !is_applying(engine) &&
	       local_is_quiet(engine->local) && g_hash_table_size(local_errors(engine->local)) == 0;
}

void engine_choice_recorded(Engine *engine, uint64_t generation)
{
	if (g_hash_table_size(engine->taken_away) == 0 && !engine->taken_away_unsaved) {
		return;
	}
	g_autoptr(GError) error = NULL;
	uint64_t mark = 0;
	GHashTableIter iter;
	void *key, *since;
	g_hash_table_iter_init(&iter, engine->taken_away);
	while (g_hash_table_iter_next(&iter, &key, &since)) {
		uint64_t due = GPOINTER_TO_SIZE(since);
		bool synced = state_get(engine->state, SIDE_SYNCED, KEY_OF(key)) != NULL;
		if (synced ? is_spared(engine, KEY_OF(key)) : due > 0 && due <= generation) {
			g_hash_table_iter_remove(&iter);
			engine->taken_away_unsaved = true;
		} else if (!synced && due == 0) {
			mark = mark ? mark : state_mark(engine->state);
			g_hash_table_iter_replace(&iter, GSIZE_TO_POINTER((gsize)mark));
		}
	}
	if (engine->taken_away_unsaved && !is_applying(engine) &&
	    !save_taken_away(engine, &error)) {
		trouble_batch(engine, error);
	}
}

/* ---- folders that cannot go --------------------------------------------------------------- */

bool engine_choice_is_hollow(const Engine *engine, int64_t key)
{
	return g_hash_table_contains(engine->hollow, KEY(key));
}

/* Unless something is known to be in it that came, or moved, after it was planned. */
void engine_choice_hollow(Engine *engine, const ApplyItem *item)
{
	g_autoptr(GHashTable) tried = g_hash_table_new(NULL, NULL);
	for (unsigned i = 0; i < item->inside->len; i++) {
		const ApplyInside *inside = &g_array_index(item->inside, ApplyInside, i);
		g_hash_table_insert(tried, KEY(inside->key), inside->path);
	}
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	state_child_keys(engine->state, SIDE_LOCAL, item->key, keys);
	for (unsigned i = 0; i < keys->len; i++) {
		int64_t key = g_array_index(keys, int64_t, i);
		g_autofree char *path = state_path(engine->state, SIDE_LOCAL, key);
		if (g_strcmp0(path, g_hash_table_lookup(tried, KEY(key))) != 0) {
			return;
		}
		state_child_keys(engine->state, SIDE_LOCAL, key, keys);
	}
	g_hash_table_add(engine->hollow, KEY(item->key));
}

void engine_choice_stirred(Engine *engine, int64_t key)
{
	while (g_hash_table_size(engine->hollow) > 0 && key != ENTRY_KEY_NONE) {
		if (g_hash_table_remove(engine->hollow, KEY(key))) {
			planning_touch(engine, key);
		}
		const Entry *entry = state_get(engine->state, SIDE_LOCAL, key);
		key = entry ? entry->parent : ENTRY_KEY_NONE;
	}
}

static bool is_unsettled(Engine *engine, int64_t key)
{
	const Entry *local = state_get(engine->state, SIDE_LOCAL, key);
	const Entry *synced = state_get(engine->state, SIDE_SYNCED, key);
	const Entry *remote = state_get(engine->state, SIDE_REMOTE, key);
	return !local || !synced || !remote || !entry_same_place(local, synced) ||
	       !entry_same_place(remote, synced) || remote->seq != synced->seq;
}

static size_t count_hollow(Engine *engine)
{
	size_t count = 0;
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	GHashTableIter iter;
	void *key;
	g_hash_table_iter_init(&iter, engine->hollow);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		int64_t value = KEY_OF(key);
		g_array_append_val(keys, value);
	}
	unsigned tops = keys->len;
	for (unsigned i = 0; i < keys->len; i++) {
		int64_t inside = g_array_index(keys, int64_t, i);
		/* One in another one is counted with that. */
		if (i < tops || !engine_choice_is_hollow(engine, inside)) {
			count += is_unsettled(engine, inside);
			state_child_keys(engine->state, SIDE_LOCAL, inside, keys);
		}
	}
	return count;
}

size_t engine_choice_unsettled(Engine *engine)
{
	size_t divergent = state_divergent_count(engine->state);
	size_t idle = g_hash_table_size(engine->resting) + count_hollow(engine);
	return divergent - MIN(divergent, idle);
}

/* ---- choosing ---------------------------------------------------------------------------- */

int64_t engine_choice_find(Engine *engine, Side side, const char *path)
{
	g_auto(GStrv) names = g_strsplit(path, "/", -1);
	int64_t key = ENTRY_KEY_ROOT;
	for (char **name = names; *name && key != ENTRY_KEY_NONE; name++) {
		key = **name ? state_find(engine->state, side, key, *name) : key;
	}
	return key;
}

/* As the person sees it here, or else as it is there. */
static const Entry *find_there(Engine *engine, const char *path)
{
	int64_t key = engine_choice_find(engine, SIDE_LOCAL, path);
	const Entry *entry = key ? state_get(engine->state, SIDE_REMOTE, key) : NULL;
	if (!entry) {
		key = engine_choice_find(engine, SIDE_REMOTE, path);
		entry = key ? state_get(engine->state, SIDE_REMOTE, key) : NULL;
	}
	return entry;
}

static bool fail(GError **error, int code, const char *path, const char *why)
{
	g_autofree char *shown = text_printable(path, strlen(path));
	g_set_error(error, DRIVE_ERROR, code, "'%s': %s", shown, why);
	return false;
}

static bool check_folder(Engine *engine, const char *path, const Entry *entry, GError **error)
{
	if (disk_is_lazy(engine->world.disk)) {
		return fail(
			error, DRIVE_ERROR_UNSUPPORTED, path,
			"is on a virtual disk, where nothing is downloaded before it is opened: "
			"there is nothing to leave out");
	}
	if (!entry) {
		return fail(error, DRIVE_ERROR_NOT_FOUND, path,
			    "the drive has no such folder (yet); what is new here has to be "
			    "uploaded first");
	}
	if (entry->key == ENTRY_KEY_ROOT || entry->kind != ENTRY_FOLDER) {
		return fail(error, DRIVE_ERROR_INVALID, path,
			    "only a folder inside the drive can be left out");
	}
	return true;
}

static void touch_left_out(Engine *engine)
{
	GHashTableIter iter;
	void *id;
	g_hash_table_iter_init(&iter, engine->left_out);
	while (g_hash_table_iter_next(&iter, &id, NULL)) {
		planning_touch(engine, state_key_of_id(engine->state, id));
	}
}

/* What can be said of many nodes has changed. */
static void chosen(Engine *engine, int64_t key)
{
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	g_hash_table_remove_all(engine->resting);
	state_divergent(engine->state, keys);
	g_array_append_val(keys, key);
	for (unsigned i = 0; i < keys->len; i++) {
		planning_touch(engine, g_array_index(keys, int64_t, i));
	}
	/* One that is settled, and waited to go with the folder around it, goes by itself now. */
	touch_left_out(engine);
	engine->world.wake(engine->world.data);
}

bool engine_choice_leave_out(Engine *engine, const char *path, GError **error)
{
	const Entry *entry = find_there(engine, path);
	if (!check_folder(engine, path, entry, error)) {
		return false;
	}
	int64_t key = entry->key;
	NodeId id = entry->id;
	if (g_hash_table_contains(engine->left_out, &id)) {
		return true;
	}
	/* What is here is known to be here: nothing of it looks as if it had just been made. */
	if (!recording_now(engine, error)) {
		return false;
	}
	g_hash_table_add(engine->left_out, g_memdup2(&id, sizeof id));
	if (!save_left_out(engine, error)) {
		g_hash_table_remove(engine->left_out, &id);
		return false;
	}
	chosen(engine, key);
	return true;
}

bool engine_choice_take_in(Engine *engine, const char *path, GError **error)
{
	const Entry *entry = find_there(engine, path);
	int64_t key = entry ? entry->key : ENTRY_KEY_NONE;
	NodeId id = entry ? entry->id : (NodeId){ 0 };
	if (!entry || !g_hash_table_remove(engine->left_out, &id)) {
		PlanView view = { 0 };
		planning_view(engine, &view);
		bool inside = entry && plan_is_left_out(&view, key);
		return fail(error, DRIVE_ERROR_NOT_FOUND, path,
			    inside ? "lies in a folder that is left out; take that in"
				   : "is not left out");
	}
	if (!save_left_out(engine, error)) {
		g_hash_table_add(engine->left_out, g_memdup2(&id, sizeof id));
		return false;
	}
	chosen(engine, key);
	return true;
}

/* ---- for people -------------------------------------------------------------------------- */

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void engine_choice_list(Engine *engine, GPtrArray *ret_paths)
{
	GHashTableIter iter;
	void *id;
	g_hash_table_iter_init(&iter, engine->left_out);
	while (g_hash_table_iter_next(&iter, &id, NULL)) {
		int64_t key = state_key_of_id(engine->state, id);
		char *path = key ? state_path(engine->state, SIDE_REMOTE, key) : NULL;
		if (path) {
			g_ptr_array_add(ret_paths, path);
		}
	}
	g_ptr_array_sort(ret_paths, compare_paths);
}

static bool is_partly(Engine *engine, int64_t folder)
{
	GHashTableIter iter;
	void *id;
	g_hash_table_iter_init(&iter, engine->left_out);
	while (g_hash_table_iter_next(&iter, &id, NULL)) {
		int64_t key = state_key_of_id(engine->state, id);
		if (key && key != folder &&
		    state_is_below(engine->state, SIDE_REMOTE, key, folder)) {
			return true;
		}
	}
	return false;
}

static bool has_folders(Engine *engine, int64_t folder)
{
	g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func((GDestroyNotify)entry_unref);
	state_children(engine->state, SIDE_REMOTE, folder, entries);
	for (unsigned i = 0; i < entries->len; i++) {
		if (((const Entry *)entries->pdata[i])->kind == ENTRY_FOLDER) {
			return true;
		}
	}
	return false;
}

bool engine_choice_folders(Engine *engine, const char *path, GPtrArray *ret_folders, GError **error)
{
	int64_t key = engine_choice_find(engine, SIDE_REMOTE, path);
	if (key == ENTRY_KEY_NONE) {
		return fail(error, DRIVE_ERROR_NOT_FOUND, path, "the drive has no such folder");
	}
	PlanView view = { 0 };
	planning_view(engine, &view);
	g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func((GDestroyNotify)entry_unref);
	state_children(engine->state, SIDE_REMOTE, key, entries);
	for (unsigned i = 0; i < entries->len; i++) {
		const Entry *entry = entries->pdata[i];
		if (entry->kind != ENTRY_FOLDER) {
			continue;
		}
		EngineFolder *folder = g_new(EngineFolder, 1);
		*folder = (EngineFolder){
			.name = g_strdup(entry->name),
			.left_out = plan_is_left_out(&view, entry->key),
			.partly = is_partly(engine, entry->key),
			.inside = has_folders(engine, entry->key),
		};
		g_ptr_array_add(ret_folders, folder);
	}
	return true;
}

void engine_choice_folder_free(EngineFolder *folder)
{
	g_free(folder->name);
	g_free(folder);
}
