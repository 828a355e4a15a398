/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carrying out plans, and refusing what a plan must not ask for: to overwrite or delete what nobody
 * else has, to give a name twice, to put a folder into itself.
 */
#include "client/plan/device.h"

#include "client/plan/world_internal.h"

#include <string.h>

static bool fail(World *world, const char *why)
{
	world->why = why;
	return false;
}

/* ---- the device: towards the server ---------------------------------------------------------- */

static const Entry *local_of(World *world, int64_t key)
{
	return tree_get(world->trees[SIDE_LOCAL], key);
}

static const Entry *remote_of(World *world, int64_t key)
{
	return tree_get(world->trees[SIDE_REMOTE], key);
}

/* Own changes are known at once. */
static void commit(World *world, const Entry *entry)
{
	bool at_head = world_is_at_head(world);
	world_put_server(world, entry);
	world_put(world, world->trees[SIDE_REMOTE], tree_get(world->server, entry->key));
	world->heard = at_head ? world->seq : world->heard;
}

static void learn_content(World *world, int64_t key)
{
	GBytes *hidden = g_hash_table_lookup(world->hidden, WORLD_KEY(key));
	if (hidden) {
		Entry fields = *local_of(world, key);
		fields.content = hidden;
		world_put(world, world->trees[SIDE_LOCAL], &fields);
		g_hash_table_remove(world->hidden, WORLD_KEY(key));
	}
}

static bool create_remote(World *world, int64_t key)
{
	if (!local_of(world, key) || remote_of(world, key)) {
		return fail(world, "create there: not only here");
	}
	const Entry *local = local_of(world, key);
	if (!world_is_folder(world->server, local->parent)) {
		return fail(world, "create there: no parent");
	}
	learn_content(world, key);
	commit(world, local_of(world, key));
	return true;
}

static bool is_stale(World *world, int64_t key)
{
	const Entry *remote = remote_of(world, key), *server = tree_get(world->server, key);
	return !remote || !server || remote->seq != server->seq;
}

static bool update_remote(World *world, int64_t key)
{
	if (!local_of(world, key) || is_stale(world, key)) {
		return fail(world, "update there: gone or stale");
	}
	learn_content(world, key);
	const Entry *local = local_of(world, key);
	if (entry_same_value(local, remote_of(world, key))) {
		return true;
	}
	Entry fields = *remote_of(world, key);
	fields.content = local->content;
	fields.size = local->size;
	fields.mtime_ns = local->mtime_ns;
	fields.executable = local->executable;
	commit(world, &fields);
	return true;
}

static bool move_remote(World *world, int64_t key)
{
	const Entry *local = local_of(world, key);
	if (!local || is_stale(world, key)) {
		return fail(world, "move there: gone or stale");
	}
	if (!world_is_folder(world->server, local->parent)) {
		return fail(world, "move there: no parent");
	}
	if (world_is_below(world->server, local->parent, key)) {
		return fail(world, "move there: into itself");
	}
	Entry fields = *remote_of(world, key);
	fields.parent = local->parent;
	fields.name = local->name;
	commit(world, &fields);
	return true;
}

/* May this node go with a deletion on `side`? */
static bool may_go(World *world, Side side, int64_t key)
{
	const Entry *entry = tree_get(world->trees[side], key);
	const Entry *other =
		tree_get(world->trees[side == SIDE_LOCAL ? SIDE_REMOTE : SIDE_LOCAL], key);
	const Entry *synced = tree_get(world->trees[SIDE_SYNCED], key);
	return entry && !other && synced && entry_same_content(entry, synced);
}

static bool delete_remote(World *world, int64_t key)
{
	g_autoptr(GArray) keys = world_list_below(world->server, key);
	for (unsigned i = 0; i < keys->len; i++) {
		int64_t below = g_array_index(keys, int64_t, i);
		if (is_stale(world, below)) {
			return fail(world, "delete there: something newer inside");
		}
		if (!may_go(world, SIDE_REMOTE, below)) {
			return fail(world, "delete there: something to keep inside");
		}
	}
	bool at_head = world_is_at_head(world);
	for (unsigned i = 0; i < keys->len; i++) {
		world_drop(world, world->server, g_array_index(keys, int64_t, i));
		world_drop(world, world->trees[SIDE_REMOTE], g_array_index(keys, int64_t, i));
	}
	g_hash_table_insert(world->tombs, WORLD_KEY(key), WORLD_KEY(++world->seq));
	world->heard = at_head ? world->seq : world->heard;
	return true;
}

/* ---- the device: towards the disk ------------------------------------------------------------ */

static bool create_local(World *world, int64_t key)
{
	const Entry *remote = remote_of(world, key);
	if (!remote || local_of(world, key)) {
		return fail(world, "create here: not only there");
	}
	if (!world_is_folder(world->trees[SIDE_LOCAL], remote->parent)) {
		return fail(world, "create here: no parent");
	}
	if (tree_find(world->trees[SIDE_LOCAL], remote->parent, remote->name)) {
		return fail(world, "create here: name taken");
	}
	Entry fields = world_plain(remote);
	world_fresh_stamp(world, &fields);
	world_put(world, world->trees[SIDE_LOCAL], &fields);
	return true;
}

static bool update_local(World *world, int64_t key)
{
	const Entry *local = local_of(world, key), *remote = remote_of(world, key);
	const Entry *synced = tree_get(world->trees[SIDE_SYNCED], key);
	if (!local || !remote || local->kind != remote->kind) {
		return fail(world, "update here: not on both sides");
	}
	if (!entry_same_content(local, remote) && !(synced && entry_same_content(local, synced))) {
		return fail(world, "update here: would overwrite what nobody else has");
	}
	Entry fields = *local;
	fields.content = remote->content;
	fields.size = remote->size;
	fields.mtime_ns = remote->mtime_ns;
	fields.executable = remote->executable;
	world_touch_stamp(world, &fields);
	world_put(world, world->trees[SIDE_LOCAL], &fields);
	return true;
}

static bool move_local(World *world, const Action *action)
{
	Tree *tree = world->trees[SIDE_LOCAL];
	const Entry *local = local_of(world, action->key);
	if (!local || !world_is_folder(tree, action->parent)) {
		return fail(world, "move here: gone, or no parent");
	}
	if (tree_find(tree, action->parent, action->name)) {
		return fail(world, "move here: name taken");
	}
	if (world_is_below(tree, action->parent, action->key)) {
		return fail(world, "move here: into itself");
	}
	Entry fields = *local;
	fields.parent = action->parent;
	fields.name = action->name;
	if (fields.kind != ENTRY_FOLDER) {
		world_touch_stamp(world, &fields);
	}
	world_put(world, tree, &fields);
	return true;
}

/* Is it left out, and everywhere else? */
static bool may_leave(World *world, int64_t key)
{
	const Entry *local = local_of(world, key), *remote = remote_of(world, key);
	const Entry *synced = tree_get(world->trees[SIDE_SYNCED], key);
	return remote && world_is_left_out(world, key) &&
	       (entry_same_content(local, remote) || (synced && entry_same_content(local, synced)));
}

static bool delete_local(World *world, int64_t key)
{
	g_autoptr(GArray) keys = world_list_below(world->trees[SIDE_LOCAL], key);
	for (unsigned i = 0; i < keys->len; i++) {
		int64_t below = g_array_index(keys, int64_t, i);
		if (!may_go(world, SIDE_LOCAL, below) && !may_leave(world, below)) {
			return fail(world, "delete here: something to keep inside");
		}
	}
	for (unsigned i = 0; i < keys->len; i++) {
		int64_t below = g_array_index(keys, int64_t, i);
		bool left_out = remote_of(world, below) != NULL;
		world_drop(world, world->trees[SIDE_LOCAL], below);
		if (!left_out || !tree_get(world->trees[SIDE_SYNCED], below)) {
			continue;
		}
		if (world->crashes) {
			g_hash_table_add(world->taken_away, WORLD_KEY(below));
		} else {
			world_drop(world, world->trees[SIDE_SYNCED], below);
		}
	}
	return true;
}

/* ---- the device: in the state alone -----------------------------------------------------------
 */

/*
 * The local entry gets another key and id, and its children follow. About what stays behind nothing
 * is agreed any more: it must not look as if it had been deleted here.
 */
static void rekey(World *world, int64_t key, int64_t new_key, const NodeId *id)
{
	Tree *tree = world->trees[SIDE_LOCAL];
	g_autoptr(GArray) children = g_array_new(FALSE, FALSE, sizeof(int64_t));
	world_list_children(tree, key, children);
	Entry fields = *local_of(world, key);
	fields.key = new_key;
	fields.id = *id;
	world_put(world, tree, &fields);
	world_drop(world, tree, key);
	world_drop(world, world->trees[SIDE_SYNCED], key);
	GBytes *hidden = g_hash_table_lookup(world->hidden, WORLD_KEY(key));
	if (hidden) {
		g_hash_table_insert(world->hidden, WORLD_KEY(new_key), g_bytes_ref(hidden));
		g_hash_table_remove(world->hidden, WORLD_KEY(key));
	}
	for (unsigned i = 0; i < children->len; i++) {
		Entry child = *local_of(world, g_array_index(children, int64_t, i));
		child.parent = new_key;
		world_put(world, tree, &child);
	}
}

static bool adopt(World *world, int64_t key, int64_t other)
{
	const Entry *local = local_of(world, key), *remote = remote_of(world, other);
	if (!local || !remote || local_of(world, other) || remote_of(world, key) ||
	    tree_get(world->trees[SIDE_SYNCED], key) || local->kind != remote->kind) {
		return fail(world, "adopt: not a new node here and another there");
	}
	NodeId id = remote->id;
	rekey(world, key, other, &id);
	g_hash_table_insert(world->successor, WORLD_KEY(key), WORLD_KEY(other));
	return true;
}

static bool renew(World *world, int64_t key)
{
	if (!local_of(world, key)) {
		return fail(world, "renew: gone");
	}
	int64_t new_key = world->next_key++;
	NodeId id = { 0 };
	memcpy(id.bytes, &new_key, sizeof new_key);
	if (!remote_of(world, key)) {
		g_hash_table_insert(world->successor, WORLD_KEY(key), WORLD_KEY(new_key));
	}
	rekey(world, key, new_key, &id);
	return true;
}

/*
 * Synced becomes what local and remote agree in, be it place or value alone: what people do next
 * is compared with that.
 */
static void settle_agreed(World *world, int64_t key)
{
	const Entry *local = local_of(world, key), *remote = remote_of(world, key);
	const Entry *synced = tree_get(world->trees[SIDE_SYNCED], key);
	if (!local || !remote) {
		return;
	}
	bool place = entry_same_place(local, remote), value = entry_same_value(local, remote);
	if (!(place && value) && !(synced && (place || value))) {
		return;
	}
	Entry fields = value ? *remote : *synced;
	fields.parent = place ? remote->parent : synced->parent;
	fields.name = place ? remote->name : synced->name;
	fields.stamp = value ? local->stamp : synced->stamp;
	fields.seq = place && value ? remote->seq : synced->seq;
	world_put(world, world->trees[SIDE_SYNCED], &fields);
}

static bool settle(World *world, int64_t key)
{
	const Entry *local = local_of(world, key), *remote = remote_of(world, key);
	if (!local || !remote ||
	    !(entry_same_place(local, remote) || entry_same_value(local, remote))) {
		return fail(world, "settle: nothing agreed");
	}
	settle_agreed(world, key);
	return true;
}

static bool forget(World *world, int64_t key)
{
	bool kept = remote_of(world, key) && !world_is_taken_away(world, key);
	if (local_of(world, key) || kept) {
		return fail(world, "forget: still there");
	}
	world_drop(world, world->trees[SIDE_SYNCED], key);
	g_hash_table_remove(world->taken_away, WORLD_KEY(key));
	return true;
}

static bool hash(World *world, int64_t key)
{
	const Entry *local = local_of(world, key);
	if (!local || local->content) {
		return fail(world, "hash: nothing to learn");
	}
	learn_content(world, key);
	return true;
}

static bool execute(World *world, const Action *action)
{
	switch (action->kind) {
	case ACTION_CREATE_REMOTE:
		return create_remote(world, action->key);
	case ACTION_UPDATE_REMOTE:
		return update_remote(world, action->key);
	case ACTION_MOVE_REMOTE:
		return move_remote(world, action->key);
	case ACTION_DELETE_REMOTE:
		return delete_remote(world, action->key);
	case ACTION_CREATE_LOCAL:
		return create_local(world, action->key);
	case ACTION_UPDATE_LOCAL:
		return update_local(world, action->key);
	case ACTION_MOVE_LOCAL:
		return move_local(world, action);
	case ACTION_DELETE_LOCAL:
		return delete_local(world, action->key);
	case ACTION_HASH:
		return hash(world, action->key);
	case ACTION_ADOPT:
		return adopt(world, action->key, action->other);
	case ACTION_RENEW:
		return renew(world, action->key);
	case ACTION_SETTLE:
		return settle(world, action->key);
	case ACTION_FORGET:
		return forget(world, action->key);
	default:
		g_assert_not_reached();
	}
}

static void copy_entry(const Entry *entry, void *data)
{
	tree_put(data, entry);
}

static Tree *copy_tree(const Tree *tree)
{
	Tree *copy = tree_new();
	tree_each(tree, copy_entry, copy);
	return copy;
}

static bool is_name_free(World *world, const Action *action)
{
	if (action->kind != ACTION_CREATE_REMOTE && action->kind != ACTION_MOVE_REMOTE) {
		return true;
	}
	const Entry *local = local_of(world, action->key);
	return !local || !tree_find(world->server, local->parent, local->name);
}

static bool execute_group(World *world, const Action *actions, size_t count)
{
	g_autoptr(Tree) server = copy_tree(world->server);
	g_autoptr(Tree) remote = copy_tree(world->trees[SIDE_REMOTE]);
	bool done = true;
	for (size_t i = 0; done && i < count; i++) {
		if (actions[i].kind != ACTION_CREATE_REMOTE &&
		    actions[i].kind != ACTION_MOVE_REMOTE &&
		    actions[i].kind != ACTION_DELETE_REMOTE) {
			return fail(world, "group: not all towards the server");
		}
		done = execute(world, &actions[i]);
	}
	if (done && world_find_twin(world->server)) {
		done = fail(world, "group: a name stands twice at its end");
	}
	if (!done) {
		Tree *failed_server = world->server, *failed_remote = world->trees[SIDE_REMOTE];
		world->server = g_steal_pointer(&server);
		world->trees[SIDE_REMOTE] = g_steal_pointer(&remote);
		tree_free(failed_server);
		tree_free(failed_remote);
	}
	return done;
}

bool device_execute(World *world, const Action *actions, size_t count)
{
	g_assert(count > 0);
	if (count == 1 && !is_name_free(world, actions)) {
		return fail(world, "there: name taken");
	}
	bool done = count > 1 ? execute_group(world, actions, count) : execute(world, actions);
	for (size_t i = 0; done && !world->settles_late && i < count; i++) {
		settle_agreed(world, actions[i].key);
	}
	return done;
}
