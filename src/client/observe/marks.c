/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One Mark for each folder in which something is to be looked at, or is looked at by a scan that is
 * under way. It stands in `with_names` or `to_list` if there is something to take, and is freed
 * when there is neither that nor a scan.
 */
#include "client/observe/marks.h"

typedef struct Mark {
	int64_t folder;
	GHashTable *names; /* char * set, NULL: none */
	GList *names_link; /* in with_names */
	GList *list_link;  /* in to_list */
	bool deep;         /* to be listed with all that is below it */
	bool out;          /* a scan is under way */
} Mark;

struct Marks {
	State *state;
	GHashTable *marks; /* &Mark.folder -> Mark, owned */
	GQueue with_names; /* Mark; first come, first taken */
	GQueue to_list;
	GHashTable *key_now; /* old key -> new key, both int64_t *; while scans are under way */
	unsigned out;        /* scans */
	unsigned deep;
};

static void mark_free(void *item)
{
	Mark *mark = item;
	g_clear_pointer(&mark->names, g_hash_table_unref);
	g_free(mark);
}

Marks *marks_new(State *state)
{
	Marks *marks = g_new0(Marks, 1);
	marks->state = state;
	marks->marks = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, mark_free);
	marks->key_now = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	g_queue_init(&marks->with_names);
	g_queue_init(&marks->to_list);
	return marks;
}

void marks_free(Marks *marks)
{
	if (!marks) {
		return;
	}
	g_queue_clear(&marks->with_names);
	g_queue_clear(&marks->to_list);
	g_hash_table_unref(marks->marks);
	g_hash_table_unref(marks->key_now);
	g_free(marks);
}

/* ---- marking ---------------------------------------------------------------------------- */

static Mark *get_mark(Marks *marks, int64_t folder)
{
	Mark *mark = g_hash_table_lookup(marks->marks, &folder);
	if (!mark) {
		mark = g_new0(Mark, 1);
		mark->folder = folder;
		g_hash_table_insert(marks->marks, &mark->folder, mark);
	}
	return mark;
}

static void drop_if_empty(Marks *marks, Mark *mark)
{
	if (!mark->names_link && !mark->list_link && !mark->out) {
		g_hash_table_remove(marks->marks, &mark->folder);
	}
}

static GList *push(GQueue *queue, Mark *mark)
{
	g_queue_push_tail(queue, mark);
	return queue->tail;
}

static void unlink_from(GQueue *queue, GList **link)
{
	if (*link) {
		g_queue_delete_link(queue, *link);
		*link = NULL;
	}
}

void marks_name(Marks *marks, int64_t folder, const char *name)
{
	Mark *mark = get_mark(marks, folder);
	if (!mark->names) {
		mark->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	}
	g_hash_table_add(mark->names, g_strdup(name));
	if (!mark->names_link) {
		mark->names_link = push(&marks->with_names, mark);
	}
}

void marks_folder(Marks *marks, int64_t folder, bool deep)
{
	Mark *mark = get_mark(marks, folder);
	if (!mark->list_link) {
		mark->list_link = push(&marks->to_list, mark);
	}
	if (deep && !mark->deep) {
		mark->deep = true;
		marks->deep++;
	}
}

/* ---- taking ----------------------------------------------------------------------------- */

static void drop_names(Marks *marks, Mark *mark)
{
	g_clear_pointer(&mark->names, g_hash_table_unref);
	unlink_from(&marks->with_names, &mark->names_link);
}

static unsigned take_names(Marks *marks, Mark *mark, unsigned max, Scan *scan)
{
	g_autofree char *path = state_path(marks->state, SIDE_LOCAL, mark->folder);
	if (!path) {
		drop_names(marks, mark);
		drop_if_empty(marks, mark);
		return 0;
	}
	const EntryStamp stamp = state_get(marks->state, SIDE_LOCAL, mark->folder)->stamp;
	GHashTableIter iter;
	void *name;
	unsigned count = 0;
	g_hash_table_iter_init(&iter, mark->names);
	while (count < max && g_hash_table_iter_next(&iter, &name, NULL)) {
		scan_add_name(scan, mark->folder, &stamp, path, name);
		g_hash_table_iter_remove(&iter);
		count++;
	}
	if (g_hash_table_size(mark->names) == 0) {
		drop_names(marks, mark);
	}
	mark->out = true;
	return count;
}

static bool take_listing(Marks *marks, Mark *mark, Scan *scan)
{
	g_autofree char *path = state_path(marks->state, SIDE_LOCAL, mark->folder);
	bool deep = mark->deep;
	unlink_from(&marks->to_list, &mark->list_link);
	mark->deep = false;
	if (!path) {
		marks->deep -= deep;
		drop_if_empty(marks, mark);
		return false;
	}
	/* One that is deep counts until it is taken back. */
	const EntryStamp stamp = state_get(marks->state, SIDE_LOCAL, mark->folder)->stamp;
	scan_add_folder(scan, mark->folder, &stamp, path, deep);
	mark->out = true;
	return true;
}

bool marks_take(Marks *marks, unsigned folders_max, unsigned names_max, Scan *scan)
{
	for (GList *link = marks->with_names.head, *next; link && names_max > 0; link = next) {
		next = link->next;
		Mark *mark = link->data;
		names_max -= mark->out ? 0 : take_names(marks, mark, names_max, scan);
	}
	for (GList *link = marks->to_list.head, *next; link && folders_max > 0; link = next) {
		next = link->next;
		Mark *mark = link->data;
		folders_max -= !mark->out && take_listing(marks, mark, scan);
	}
	bool any = scan->folders->len + scan->names->len > 0;
	marks->out += any;
	return any;
}

static void come_back(Marks *marks, int64_t folder)
{
	int64_t key = marks_key_now(marks, folder);
	Mark *mark = g_hash_table_lookup(marks->marks, &key);
	if (mark) {
		mark->out = false;
		drop_if_empty(marks, mark);
	}
}

void marks_taken_back(Marks *marks, const Scan *scan)
{
	g_assert(marks->out > 0);
	marks->out--;
	for (unsigned i = 0; i < scan->names->len; i++) {
		come_back(marks, g_array_index(scan->names, ScanName, i).place.folder);
	}
	for (unsigned i = 0; i < scan->folders->len; i++) {
		const ScanFolder *folder = &g_array_index(scan->folders, ScanFolder, i);
		come_back(marks, folder->key);
		g_assert(!folder->deep || marks->deep > 0);
		marks->deep -= folder->deep;
	}
	if (marks->out == 0) {
		g_hash_table_remove_all(marks->key_now);
	}
}

/* ---- keys ------------------------------------------------------------------------------- */

int64_t marks_key_now(const Marks *marks, int64_t folder)
{
	const int64_t *now;
	while ((now = g_hash_table_lookup(marks->key_now, &folder))) {
		folder = *now;
	}
	return folder;
}

void marks_forget(Marks *marks, int64_t folder)
{
	Mark *mark = g_hash_table_lookup(marks->marks, &folder);
	if (!mark) {
		return;
	}
	drop_names(marks, mark);
	unlink_from(&marks->to_list, &mark->list_link);
	marks->deep -= mark->deep;
	mark->deep = false;
	drop_if_empty(marks, mark);
}

void marks_rekey(Marks *marks, int64_t folder, int64_t new_folder)
{
	Mark *mark = g_hash_table_lookup(marks->marks, &folder);
	if (!mark) {
		return;
	}
	if (mark->names) {
		GHashTableIter iter;
		void *name;
		g_hash_table_iter_init(&iter, mark->names);
		while (g_hash_table_iter_next(&iter, &name, NULL)) {
			marks_name(marks, new_folder, name);
		}
	}
	if (mark->list_link) {
		marks_folder(marks, new_folder, mark->deep);
	}
	if (mark->out) {
		g_assert(!g_hash_table_contains(marks->key_now, &new_folder));
		get_mark(marks, new_folder)->out = true;
		g_hash_table_insert(marks->key_now, g_memdup2(&folder, sizeof folder),
				    g_memdup2(&new_folder, sizeof new_folder));
		mark->out = false;
	}
	marks_forget(marks, folder);
}

unsigned marks_deep(const Marks *marks)
{
	return marks->deep;
}

bool marks_is_empty(const Marks *marks)
{
	return marks->out == 0 && marks->with_names.length == 0 && marks->to_list.length == 0;
}
