/* SPDX-License-Identifier: Apache-2.0 */
#include "client/plan/world.h"

#include "client/plan/world_internal.h"

#include <string.h>

/* ---- the trees ----------------------------------------------------------------------------- */

static void mark(World *world, int64_t key)
{
	g_hash_table_add(world->changed, WORLD_KEY(key));
}

void world_put(World *world, Tree *tree, const Entry *fields)
{
	g_autoptr(Entry) entry = entry_new(fields);
	tree_put(tree, entry);
	if (tree != world->server) {
		mark(world, entry->key);
	}
}

void world_drop(World *world, Tree *tree, int64_t key)
{
	tree_remove(tree, key);
	if (tree != world->server) {
		mark(world, key);
	}
}

static void put_top(World *world, int64_t key, const char *name)
{
	Entry fields = {
		.key = key,
		.name = (char *)name,
		.kind = ENTRY_FOLDER,
		.stamp = { .inode = (uint64_t)key },
	};
	world_put(world, world->trees[SIDE_LOCAL], &fields);
	if (key == ENTRY_KEY_ROOT) {
		world_put(world, world->trees[SIDE_SYNCED], &fields);
		world_put(world, world->trees[SIDE_REMOTE], &fields);
		world_put(world, world->server, &fields);
	}
}

static void unref_bytes(void *bytes)
{
	g_bytes_unref(bytes);
}

World *world_new(void)
{
	World *world = g_new0(World, 1);
	for (int side = 0; side < SIDE_COUNT; side++) {
		world->trees[side] = tree_new();
	}
	world->server = tree_new();
	world->tombs = g_hash_table_new(NULL, NULL);
	world->hidden = g_hash_table_new_full(NULL, NULL, NULL, unref_bytes);
	world->written = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	world->given_up = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	world->deleted = g_hash_table_new(NULL, NULL);
	world->successor = g_hash_table_new(NULL, NULL);
	world->left_out = g_hash_table_new(NULL, NULL);
	world->taken_away = g_hash_table_new(NULL, NULL);
	world->changed = g_hash_table_new(NULL, NULL);
	world->next_key = 1000000;
	put_top(world, ENTRY_KEY_ROOT, "");
	put_top(world, ENTRY_KEY_PARK, "");
	return world;
}

void world_free(World *world)
{
	if (!world) {
		return;
	}
	for (int side = 0; side < SIDE_COUNT; side++) {
		tree_free(world->trees[side]);
	}
	tree_free(world->server);
	g_hash_table_unref(world->tombs);
	g_hash_table_unref(world->hidden);
	g_hash_table_unref(world->written);
	g_hash_table_unref(world->given_up);
	g_hash_table_unref(world->deleted);
	g_hash_table_unref(world->successor);
	g_hash_table_unref(world->left_out);
	g_hash_table_unref(world->taken_away);
	g_hash_table_unref(world->changed);
	g_free(world);
}

static const Entry *view_get(void *data, Side side, int64_t key)
{
	World *world = data;
	return tree_get(world->trees[side], key);
}

static int64_t view_find(void *data, Side side, int64_t parent, const char *name)
{
	World *world = data;
	const Entry *entry = tree_find(world->trees[side], parent, name);
	return entry ? entry->key : ENTRY_KEY_NONE;
}

static void append_key(const Entry *entry, void *data)
{
	g_array_append_val((GArray *)data, entry->key);
}

void world_list_children(const Tree *tree, int64_t parent, GArray *ret_keys)
{
	tree_children(tree, parent, append_key, ret_keys);
}

static void view_children(void *data, Side side, int64_t parent, GArray *ret_keys)
{
	World *world = data;
	tree_children(world->trees[side], parent, append_key, ret_keys);
}

/* Ids are made of keys. */
static bool view_left_out(void *data, const NodeId *id)
{
	const World *world = data;
	int64_t key;
	memcpy(&key, id->bytes, sizeof key);
	return g_hash_table_contains(world->left_out, WORLD_KEY(key));
}

static bool view_taken_away(void *data, int64_t key)
{
	const World *world = data;
	return g_hash_table_contains(world->taken_away, WORLD_KEY(key));
}

PlanView world_view(World *world)
{
	return (PlanView){
		.get = view_get,
		.find = view_find,
		.children = view_children,
		.left_out = g_hash_table_size(world->left_out) > 0 ? view_left_out : NULL,
		.taken_away = view_taken_away,
		.data = world,
	};
}

bool world_is_left_out(World *world, int64_t key)
{
	PlanView view = world_view(world);
	return plan_is_left_out(&view, key);
}

bool world_is_taken_away(World *world, int64_t key)
{
	PlanView view = world_view(world);
	return plan_is_taken_away(&view, key);
}

bool world_is_at_head(const World *world)
{
	return world->heard == world->seq;
}

static bool is_divergent(World *world, int64_t key)
{
	const Entry *l = tree_get(world->trees[SIDE_LOCAL], key);
	const Entry *s = tree_get(world->trees[SIDE_SYNCED], key);
	const Entry *r = tree_get(world->trees[SIDE_REMOTE], key);
	bool left_out = r && world_is_left_out(world, key);
	if (!l || !s || !r) {
		return l || s || (r && !left_out);
	}
	return left_out || !entry_same_place(l, s) || !entry_same_value(l, s) ||
	       !entry_same_stamp(l, s) || !entry_same_place(r, s) || !entry_same_value(r, s) ||
	       r->seq != s->seq;
}

static int compare_key(const void *a_data, const void *b_data)
{
	int64_t a = *(const int64_t *)a_data, b = *(const int64_t *)b_data;
	return a < b ? -1 : a > b;
}

void world_divergent(World *world, GArray *ret_keys)
{
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	for (int side = 0; side < SIDE_COUNT; side++) {
		tree_each(world->trees[side], append_key, keys);
	}
	g_array_sort(keys, compare_key);
	int64_t last = ENTRY_KEY_NONE;
	for (unsigned i = 0; i < keys->len; i++) {
		int64_t key = g_array_index(keys, int64_t, i);
		if (key != last && key >= ENTRY_KEY_FIRST && is_divergent(world, key)) {
			g_array_append_val(ret_keys, key);
		}
		last = key;
	}
}

bool world_is_below(const Tree *tree, int64_t key, int64_t folder)
{
	while (key != folder && key != ENTRY_KEY_NONE) {
		const Entry *entry = tree_get(tree, key);
		key = entry ? entry->parent : ENTRY_KEY_NONE;
	}
	return key == folder;
}

bool world_is_folder(const Tree *tree, int64_t key)
{
	const Entry *entry = tree_get(tree, key);
	return entry && entry->kind == ENTRY_FOLDER;
}

/* key and all below it, parents first. */
GArray *world_list_below(const Tree *tree, int64_t key)
{
	GArray *keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	g_array_append_val(keys, key);
	for (unsigned i = 0; i < keys->len; i++) {
		tree_children(tree, g_array_index(keys, int64_t, i), append_key, keys);
	}
	return keys;
}

/* ---- values -------------------------------------------------------------------------------- */

/* The same content has the same size, and different ones often have, too. */
static uint64_t size_of(GBytes *content)
{
	return content ? g_bytes_hash(content) % 3 : 0;
}

GBytes *world_content(World *world, Side side, const Entry *entry)
{
	GBytes *hidden = side == SIDE_LOCAL
				 ? g_hash_table_lookup(world->hidden, WORLD_KEY(entry->key))
				 : NULL;
	return hidden ? hidden : entry->content;
}

static void remember(GHashTable *strings, GBytes *content)
{
	if (content) {
		size_t size;
		const char *text = g_bytes_get_data(content, &size);
		g_hash_table_add(strings, g_strndup(text, size));
	}
}

void world_touch_stamp(World *world, Entry *fields)
{
	fields->stamp.change_ns = ++world->clock;
}

void world_fresh_stamp(World *world, Entry *fields)
{
	fields->stamp.inode = (uint64_t)++world->clock;
	fields->stamp.birth_ns = fields->stamp.change_ns = world->clock;
}

/* Value, place and kind of an entry, without what belongs to one side only. */
Entry world_plain(const Entry *entry)
{
	Entry fields = *entry;
	fields.seq = 0;
	fields.stamp = (EntryStamp){ 0 };
	return fields;
}

/* An entry that is new on the server. */
void world_put_server(World *world, const Entry *entry)
{
	Entry fields = world_plain(entry);
	fields.seq = ++world->seq;
	world_put(world, world->server, &fields);
}

/* ---- people -------------------------------------------------------------------------------- */

static Tree *tree_of(World *world, Side side)
{
	return side == SIDE_LOCAL ? world->trees[SIDE_LOCAL] : world->server;
}

/* People see neither what is parked nor what is not there. */
static const Entry *seen(World *world, Side side, int64_t key)
{
	Tree *tree = tree_of(world, side);
	const Entry *entry = key >= ENTRY_KEY_FIRST ? tree_get(tree, key) : NULL;
	return entry && world_is_below(tree, key, ENTRY_KEY_ROOT) ? entry : NULL;
}

static bool is_free(World *world, Side side, int64_t parent, const char *name)
{
	Tree *tree = tree_of(world, side);
	return world_is_folder(tree, parent) && world_is_below(tree, parent, ENTRY_KEY_ROOT) &&
	       !tree_find(tree, parent, name);
}

/* An entry as a person left it. */
static void leave(World *world, Side side, Entry *fields)
{
	if (side == SIDE_REMOTE) {
		world_put_server(world, fields);
		return;
	}
	fields->seq = 0;
	world_put(world, world->trees[SIDE_LOCAL], fields);
}

bool world_create(World *world, Side side, const Entry *fields, const char *content)
{
	for (int i = 0; i < SIDE_COUNT; i++) {
		if (tree_get(world->trees[i], fields->key)) {
			return false;
		}
	}
	if (tree_get(world->server, fields->key) ||
	    !is_free(world, side, fields->parent, fields->name)) {
		return false;
	}
	g_autoptr(GBytes) bytes = content ? g_bytes_new(content, strlen(content)) : NULL;
	Entry made = *fields;
	made.content = bytes;
	made.size = size_of(bytes);
	made.mtime_ns = ++world->clock;
	memcpy(made.id.bytes, &made.key, sizeof made.key);
	world_fresh_stamp(world, &made);
	remember(world->written, bytes);
	leave(world, side, &made);
	return true;
}

bool world_settled(World *world, int64_t key, int64_t parent, const char *name, EntryKind kind,
		   const char *content)
{
	Entry fields = { .key = key, .parent = parent, .name = (char *)name, .kind = kind };
	if (!is_free(world, SIDE_REMOTE, parent, name) ||
	    !world_create(world, SIDE_LOCAL, &fields, content)) {
		return false;
	}
	const Entry *local = tree_get(world->trees[SIDE_LOCAL], key);
	world_put_server(world, local);
	world_put(world, world->trees[SIDE_REMOTE], tree_get(world->server, key));
	Entry synced = *local;
	synced.seq = world->seq;
	world_put(world, world->trees[SIDE_SYNCED], &synced);
	world->heard = world->seq;
	return true;
}

bool world_edit(World *world, Side side, int64_t key, const char *content)
{
	const Entry *entry = seen(world, side, key);
	if (!entry || entry->kind == ENTRY_FOLDER) {
		return false;
	}
	g_autoptr(GBytes) bytes = g_bytes_new(content, strlen(content));
	GBytes *old = world_content(world, side, entry);
	if (!g_bytes_equal(old, bytes)) {
		remember(world->given_up, old);
	}
	remember(world->written, bytes);
	Entry fields = *entry;
	fields.content = bytes;
	fields.size = size_of(bytes);
	fields.mtime_ns = ++world->clock;
	if (side == SIDE_LOCAL) {
		g_hash_table_remove(world->hidden, WORLD_KEY(key));
		world_touch_stamp(world, &fields);
	}
	leave(world, side, &fields);
	return true;
}

bool world_touch(World *world, Side side, int64_t key, bool flip)
{
	const Entry *entry = seen(world, side, key);
	if (!entry || entry->kind != ENTRY_FILE) {
		return false;
	}
	Entry fields = *entry;
	fields.mtime_ns = ++world->clock;
	fields.executable ^= flip;
	world_touch_stamp(world, &fields);
	leave(world, side, &fields);
	return true;
}

bool world_delete(World *world, Side side, int64_t key)
{
	if (!seen(world, side, key)) {
		return false;
	}
	Tree *tree = tree_of(world, side);
	g_autoptr(GArray) keys = world_list_below(tree, key);
	for (unsigned i = 0; i < keys->len; i++) {
		int64_t below = g_array_index(keys, int64_t, i);
		remember(world->given_up, world_content(world, side, tree_get(tree, below)));
		g_hash_table_add(world->deleted, WORLD_KEY(below));
	}
	for (unsigned i = 0; i < keys->len; i++) {
		int64_t below = g_array_index(keys, int64_t, i);
		world_drop(world, tree, below);
		if (side == SIDE_LOCAL) {
			g_hash_table_remove(world->hidden, WORLD_KEY(below));
		}
	}
	if (side == SIDE_REMOTE) {
		g_hash_table_insert(world->tombs, WORLD_KEY(key), WORLD_KEY(++world->seq));
	}
	return true;
}

static void settle_down(World *world, Side side, int64_t key, int64_t parent, const char *name)
{
	Entry fields = *tree_get(tree_of(world, side), key);
	fields.parent = parent;
	fields.name = (char *)name;
	if (side == SIDE_LOCAL && fields.kind != ENTRY_FOLDER) {
		world_touch_stamp(world, &fields);
	}
	leave(world, side, &fields);
}

bool world_move(World *world, Side side, int64_t key, int64_t parent, const char *name)
{
	if (!seen(world, side, key) || !is_free(world, side, parent, name) ||
	    world_is_below(tree_of(world, side), parent, key)) {
		return false;
	}
	settle_down(world, side, key, parent, name);
	return true;
}

/* All can be seen, each once, and none lies below another one. */
static bool are_apart(World *world, Side side, const int64_t *keys, size_t count)
{
	g_autoptr(GHashTable) set = g_hash_table_new(NULL, NULL);
	for (size_t i = 0; i < count; i++) {
		if (!seen(world, side, keys[i]) || !g_hash_table_add(set, WORLD_KEY(keys[i]))) {
			return false;
		}
	}
	for (size_t i = 0; i < count; i++) {
		int64_t key = keys[i];
		do {
			key = tree_get(tree_of(world, side), key)->parent;
			if (g_hash_table_contains(set, WORLD_KEY(key))) {
				return false;
			}
		} while (key != ENTRY_KEY_ROOT);
	}
	return true;
}

bool world_rotate(World *world, Side side, const int64_t *keys, size_t count)
{
	if (!are_apart(world, side, keys, count)) {
		return false;
	}
	Tree *tree = tree_of(world, side);
	g_autoptr(GPtrArray) places = g_ptr_array_new_with_free_func((GDestroyNotify)entry_unref);
	for (size_t i = 0; i < count; i++) {
		g_ptr_array_add(places, entry_ref(tree_get(tree, keys[(i + 1) % count])));
	}
	for (size_t i = 0; i < count; i++) {
		const Entry *place = places->pdata[i];
		settle_down(world, side, keys[i], place->parent, place->name);
	}
	return true;
}

bool world_unhash(World *world, int64_t key)
{
	const Entry *entry = tree_get(world->trees[SIDE_LOCAL], key);
	if (!entry || entry->kind != ENTRY_FILE || !entry->content) {
		return false;
	}
	g_hash_table_insert(world->hidden, WORLD_KEY(key), g_bytes_ref(entry->content));
	Entry fields = *entry;
	fields.content = NULL;
	world_touch_stamp(world, &fields);
	world_put(world, world->trees[SIDE_LOCAL], &fields);
	return true;
}

bool world_lose_synced(World *world, int64_t key)
{
	if (key < ENTRY_KEY_FIRST || !tree_get(world->trees[SIDE_SYNCED], key)) {
		return false;
	}
	world_drop(world, world->trees[SIDE_SYNCED], key);
	return true;
}

bool world_park(World *world, int64_t key)
{
	if (!seen(world, SIDE_LOCAL, key)) {
		return false;
	}
	Entry fields = *tree_get(world->trees[SIDE_LOCAL], key);
	char hex[NODE_ID_HEX_SIZE];
	node_id_to_hex(&fields.id, hex);
	fields.parent = ENTRY_KEY_PARK;
	fields.name = hex;
	world_put(world, world->trees[SIDE_LOCAL], &fields);
	return true;
}

bool world_leave_out(World *world, int64_t key, bool leave_out)
{
	const Entry *remote = tree_get(world->trees[SIDE_REMOTE], key);
	if (leave_out && (!remote || remote->kind != ENTRY_FOLDER)) {
		return false;
	}
	if (!(leave_out ? g_hash_table_add(world->left_out, WORLD_KEY(key))
			: g_hash_table_remove(world->left_out, WORLD_KEY(key)))) {
		return false;
	}
	mark(world, key);
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	world_divergent(world, keys);
	for (unsigned i = 0; i < keys->len; i++) {
		mark(world, g_array_index(keys, int64_t, i));
	}
	return true;
}

/* ---- hearing of the server ----------------------------------------------------------------- */

typedef struct Page {
	World *world;
	uint64_t until;
} Page;

static void hear_entry(const Entry *entry, void *data)
{
	const Page *page = data;
	World *world = page->world;
	if (entry->seq > world->heard && entry->seq <= page->until) {
		const Entry *known = tree_get(world->trees[SIDE_REMOTE], entry->key);
		if (!known || known->seq < entry->seq) {
			world_put(world, world->trees[SIDE_REMOTE], entry);
		}
	}
}

/* Not what lies below: some of it may have moved out since, and be heard of on a later page. */
static void hear_tombs(const Page *page)
{
	World *world = page->world;
	GHashTableIter iter;
	void *key, *seq;
	g_hash_table_iter_init(&iter, world->tombs);
	while (g_hash_table_iter_next(&iter, &key, &seq)) {
		uint64_t at = (uint64_t)(uintptr_t)seq;
		if (at > world->heard && at <= page->until) {
			world_drop(world, world->trees[SIDE_REMOTE], (intptr_t)key);
		}
	}
}

void world_hear(World *world, uint64_t seq)
{
	Page page = { .world = world, .until = seq };
	tree_each(world->server, hear_entry, &page);
	hear_tombs(&page);
	world->heard = seq;
	if (!world_is_at_head(world)) {
		return;
	}
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	tree_each(world->trees[SIDE_REMOTE], append_key, keys);
	for (unsigned i = 0; i < keys->len; i++) {
		int64_t key = g_array_index(keys, int64_t, i);
		if (!tree_get(world->server, key)) {
			world_drop(world, world->trees[SIDE_REMOTE], key);
		}
	}
}

/* ---- results -------------------------------------------------------------------------------- */

typedef struct Walk {
	World *world;
	const Tree *tree;
	const Entry *found;
	const Entry *last;
	GString *path;
	GPtrArray *lines;
	bool with_mtime;
} Walk;

static void compare_with_last(const Entry *entry, void *data)
{
	Walk *walk = data;
	if (walk->last && strcmp(walk->last->name, entry->name) == 0) {
		walk->found = entry;
	}
	walk->last = entry;
}

static void look_for_twin(const Entry *entry, void *data)
{
	Walk *walk = data;
	if (entry->kind == ENTRY_FOLDER) {
		walk->last = NULL;
		tree_children(walk->tree, entry->key, compare_with_last, walk);
	}
}

/* An entry that shares its place with another one. */
const Entry *world_find_twin(const Tree *tree)
{
	Walk walk = { .tree = tree };
	tree_each(tree, look_for_twin, &walk);
	return walk.found;
}

static void check_rooted(const Entry *entry, void *data)
{
	Walk *walk = data;
	if (entry->key != ENTRY_KEY_PARK &&
	    !world_is_below(walk->tree, entry->key, ENTRY_KEY_ROOT) &&
	    !world_is_below(walk->tree, entry->key, ENTRY_KEY_PARK)) {
		walk->found = entry;
	}
}

const char *world_find_damage(World *world)
{
	bool at_head = world_is_at_head(world);
	const Tree *trees[] = {
		world->trees[SIDE_LOCAL],
		world->server,
		at_head ? world->trees[SIDE_REMOTE] : world->server,
	};
	for (size_t i = 0; i < G_N_ELEMENTS(trees); i++) {
		Walk walk = { .tree = trees[i] };
		if (world_find_twin(trees[i])) {
			return "a name stands twice";
		}
		tree_each(trees[i], check_rooted, &walk);
		if (walk.found) {
			return "a node lies below no root";
		}
	}
	return NULL;
}

static void compare_with_server(const Entry *entry, void *data)
{
	Walk *walk = data;
	const Entry *server = tree_get(walk->world->server, entry->key);
	bool same = server && entry_same_place(entry, server) && entry_same_value(entry, server);
	if (!same && entry->key != ENTRY_KEY_PARK) {
		walk->found = entry;
	}
}

static size_t count_left_out(World *world)
{
	size_t count = 0;
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	tree_each(world->server, append_key, keys);
	for (unsigned i = 0; i < keys->len; i++) {
		int64_t key = g_array_index(keys, int64_t, i);
		count += world_is_left_out(world, key);
	}
	return count;
}

const char *world_find_discord(World *world)
{
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	world_divergent(world, keys);
	if (keys->len > 0) {
		return "a node is divergent";
	}
	Walk walk = { .world = world };
	size_t left_out = count_left_out(world);
	for (int side = 0; side < SIDE_COUNT; side++) {
		tree_each(world->trees[side], compare_with_server, &walk);
		size_t size = tree_size(world->trees[side]);
		size -= side == SIDE_LOCAL ? 1 : 0;
		size += side == SIDE_REMOTE ? 0 : left_out;
		if (walk.found || size != tree_size(world->server)) {
			return side == SIDE_LOCAL    ? "the disk is not as the server"
			       : side == SIDE_SYNCED ? "what was agreed is not as the server"
						     : "what was heard is not as the server";
		}
	}
	return NULL;
}

static void print_entry(const Entry *entry, void *data)
{
	Walk *walk = data;
	size_t length = walk->path->len;
	g_string_append(walk->path, entry->name);
	if (entry->kind == ENTRY_FOLDER) {
		g_string_append_c(walk->path, '/');
		g_ptr_array_add(walk->lines, g_strdup(walk->path->str));
		tree_children(walk->tree, entry->key, print_entry, walk);
		g_string_truncate(walk->path, length);
		return;
	}
	Side side = walk->tree == walk->world->trees[SIDE_LOCAL] ? SIDE_LOCAL : SIDE_REMOTE;
	size_t size;
	const char *text = g_bytes_get_data(world_content(walk->world, side, entry), &size);
	g_string_append(walk->path, entry->kind == ENTRY_LINK ? "->" : "=");
	g_string_append_len(walk->path, text, (gssize)size);
	g_string_append(walk->path, entry->executable ? "*" : "");
	if (walk->with_mtime && entry->kind == ENTRY_FILE) {
		g_string_append_printf(walk->path, "@%" G_GINT64_FORMAT, entry->mtime_ns);
	}
	g_ptr_array_add(walk->lines, g_strdup(walk->path->str));
	g_string_truncate(walk->path, length);
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char *world_print(World *world, const Tree *tree, bool with_mtime)
{
	g_autoptr(GString) path = g_string_new(NULL);
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
	Walk walk = {
		.world = world, .tree = tree, .path = path, .lines = lines, .with_mtime = with_mtime
	};
	tree_children(tree, ENTRY_KEY_ROOT, print_entry, &walk);
	g_ptr_array_sort(lines, compare_lines);
	GString *text = g_string_new(NULL);
	for (unsigned i = 0; i < lines->len; i++) {
		g_string_append_printf(text, "%s ", (const char *)lines->pdata[i]);
	}
	return g_string_free(text, FALSE);
}
