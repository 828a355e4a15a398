/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Invariant: a side's overlay has a row for a key if and only if that side differs from synced
 * there (same_on_side() says what counts).
 */
#include "client/state/trees.h"

#include <stdlib.h>
#include <string.h>

void trees_init(Trees *trees, Rows *rows)
{
	*trees = (Trees){
		.rows = rows,
		.fresh = overlay_new(),
		.sides = {
			[SIDE_LOCAL] = overlay_new(),
			[SIDE_REMOTE] = overlay_new(),
		},
	};
}

void trees_clear(Trees *trees)
{
	g_clear_pointer(&trees->fresh, overlay_free);
	g_clear_pointer(&trees->sides[SIDE_LOCAL], overlay_free);
	g_clear_pointer(&trees->sides[SIDE_REMOTE], overlay_free);
}

/* ---- looking through --------------------------------------------------------------------- */

typedef struct Filter {
	const Overlay *upper; /* NULL for SIDE_SYNCED */
	const Overlay *fresh; /* NULL while looking at fresh itself */
} Filter;

/* Does the tree below still speak for key? */
static bool shows_through(int64_t key, void *data)
{
	const Filter *filter = data;
	return !(filter->upper && overlay_has(filter->upper, key)) &&
	       !(filter->fresh && overlay_has(filter->fresh, key));
}

static Filter over_fresh(const Trees *trees, Side side)
{
	return (Filter){ .upper = trees->sides[side] };
}

static Filter over_rows(const Trees *trees, Side side)
{
	return (Filter){ .upper = trees->sides[side], .fresh = trees->fresh };
}

static const Entry *synced_get(const Trees *trees, int64_t key)
{
	const Entry *entry;
	if (overlay_get(trees->fresh, key, &entry)) {
		return entry;
	}
	return rows_get(trees->rows, key);
}

const Entry *trees_get(const Trees *trees, Side side, int64_t key)
{
	const Entry *entry;
	if (trees->sides[side] && overlay_get(trees->sides[side], key, &entry)) {
		return entry;
	}
	return synced_get(trees, key);
}

int64_t trees_find(const Trees *trees, Side side, int64_t parent, const char *name)
{
	const Overlay *upper = trees->sides[side];
	int64_t key = upper ? overlay_find(upper, parent, name, NULL, NULL) : ENTRY_KEY_NONE;
	if (key == ENTRY_KEY_NONE) {
		Filter filter = over_fresh(trees, side);
		key = overlay_find(trees->fresh, parent, name, shows_through, &filter);
	}
	if (key == ENTRY_KEY_NONE) {
		Filter filter = over_rows(trees, side);
		key = rows_find(trees->rows, parent, name, shows_through, &filter);
	}
	return key;
}

typedef struct Collect {
	Filter filter;
	GArray *keys;
	GPtrArray *entries;
} Collect;

static void collect_visit(int64_t key, const Entry *entry, uint64_t tag, void *data)
{
	Collect *collect = data;
	(void)tag;
	if (!entry || !shows_through(key, &collect->filter)) {
		return;
	}
	if (collect->keys) {
		g_array_append_val(collect->keys, key);
	} else {
		g_ptr_array_add(collect->entries, entry_ref(entry));
	}
}

/* The children that the overlays know of. */
static void collect_children(const Trees *trees, Side side, int64_t parent, Collect *collect)
{
	if (trees->sides[side]) {
		collect->filter = (Filter){ 0 };
		overlay_children(trees->sides[side], parent, collect_visit, collect);
	}
	collect->filter = over_fresh(trees, side);
	overlay_children(trees->fresh, parent, collect_visit, collect);
}

void trees_child_keys(const Trees *trees, Side side, int64_t parent, GArray *ret_keys)
{
	Collect collect = { .keys = ret_keys };
	collect_children(trees, side, parent, &collect);
	Filter filter = over_rows(trees, side);
	rows_child_keys(trees->rows, parent, shows_through, &filter, ret_keys);
}

static int compare_name(const void *a_data, const void *b_data)
{
	const Entry *a = *(const Entry *const *)a_data, *b = *(const Entry *const *)b_data;
	int order = strcmp(a->name, b->name);
	if (order != 0) {
		return order;
	}
	return a->key < b->key ? -1 : a->key > b->key;
}

void trees_children(const Trees *trees, Side side, int64_t parent, GPtrArray *ret_entries)
{
	unsigned first = ret_entries->len;
	Filter filter = over_rows(trees, side);
	rows_children(trees->rows, parent, shows_through, &filter, ret_entries);
	unsigned in_order = ret_entries->len;
	Collect collect = { .entries = ret_entries };
	collect_children(trees, side, parent, &collect);
	if (ret_entries->len > in_order) {
		qsort(ret_entries->pdata + first, ret_entries->len - first,
		      sizeof *ret_entries->pdata, compare_name);
	}
}

int64_t trees_key_of_id(const Trees *trees, const NodeId *id)
{
	int64_t key = overlay_key_of_id(trees->sides[SIDE_REMOTE], id);
	if (key == ENTRY_KEY_NONE) {
		key = overlay_key_of_id(trees->sides[SIDE_LOCAL], id);
	}
	if (key == ENTRY_KEY_NONE) {
		key = overlay_key_of_id(trees->fresh, id);
	}
	if (key == ENTRY_KEY_NONE) {
		key = rows_key_of_id(trees->rows, id);
		/* Where fresh speaks, it would have found the id. */
		if (overlay_has(trees->fresh, key)) {
			key = ENTRY_KEY_NONE;
		}
	}
	return key;
}

int64_t trees_key_of_file(const Trees *trees, uint64_t inode, int64_t birth_ns)
{
	if (inode == 0) {
		return ENTRY_KEY_NONE;
	}
	int64_t key = overlay_key_of_file(trees->sides[SIDE_LOCAL], inode, birth_ns, NULL, NULL);
	if (key == ENTRY_KEY_NONE) {
		Filter filter = over_fresh(trees, SIDE_LOCAL);
		key = overlay_key_of_file(trees->fresh, inode, birth_ns, shows_through, &filter);
	}
	if (key == ENTRY_KEY_NONE) {
		Filter filter = over_rows(trees, SIDE_LOCAL);
		key = rows_key_of_file(trees->rows, inode, birth_ns, shows_through, &filter);
	}
	return key;
}

typedef struct Union {
	GArray *keys;
	const Overlay *without;
} Union;

static void union_visit(int64_t key, const Entry *entry, uint64_t tag, void *data)
{
	Union *both = data;
	(void)entry;
	(void)tag;
	if (!both->without || !overlay_has(both->without, key)) {
		g_array_append_val(both->keys, key);
	}
}

static int compare_key(const void *a_data, const void *b_data)
{
	int64_t a = *(const int64_t *)a_data, b = *(const int64_t *)b_data;
	return a < b ? -1 : a > b;
}

void trees_divergent(const Trees *trees, GArray *ret_keys)
{
	unsigned first = ret_keys->len;
	Union both = { .keys = ret_keys };
	overlay_each(trees->sides[SIDE_LOCAL], union_visit, &both);
	both.without = trees->sides[SIDE_LOCAL];
	overlay_each(trees->sides[SIDE_REMOTE], union_visit, &both);
	g_assert(ret_keys->len - first == trees->divergent);
	if (ret_keys->len > first) {
		qsort(&g_array_index(ret_keys, int64_t, first), ret_keys->len - first,
		      sizeof(int64_t), compare_key);
	}
}

void trees_conflict_keys(const Trees *trees, GArray *ret_keys)
{
	const Overlay *local = trees->sides[SIDE_LOCAL];
	Union both = { .keys = ret_keys };
	overlay_conflict_copies(local, union_visit, &both);
	both.without = local;
	overlay_conflict_copies(trees->fresh, union_visit, &both);
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	rows_conflict_keys(trees->rows, keys);
	for (unsigned i = 0; i < keys->len; i++) {
		int64_t key = g_array_index(keys, int64_t, i);
		if (!overlay_has(local, key) && !overlay_has(trees->fresh, key)) {
			g_array_append_val(ret_keys, key);
		}
	}
}

void trees_local_entries(const Trees *trees, GPtrArray *ret_entries)
{
	Collect collect = { .entries = ret_entries };
	overlay_each(trees->sides[SIDE_LOCAL], collect_visit, &collect);
	collect.filter = over_fresh(trees, SIDE_LOCAL);
	overlay_each(trees->fresh, collect_visit, &collect);
	Filter filter = over_rows(trees, SIDE_LOCAL);
	rows_each(trees->rows, shows_through, &filter, ret_entries);
}

/* ---- changing ---------------------------------------------------------------------------- */

/*
 * Of a folder counts only which one it is (its size and mtime on disk tell of what lies in it), of
 * a link where it leads to.
 */
static bool same_value(const Entry *a, const Entry *b)
{
	if (a->kind != b->kind || !entry_same_place(a, b) || !node_id_equal(&a->id, &b->id)) {
		return false;
	}
	if (a->kind != ENTRY_FILE) {
		return true;
	}
	return a->size == b->size && a->mtime_ns == b->mtime_ns && a->executable == b->executable;
}

static bool same_bytes(GBytes *a, GBytes *b)
{
	return a == b || (a && b && g_bytes_equal(a, b));
}

static bool same_stamp(const Entry *a, const Entry *b)
{
	return a->stamp.inode == b->stamp.inode && a->stamp.birth_ns == b->stamp.birth_ns &&
	       (a->kind == ENTRY_FOLDER || a->stamp.change_ns == b->stamp.change_ns);
}

/* Does the entry of that side say nothing that synced does not say? */
static bool same_on_side(Side side, const Entry *entry, const Entry *synced)
{
	if (!entry || !synced) {
		return entry == synced;
	}
	if (!same_value(entry, synced)) {
		return false;
	}
	if (side == SIDE_REMOTE) {
		return entry->seq == synced->seq && same_bytes(entry->content, synced->content);
	}
	/* The untouched file has the content it had. */
	return same_stamp(entry, synced) && ((!entry->content && entry->stamp.inode != 0) ||
					     same_bytes(entry->content, synced->content));
}

static bool is_divergent(const Trees *trees, int64_t key)
{
	return overlay_has(trees->sides[SIDE_LOCAL], key) ||
	       overlay_has(trees->sides[SIDE_REMOTE], key);
}

static void set_against(Trees *trees, Side side, int64_t key, const Entry *entry,
			const Entry *synced)
{
	bool was = is_divergent(trees, key);
	if (same_on_side(side, entry, synced)) {
		overlay_drop(trees->sides[side], key);
	} else {
		overlay_put(trees->sides[side], key, entry, 0);
	}
	trees->divergent += (size_t)is_divergent(trees, key) - (size_t)was;
}

void trees_set(Trees *trees, Side side, int64_t key, const Entry *entry)
{
	g_assert(side == SIDE_LOCAL || side == SIDE_REMOTE);
	g_assert(key != ENTRY_KEY_NONE);
	/* What is being set may be held by the overlay alone. */
	g_autoptr(Entry) held = entry ? entry_ref(entry) : NULL;
	set_against(trees, side, key, held, synced_get(trees, key));
}

void trees_set_synced(Trees *trees, int64_t key, const Entry *entry, uint64_t tag)
{
	const Entry *local = trees_get(trees, SIDE_LOCAL, key);
	g_autoptr(Entry) held_local = local ? entry_ref(local) : NULL;
	const Entry *remote = trees_get(trees, SIDE_REMOTE, key);
	g_autoptr(Entry) held_remote = remote ? entry_ref(remote) : NULL;
	overlay_put(trees->fresh, key, entry, tag);
	set_against(trees, SIDE_LOCAL, key, held_local, entry);
	set_against(trees, SIDE_REMOTE, key, held_remote, entry);
}

void trees_empty(Trees *trees)
{
	overlay_clear(trees->fresh);
	overlay_clear(trees->sides[SIDE_LOCAL]);
	overlay_clear(trees->sides[SIDE_REMOTE]);
	trees->divergent = 0;
}

/* ---- check ------------------------------------------------------------------------------- */

typedef struct Check {
	const Trees *trees;
	Side side;
} Check;

static void check_differs(int64_t key, const Entry *entry, uint64_t tag, void *data)
{
	const Check *check = data;
	(void)tag;
	g_assert(!same_on_side(check->side, entry, synced_get(check->trees, key)));
}

void trees_check(const Trees *trees)
{
	overlay_check(trees->fresh);
	size_t sum = 0;
	for (Side side = SIDE_LOCAL; side <= SIDE_REMOTE; side += SIDE_REMOTE - SIDE_LOCAL) {
		overlay_check(trees->sides[side]);
		Check check = { .trees = trees, .side = side };
		overlay_each(trees->sides[side], check_differs, &check);
		sum += overlay_size(trees->sides[side]);
	}
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	trees_divergent(trees, keys);
	g_assert(keys->len == trees->divergent && keys->len <= sum);
}
