/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is to be looked at, and what is waited for. What is seen becomes the local tree in
 * local_merge.c.
 *
 * Is it gone? A missing name is put into `departed`. Only when its grace is over, no deep listing
 * is under way in which it might turn up, and a last look together with the marker still finds
 * nothing, does it leave the tree. If that look comes to nothing (it failed, the folder was not
 * there, the place was ours), another one is asked for, later each time.
 *
 * Where is it? What is seen below a path is believed only if the folder there was the one that was
 * meant. If it was not, the folder is `astray`: it is asked for at its own place, and once it is
 * found, wherever that is, it is listed.
 */
#include "client/observe/local.h"

#include "base/error.h"
#include "client/observe/local_internal.h"

#include <string.h>

/* Time between last looks at the same name, at most. */
#define LOOK_AGAIN_US_MAX (60 * G_USEC_PER_SEC)

/* Departed.until_us as of when it was queued; void if they differ. */
typedef struct Due {
	int64_t key;
	int64_t time_us;
} Due;

int64_t *local_key_new(int64_t key)
{
	return g_memdup2(&key, sizeof key);
}

void local_arrival_free(void *item)
{
	Arrival *arrival = item;
	g_free(arrival->place.name);
	g_free(arrival);
}

static void begun_free(void *item)
{
	Begun *begun = item;
	g_free(begun->place.name);
	g_free(begun);
}

static GHashTable *keys_new(GDestroyNotify free_value)
{
	return g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, free_value);
}

Local *local_new(State *state, const Ignore *ignore, const LocalHooks *hooks)
{
	Local *local = g_new0(Local, 1);
	local->state = state;
	local->ignore = ignore;
	local->hooks = *hooks;
	local->marks = marks_new(state);
	local->departed = keys_new(g_free);
	local->departed_order = g_sequence_new(g_free);
	local->arrivals = keys_new(local_arrival_free);
	local->astray = keys_new(NULL);
	g_queue_init(&local->begun);
	local->told = g_hash_table_new_full(spot_hash, spot_equal, spot_free, NULL);
	local->told_paths = g_ptr_array_new_with_free_func(g_free);
	local->errors = keys_new((GDestroyNotify)g_error_free);
	local->failed_deep = keys_new(NULL);
	local->unwatched = keys_new(NULL);
	return local;
}

void local_free(Local *local)
{
	if (!local) {
		return;
	}
	marks_free(local->marks);
	g_sequence_free(local->departed_order);
	g_hash_table_unref(local->departed);
	g_hash_table_unref(local->arrivals);
	g_hash_table_unref(local->astray);
	g_queue_clear_full(&local->begun, begun_free);
	g_hash_table_unref(local->told);
	g_ptr_array_unref(local->told_paths);
	g_hash_table_unref(local->errors);
	g_hash_table_unref(local->failed_deep);
	g_hash_table_unref(local->unwatched);
	g_free(local);
}

void local_set_ignore(Local *local, const Ignore *ignore)
{
	local->ignore = ignore;
}

/* ---- what is to be looked at ------------------------------------------------------------ */

void local_mark_name(Local *local, int64_t folder, const char *name)
{
	if (state_get(local->state, SIDE_LOCAL, folder)) {
		marks_name(local->marks, folder, name);
	}
}

void local_mark_folder(Local *local, int64_t key, bool deep)
{
	const Entry *entry = state_get(local->state, SIDE_LOCAL, key);
	/* What is parked is looked at by its name: its folder is ours, and listed for nobody. */
	if (key != ENTRY_KEY_PARK && entry && entry->kind == ENTRY_FOLDER) {
		marks_folder(local->marks, key, deep);
	}
}

void local_mark_unwatched(Local *local)
{
	GHashTableIter iter;
	void *key;
	g_hash_table_iter_init(&iter, local->unwatched);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		local_mark_folder(local, *(int64_t *)key, false);
	}
}

void local_mark_failed(Local *local)
{
	GHashTableIter iter;
	void *key;
	g_hash_table_iter_init(&iter, local->errors);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		bool deep = g_hash_table_contains(local->failed_deep, key);
		local_mark_folder(local, *(int64_t *)key, deep);
	}
}

bool local_take(Local *local, unsigned folders_max, unsigned names_max, Scan *scan)
{
	return marks_take(local->marks, folders_max, names_max, scan);
}

void local_take_back(Local *local, const Scan *scan)
{
	for (unsigned i = 0; i < scan->folders->len; i++) {
		const ScanFolder *folder = &g_array_index(scan->folders, ScanFolder, i);
		local_mark_folder(local, marks_key_now(local->marks, folder->key), folder->deep);
	}
	for (unsigned i = 0; i < scan->names->len; i++) {
		const ScanPlace *place = &g_array_index(scan->names, ScanName, i).place;
		local_mark_name(local, marks_key_now(local->marks, place->folder), place->name);
	}
	marks_taken_back(local->marks, scan);
}

/* ---- coming and going ------------------------------------------------------------------- */

static int earlier_first(const void *a, const void *b, void *data)
{
	const Due *x = a, *y = b;
	(void)data;
	return x->time_us < y->time_us ? -1 : x->time_us > y->time_us;
}

static void wait_until(Local *local, int64_t key, Departed *departed, int64_t time_us)
{
	Due *due = g_new(Due, 1);
	departed->until_us = time_us;
	due->key = key;
	due->time_us = time_us;
	g_sequence_insert_sorted(local->departed_order, due, earlier_first, NULL);
}

void local_depart(Local *local, int64_t key)
{
	if (key == ENTRY_KEY_PARK || g_hash_table_contains(local->departed, &key)) {
		return;
	}
	Departed *departed = g_new0(Departed, 1);
	g_hash_table_insert(local->departed, local_key_new(key), departed);
	wait_until(local, key, departed, local->now_us + LOCAL_GRACE_US);
}

static bool has_folder(Local *local, const Entry *entry)
{
	return state_get(local->state, SIDE_LOCAL, entry->parent);
}

void local_add_strays(Local *local, const GArray *keys)
{
	for (unsigned i = 0; i < keys->len; i++) {
		int64_t key = g_array_index(keys, int64_t, i);
		const Entry *entry = state_get(local->state, SIDE_LOCAL, key);
		g_autoptr(Entry) held = entry ? entry_ref(entry) : NULL;
		if (held && !has_folder(local, held)) {
			local_depart(local, key);
		}
	}
}

void local_displace(Local *local, int64_t key)
{
	/* It can be anywhere: in a folder that is not there (local_add_strays()). */
	Entry fields = *state_get(local->state, SIDE_LOCAL, key);
	fields.parent = state_key_new(local->state);
	g_autoptr(Entry) stray = entry_new(&fields);
	state_put(local->state, SIDE_LOCAL, stray);
	local_depart(local, key);
}

void local_list_once_found(Local *local, int64_t key, bool deep)
{
	deep |= GPOINTER_TO_INT(g_hash_table_lookup(local->astray, &key));
	g_hash_table_replace(local->astray, local_key_new(key), GINT_TO_POINTER(deep));
}

void local_stray(Local *local, int64_t key, bool deep)
{
	const Entry *entry = state_get(local->state, SIDE_LOCAL, key);
	local_list_once_found(local, key, deep);
	g_hash_table_remove(local->errors, &key);
	g_hash_table_remove(local->failed_deep, &key);
	if (entry->parent != ENTRY_KEY_NONE) {
		local_mark_name(local, entry->parent, entry->name);
	}
}

void local_drop_arrival(Local *local, int64_t key)
{
	const Arrival *arrival = g_hash_table_lookup(local->arrivals, &key);
	if (arrival) {
		local_mark_name(local, arrival->place.folder, arrival->place.name);
		g_hash_table_remove(local->arrivals, &key);
	}
}

void local_come_back(Local *local, int64_t key)
{
	if (g_hash_table_remove(local->departed, &key)) {
		local->hooks.touched(local->hooks.data, key);
	}
}

void local_found(Local *local, int64_t key)
{
	void *deep;
	local_come_back(local, key);
	local_drop_arrival(local, key);
	if (g_hash_table_lookup_extended(local->astray, &key, NULL, &deep)) {
		g_hash_table_remove(local->astray, &key);
		local_mark_folder(local, key, GPOINTER_TO_INT(deep));
	}
}

void local_gone(Local *local, int64_t key)
{
	local_drop_arrival(local, key);
	g_hash_table_remove(local->departed, &key);
	g_hash_table_remove(local->astray, &key);
	g_hash_table_remove(local->errors, &key);
	g_hash_table_remove(local->failed_deep, &key);
	g_hash_table_remove(local->unwatched, &key);
	marks_forget(local->marks, key);
	local->hooks.gone(local->hooks.data, key);
}

/*
 * A new file without content was most likely made a moment ago, to be written now: it would travel
 * empty first, and leave an empty version behind.
 */
bool local_is_begun(Local *local, const ScanPlace *place)
{
	int64_t age_us = local->now_us - place->info.stamp.change_ns / 1000;
	if (place->info.kind != DISK_FILE || place->info.size > 0 || age_us < 0 ||
	    age_us > LOCAL_GRACE_US) {
		return false;
	}
	Begun *begun = g_new(Begun, 1);
	begun->place.folder = place->folder;
	begun->place.name = g_strdup(place->name);
	begun->due_us = local->now_us + LOCAL_GRACE_US;
	g_queue_push_tail(&local->begun, begun);
	return true;
}

void local_leave(Local *local, int64_t key)
{
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	state_remove(local->state, SIDE_LOCAL, key, keys);
	for (unsigned i = 0; i < keys->len; i++) {
		int64_t gone = g_array_index(keys, int64_t, i);
		local_gone(local, gone);
		local->hooks.touched(local->hooks.data, gone);
	}
}

/* ---- another key ------------------------------------------------------------------------ */

static void rename_key(GHashTable *keys, int64_t key, int64_t new_key)
{
	void *old, *value;
	if (g_hash_table_steal_extended(keys, &key, &old, &value)) {
		*(int64_t *)old = new_key;
		g_hash_table_replace(keys, old, value);
	}
}

static void rename_folder_of_places(Local *local, int64_t key, int64_t new_key)
{
	GHashTableIter iter;
	void *item;
	g_hash_table_iter_init(&iter, local->arrivals);
	while (g_hash_table_iter_next(&iter, NULL, &item)) {
		ScanPlace *place = &((Arrival *)item)->place;
		place->folder = place->folder == key ? new_key : place->folder;
	}
	g_autoptr(GHashTable) told = g_steal_pointer(&local->told);
	local->told = g_hash_table_new_full(spot_hash, spot_equal, spot_free, NULL);
	void *why;
	g_hash_table_iter_init(&iter, told);
	while (g_hash_table_iter_next(&iter, &item, &why)) {
		const Spot *place = item;
		int64_t folder = place->folder == key ? new_key : place->folder;
		g_hash_table_insert(local->told, spot_new(folder, place->name), why);
	}
}

void local_rekey(Local *local, int64_t key, int64_t new_key)
{
	const Entry *entry = state_get(local->state, SIDE_LOCAL, new_key);
	local_drop_arrival(local, key);
	if (g_hash_table_remove(local->departed, &key) && entry->parent != ENTRY_KEY_NONE) {
		g_autoptr(Entry) held = entry_ref(entry);
		if (has_folder(local, held)) {
			local_mark_name(local, held->parent, held->name);
		} else {
			local_depart(local, new_key);
		}
	}
	entry = state_get(local->state, SIDE_LOCAL, new_key);
	marks_rekey(local->marks, key, new_key);
	if (entry->kind == ENTRY_FOLDER) {
		rename_key(local->astray, key, new_key);
		rename_key(local->errors, key, new_key);
		rename_key(local->failed_deep, key, new_key);
		rename_key(local->unwatched, key, new_key);
		rename_folder_of_places(local, key, new_key);
		/* What was reported under the old key and is still on its way is not understood. */
		local_mark_folder(local, new_key, false);
	}
}

/* ---- waiting ---------------------------------------------------------------------------- */

/* Does the folder have to be found first? */
static bool waits_for_folder(Local *local, int64_t folder)
{
	return g_hash_table_contains(local->departed, &folder) ||
	       g_hash_table_contains(local->astray, &folder);
}

static void ask_for(Local *local, int64_t key, Departed *departed)
{
	g_autoptr(Entry) held = entry_ref(state_get(local->state, SIDE_LOCAL, key));
	if (waits_for_folder(local, held->parent)) {
		/* What lies below goes, or comes back, with its folder. */
		wait_until(local, key, departed, local->now_us + LOCAL_GRACE_US);
		return;
	}
	if (!has_folder(local, held)) {
		/* It has no old name to look at, and everything was listed. */
		local_leave(local, key);
		return;
	}
	int64_t wait_us = (int64_t)LOCAL_GRACE_US << MIN(departed->looks, 20);
	departed->looks++;
	wait_until(local, key, departed, local->now_us + MIN(wait_us, LOOK_AGAIN_US_MAX));
	local_mark_name(local, held->parent, held->name);
}

static int64_t look_at_begun(Local *local)
{
	Begun *begun;
	while ((begun = g_queue_peek_head(&local->begun))) {
		if (begun->due_us > local->now_us) {
			return begun->due_us;
		}
		local_mark_name(local, begun->place.folder, begun->place.name);
		begun_free(g_queue_pop_head(&local->begun));
	}
	return -1;
}

static int64_t look_at_departed(Local *local)
{
	if (!local_is_complete(local)) {
		return -1;
	}
	while (!g_sequence_is_empty(local->departed_order)) {
		GSequenceIter *first = g_sequence_get_begin_iter(local->departed_order);
		const Due due = *(const Due *)g_sequence_get(first);
		Departed *departed = g_hash_table_lookup(local->departed, &due.key);
		bool valid = departed && departed->until_us == due.time_us;
		if (valid && due.time_us > local->now_us) {
			return due.time_us;
		}
		g_sequence_remove(first);
		if (valid && state_get(local->state, SIDE_LOCAL, due.key)) {
			ask_for(local, due.key, departed);
		} else if (valid) {
			g_hash_table_remove(local->departed, &due.key);
		}
	}
	return -1;
}

int64_t local_expire(Local *local, int64_t now_us)
{
	local->now_us = now_us;
	int64_t begun_us = look_at_begun(local);
	int64_t departed_us = look_at_departed(local);
	bool begun_first = begun_us >= 0 && (departed_us < 0 || begun_us < departed_us);
	return begun_first ? begun_us : departed_us;
}

int64_t local_missing(const Local *local, int64_t key)
{
	while (g_hash_table_size(local->departed) > 0 && key != ENTRY_KEY_NONE) {
		if (g_hash_table_contains(local->departed, &key)) {
			return key;
		}
		const Entry *entry = state_get(local->state, SIDE_LOCAL, key);
		key = entry ? entry->parent : ENTRY_KEY_NONE;
	}
	return ENTRY_KEY_NONE;
}

bool local_is_complete(const Local *local)
{
	return marks_deep(local->marks) == 0;
}

static gboolean is_deep(void *key, void *deep, void *data)
{
	(void)key;
	(void)data;
	return GPOINTER_TO_INT(deep);
}

bool local_has_seen_all(const Local *local)
{
	return local_is_complete(local) && g_hash_table_size(local->failed_deep) == 0 &&
	       !g_hash_table_find(local->astray, is_deep, NULL);
}

bool local_is_quiet(const Local *local)
{
	return marks_is_empty(local->marks) && g_hash_table_size(local->departed) == 0 &&
	       local->begun.length == 0;
}

/* ---- what to tell people ---------------------------------------------------------------- */

void local_untell(Local *local, int64_t folder, const char *name)
{
	GHashTableIter iter;
	void *item;
	if (g_hash_table_size(local->told) == 0) {
		return;
	}
	g_hash_table_iter_init(&iter, local->told);
	while (g_hash_table_iter_next(&iter, &item, NULL)) {
		const Spot *place = item;
		if (place->folder == folder && (!name || strcmp(place->name, name) == 0)) {
			g_hash_table_iter_remove(&iter);
		}
	}
}

/* Is it still so, as far as the tree says? */
static bool is_true(Local *local, const Spot *place, LocalTold why)
{
	return why == LOCAL_TOLD_SKIPPED ||
	       state_find(local->state, SIDE_LOCAL, place->folder, place->name) != ENTRY_KEY_NONE;
}

static const GPtrArray *list_told(Local *local, LocalTold wanted)
{
	GHashTableIter iter;
	void *item, *why;
	g_ptr_array_set_size(local->told_paths, 0);
	g_hash_table_iter_init(&iter, local->told);
	while (g_hash_table_iter_next(&iter, &item, &why)) {
		const Spot *place = item;
		g_autofree char *folder = state_path(local->state, SIDE_LOCAL, place->folder);
		if (!folder || !is_true(local, place, GPOINTER_TO_INT(why))) {
			g_hash_table_iter_remove(&iter);
			continue;
		}
		if (GPOINTER_TO_INT(why) == (int)wanted) {
			g_ptr_array_add(local->told_paths,
					*folder ? g_strconcat(folder, "/", place->name, NULL)
						: g_strdup(place->name));
		}
	}
	return local->told_paths;
}

const GPtrArray *local_skipped(Local *local)
{
	return list_told(local, LOCAL_TOLD_SKIPPED);
}

const GPtrArray *local_spelled(Local *local)
{
	return list_told(local, LOCAL_TOLD_SPELLED);
}

GHashTable *local_errors(const Local *local)
{
	return local->errors;
}

unsigned local_unwatched(const Local *local)
{
	return g_hash_table_size(local->unwatched);
}
