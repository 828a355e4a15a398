/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was seen on the disk becomes the local tree.
 *
 * Who is it? A file is known by its place, and by (inode, birth). Where the two disagree:
 *  - a known file at a new name is a move, once its old name is known to be empty or taken by
 *    another (`arrivals` wait for that look); if the old name still is that file, it is a hard
 *    link: to us, another file;
 *  - another file at a known name is that node with new content (how editors save), unless the
 *    file that was there has turned up elsewhere: then both moved;
 *  - a known folder at a known name has moved there; an unknown one replaces it in place.
 *
 * Moves of one scan are put together before anything else is concluded from it, so that swaps
 * and rings of names are seen as what they are.
 *
 * A name that is ignored is not there, unless it is in the tree already.
 */
#include "client/observe/local.h"

#include "base/error.h"
#include "client/observe/local_internal.h"

#include <string.h>

typedef struct FileId {
	uint64_t inode;
	int64_t birth_ns;
} FileId;

/* One thing seen that is not what the tree says. */
typedef struct News {
	const ScanPlace *place;
	bool deep;     /* the folders below it are to be listed */
	bool done;     /* nothing is left to conclude from it */
	int64_t moved; /* the node that moves here; ENTRY_KEY_NONE: none */
} News;

typedef struct Merge {
	Local *local;
	State *state;
	const Scan *scan;
	GArray *news;            /* News */
	GHashTable *seen_places; /* Spot * -> ScanPlace * */
	GHashTable *found;       /* FileId * set: among the news */
	GHashTable *moving;      /* int64_t * set */
	GPtrArray *recalled;     /* Arrival *, owned: what news point to */
} Merge;

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

static const Entry *get(const Merge *merge, int64_t key)
{
	return state_get(merge->state, SIDE_LOCAL, key);
}

/* What the tree holds at a place. */
static int64_t holder(const Merge *merge, int64_t folder, const char *name)
{
	return state_find(merge->state, SIDE_LOCAL, folder, name);
}

static bool is_same_file(const Entry *entry, const DiskInfo *info)
{
	return entry->stamp.inode == info->stamp.inode &&
	       entry->stamp.birth_ns == info->stamp.birth_ns;
}

/*
 * Can it be told from one that got the same inode after it was removed? If not, it may be an
 * unknown folder with an unknown content that nobody watches.
 */
static bool is_certain(const ScanPlace *place)
{
	return place->info.kind != DISK_FOLDER || place->info.stamp.birth_ns != 0;
}

static bool is_unchanged(const Entry *entry, const DiskInfo *info)
{
	if ((int)entry->kind != (int)info->kind || !is_same_file(entry, info)) {
		return false;
	}
	if (entry->kind == ENTRY_FOLDER) {
		return true;
	}
	return entry->stamp.change_ns == info->stamp.change_ns &&
	       (entry->kind == ENTRY_LINK ||
		(disk_info_same_mtime(info, entry->mtime_ns, 0) && entry->size == info->size &&
		 (info->executable_unknown || entry->executable == info->executable)));
}

static bool is_ours(const Merge *merge, int64_t folder, const char *name)
{
	const LocalHooks *hooks = &merge->local->hooks;
	return hooks->is_ours(hooks->data, folder, name, merge->scan->started);
}

static bool is_ignored(const Merge *merge, const ScanPlace *place)
{
	if (!merge->local->ignore) {
		return false;
	}
	g_autofree char *folder = state_path(merge->state, SIDE_LOCAL, place->folder);
	if (!folder) {
		return true;
	}
	g_autofree char *path =
		*folder ? g_strconcat(folder, "/", place->name, NULL) : g_strdup(place->name);
	return ignore_match(merge->local->ignore, path, place->info.kind == DISK_FOLDER);
}

/* ---- changing the tree ------------------------------------------------------------------ */

static void put(Merge *merge, const Entry *fields)
{
	g_autoptr(Entry) entry = entry_new(fields);
	state_put(merge->state, SIDE_LOCAL, entry);
	local_found(merge->local, entry->key);
	merge->local->hooks.touched(merge->local->hooks.data, entry->key);
}

static void set_info(Entry *entry, const DiskInfo *info)
{
	entry->size = info->kind == DISK_FOLDER ? 0 : info->size;
	if (info->kind == DISK_FOLDER) {
		entry->mtime_ns = 0;
	} else if (!disk_info_same_mtime(info, entry->mtime_ns, 0)) {
		entry->mtime_ns = info->mtime_ns;
	}
	if (!info->executable_unknown) {
		/* Otherwise it stays what it was on the other devices. */
		entry->executable = info->kind == DISK_FILE && info->executable;
	}
	entry->stamp = info->stamp;
	if (info->kind == DISK_FOLDER) {
		/* What happens inside a folder is not a change of the folder. */
		entry->stamp.change_ns = 0;
	}
}

static void appear(Merge *merge, const ScanPlace *place)
{
	if (local_is_begun(merge->local, place)) {
		return;
	}
	Entry fields = {
		.key = state_key_new(merge->state),
		.parent = place->folder,
		.id = node_id_new(),
		.name = place->name,
		.kind = (EntryKind)place->info.kind,
	};
	set_info(&fields, &place->info);
	put(merge, &fields);
	if (fields.kind == ENTRY_FOLDER) {
		local_mark_folder(merge->local, fields.key, true);
	}
}

static void move_to(Merge *merge, int64_t key, const ScanPlace *place, bool deep)
{
	Entry fields = *get(merge, key);
	g_autoptr(GBytes) target =
		fields.kind == ENTRY_LINK && fields.content ? g_bytes_ref(fields.content) : NULL;
	fields.parent = place->folder;
	fields.name = place->name;
	/* A rename changes ctime: whether the content is the same is known only after hashing. */
	fields.content = target;
	set_info(&fields, &place->info);
	put(merge, &fields);
	/* It may have left what is still to be listed for what was listed already. */
	bool listed = local_has_seen_all(merge->local) && !deep;
	if (fields.kind == ENTRY_FOLDER && (!listed || !is_certain(place))) {
		local_mark_folder(merge->local, key, true);
	}
}

static void change(Merge *merge, int64_t key, const ScanPlace *place)
{
	Entry fields = *get(merge, key);
	g_autofree char *name = g_strdup(fields.name);
	fields.name = name;
	fields.content = NULL;
	set_info(&fields, &place->info);
	put(merge, &fields);
	if (fields.kind == ENTRY_FOLDER) {
		local_mark_folder(merge->local, key, true);
	}
}

static void tell(Merge *merge, const ScanPlace *place, LocalTold why)
{
	if (g_hash_table_size(merge->local->told) < TOLD_MAX) {
		g_hash_table_insert(merge->local->told, spot_new(place->folder, place->name),
				    GINT_TO_POINTER(why));
	}
}

/* ---- what was seen ---------------------------------------------------------------------- */

static void add_seen(Merge *merge, const ScanPlace *place)
{
	g_hash_table_replace(merge->seen_places, spot_new(place->folder, place->name),
			     (void *)place);
}

static void add_news(Merge *merge, const ScanPlace *place, bool deep)
{
	News news = { .place = place, .deep = deep };
	FileId *id = g_new0(FileId, 1);
	id->inode = place->info.stamp.inode;
	id->birth_ns = place->info.stamp.birth_ns;
	g_hash_table_add(merge->found, id);
	g_array_append_val(merge->news, news);
}

/*
 * The old name of key has been looked at. What was seen of it elsewhere is news by now, and is
 * looked at again.
 */
static void recall(Merge *merge, int64_t key)
{
	void *owned_key, *item;
	if (!g_hash_table_steal_extended(merge->local->arrivals, &key, &owned_key, &item)) {
		return;
	}
	g_free(owned_key);
	Arrival *arrival = item;
	const ScanPlace *place = &arrival->place;
	g_ptr_array_add(merge->recalled, arrival);
	local_mark_name(merge->local, place->folder, place->name);
	if (get(merge, place->folder) && !is_ours(merge, place->folder, place->name)) {
		add_news(merge, place, false);
	}
}

static void saw_unchanged(Merge *merge, const Entry *entry, bool deep)
{
	recall(merge, entry->key);
	local_found(merge->local, entry->key);
	bool failed = g_hash_table_contains(merge->local->errors, &entry->key);
	if (entry->kind == ENTRY_FOLDER && (deep || failed)) {
		local_mark_folder(merge->local, entry->key, deep);
	}
}

/* The node that this file was until now, if that is at another place. */
static int64_t known_elsewhere(const Merge *merge, const ScanPlace *place)
{
	int64_t key = state_key_of_file(merge->state, place->info.stamp.inode,
					place->info.stamp.birth_ns);
	const Entry *entry = key == ENTRY_KEY_NONE ? NULL : get(merge, key);
	if (!entry || key == ENTRY_KEY_ROOT || (int)entry->kind != (int)place->info.kind) {
		return ENTRY_KEY_NONE;
	}
	bool here = entry->parent == place->folder && strcmp(entry->name, place->name) == 0;
	return here ? ENTRY_KEY_NONE : key;
}

/* The place is ours now, and is looked at again later; but that look will not be a deep one. */
static void keep_deep(Merge *merge, const Entry *entry, const ScanPlace *place)
{
	if (place->info.kind != DISK_FOLDER) {
		return;
	}
	if (entry && entry->kind == ENTRY_FOLDER) {
		local_mark_folder(merge->local, entry->key, true);
	}
	int64_t key = known_elsewhere(merge, place);
	if (key != ENTRY_KEY_NONE) {
		local_stray(merge->local, key, true);
	}
}

/* entry: what the tree holds there, or NULL. */
static void compare(Merge *merge, const Entry *entry, const ScanPlace *place, bool deep)
{
	if (is_ours(merge, place->folder, place->name)) {
		if (deep) {
			keep_deep(merge, entry, place);
		}
		return;
	}
	add_seen(merge, place);
	if (place->info.spelled) {
		tell(merge, place, LOCAL_TOLD_SPELLED);
	}
	if (entry && is_unchanged(entry, &place->info)) {
		saw_unchanged(merge, entry, deep);
		return;
	}
	if (entry) {
		recall(merge, entry->key);
	} else if (is_ignored(merge, place)) {
		return;
	}
	add_news(merge, place, deep);
}

/*
 * Nothing that could be synced is at the place of key. Believed at once by nobody but a last look
 * at that very name.
 */
static void is_missing(Merge *merge, int64_t key, bool looked_at)
{
	const Departed *departed = g_hash_table_lookup(merge->local->departed, &key);
	bool was_last = looked_at && departed && departed->looks > 0;
	if (was_last && !g_hash_table_contains(merge->local->arrivals, &key)) {
		local_leave(merge->local, key);
		return;
	}
	local_depart(merge->local, key);
	recall(merge, key);
}

static void compare_name(Merge *merge, ScanName *name)
{
	Local *local = merge->local;
	ScanPlace *place = &name->place;
	place->folder = marks_key_now(local->marks, place->folder);
	const Entry *folder = get(merge, place->folder);
	bool reserved = place->folder == ENTRY_KEY_ROOT && strcmp(place->name, DISK_RESERVED) == 0;
	if (!folder || reserved) {
		return;
	}
	if (!scan_is_folder(&folder->stamp, &name->stamp)) {
		local_mark_name(local, place->folder, place->name);
		return;
	}
	int64_t key = holder(merge, place->folder, place->name);
	if (name->stray) {
		if (key != ENTRY_KEY_NONE) {
			recall(merge, key);
		}
		local_stray(local, place->folder, false);
		return;
	}
	if (name->error) {
		/* Listing the folder tells whether it can be looked at by now. */
		local_mark_folder(local, place->folder, false);
		return;
	}
	local_untell(local, place->folder, place->name);
	if (place->present) {
		const Entry *entry = key ? get(merge, key) : NULL;
		g_autoptr(Entry) kept = entry ? entry_ref(entry) : NULL;
		compare(merge, kept, place, !is_certain(place));
	} else if (!is_ours(merge, place->folder, place->name)) {
		add_seen(merge, place);
		if (key != ENTRY_KEY_NONE) {
			is_missing(merge, key, true);
		}
	}
}

static void failed_to_list(Local *local, const ScanFolder *folder)
{
	g_hash_table_replace(local->errors, local_key_new(folder->key),
			     g_error_copy(folder->error));
	if (folder->deep) {
		g_hash_table_add(local->failed_deep, local_key_new(folder->key));
	}
}

static const ScanPlace *seen_in(const ScanFolder *folder, const char *name)
{
	for (unsigned i = 0; i < folder->places->len; i++) {
		const ScanPlace *place = &g_array_index(folder->places, ScanPlace, i);
		if (strcmp(place->name, name) == 0) {
			return place;
		}
	}
	return NULL;
}

/*
 * Two nodes of one name: one had left it, the other had come, and the process ended when only one
 * of that was recorded. It is the one whose file is there.
 */
static void part_doubles(Merge *merge, const ScanFolder *folder, GPtrArray *known)
{
	for (unsigned i = 0; i + 1 < known->len;) {
		const Entry *one = known->pdata[i], *other = known->pdata[i + 1];
		if (strcmp(one->name, other->name) != 0) {
			i++;
			continue;
		}
		const ScanPlace *place = seen_in(folder, one->name);
		bool other_stays = place && is_same_file(other, &place->info);
		local_displace(merge->local, other_stays ? one->key : other->key);
		g_ptr_array_remove_index(known, other_stays ? i : i + 1);
	}
}

static void miss(Merge *merge, const Entry *entry, bool deep)
{
	if (entry->key == ENTRY_KEY_PARK || is_ours(merge, entry->parent, entry->name)) {
		return;
	}
	if (deep && entry->kind == ENTRY_FOLDER) {
		/* It may be where everything was listed before it came. */
		local_list_once_found(merge->local, entry->key, true);
	}
	is_missing(merge, entry->key, false);
}

/* Both sequences are by name. */
static void compare_places(Merge *merge, const ScanFolder *folder, bool deep)
{
	g_autoptr(GPtrArray) known = g_ptr_array_new_with_free_func((GDestroyNotify)entry_unref);
	state_children(merge->state, SIDE_LOCAL, folder->key, known);
	part_doubles(merge, folder, known);
	unsigned i = 0, j = 0;
	while (i < known->len || j < folder->places->len) {
		const Entry *entry = i < known->len ? known->pdata[i] : NULL;
		ScanPlace *place = j < folder->places->len
					   ? &g_array_index(folder->places, ScanPlace, j)
					   : NULL;
		int order = !entry ? 1 : !place ? -1 : strcmp(entry->name, place->name);
		if (place) {
			place->folder = folder->key;
		}
		if (order < 0) {
			miss(merge, entry, deep);
		} else {
			compare(merge, order == 0 ? entry : NULL, place, deep);
		}
		i += order <= 0;
		j += order >= 0;
	}
}

static void compare_folder(Merge *merge, ScanFolder *folder)
{
	Local *local = merge->local;
	folder->key = marks_key_now(local->marks, folder->key);
	const Entry *entry = get(merge, folder->key);
	if (!entry) {
		return;
	}
	if (folder->put_off || !scan_is_folder(&entry->stamp, &folder->stamp)) {
		local_mark_folder(local, folder->key, folder->deep);
		return;
	}
	/* Also if it failed when all below it was to be listed: that is still to be done. */
	bool deep = folder->deep || g_hash_table_contains(local->failed_deep, &folder->key);
	if (folder->stray) {
		local_stray(local, folder->key, deep);
		return;
	}
	if (folder->error) {
		failed_to_list(local, folder);
		return;
	}
	g_hash_table_remove(local->errors, &folder->key);
	g_hash_table_remove(local->failed_deep, &folder->key);
	if (folder->watched) {
		g_hash_table_remove(local->unwatched, &folder->key);
	} else {
		g_hash_table_add(local->unwatched, local_key_new(folder->key));
	}
	local_untell(local, folder->key, NULL);
	compare_places(merge, folder, deep);
	if (folder->places->len == 0 && local->hooks.empty) {
		local->hooks.empty(local->hooks.data, folder->key);
	}
}

/* ---- what moved ------------------------------------------------------------------------- */

/* Is what is at the place now the old node with new content? */
static bool is_new_content(const Merge *merge, const Entry *here, const ScanPlace *place)
{
	FileId id = { .inode = here->stamp.inode, .birth_ns = here->stamp.birth_ns };
	return is_same_file(here, &place->info) ||
	       (here->kind != ENTRY_FOLDER && (int)here->kind == (int)place->info.kind &&
		!g_hash_table_contains(merge->found, &id));
}

/* Is the way to the old name lost? */
static bool is_way_lost(const Merge *merge, const Entry *entry)
{
	int64_t key = entry->parent;
	while (key != ENTRY_KEY_NONE) {
		const Entry *folder = get(merge, key);
		if (!folder || g_hash_table_contains(merge->local->departed, &key) ||
		    g_hash_table_contains(merge->local->astray, &key)) {
			return true;
		}
		key = folder->parent;
	}
	return false;
}

typedef enum OldName {
	OLD_NAME_UNKNOWN,
	OLD_NAME_LEFT,
	OLD_NAME_KEPT,
} OldName;

static OldName look_up_old_name(const Merge *merge, int64_t key)
{
	g_autoptr(Entry) entry = entry_ref(get(merge, key));
	const Spot old = { .folder = entry->parent, .name = entry->name };
	const ScanPlace *seen = g_hash_table_lookup(merge->seen_places, &old);
	if (seen) {
		return seen->present && is_same_file(entry, &seen->info) ? OLD_NAME_KEPT
									 : OLD_NAME_LEFT;
	}
	bool left =
		g_hash_table_contains(merge->local->departed, &key) || is_way_lost(merge, entry);
	return left ? OLD_NAME_LEFT : OLD_NAME_UNKNOWN;
}

static void remember(Merge *merge, int64_t key, const News *news)
{
	Local *local = merge->local;
	Arrival *arrival = g_new0(Arrival, 1);
	arrival->place = *news->place;
	arrival->place.name = g_strdup(news->place->name);
	const Arrival *before = g_hash_table_lookup(local->arrivals, &key);
	if (before && (before->place.folder != arrival->place.folder ||
		       strcmp(before->place.name, arrival->place.name) != 0)) {
		local_drop_arrival(local, key);
	}
	g_hash_table_replace(local->arrivals, local_key_new(key), arrival);
	if (news->deep && news->place->info.kind == DISK_FOLDER) {
		local_list_once_found(local, key, true);
	}
}

static void ask_for(Merge *merge, int64_t key)
{
	const Entry *entry = get(merge, key);
	local_mark_name(merge->local, entry->parent, entry->name);
}

/*
 * We are at work where this file was: what was here may be there now, and cannot be seen yet. Until
 * then nothing is concluded, and what was here counts as missing.
 */
static bool is_swap_half_seen(Merge *merge, int64_t key, int64_t here, const News *news)
{
	g_autoptr(Entry) entry = entry_ref(get(merge, key));
	if (is_same_file(get(merge, here), &news->place->info) ||
	    !is_ours(merge, entry->parent, entry->name)) {
		return false;
	}
	remember(merge, key, news);
	local_depart(merge->local, here);
	return true;
}

/* Decides whether a known file has moved here. */
static void find_move(Merge *merge, News *news)
{
	const ScanPlace *place = news->place;
	int64_t key = known_elsewhere(merge, place);
	int64_t here = holder(merge, place->folder, place->name);
	if (key == ENTRY_KEY_NONE || g_hash_table_contains(merge->moving, &key)) {
		return;
	}
	if (here != ENTRY_KEY_NONE && is_new_content(merge, get(merge, here), place)) {
		/* It was moved over another: perhaps from where we put it and only think it is. */
		ask_for(merge, key);
		news->done = is_swap_half_seen(merge, key, here, news);
		return;
	}
	switch (look_up_old_name(merge, key)) {
	case OLD_NAME_LEFT:
		news->moved = key;
		g_hash_table_add(merge->moving, local_key_new(key));
		break;
	case OLD_NAME_UNKNOWN:
		if (!local_is_begun(merge->local, place)) {
			remember(merge, key, news);
			ask_for(merge, key);
		}
		news->done = true;
		break;
	case OLD_NAME_KEPT:
		/* A folder has but one name: which of the two it had first, another look tells. */
		if (place->info.kind == DISK_FOLDER) {
			local_mark_name(merge->local, place->folder, place->name);
			ask_for(merge, key);
			news->done = true;
		}
		break;
	}
}

/* Whoever is at a name that is taken leaves it, for where it was seen if that is known. */
static void displace(Merge *merge, int64_t here)
{
	void *owned_key, *item;
	if (!g_hash_table_steal_extended(merge->local->arrivals, &here, &owned_key, &item)) {
		local_leave(merge->local, here);
		return;
	}
	g_free(owned_key);
	Arrival *arrival = item;
	const ScanPlace *place = &arrival->place;
	g_ptr_array_add(merge->recalled, arrival);
	local_mark_name(merge->local, place->folder, place->name);
	bool is_free = get(merge, place->folder) &&
		       holder(merge, place->folder, place->name) == ENTRY_KEY_NONE &&
		       !state_is_below(merge->state, SIDE_LOCAL, place->folder, here);
	if (is_free) {
		move_to(merge, here, place, false);
	} else {
		local_leave(merge->local, here);
	}
}

/* False: not yet, for it would be moved into itself. */
static bool make_move(Merge *merge, News *news)
{
	const ScanPlace *place = news->place;
	int64_t here = holder(merge, place->folder, place->name);
	if (here != ENTRY_KEY_NONE && !g_hash_table_contains(merge->moving, &here)) {
		/* Two at one name: not at the same time. It is looked at again. */
		local_mark_name(merge->local, place->folder, place->name);
		local_depart(merge->local, news->moved);
	} else if (!get(merge, place->folder)) {
		local_depart(merge->local, news->moved);
	} else if (!get(merge, news->moved)) {
		appear(merge, place);
	} else if (state_is_below(merge->state, SIDE_LOCAL, place->folder, news->moved)) {
		return false;
	} else {
		move_to(merge, news->moved, place, news->deep);
	}
	g_hash_table_remove(merge->moving, &news->moved);
	news->done = true;
	return true;
}

static void make_moves(Merge *merge)
{
	/* Who is displaced and did not turn up elsewhere leaves, before its name is taken. */
	for (unsigned i = 0; i < merge->news->len; i++) {
		const News *news = &g_array_index(merge->news, News, i);
		int64_t here = news->moved == ENTRY_KEY_NONE
				       ? ENTRY_KEY_NONE
				       : holder(merge, news->place->folder, news->place->name);
		if (here != ENTRY_KEY_NONE && !g_hash_table_contains(merge->moving, &here)) {
			displace(merge, here);
		}
	}
	for (bool any = true; any;) {
		any = false;
		for (unsigned i = 0; i < merge->news->len; i++) {
			News *news = &g_array_index(merge->news, News, i);
			any |= news->moved != ENTRY_KEY_NONE && !news->done &&
			       make_move(merge, news);
		}
	}
	/* In a circle: something has moved since it was seen. Wait until it has been seen there. */
	for (unsigned i = 0; i < merge->news->len; i++) {
		News *news = &g_array_index(merge->news, News, i);
		if (news->moved != ENTRY_KEY_NONE && !news->done) {
			local_depart(merge->local, news->moved);
			remember(merge, news->moved, news);
			news->done = true;
		}
	}
}

/* ---- all the rest ----------------------------------------------------------------------- */

/* What is below is hidden, not gone. */
static void is_covered(Merge *merge, int64_t key)
{
	GError *error = g_error_new(DRIVE_ERROR, DRIVE_ERROR_UNSUPPORTED,
				    "another file system is mounted here: what the folder holds "
				    "cannot be seen");
	g_hash_table_replace(merge->local->errors, local_key_new(key), error);
	local_come_back(merge->local, key);
	g_hash_table_remove(merge->local->astray, &key);
}

static void take_in(Merge *merge, const ScanPlace *place)
{
	int64_t key = holder(merge, place->folder, place->name);
	const Entry *entry = key == ENTRY_KEY_NONE ? NULL : get(merge, key);
	if (place->info.kind == DISK_OTHER || place->info.kind == DISK_FILE_SYSTEM) {
		tell(merge, place, LOCAL_TOLD_SKIPPED);
		if (entry && entry->kind == ENTRY_FOLDER && place->info.kind == DISK_FILE_SYSTEM) {
			is_covered(merge, key);
		} else if (entry) {
			is_missing(merge, key, true);
		}
	} else if (!entry) {
		appear(merge, place);
	} else if (is_unchanged(entry, &place->info)) {
		local_found(merge->local, key);
	} else if ((int)entry->kind == (int)place->info.kind) {
		change(merge, key, place);
	} else {
		local_leave(merge->local, key);
		if (!is_ignored(merge, place)) {
			appear(merge, place);
		}
	}
}

/* Of what was seen twice, what was seen just now counts. */
static void drop_old_news(Merge *merge, News *news)
{
	const Spot place = { .folder = news->place->folder, .name = news->place->name };
	const ScanPlace *seen = g_hash_table_lookup(merge->seen_places, &place);
	news->done = seen && seen != news->place;
}

static void merge_news(Merge *merge)
{
	for (unsigned i = 0; i < merge->news->len; i++) {
		drop_old_news(merge, &g_array_index(merge->news, News, i));
	}
	for (unsigned i = 0; i < merge->news->len; i++) {
		News *news = &g_array_index(merge->news, News, i);
		if (!news->done) {
			find_move(merge, news);
		}
	}
	make_moves(merge);
	for (unsigned i = 0; i < merge->news->len; i++) {
		const News *news = &g_array_index(merge->news, News, i);
		if (!news->done && get(merge, news->place->folder)) {
			take_in(merge, news->place);
		}
	}
}

void local_merge(Local *local, Scan *scan, int64_t now_us)
{
	g_assert(scan->present);
	local->now_us = now_us;
	Merge merge = {
		.local = local,
		.state = local->state,
		.scan = scan,
		.news = g_array_new(FALSE, TRUE, sizeof(News)),
		.seen_places = g_hash_table_new_full(spot_hash, spot_equal, spot_free, NULL),
		.found = g_hash_table_new_full(file_id_hash, file_id_equal, g_free, NULL),
		.moving = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL),
		.recalled = g_ptr_array_new_with_free_func(local_arrival_free),
	};
	for (unsigned i = 0; i < scan->names->len; i++) {
		compare_name(&merge, &g_array_index(scan->names, ScanName, i));
	}
	for (unsigned i = 0; i < scan->folders->len; i++) {
		compare_folder(&merge, &g_array_index(scan->folders, ScanFolder, i));
	}
	merge_news(&merge);
	marks_taken_back(local->marks, scan);
	g_array_unref(merge.news);
	g_hash_table_unref(merge.seen_places);
	g_hash_table_unref(merge.found);
	g_hash_table_unref(merge.moving);
	g_ptr_array_unref(merge.recalled);
}
