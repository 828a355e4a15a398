/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random operations on a State and on a plain model of it, three whole trees in memory; after each
 * step both must tell the same. In between the state is cut off and opened again from its file:
 * then synced must be what it was at the last recorded mark, and the remote tree must be what it
 * was once everything after the cursor has been told again.
 */
#include "client/state/state_internal.h"
#include "client/tree/tree.h"

#include <glib/gstdio.h>
#include <string.h>

#define NODES_MAX 60
#define NAMES 6

typedef struct World {
	GRand *random;
	char *path;
	NodeId drive;
	State *state;
	Tree *trees[SIDE_COUNT];
	GHashTable *ids;    /* key -> NodeId, of every node there ever was */
	GHashTable *dead;   /* NodeId: deleted by the server, and not told of again */
	GPtrArray *journal; /* NodeId: whose change was told; the cursor counts them */
	GPtrArray *marks;   /* Tree: synced as it was at each mark since the last record */
	uint64_t first_mark;
	Tree *recorded;
	uint64_t seq;
} World;

static void copy_visit(const Entry *entry, void *data)
{
	tree_put(data, entry);
}

static Tree *tree_copy(const Tree *tree)
{
	Tree *copy = tree_new();
	tree_each(tree, copy_visit, copy);
	return copy;
}

static void tree_replace(Tree **tree, Tree *with)
{
	tree_free(*tree);
	*tree = with;
}

/* ---- chance ------------------------------------------------------------------------------ */

static unsigned below(World *world, unsigned end)
{
	return (unsigned)g_rand_int_range(world->random, 0, (gint32)end);
}

static bool chance(World *world, unsigned percent)
{
	return below(world, 100) < percent;
}

static NodeId random_id(World *world)
{
	NodeId id;
	for (unsigned i = 0; i < NODE_ID_SIZE; i++) {
		id.bytes[i] = (uint8_t)below(world, 256);
	}
	return id;
}

static void keys_visit(const Entry *entry, void *data)
{
	g_array_append_val((GArray *)data, entry->key);
}

static void folders_visit(const Entry *entry, void *data)
{
	if (entry->kind == ENTRY_FOLDER) {
		g_array_append_val((GArray *)data, entry->key);
	}
}

static int64_t pick(World *world, const Tree *tree, TreeVisitor which)
{
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	tree_each(tree, which, keys);
	return g_array_index(keys, int64_t, below(world, keys->len));
}

static const NodeId *id_of(World *world, int64_t key)
{
	return g_hash_table_lookup(world->ids, &key);
}

static void learn(World *world, int64_t key, const NodeId *id)
{
	g_hash_table_replace(world->ids, g_memdup2(&key, sizeof key), g_memdup2(id, sizeof *id));
}

static const Entry *anywhere(World *world, int64_t key)
{
	const Entry *entry = NULL;
	for (Side side = 0; side < SIDE_COUNT && !entry; side++) {
		entry = tree_get(world->trees[side], key);
	}
	return entry;
}

/* ---- what counts as the same, once more -------------------------------------------------- */

static bool equal_bytes(GBytes *a, GBytes *b)
{
	return (!a && !b) || (a && b && g_bytes_equal(a, b));
}

static bool equal_visible(const Entry *a, const Entry *b)
{
	return a->kind == b->kind && a->parent == b->parent && strcmp(a->name, b->name) == 0 &&
	       node_id_equal(&a->id, &b->id) &&
	       (a->kind != ENTRY_FILE || (a->size == b->size && a->mtime_ns == b->mtime_ns &&
					  a->executable == b->executable));
}

static bool equal_stamp(const Entry *a, const Entry *b)
{
	return memcmp(&a->stamp, &b->stamp, sizeof a->stamp) == 0;
}

static bool equal(Side side, const Entry *a, const Entry *b)
{
	if (!a || !b) {
		return a == b;
	}
	return equal_visible(a, b) && equal_bytes(a->content, b->content) &&
	       (side == SIDE_LOCAL || a->seq == b->seq) &&
	       (side == SIDE_REMOTE || equal_stamp(a, b));
}

/* An untouched file that was not read again has the content it had. */
static void model_read(World *world, int64_t key)
{
	const Entry *local = tree_get(world->trees[SIDE_LOCAL], key);
	const Entry *synced = tree_get(world->trees[SIDE_SYNCED], key);
	if (local && synced && !local->content && local->stamp.inode != 0 &&
	    equal_visible(local, synced) && equal_stamp(local, synced)) {
		Entry fields = *local;
		fields.content = synced->content;
		g_autoptr(Entry) entry = entry_new(&fields);
		tree_put(world->trees[SIDE_LOCAL], entry);
	}
}

/* ---- comparing --------------------------------------------------------------------------- */

static void compare_folder(World *world, Side side, int64_t folder)
{
	g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func((GDestroyNotify)entry_unref);
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	g_autoptr(GArray) expected = g_array_new(FALSE, FALSE, sizeof(int64_t));
	state_children(world->state, side, folder, entries);
	state_child_keys(world->state, side, folder, keys);
	tree_children(world->trees[side], folder, keys_visit, expected);
	g_assert_cmpuint(entries->len, ==, expected->len);
	g_assert_cmpuint(keys->len, ==, expected->len);
	for (unsigned i = 0; i < expected->len; i++) {
		int64_t key = g_array_index(expected, int64_t, i);
		g_assert_cmpint(((const Entry *)entries->pdata[i])->key, ==, key);
		bool found = false;
		for (unsigned j = 0; j < keys->len; j++) {
			found |= g_array_index(keys, int64_t, j) == key;
		}
		g_assert_true(found);
	}
	for (unsigned i = 0; i < NAMES; i++) {
		const char name[] = { (char)('a' + i), '\0' };
		int64_t key = state_find(world->state, side, folder, name);
		const Entry *there = tree_find(world->trees[side], folder, name);
		g_assert_cmpint(key != ENTRY_KEY_NONE, ==, there != NULL);
		const Entry *entry = there ? tree_get(world->trees[side], key) : NULL;
		g_assert_true(!there || (entry && entry_same_place(entry, there)));
	}
}

static char *model_path(World *world, Side side, int64_t key)
{
	char *path = g_strdup("");
	for (unsigned step = 0; key != ENTRY_KEY_ROOT; step++) {
		const Entry *entry = tree_get(world->trees[side], key);
		if (!entry || step > 2 * NODES_MAX) {
			g_free(path);
			return NULL;
		}
		char *longer = g_strconcat(entry->name, *path ? "/" : "", path, NULL);
		g_free(path);
		path = longer;
		key = entry->parent;
	}
	return path;
}

static void compare_node(World *world, int64_t key)
{
	for (Side side = 0; side < SIDE_COUNT; side++) {
		const Entry *expected = tree_get(world->trees[side], key);
		g_assert_true(equal(side, state_get(world->state, side, key), expected));
		g_autofree char *path = state_path(world->state, side, key);
		g_autofree char *path_expected = model_path(world, side, key);
		g_assert_cmpstr(path, ==, path_expected);
		g_assert_cmpint(state_is_below(world->state, side, key, ENTRY_KEY_ROOT), ==,
				path_expected != NULL);
		compare_folder(world, side, key);
	}
	const Entry *any = anywhere(world, key);
	if (any) {
		g_assert_cmpint(state_key_of_id(world->state, &any->id), ==, key);
	}
	const Entry *local = tree_get(world->trees[SIDE_LOCAL], key);
	if (local && local->stamp.inode != 0) {
		int64_t found =
			state_key_of_file(world->state, local->stamp.inode, local->stamp.birth_ns);
		const Entry *entry = tree_get(world->trees[SIDE_LOCAL], found);
		g_assert_nonnull(entry);
		g_assert_cmpuint(entry->stamp.inode, ==, local->stamp.inode);
		g_assert_cmpint(entry->stamp.birth_ns, ==, local->stamp.birth_ns);
	}
}

static void sum_visit(const Entry *entry, void *data)
{
	StateTotals *totals = data;
	if (entry->key != ENTRY_KEY_ROOT) {
		totals->folders += entry->kind == ENTRY_FOLDER;
		totals->files += entry->kind != ENTRY_FOLDER;
		totals->bytes += entry->kind == ENTRY_FILE ? entry->size : 0;
	}
}

static int compare_key(const void *a, const void *b)
{
	return *(const int64_t *)a < *(const int64_t *)b ? -1 : 1;
}

static GArray *known_keys(World *world)
{
	GArray *keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	GHashTableIter iter;
	void *key;
	g_hash_table_iter_init(&iter, world->ids);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		g_array_append_val(keys, *(int64_t *)key);
	}
	g_array_sort(keys, compare_key);
	return keys;
}

static void compare(World *world)
{
	state_check(world->state);
	g_autoptr(GArray) divergent = g_array_new(FALSE, FALSE, sizeof(int64_t));
	state_divergent(world->state, divergent);
	g_assert_cmpuint(divergent->len, ==, state_divergent_count(world->state));
	unsigned at = 0;
	g_autoptr(GArray) keys = known_keys(world);
	for (unsigned i = 0; i < keys->len; i++) {
		int64_t key = g_array_index(keys, int64_t, i);
		compare_node(world, key);
		const Entry *synced = tree_get(world->trees[SIDE_SYNCED], key);
		bool same = equal(SIDE_LOCAL, tree_get(world->trees[SIDE_LOCAL], key), synced) &&
			    equal(SIDE_REMOTE, tree_get(world->trees[SIDE_REMOTE], key), synced);
		bool listed = at < divergent->len && g_array_index(divergent, int64_t, at) == key;
		g_assert_cmpint(listed, ==, !same);
		at += listed;
	}
	g_assert_cmpuint(at, ==, divergent->len);
	StateTotals expected = { 0 }, totals = state_totals(world->state);
	tree_each(world->trees[SIDE_SYNCED], sum_visit, &expected);
	g_assert_cmpmem(&totals, sizeof totals, &expected, sizeof expected);
}

/* ---- operations -------------------------------------------------------------------------- */

static void invent(World *world, Side side, Entry *fields, GBytes **ret_content)
{
	static const char *const names[NAMES] = { "a", "b", "c", "d", "e", "f" };
	fields->name = (char *)names[below(world, NAMES)];
	if (fields->kind == ENTRY_FILE) {
		fields->size = below(world, 3);
		fields->mtime_ns = below(world, 3);
		fields->executable = chance(world, 20);
	}
	if (fields->kind != ENTRY_FOLDER && (side == SIDE_REMOTE || chance(world, 70))) {
		uint8_t byte = (uint8_t)below(world, 4);
		*ret_content = g_bytes_new(&byte, 1);
		fields->content = *ret_content;
	}
	if (side == SIDE_LOCAL && chance(world, 90)) {
		fields->stamp = (EntryStamp){
			.inode = 1 + below(world, 30),
			.birth_ns = below(world, 2),
			.change_ns = fields->kind == ENTRY_FOLDER ? 0 : 1 + below(world, 3),
		};
	}
}

static int64_t some_key(World *world, EntryKind *ret_kind)
{
	int64_t key = pick(world, world->trees[below(world, SIDE_COUNT)], keys_visit);
	if (key != ENTRY_KEY_ROOT &&
	    (tree_size(world->trees[SIDE_LOCAL]) > NODES_MAX || chance(world, 60))) {
		*ret_kind = anywhere(world, key)->kind;
		return key;
	}
	NodeId id = random_id(world);
	key = chance(world, 20) ? state_key_for_id(world->state, &id) : state_key_new(world->state);
	learn(world, key, &id);
	*ret_kind = (EntryKind)(1 + below(world, 3));
	return key;
}

static void tell(World *world, int64_t key)
{
	const NodeId *id = id_of(world, key);
	g_ptr_array_add(world->journal, g_memdup2(id, sizeof *id));
}

static void put(World *world, Side side)
{
	Entry fields = { 0 };
	g_autoptr(GBytes) content = NULL;
	fields.key = some_key(world, &fields.kind);
	fields.id = *id_of(world, fields.key);
	if (side == SIDE_REMOTE && g_hash_table_contains(world->dead, &fields.id)) {
		return;
	}
	fields.parent = pick(world, world->trees[side], folders_visit);
	invent(world, side, &fields, &content);
	const Entry *like = tree_get(world->trees[below(world, SIDE_COUNT)], fields.key);
	if (like && tree_get(world->trees[side], like->parent) && chance(world, 40)) {
		fields = *like;
	}
	if (side == SIDE_LOCAL && like && fields.name == like->name) {
		/* A stamp of its own, as after an action that made it so. */
		fields.stamp = (EntryStamp){
			.inode = 1 + below(world, 30),
			.birth_ns = below(world, 2),
			.change_ns = fields.kind == ENTRY_FOLDER ? 0 : 1 + below(world, 3),
		};
	}
	fields.seq = side == SIDE_LOCAL ? 0 : ++world->seq;
	g_autoptr(Entry) entry = entry_new(&fields);
	state_put(world->state, side, entry);
	tree_put(world->trees[side], entry);
	model_read(world, entry->key);
	if (side == SIDE_REMOTE) {
		tell(world, entry->key);
	}
}

static void model_remove(Tree *tree, int64_t key, GArray *ret_keys)
{
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	g_array_append_val(keys, key);
	for (unsigned i = 0; i < keys->len; i++) {
		key = g_array_index(keys, int64_t, i);
		if (tree_get(tree, key)) {
			tree_remove(tree, key);
			g_array_append_val(ret_keys, key);
		}
		tree_children(tree, key, keys_visit, keys);
	}
}

static void remove_some(World *world, Side side)
{
	int64_t key = pick(world, world->trees[side], keys_visit);
	if (key == ENTRY_KEY_ROOT) {
		return;
	}
	if (side == SIDE_REMOTE) {
		tell(world, key);
	}
	g_autoptr(GArray) gone = g_array_new(FALSE, FALSE, sizeof(int64_t));
	g_autoptr(GArray) expected = g_array_new(FALSE, FALSE, sizeof(int64_t));
	state_remove(world->state, side, key, gone);
	model_remove(world->trees[side], key, expected);
	for (unsigned i = 0; side == SIDE_REMOTE && i < gone->len; i++) {
		const NodeId *id = id_of(world, g_array_index(gone, int64_t, i));
		g_hash_table_add(world->dead, g_memdup2(id, sizeof *id));
	}
	g_array_sort(gone, compare_key);
	g_array_sort(expected, compare_key);
	g_assert_cmpmem(gone->data, gone->len * sizeof(int64_t), expected->data,
			expected->len * sizeof(int64_t));
}

static void rekey_visit(const Entry *entry, void *data)
{
	g_ptr_array_add(data, entry_ref(entry));
}

static void rekey(World *world)
{
	Tree *local = world->trees[SIDE_LOCAL];
	int64_t key = pick(world, local, keys_visit);
	int64_t other = pick(world, world->trees[SIDE_REMOTE], keys_visit);
	if (key == ENTRY_KEY_ROOT) {
		return;
	}
	if (tree_get(local, other)) {
		NodeId id = random_id(world);
		other = state_key_new(world->state);
		learn(world, other, &id);
	}
	state_rekey_local(world->state, key, other, id_of(world, other));

	Entry fields = *tree_get(local, key);
	g_autoptr(Entry) held = entry_ref(tree_get(local, key));
	fields.key = other;
	fields.id = *id_of(world, other);
	tree_remove(local, key);
	tree_remove(world->trees[SIDE_SYNCED], key);
	g_autoptr(Entry) entry = entry_new(&fields);
	tree_put(local, entry);
	model_read(world, other);
	g_autoptr(GPtrArray) children = g_ptr_array_new_with_free_func((GDestroyNotify)entry_unref);
	tree_children(local, key, rekey_visit, children);
	for (unsigned i = 0; i < children->len; i++) {
		fields = *(Entry *)children->pdata[i];
		fields.parent = other;
		g_autoptr(Entry) child = entry_new(&fields);
		tree_put(local, child);
		model_read(world, child->key);
	}
}

static void agree(World *world)
{
	int64_t key = pick(world, world->trees[SIDE_REMOTE], keys_visit);
	const Entry *local = tree_get(world->trees[SIDE_LOCAL], key);
	const Entry *remote = tree_get(world->trees[SIDE_REMOTE], key);
	const Entry *synced = tree_get(world->trees[SIDE_SYNCED], key);
	if (!local) {
		return;
	}
	state_agree(world->state, key);
	bool place = entry_same_place(local, remote);
	bool value = entry_same_value(local, remote);
	if (!synced && !(place && value)) {
		return;
	}
	Entry fields = synced ? *synced : *remote;
	if (place) {
		fields.parent = remote->parent;
		fields.name = remote->name;
	}
	if (value) {
		fields.size = remote->size;
		fields.mtime_ns = remote->mtime_ns;
		fields.executable = remote->executable;
		fields.content = remote->content;
		fields.stamp = local->stamp;
	}
	if (place && value) {
		fields.seq = remote->seq;
	}
	g_autoptr(Entry) entry = entry_new(&fields);
	tree_put(world->trees[SIDE_SYNCED], entry);
	model_read(world, key);
}

static void forget(World *world)
{
	int64_t key = pick(world, world->trees[SIDE_SYNCED], keys_visit);
	if (!tree_get(world->trees[SIDE_LOCAL], key) && !tree_get(world->trees[SIDE_REMOTE], key)) {
		state_forget(world->state, key);
		tree_remove(world->trees[SIDE_SYNCED], key);
	}
}

static uint64_t mark(World *world)
{
	uint64_t generation = state_mark(world->state);
	if (world->marks->len == 0) {
		world->first_mark = generation;
	}
	g_assert_cmpuint(generation, ==, world->first_mark + world->marks->len);
	g_ptr_array_add(world->marks, tree_copy(world->trees[SIDE_SYNCED]));
	return generation;
}

static void record(World *world, uint64_t generation)
{
	g_autoptr(GError) error = NULL;
	g_assert_true(state_record(world->state, generation, &error));
	g_assert_no_error(error);
	unsigned count = (unsigned)(generation + 1 - world->first_mark);
	tree_replace(&world->recorded, tree_copy(world->marks->pdata[count - 1]));
	g_ptr_array_remove_range(world->marks, 0, count);
	world->first_mark += count;
}

static void set_cursor(World *world)
{
	g_autofree char *text = g_strdup_printf("%u", world->journal->len);
	g_autoptr(GBytes) cursor = g_bytes_new(text, strlen(text));
	state_set_cursor(world->state, cursor);
}

static void reset(World *world)
{
	state_reset(world->state);
	g_autoptr(Entry) root = entry_new(&(Entry){
		.key = ENTRY_KEY_ROOT,
		.id = world->drive,
		.name = (char *)"",
		.kind = ENTRY_FOLDER,
	});
	tree_replace(&world->trees[SIDE_SYNCED], tree_new());
	tree_put(world->trees[SIDE_SYNCED], root);
	tree_replace(&world->trees[SIDE_REMOTE], tree_copy(world->trees[SIDE_SYNCED]));
	g_assert_null(state_cursor(world->state));
	g_ptr_array_set_size(world->journal, 0);
	record(world, mark(world));
}

/* ---- starting again ---------------------------------------------------------------------- */

static void open_state(World *world)
{
	g_autoptr(GError) error = NULL;
	world->state = state_open(world->path, &world->drive, &error);
	g_assert_no_error(error);
	state_set_kept_few(world->state, below(world, 2) * 40);
}

typedef struct Truth {
	GHashTable *entries; /* NodeId -> Entry, of the remote tree before */
	GHashTable *parents; /* NodeId -> NodeId */
	World *world;
} Truth;

static void truth_visit(const Entry *entry, void *data)
{
	Truth *truth = data;
	g_hash_table_insert(truth->entries, (void *)&entry->id, (void *)entry);
	if (entry->parent != ENTRY_KEY_NONE) {
		g_hash_table_insert(truth->parents, (void *)&entry->id,
				    g_memdup2(id_of(truth->world, entry->parent), sizeof(NodeId)));
	}
}

/* As a feed does: each node once, as it is now. */
static void hear_again(World *world, const Truth *truth, const NodeId *id, bool deletions)
{
	const Entry *entry = g_hash_table_lookup(truth->entries, id);
	if ((entry == NULL) != deletions) {
		return;
	}
	int64_t key = state_key_for_id(world->state, id);
	learn(world, key, id);
	if (!entry) {
		state_remove(world->state, SIDE_REMOTE, key, NULL);
		return;
	}
	const NodeId *parent = g_hash_table_lookup(truth->parents, id);
	Entry fields = *entry;
	fields.key = key;
	fields.parent = state_key_for_id(world->state, parent);
	learn(world, fields.parent, parent);
	g_autoptr(Entry) again = entry_new(&fields);
	state_put(world->state, SIDE_REMOTE, again);
}

typedef struct Translation {
	World *world;
	Tree *tree;
} Translation;

/* The same node, under the keys of now. */
static void translate(const Entry *entry, void *data)
{
	Translation *to = data;
	World *world = to->world;
	Entry fields = *entry;
	fields.key = state_key_of_id(world->state, &entry->id);
	g_assert_cmpint(fields.key, !=, ENTRY_KEY_NONE);
	if (entry->parent != ENTRY_KEY_NONE) {
		fields.parent = state_key_of_id(world->state, id_of(world, entry->parent));
		g_assert_cmpint(fields.parent, !=, ENTRY_KEY_NONE);
	}
	g_autoptr(Entry) translated = entry_new(&fields);
	tree_put(to->tree, translated);
}

static void start_again(World *world)
{
	state_close(world->state);
	open_state(world);
	g_ptr_array_set_size(world->marks, 0);
	tree_replace(&world->trees[SIDE_SYNCED], tree_copy(world->recorded));
	tree_replace(&world->trees[SIDE_LOCAL], tree_copy(world->recorded));

	unsigned told = 0;
	GBytes *cursor = state_cursor(world->state);
	if (cursor) {
		g_autofree char *text =
			g_strndup(g_bytes_get_data(cursor, NULL), g_bytes_get_size(cursor));
		told = (unsigned)g_ascii_strtoull(text, NULL, 10);
	}
	g_assert_cmpuint(told, <=, world->journal->len);
	Truth truth = {
		.entries = g_hash_table_new(node_id_hash, node_id_equal),
		.parents = g_hash_table_new_full(node_id_hash, node_id_equal, NULL, g_free),
		.world = world,
	};
	tree_each(world->trees[SIDE_REMOTE], truth_visit, &truth);
	/* Deletions last: what was moved out of a deleted folder must be out. */
	for (unsigned i = told; i < world->journal->len; i++) {
		hear_again(world, &truth, world->journal->pdata[i], false);
	}
	for (unsigned i = told; i < world->journal->len; i++) {
		hear_again(world, &truth, world->journal->pdata[i], true);
	}
	g_hash_table_unref(truth.entries);
	g_hash_table_unref(truth.parents);
	Translation to = { .world = world, .tree = tree_new() };
	tree_each(world->trees[SIDE_REMOTE], translate, &to);
	tree_replace(&world->trees[SIDE_REMOTE], to.tree);
	compare(world);
}

static void step(World *world)
{
	unsigned dice = below(world, 1000);
	if (dice < 220) {
		put(world, SIDE_LOCAL);
	} else if (dice < 440) {
		put(world, SIDE_REMOTE);
	} else if (dice < 500) {
		remove_some(world, SIDE_LOCAL);
	} else if (dice < 550) {
		remove_some(world, SIDE_REMOTE);
	} else if (dice < 570) {
		rekey(world);
	} else if (dice < 770) {
		agree(world);
	} else if (dice < 830) {
		forget(world);
	} else if (dice < 880) {
		mark(world);
	} else if (dice < 930 && world->marks->len > 0) {
		record(world, world->first_mark + below(world, world->marks->len));
	} else if (dice < 980) {
		set_cursor(world);
	} else if (dice < 997) {
		start_again(world);
	} else {
		reset(world);
	}
}

static void world_run(uint32_t seed, unsigned steps)
{
	g_autofree char *folder = g_dir_make_tmp("state-XXXXXX", NULL);
	World world = {
		.random = g_rand_new_with_seed(seed),
		.path = g_build_filename(folder, "state.db", NULL),
		.ids = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free),
		.dead = g_hash_table_new_full(node_id_hash, node_id_equal, g_free, NULL),
		.journal = g_ptr_array_new_with_free_func(g_free),
		.marks = g_ptr_array_new_with_free_func((GDestroyNotify)tree_free),
	};
	world.drive = random_id(&world);
	learn(&world, ENTRY_KEY_ROOT, &world.drive);
	open_state(&world);
	for (Side side = 0; side < SIDE_COUNT; side++) {
		world.trees[side] = tree_new();
		tree_put(world.trees[side], state_get(world.state, side, ENTRY_KEY_ROOT));
	}
	world.recorded = tree_copy(world.trees[SIDE_SYNCED]);

	for (unsigned i = 0; i < steps; i++) {
		step(&world);
		state_check(world.state);
		if (i % 8 == 0) {
			compare(&world);
		}
	}
	start_again(&world);

	state_close(world.state);
	for (Side side = 0; side < SIDE_COUNT; side++) {
		tree_free(world.trees[side]);
	}
	tree_free(world.recorded);
	g_ptr_array_unref(world.marks);
	g_ptr_array_unref(world.journal);
	g_hash_table_unref(world.dead);
	g_hash_table_unref(world.ids);
	g_rand_free(world.random);
	g_unlink(world.path);
	g_free(world.path);
	g_rmdir(folder);
}

static void test_is_three_trees(void)
{
	const char *chosen = g_getenv("STATE_SEED");
	if (chosen) {
		world_run((uint32_t)g_ascii_strtoull(chosen, NULL, 10), 4000);
		return;
	}
	for (uint32_t seed = 1; seed <= 12; seed++) {
		g_test_message("seed %u", seed);
		world_run(seed, 400);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/client/state/state-model/is-three-trees", test_is_three_trees);
	return g_test_run();
}
