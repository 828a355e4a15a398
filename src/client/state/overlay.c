/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One row per key, chained into a hash table per index; the rows of one folder are linked beside
 * that, since a folder may have very many and they come and go one by one.
 *
 * Invariants:
 *  1. every row is in INDEX_KEY; a row with an entry is also in INDEX_PLACE, INDEX_ID and its
 *     folder's list, and in INDEX_FILE if its stamp names an inode;
 *  2. a folder is in `folders` as long as its list is not empty;
 *  3. the bucket count is a power of two, at least the number of rows;
 *  4. `copies` has the rows whose entry has the name of a conflict copy: there are few, and whoever
 *     asks how many there are does so often.
 */
#include "client/state/overlay.h"

#include <string.h>

#define BUCKETS_MIN 64

typedef enum Index {
	INDEX_KEY,
	INDEX_PLACE,
	INDEX_ID,
	INDEX_FILE,
	INDEX_COUNT,
} Index;

typedef struct Row Row;
typedef struct Folder Folder;

typedef struct Link {
	Row *next;
	uint32_t hash;
	bool linked;
} Link;

struct Row {
	int64_t key;
	Entry *entry; /* owned; NULL: absent */
	uint64_t tag;
	Link links[INDEX_COUNT];
	Folder *folder;
	Row *sibling_next;
	Row *sibling_previous;
};

struct Folder {
	int64_t parent;
	Row *first;
};

struct Overlay {
	Row **buckets[INDEX_COUNT];
	size_t bucket_count;
	size_t size;
	GHashTable *folders; /* &Folder.parent -> Folder, owned */
	GHashTable *copies;  /* set of Row */
};

/* ---- hashes ------------------------------------------------------------------------------ */

static uint32_t mix(uint64_t value)
{
	return (uint32_t)((value * 0x9e3779b97f4a7c15ull) >> 32);
}

static uint32_t hash_place(int64_t parent, const char *name)
{
	return mix((uint64_t)parent ^ ((uint64_t)g_str_hash(name) << 20));
}

static uint32_t hash_id(const NodeId *id)
{
	return node_id_hash(id);
}

static uint32_t hash_file(uint64_t inode, int64_t birth_ns)
{
	return mix(inode ^ ((uint64_t)birth_ns << 24));
}

/* ---- chains ------------------------------------------------------------------------------ */

static Row *bucket_first(const Overlay *overlay, Index index, uint32_t hash)
{
	return overlay->buckets[index][hash & (overlay->bucket_count - 1)];
}

/* The first row of this hash at or after row. */
static Row *same_hash(Row *row, Index index, uint32_t hash)
{
	while (row && row->links[index].hash != hash) {
		row = row->links[index].next;
	}
	return row;
}

static Row *lookup(const Overlay *overlay, int64_t key)
{
	uint32_t hash = mix((uint64_t)key);
	Row *row = same_hash(bucket_first(overlay, INDEX_KEY, hash), INDEX_KEY, hash);
	while (row && row->key != key) {
		row = same_hash(row->links[INDEX_KEY].next, INDEX_KEY, hash);
	}
	return row;
}

static void link_row(Overlay *overlay, Index index, Row *row, uint32_t hash)
{
	Row **head = &overlay->buckets[index][hash & (overlay->bucket_count - 1)];
	row->links[index] = (Link){ .next = *head, .hash = hash, .linked = true };
	*head = row;
}

static void unlink_row(Overlay *overlay, Index index, Row *row)
{
	Link *link = &row->links[index];
	if (!link->linked) {
		return;
	}
	Row **at = &overlay->buckets[index][link->hash & (overlay->bucket_count - 1)];
	while (*at != row) {
		at = &(*at)->links[index].next;
	}
	*at = link->next;
	*link = (Link){ 0 };
}

static void set_bucket_count(Overlay *overlay, size_t count)
{
	g_assert((count & (count - 1)) == 0);
	size_t old_count = overlay->bucket_count;
	overlay->bucket_count = count;
	for (Index index = 0; index < INDEX_COUNT; index++) {
		g_autofree Row **old = overlay->buckets[index];
		overlay->buckets[index] = g_new0(Row *, count);
		for (size_t i = 0; i < old_count; i++) {
			for (Row *row = old[i]; row;) {
				Row *next = row->links[index].next;
				link_row(overlay, index, row, row->links[index].hash);
				row = next;
			}
		}
	}
}

/* ---- rows -------------------------------------------------------------------------------- */

static void folder_add(Overlay *overlay, Row *row)
{
	Folder *folder = g_hash_table_lookup(overlay->folders, &row->entry->parent);
	if (!folder) {
		folder = g_new(Folder, 1);
		*folder = (Folder){ .parent = row->entry->parent };
		g_hash_table_insert(overlay->folders, &folder->parent, folder);
	}
	row->folder = folder;
	row->sibling_previous = NULL;
	row->sibling_next = folder->first;
	if (folder->first) {
		folder->first->sibling_previous = row;
	}
	folder->first = row;
}

static void folder_remove(Overlay *overlay, Row *row)
{
	if (row->sibling_next) {
		row->sibling_next->sibling_previous = row->sibling_previous;
	}
	if (row->sibling_previous) {
		row->sibling_previous->sibling_next = row->sibling_next;
	} else {
		row->folder->first = row->sibling_next;
	}
	if (!row->folder->first) {
		g_hash_table_remove(overlay->folders, &row->folder->parent);
	}
	row->folder = NULL;
}

static bool is_copy(const Row *row)
{
	return row->entry && strstr(row->entry->name, ENTRY_CONFLICT_MARK);
}

/* Takes the reference. */
static void row_fill(Overlay *overlay, Row *row, Entry *entry)
{
	g_assert(!row->entry);
	row->entry = entry;
	if (!entry) {
		return;
	}
	link_row(overlay, INDEX_PLACE, row, hash_place(entry->parent, entry->name));
	link_row(overlay, INDEX_ID, row, hash_id(&entry->id));
	const EntryStamp *stamp = &entry->stamp;
	if (stamp->inode != 0) {
		link_row(overlay, INDEX_FILE, row, hash_file(stamp->inode, stamp->birth_ns));
	}
	folder_add(overlay, row);
	if (is_copy(row)) {
		g_hash_table_add(overlay->copies, row);
	}
}

static void row_empty(Overlay *overlay, Row *row)
{
	if (!row->entry) {
		return;
	}
	unlink_row(overlay, INDEX_PLACE, row);
	unlink_row(overlay, INDEX_ID, row);
	unlink_row(overlay, INDEX_FILE, row);
	folder_remove(overlay, row);
	g_hash_table_remove(overlay->copies, row);
	entry_unref(g_steal_pointer(&row->entry));
}

Overlay *overlay_new(void)
{
	Overlay *overlay = g_new0(Overlay, 1);
	overlay->folders = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
	overlay->copies = g_hash_table_new(NULL, NULL);
	set_bucket_count(overlay, BUCKETS_MIN);
	return overlay;
}

void overlay_clear(Overlay *overlay)
{
	for (size_t i = 0; i < overlay->bucket_count; i++) {
		for (Row *row = overlay->buckets[INDEX_KEY][i]; row;) {
			Row *next = row->links[INDEX_KEY].next;
			entry_unref(row->entry);
			g_free(row);
			row = next;
		}
	}
	g_hash_table_remove_all(overlay->folders);
	g_hash_table_remove_all(overlay->copies);
	for (Index index = 0; index < INDEX_COUNT; index++) {
		g_clear_pointer(&overlay->buckets[index], g_free);
	}
	overlay->bucket_count = 0;
	overlay->size = 0;
	set_bucket_count(overlay, BUCKETS_MIN);
}

void overlay_free(Overlay *overlay)
{
	if (!overlay) {
		return;
	}
	overlay_clear(overlay);
	for (Index index = 0; index < INDEX_COUNT; index++) {
		g_free(overlay->buckets[index]);
	}
	g_hash_table_unref(overlay->folders);
	g_hash_table_unref(overlay->copies);
	g_free(overlay);
}

void overlay_put(Overlay *overlay, int64_t key, const Entry *entry, uint64_t tag)
{
	g_assert(key != ENTRY_KEY_NONE);
	g_assert(!entry || entry->key == key);
	/* The new entry may be kept alive by the one it replaces alone. */
	Entry *held = entry ? entry_ref(entry) : NULL;
	Row *row = lookup(overlay, key);
	if (row) {
		row_empty(overlay, row);
	} else {
		if (overlay->size == overlay->bucket_count) {
			set_bucket_count(overlay, 2 * overlay->bucket_count);
		}
		row = g_new0(Row, 1);
		row->key = key;
		link_row(overlay, INDEX_KEY, row, mix((uint64_t)key));
		overlay->size++;
	}
	row->tag = tag;
	row_fill(overlay, row, held);
}

void overlay_drop(Overlay *overlay, int64_t key)
{
	Row *row = lookup(overlay, key);
	if (!row) {
		return;
	}
	row_empty(overlay, row);
	unlink_row(overlay, INDEX_KEY, row);
	g_free(row);
	overlay->size--;
	size_t count = overlay->bucket_count;
	if (count > BUCKETS_MIN && overlay->size < count / 8) {
		set_bucket_count(overlay, count / 2);
	}
}

/* ---- reading ----------------------------------------------------------------------------- */

bool overlay_get(const Overlay *overlay, int64_t key, const Entry **ret_entry)
{
	Row *row = lookup(overlay, key);
	if (row) {
		*ret_entry = row->entry;
	}
	return row != NULL;
}

bool overlay_has(const Overlay *overlay, int64_t key)
{
	return lookup(overlay, key) != NULL;
}

uint64_t overlay_tag(const Overlay *overlay, int64_t key)
{
	Row *row = lookup(overlay, key);
	return row ? row->tag : 0;
}

size_t overlay_size(const Overlay *overlay)
{
	return overlay->size;
}

static bool accepts(KeyAccept accept, void *data, const Row *row)
{
	return !accept || accept(row->key, data);
}

static bool has_place(const Entry *entry, int64_t parent, const char *name)
{
	return entry->parent == parent && strcmp(entry->name, name) == 0;
}

int64_t overlay_find(const Overlay *overlay, int64_t parent, const char *name, KeyAccept accept,
		     void *data)
{
	uint32_t hash = hash_place(parent, name);
	Row *row = same_hash(bucket_first(overlay, INDEX_PLACE, hash), INDEX_PLACE, hash);
	while (row && !(has_place(row->entry, parent, name) && accepts(accept, data, row))) {
		row = same_hash(row->links[INDEX_PLACE].next, INDEX_PLACE, hash);
	}
	return row ? row->key : ENTRY_KEY_NONE;
}

int64_t overlay_key_of_id(const Overlay *overlay, const NodeId *id)
{
	uint32_t hash = hash_id(id);
	Row *row = same_hash(bucket_first(overlay, INDEX_ID, hash), INDEX_ID, hash);
	while (row && !node_id_equal(&row->entry->id, id)) {
		row = same_hash(row->links[INDEX_ID].next, INDEX_ID, hash);
	}
	return row ? row->key : ENTRY_KEY_NONE;
}

static bool is_file(const Entry *entry, uint64_t inode, int64_t birth_ns)
{
	return entry->stamp.inode == inode && entry->stamp.birth_ns == birth_ns;
}

int64_t overlay_key_of_file(const Overlay *overlay, uint64_t inode, int64_t birth_ns,
			    KeyAccept accept, void *data)
{
	uint32_t hash = hash_file(inode, birth_ns);
	Row *row = same_hash(bucket_first(overlay, INDEX_FILE, hash), INDEX_FILE, hash);
	while (row && !(is_file(row->entry, inode, birth_ns) && accepts(accept, data, row))) {
		row = same_hash(row->links[INDEX_FILE].next, INDEX_FILE, hash);
	}
	return row ? row->key : ENTRY_KEY_NONE;
}

bool overlay_has_children(const Overlay *overlay, int64_t parent)
{
	return g_hash_table_contains(overlay->folders, &parent);
}

void overlay_children(const Overlay *overlay, int64_t parent, OverlayVisitor visit, void *data)
{
	const Folder *folder = g_hash_table_lookup(overlay->folders, &parent);
	for (Row *row = folder ? folder->first : NULL; row; row = row->sibling_next) {
		visit(row->key, row->entry, row->tag, data);
	}
}

void overlay_each(const Overlay *overlay, OverlayVisitor visit, void *data)
{
	for (size_t i = 0; i < overlay->bucket_count; i++) {
		for (Row *row = overlay->buckets[INDEX_KEY][i]; row;
		     row = row->links[INDEX_KEY].next) {
			visit(row->key, row->entry, row->tag, data);
		}
	}
}

void overlay_conflict_copies(const Overlay *overlay, OverlayVisitor visit, void *data)
{
	GHashTableIter iter;
	void *row_data;
	g_hash_table_iter_init(&iter, overlay->copies);
	while (g_hash_table_iter_next(&iter, &row_data, NULL)) {
		const Row *row = row_data;
		visit(row->key, row->entry, row->tag, data);
	}
}

/* ---- check ------------------------------------------------------------------------------- */

static void check_row(const Overlay *overlay, const Row *row)
{
	g_assert(lookup(overlay, row->key) == row);
	g_assert(is_copy(row) == g_hash_table_contains(overlay->copies, row));
	const Entry *entry = row->entry;
	g_assert(row->links[INDEX_PLACE].linked == (entry != NULL));
	g_assert(row->links[INDEX_ID].linked == (entry != NULL));
	g_assert((row->folder != NULL) == (entry != NULL));
	g_assert(row->links[INDEX_FILE].linked == (entry && entry->stamp.inode != 0));
	if (!entry) {
		return;
	}
	g_assert(entry->key == row->key);
	g_assert(row->folder->parent == entry->parent);
	g_assert(g_hash_table_lookup(overlay->folders, &entry->parent) == row->folder);
	g_assert(row->sibling_previous ? row->sibling_previous->sibling_next == row
				       : row->folder->first == row);
	g_assert(!row->sibling_next || row->sibling_next->sibling_previous == row);
	g_assert(overlay_find(overlay, entry->parent, entry->name, NULL, NULL) != ENTRY_KEY_NONE);
	g_assert(overlay_key_of_id(overlay, &entry->id) == row->key);
}

void overlay_check(const Overlay *overlay)
{
	size_t counts[INDEX_COUNT] = { 0 };
	for (Index index = 0; index < INDEX_COUNT; index++) {
		for (size_t i = 0; i < overlay->bucket_count; i++) {
			for (Row *row = overlay->buckets[index][i]; row;
			     row = row->links[index].next) {
				g_assert(row->links[index].linked);
				g_assert((row->links[index].hash & (overlay->bucket_count - 1)) ==
					 i);
				check_row(overlay, row);
				counts[index]++;
			}
		}
	}
	g_assert(counts[INDEX_KEY] == overlay->size);
	g_assert(counts[INDEX_PLACE] == counts[INDEX_ID]);
	g_assert(overlay->size <= overlay->bucket_count);
}
