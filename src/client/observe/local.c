/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was seen on the disk becomes the local tree.
 *
 * Who is it? A file is known by its place, and by (inode, birth). Where the two disagree:
 *  - a known file at a new name is a move, once its old name is known to be empty or taken by
 *    another (`arrivals` wait for that look);
 *  - another file at a known name is that node with new content (how editors save), unless the
 *    file that was there has turned up elsewhere: then both moved;
 *  - a known folder at a known name has moved there; an unknown one replaces it in place.
 *
 * Is it gone? A missing name is put into `departed`. Only when its grace is over, no deep listing
 * is under way in which it might turn up, and a last look together with the marker still finds
 * nothing, does it leave the tree.
 *
 * Moves of one scan are put together before anything else is concluded from it, so that swaps
 * and rings of names are seen as what they are.
 */
#include "client/observe/local.h"

#include "base/error.h"
#include "client/observe/local_internal.h"

#include <string.h>

#define SKIPPED_MAX 100

static unsigned place_hash(const void *item)
{
	const Place *place = item;
	return g_str_hash(place->name) ^ (unsigned)(place->folder * 2654435761u);
}

static gboolean place_equal(const void *a, const void *b)
{
	const Place *x = a, *y = b;
	return x->folder == y->folder && strcmp(x->name, y->name) == 0;
}

static void place_free(void *item)
{
	Place *place = item;
	g_free(place->name);
	g_free(place);
}

static void begun_free(void *item)
{
	Begun *begun = item;
	g_free(begun->place.name);
	g_free(begun);
}

static unsigned file_id_hash(const void *item)
{
	const FileId *id = item;
	return (unsigned)(id->inode ^ (id->inode >> 32) ^ (uint64_t)id->birth_ns);
}

static gboolean file_id_equal(const void *a, const void *b)
{
	const FileId *x = a, *y = b;
	return x->inode == y->inode && x->birth_ns == y->birth_ns;
}

static void mark_clear(void *item)
{
	Mark *mark = item;
	g_free(mark->name);
}

Local *local_new(State *state, const Ignore *ignore, const LocalHooks *hooks)
{
	Local *local = g_new0(Local, 1);
	local->state = state;
	local->ignore = ignore;
	local->hooks = *hooks;
	local->folders = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	local->names = g_hash_table_new_full(place_hash, place_equal, place_free, NULL);
	local->departed = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	local->arrivals = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, place_free);
	local->deferred = g_array_new(FALSE, FALSE, sizeof(Mark));
	g_array_set_clear_func(local->deferred, mark_clear);
	local->skipped = g_ptr_array_new_with_free_func(g_free);
	local->unwatched = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	local->errors = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free,
					      (GDestroyNotify)g_error_free);
	local->failed_deep = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	g_queue_init(&local->folder_order);
	g_queue_init(&local->name_order);
	g_queue_init(&local->departed_order);
	g_queue_init(&local->begun);
	return local;
}

void local_free(Local *local)
{
	if (!local) {
		return;
	}
	g_queue_clear(&local->folder_order);
	g_queue_clear(&local->name_order);
	g_queue_clear_full(&local->departed_order, g_free);
	g_queue_clear_full(&local->begun, begun_free);
	g_hash_table_unref(local->folders);
	g_hash_table_unref(local->names);
	g_hash_table_unref(local->departed);
	g_hash_table_unref(local->arrivals);
	g_hash_table_unref(local->errors);
	g_hash_table_unref(local->unwatched);
	g_hash_table_unref(local->failed_deep);
	g_array_unref(local->deferred);
	g_ptr_array_unref(local->skipped);
	g_free(local);
}

void local_set_ignore(Local *local, const Ignore *ignore)
{
	local->ignore = ignore;
}

void local_gone(Local *local, int64_t key)
{
	g_hash_table_remove(local->departed, &key);
	g_hash_table_remove(local->arrivals, &key);
	g_hash_table_remove(local->errors, &key);
	g_hash_table_remove(local->failed_deep, &key);
	g_hash_table_remove(local->unwatched, &key);
	local->hooks.gone(local->hooks.data, key);
}

void local_found(Local *local, int64_t key)
{
	const Entry *entry = state_get(local->state, SIDE_LOCAL, key);
	g_hash_table_remove(local->arrivals, &key);
	if (g_hash_table_remove(local->departed, &key) && entry && entry->kind == ENTRY_FOLDER) {
		/* What is below it was waiting with it. */
		local_mark_folder(local, key, true);
	}
}

void local_rekey(Local *local, int64_t key, int64_t new_key)
{
	/*
	 * What is marked or departed under the old key would be looked for in a folder that is no
	 * more: the folder is looked at as a whole, and so is the place of the entry itself.
	 */
	const Entry *entry = state_get(local->state, SIDE_LOCAL, new_key);
	bool folder = entry->kind == ENTRY_FOLDER;
	if (g_hash_table_remove(local->departed, &key) && entry->parent != ENTRY_KEY_NONE) {
		g_autofree char *name = g_strdup(entry->name);
		local_mark_name(local, entry->parent, name);
	}
	g_hash_table_remove(local->arrivals, &key);
	if (folder) {
		local_mark_folder(local, new_key, true);
	}
}

/* ---- what it means ---------------------------------------------------------------------- */

static void depart(Local *local, int64_t key)
{
	Departed *departed = g_hash_table_lookup(local->departed, &key);
	if (key == ENTRY_KEY_PARK || (departed && !departed->last_look)) {
		return;
	}
	if (!departed) {
		departed = g_new0(Departed, 1);
		departed->key = key;
		g_hash_table_insert(local->departed, key_new(key), departed);
	}
	/* Also if its last look came to nothing: there will be another. */
	departed->last_look = false;
	departed->until_us = local->now_us + LOCAL_GRACE_US;
	g_queue_push_tail(&local->departed_order, key_new(key));
}

static void leave_tree(Local *local, int64_t key)
{
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	const Entry *entry = state_get(local->state, SIDE_LOCAL, key);
	if (!entry) {
		return;
	}
	state_remove(local->state, SIDE_LOCAL, key, keys);
	for (unsigned i = 0; i < keys->len; i++) {
		int64_t gone = g_array_index(keys, int64_t, i);
		local_gone(local, gone);
		local->hooks.touched(local->hooks.data, gone);
	}
}

static void put(Local *local, const Entry *fields)
{
	g_autoptr(Entry) entry = entry_new(fields);
	state_put(local->state, SIDE_LOCAL, entry);
	if (g_hash_table_remove(local->departed, &entry->key) && entry->kind == ENTRY_FOLDER) {
		/* What is below it was waiting with it. */
		local_mark_folder(local, entry->key, true);
	}
	g_hash_table_remove(local->arrivals, &entry->key);
	local->hooks.touched(local->hooks.data, entry->key);
}

static void set_info(Entry *entry, const DiskInfo *info)
{
	entry->size = info->kind == DISK_FOLDER ? 0 : info->size;
	entry->mtime_ns = info->kind == DISK_FOLDER ? 0 : info->mtime_ns;
	entry->executable = info->kind == DISK_FILE && info->executable;
	entry->stamp = info->stamp;
	if (info->kind == DISK_FOLDER) {
		/* What happens inside a folder is not a change of the folder. */
		entry->stamp.change_ns = 0;
	}
}

static bool is_unchanged(const Entry *entry, const DiskInfo *info)
{
	if ((int)entry->kind != (int)info->kind || entry->stamp.inode != info->stamp.inode ||
	    entry->stamp.birth_ns != info->stamp.birth_ns) {
		return false;
	}
	if (entry->kind == ENTRY_FOLDER) {
		return true;
	}
	return entry->stamp.change_ns == info->stamp.change_ns &&
	       entry->mtime_ns == info->mtime_ns &&
	       (entry->kind == ENTRY_LINK ||
		(entry->size == info->size && entry->executable == info->executable));
}

static void skip(Local *local, const ScanPlace *place)
{
	if (local->skipped->len >= SKIPPED_MAX) {
		return;
	}
	g_autofree char *folder = state_path(local->state, SIDE_LOCAL, place->folder);
	char *path =
		g_strjoin(folder && *folder ? "/" : "", folder ? folder : "", place->name, NULL);
	if (g_ptr_array_find_with_equal_func(local->skipped, path, g_str_equal, NULL)) {
		g_free(path);
	} else {
		g_ptr_array_add(local->skipped, path);
	}
}

static bool is_ignored(Local *local, const ScanPlace *place)
{
	if (!local->ignore) {
		return false;
	}
	g_autofree char *folder = state_path(local->state, SIDE_LOCAL, place->folder);
	if (!folder) {
		return true;
	}
	g_autofree char *path =
		*folder ? g_strconcat(folder, "/", place->name, NULL) : g_strdup(place->name);
	return ignore_match(local->ignore, path, place->info.kind == DISK_FOLDER);
}

/*
 * A new file without content was most likely made a moment ago, to be written now: it would travel
 * empty first, and leave an empty version behind.
 */
static bool is_begun(Local *local, const ScanPlace *place)
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

static void appear(Local *local, const ScanPlace *place)
{
	if (!state_get(local->state, SIDE_LOCAL, place->folder) || is_ignored(local, place) ||
	    is_begun(local, place)) {
		return;
	}
	Entry fields = {
		.key = state_key_new(local->state),
		.parent = place->folder,
		.id = node_id_new(),
		.name = place->name,
		.kind = (EntryKind)place->info.kind,
	};
	set_info(&fields, &place->info);
	put(local, &fields);
	if (fields.kind == ENTRY_FOLDER) {
		local_mark_folder(local, fields.key, true);
	}
}

static void move_to(Local *local, int64_t key, const ScanPlace *place)
{
	const Entry *entry = state_get(local->state, SIDE_LOCAL, key);
	Entry fields = *entry;
	g_autofree char *name = g_strdup(place->name);
	g_autoptr(GBytes) target =
		entry->kind == ENTRY_LINK && entry->content ? g_bytes_ref(entry->content) : NULL;
	fields.parent = place->folder;
	fields.name = name;
	/* A rename changes ctime: whether the content is the same is known only after hashing. */
	fields.content = target;
	set_info(&fields, &place->info);
	put(local, &fields);
	if (fields.kind == ENTRY_FOLDER) {
		/* Whatever was to be listed at its old place has to be listed here. */
		local_mark_folder(local, key, true);
	}
}

static void change(Local *local, int64_t key, const ScanPlace *place)
{
	const Entry *entry = state_get(local->state, SIDE_LOCAL, key);
	Entry fields = *entry;
	g_autofree char *name = g_strdup(entry->name);
	fields.name = name;
	fields.content = NULL;
	set_info(&fields, &place->info);
	put(local, &fields);
	if (fields.kind == ENTRY_FOLDER) {
		local_mark_folder(local, key, true);
	}
}

/* What the tree holds at a place that the scan has seen otherwise. */
static int64_t holder(Local *local, const ScanPlace *place)
{
	return state_find(local->state, SIDE_LOCAL, place->folder, place->name);
}

/* The node that this file was until now, if that is at another place. */
static int64_t known_elsewhere(Local *local, const ScanPlace *place)
{
	int64_t key = state_key_of_file(local->state, place->info.stamp.inode,
					place->info.stamp.birth_ns);
	if (key == ENTRY_KEY_NONE || key == ENTRY_KEY_ROOT) {
		return ENTRY_KEY_NONE;
	}
	const Entry *entry = state_get(local->state, SIDE_LOCAL, key);
	if (!entry || (int)entry->kind != (int)place->info.kind) {
		return ENTRY_KEY_NONE;
	}
	bool here = entry->parent == place->folder && strcmp(entry->name, place->name) == 0;
	return here ? ENTRY_KEY_NONE : key;
}

static bool is_found(GHashTable *found, const Entry *entry)
{
	FileId id = { .inode = entry->stamp.inode, .birth_ns = entry->stamp.birth_ns };
	return g_hash_table_contains(found, &id);
}

/*
 * Is the old place of a known file known to be empty or another's? If not, has it looked at.
 */
static bool has_left(Local *local, int64_t key, GHashTable *seen_places)
{
	const Entry *entry = state_get(local->state, SIDE_LOCAL, key);
	if (g_hash_table_contains(local->departed, &key)) {
		return true;
	}
	Place old = { .folder = entry->parent, .name = entry->name };
	const ScanPlace *seen = g_hash_table_lookup(seen_places, &old);
	if (seen) {
		return !seen->present || seen->info.stamp.inode != entry->stamp.inode ||
		       seen->info.stamp.birth_ns != entry->stamp.birth_ns;
	}
	return false;
}

/* Moves first: a known file at a new place. True if the news is dealt with. */
static bool merge_move(Local *local, const ScanPlace *place, GHashTable *found,
		       GHashTable *seen_places, GArray *moves)
{
	int64_t key = known_elsewhere(local, place);
	if (key == ENTRY_KEY_NONE) {
		return false;
	}
	int64_t here = holder(local, place);
	if (here != ENTRY_KEY_NONE) {
		const Entry *entry = state_get(local->state, SIDE_LOCAL, here);
		if (entry->stamp.inode == place->info.stamp.inode &&
		    entry->stamp.birth_ns == place->info.stamp.birth_ns) {
			return false;
		}
		bool replaced_in_place = entry->kind != ENTRY_FOLDER &&
					 (int)entry->kind == (int)place->info.kind &&
					 !is_found(found, entry);
		if (replaced_in_place) {
			return false;
		}
	}
	if (has_left(local, key, seen_places)) {
		g_array_append_val(moves, key);
		return true;
	}
	const Entry *entry = state_get(local->state, SIDE_LOCAL, key);
	Place old = { .folder = entry->parent, .name = entry->name };
	if (g_hash_table_contains(seen_places, &old)) {
		/* It is still there too: a hard link. To us, another file. */
		return false;
	}
	g_hash_table_insert(local->arrivals, key_new(key), place_new(place->folder, place->name));
	local_mark_name(local, old.folder, old.name);
	return true;
}

static void merge_rest(Local *local, const ScanPlace *place)
{
	int64_t key = holder(local, place);
	if (place->info.kind == DISK_OTHER || place->info.kind == DISK_FILE_SYSTEM) {
		skip(local, place);
		if (key != ENTRY_KEY_NONE) {
			depart(local, key);
		}
		return;
	}
	if (key == ENTRY_KEY_NONE) {
		appear(local, place);
		return;
	}
	const Entry *entry = state_get(local->state, SIDE_LOCAL, key);
	if (is_unchanged(entry, &place->info)) {
		g_hash_table_remove(local->departed, &key);
	} else if ((int)entry->kind == (int)place->info.kind) {
		change(local, key, place);
	} else {
		leave_tree(local, key);
		appear(local, place);
	}
}

/*
 * One pass over everything that was seen and is not what the tree says. seen_places has all places
 * of the scan; found the files among the news.
 */
static void merge_news(Local *local, GArray *news, GHashTable *seen_places)
{
	g_autoptr(GHashTable) found =
		g_hash_table_new_full(file_id_hash, file_id_equal, g_free, NULL);
	g_autoptr(GArray) moves = g_array_new(FALSE, FALSE, sizeof(int64_t));
	g_autoptr(GPtrArray) moved_to = g_ptr_array_new();
	g_autoptr(GHashTable) moving =
		g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	for (unsigned i = 0; i < news->len; i++) {
		const ScanPlace *place = g_array_index(news, News, i).place;
		FileId *id = g_new0(FileId, 1);
		id->inode = place->info.stamp.inode;
		id->birth_ns = place->info.stamp.birth_ns;
		g_hash_table_add(found, id);
	}
	for (unsigned i = 0; i < news->len; i++) {
		News *item = &g_array_index(news, News, i);
		unsigned before = moves->len;
		item->done = merge_move(local, item->place, found, seen_places, moves);
		if (moves->len > before) {
			g_ptr_array_add(moved_to, (void *)item->place);
			g_hash_table_add(moving, key_new(g_array_index(moves, int64_t, before)));
		}
	}
	/* Who is displaced and did not turn up elsewhere leaves, before its name is taken. */
	for (unsigned i = 0; i < moved_to->len; i++) {
		int64_t here = holder(local, moved_to->pdata[i]);
		if (here != ENTRY_KEY_NONE && !g_hash_table_contains(moving, &here)) {
			leave_tree(local, here);
		}
	}
	for (unsigned i = 0; i < moves->len; i++) {
		int64_t key = g_array_index(moves, int64_t, i);
		const ScanPlace *place = moved_to->pdata[i];
		if (!state_get(local->state, SIDE_LOCAL, place->folder)) {
			local_mark_folder(local, ENTRY_KEY_ROOT, true);
		} else if (state_get(local->state, SIDE_LOCAL, key)) {
			move_to(local, key, moved_to->pdata[i]);
		} else {
			appear(local, moved_to->pdata[i]);
		}
	}
	for (unsigned i = 0; i < news->len; i++) {
		News *item = &g_array_index(news, News, i);
		if (!item->done) {
			merge_rest(local, item->place);
		}
	}
}

/* ---- merging a scan --------------------------------------------------------------------- */

typedef struct Merge {
	Local *local;
	const Scan *scan;
	GArray *news;            /* News */
	GHashTable *seen_places; /* Place * -> ScanPlace * */
} Merge;

static bool is_ours(Merge *merge, int64_t folder, const char *name)
{
	const LocalHooks *hooks = &merge->local->hooks;
	return hooks->is_ours(hooks->data, folder, name, merge->scan->started);
}

/*
 * Was path that of the folder from the scan to now? If we moved it, or one above it, what was seen
 * there may be of another folder, or missing from this one.
 */
static bool is_path_certain(Merge *merge, int64_t folder, const char *path)
{
	Local *local = merge->local;
	g_autofree char *now = state_path(local->state, SIDE_LOCAL, folder);
	if (!now) {
		return true;
	}
	size_t size = strlen(now);
	bool same = strncmp(now, path, size) == 0 &&
		    (size == 0 || path[size] == '/' || path[size] == '\0');
	for (int64_t key = folder; same && key != ENTRY_KEY_ROOT;) {
		g_autoptr(Entry) entry = entry_ref(state_get(local->state, SIDE_LOCAL, key));
		same = !is_ours(merge, entry->parent, entry->name);
		key = entry->parent;
	}
	return same;
}

static void saw(Merge *merge, const ScanPlace *place)
{
	News news = { .place = place };
	g_hash_table_insert(merge->seen_places, place_new(place->folder, place->name),
			    (void *)place);
	g_array_append_val(merge->news, news);
}

static void saw_unchanged(Merge *merge, const Entry *entry, bool deep)
{
	/* A folder that came back: what is below it was waiting with it. */
	bool back = g_hash_table_remove(merge->local->departed, &entry->key);
	if ((deep || back) && entry->kind == ENTRY_FOLDER) {
		local_mark_folder(merge->local, entry->key, true);
	}
}

static void compare(Merge *merge, const Entry *entry, const ScanPlace *place, bool deep)
{
	if (is_ours(merge, place->folder, place->name)) {
		if (deep && entry && entry->kind == ENTRY_FOLDER) {
			local_mark_folder(merge->local, entry->key, true);
		}
		return;
	}
	if (entry && is_unchanged(entry, &place->info)) {
		saw_unchanged(merge, entry, deep);
	} else {
		saw(merge, place);
	}
}

static void missing(Merge *merge, const Entry *entry)
{
	if (entry->key != ENTRY_KEY_PARK && !is_ours(merge, entry->parent, entry->name)) {
		depart(merge->local, entry->key);
	}
}

/* The folder was not where it was listed: it is gone, or has moved meanwhile. */
static void not_there(Local *local, const ScanFolder *folder)
{
	g_autofree char *path = state_path(local->state, SIDE_LOCAL, folder->key);
	const Entry *entry = state_get(local->state, SIDE_LOCAL, folder->key);
	g_hash_table_remove(local->errors, &folder->key);
	g_hash_table_remove(local->failed_deep, &folder->key);
	if (path && strcmp(path, folder->path) != 0) {
		local_mark_folder(local, folder->key, folder->deep);
	} else if (entry->parent != ENTRY_KEY_NONE) {
		g_autofree char *name = g_strdup(entry->name);
		local_mark_name(local, entry->parent, name);
	}
}

static void compare_folder(Merge *merge, const ScanFolder *folder)
{
	Local *local = merge->local;
	if (!state_get(local->state, SIDE_LOCAL, folder->key)) {
		return;
	}
	if (!is_path_certain(merge, folder->key, folder->path)) {
		local_mark_later(local, folder->key, NULL, folder->deep);
		return;
	}
	if (folder->error) {
		g_hash_table_insert(local->errors, key_new(folder->key),
				    g_error_copy(folder->error));
		if (folder->deep) {
			g_hash_table_add(local->failed_deep, key_new(folder->key));
		}
		if (folder->error->code == DRIVE_ERROR_NOT_FOUND) {
			not_there(local, folder);
		}
		return;
	}
	g_hash_table_remove(local->errors, &folder->key);
	g_hash_table_remove(local->failed_deep, &folder->key);
	if (folder->watched) {
		g_hash_table_remove(local->unwatched, &folder->key);
	} else {
		g_hash_table_add(local->unwatched, key_new(folder->key));
	}
	g_autoptr(GPtrArray) known = g_ptr_array_new_with_free_func((GDestroyNotify)entry_unref);
	state_children(local->state, SIDE_LOCAL, folder->key, known);
	unsigned i = 0, j = 0;
	while (i < known->len || j < folder->places->len) {
		const Entry *entry = i < known->len ? known->pdata[i] : NULL;
		const ScanPlace *place = j < folder->places->len
						 ? &g_array_index(folder->places, ScanPlace, j)
						 : NULL;
		int order = !entry ? 1 : !place ? -1 : strcmp(entry->name, place->name);
		if (order < 0) {
			missing(merge, entry);
			i++;
		} else if (order > 0) {
			compare(merge, NULL, place, folder->deep);
			j++;
		} else {
			compare(merge, entry, place, folder->deep);
			i++;
			j++;
		}
	}
}

static void saw_nothing(Merge *merge, const ScanPlace *place, int64_t key)
{
	Local *local = merge->local;
	Departed *departed = g_hash_table_lookup(local->departed, &key);
	g_hash_table_insert(merge->seen_places, place_new(place->folder, place->name),
			    (void *)place);
	Place *arrival = g_hash_table_lookup(local->arrivals, &key);
	if (arrival) {
		/* It turned up elsewhere: look there again, now that its old name is empty. */
		depart(local, key);
		local_mark_name(local, arrival->folder, arrival->name);
		g_hash_table_remove(local->arrivals, &key);
	} else if (departed && departed->last_look) {
		leave_tree(local, key);
	} else {
		depart(local, key);
	}
}

static void compare_name(Merge *merge, const ScanName *name)
{
	const ScanPlace *place = &name->place;
	if (!is_path_certain(merge, place->folder, name->path)) {
		local_mark_later(merge->local, place->folder, place->name, false);
		return;
	}
	if (name->error) {
		g_hash_table_insert(merge->local->errors, key_new(place->folder),
				    g_error_copy(name->error));
		return;
	}
	int64_t key = holder(merge->local, place);
	if (place->present) {
		g_hash_table_insert(merge->seen_places, place_new(place->folder, place->name),
				    (void *)place);
		const Entry *entry = key ? state_get(merge->local->state, SIDE_LOCAL, key) : NULL;
		g_autoptr(Entry) kept = entry ? entry_ref(entry) : NULL;
		compare(merge, kept, place, false);
	} else if (key != ENTRY_KEY_NONE && !is_ours(merge, place->folder, place->name)) {
		saw_nothing(merge, place, key);
	}
	/* An arrival that waited for this look and found the file still here is a hard link. */
	Place *arrival =
		place->present && key ? g_hash_table_lookup(merge->local->arrivals, &key) : NULL;
	if (arrival) {
		local_mark_name(merge->local, arrival->folder, arrival->name);
		local_mark_name(merge->local, place->folder, place->name);
		g_hash_table_remove(merge->local->arrivals, &key);
	}
}

void local_merge(Local *local, const Scan *scan, int64_t now_us)
{
	g_assert(scan->present);
	local->now_us = now_us;
	Merge merge = {
		.local = local,
		.scan = scan,
		.news = g_array_new(FALSE, TRUE, sizeof(News)),
		.seen_places = g_hash_table_new_full(place_hash, place_equal, place_free, NULL),
	};
	for (unsigned i = 0; i < scan->names->len; i++) {
		compare_name(&merge, &g_array_index(scan->names, ScanName, i));
	}
	for (unsigned i = 0; i < scan->folders->len; i++) {
		compare_folder(&merge, &g_array_index(scan->folders, ScanFolder, i));
	}
	merge_news(local, merge.news, merge.seen_places);
	local_take_end(local, scan);
	g_array_unref(merge.news);
	g_hash_table_unref(merge.seen_places);
}

/* ---- waiting ---------------------------------------------------------------------------- */

static bool parent_departed(Local *local, const Entry *entry)
{
	return g_hash_table_contains(local->departed, &entry->parent);
}

static int64_t look_at_begun(Local *local, int64_t now_us)
{
	Begun *begun;
	while ((begun = g_queue_peek_head(&local->begun))) {
		if (begun->due_us > now_us) {
			return begun->due_us;
		}
		local_mark_name(local, begun->place.folder, begun->place.name);
		begun_free(g_queue_pop_head(&local->begun));
	}
	return -1;
}

static int64_t expire_departed(Local *local, int64_t now_us)
{
	local->now_us = now_us;
	if (local->deep_pending > 0) {
		return -1;
	}
	while (!g_queue_is_empty(&local->departed_order)) {
		int64_t key = *(int64_t *)g_queue_peek_head(&local->departed_order);
		Departed *departed = g_hash_table_lookup(local->departed, &key);
		if (departed && departed->until_us > now_us) {
			return departed->until_us;
		}
		g_free(g_queue_pop_head(&local->departed_order));
		const Entry *entry = departed ? state_get(local->state, SIDE_LOCAL, key) : NULL;
		if (!entry) {
			g_hash_table_remove(local->departed, &key);
			continue;
		}
		departed->last_look = true;
		if (!parent_departed(local, entry)) {
			/* What lies below goes, or comes back, with its folder. */
			local_mark_name(local, entry->parent, entry->name);
		}
	}
	return -1;
}

int64_t local_expire(Local *local, int64_t now_us)
{
	int64_t begun_us = look_at_begun(local, now_us);
	int64_t departed_us = expire_departed(local, now_us);
	return begun_us < 0 || (departed_us >= 0 && departed_us < begun_us) ? departed_us
									    : begun_us;
}

bool local_is_complete(const Local *local)
{
	return local->deep_pending == 0;
}

bool local_is_quiet(const Local *local)
{
	return local->deep_pending == 0 && local->under_way == 0 &&
	       g_hash_table_size(local->folders) == 0 && g_hash_table_size(local->names) == 0 &&
	       g_hash_table_size(local->departed) == 0 && g_queue_is_empty((GQueue *)&local->begun);
}

const GPtrArray *local_skipped(const Local *local)
{
	return local->skipped;
}

GHashTable *local_errors(const Local *local)
{
	return local->errors;
}

unsigned local_unwatched(const Local *local)
{
	return g_hash_table_size(local->unwatched);
}
