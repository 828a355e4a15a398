/* SPDX-License-Identifier: Apache-2.0 */
#include "client/plan/oracle.h"

#include "client/plan/world_internal.h"

typedef struct Oracle {
	World *world;
	Tree *told;
	bool silent;
} Oracle;

/* A local entry with its true content. */
static Entry with_content(World *world, const Entry *local)
{
	Entry fields = world_plain(local);
	fields.content = world_content(world, SIDE_LOCAL, local);
	return fields;
}

static bool is_edited(const Entry *entry, const Entry *synced)
{
	return entry->kind != ENTRY_FOLDER && !entry_same_content(entry, synced);
}

/* Both sides have it. */
static Entry merge(Oracle *oracle, const Entry *l, const Entry *s, const Entry *r)
{
	bool here = is_edited(l, s), there = is_edited(r, s);
	if (here && there && !entry_same_content(l, r)) {
		oracle->silent = true;
	}
	bool take_here = here && !there;
	if (!here && !there) {
		take_here = !entry_same_value(l, s) && entry_same_value(r, s);
	}
	Entry merged = take_here ? *l : *r;
	const Entry *place = entry_same_place(r, s) ? l : r;
	merged.parent = place->parent;
	merged.name = place->name;
	return merged;
}

/*
 * A file made here under the name of one that was deleted here is that one's next version. ret_s
 * and ret_r are of the deleted one; false if there is none.
 */
static bool find_ancestor(World *world, const Entry *l, const Entry **ret_s, const Entry **ret_r)
{
	const Entry *r = tree_find(world->server, l->parent, l->name);
	const Entry *s = r ? tree_get(world->trees[SIDE_SYNCED], r->key) : NULL;
	if (!s || tree_get(world->trees[SIDE_LOCAL], r->key) || !entry_same_place(s, r) ||
	    l->kind != r->kind) {
		return false;
	}
	*ret_s = s;
	*ret_r = r;
	return true;
}

static bool has_heir(World *world, const Entry *s, const Entry *r)
{
	const Entry *heir = tree_find(world->trees[SIDE_LOCAL], r->parent, r->name);
	return heir && !tree_get(world->server, heir->key) &&
	       !tree_get(world->trees[SIDE_SYNCED], heir->key) && heir->kind == r->kind &&
	       entry_same_place(s, r);
}

static void tell_node(Oracle *oracle, int64_t key)
{
	World *world = oracle->world;
	const Entry *local = tree_get(world->trees[SIDE_LOCAL], key);
	const Entry *s = tree_get(world->trees[SIDE_SYNCED], key);
	const Entry *r = tree_get(world->server, key);
	g_autoptr(Entry) l = NULL;
	if (local) {
		Entry fields = with_content(world, local);
		l = entry_new(&fields);
	}
	bool is_heir = l && !s && !r && find_ancestor(world, l, &s, &r);
	if (l && r) {
		Entry merged = merge(oracle, l, s, r);
		merged.key = is_heir ? r->key : key;
		world_put(world, oracle->told, &merged);
		return;
	}
	const Entry *only = l ? l : r;
	bool is_left = only && (!s || is_edited(only, s));
	if (is_left && !(r && s && has_heir(world, s, r))) {
		world_put(world, oracle->told, only);
	}
}

/* Deleted folders come back above whatever is left. */
static void tell_folders_above(Oracle *oracle, int64_t key)
{
	World *world = oracle->world;
	for (unsigned steps = 0; key != ENTRY_KEY_ROOT; steps++) {
		const Entry *entry = tree_get(oracle->told, key);
		if (!entry) {
			const Entry *local = tree_get(world->trees[SIDE_LOCAL], key);
			const Entry *remote = tree_get(world->server, key);
			entry = local ? local : remote;
			world_put(world, oracle->told, entry);
		}
		key = entry->parent;
		if (steps > tree_size(oracle->told)) {
			oracle->silent = true;
			return;
		}
	}
}

static void add_key(const Entry *entry, void *data)
{
	g_array_append_val((GArray *)data, entry->key);
}

char *oracle_ask(World *world)
{
	g_autoptr(Tree) told = tree_new();
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	Oracle oracle = { .world = world, .told = told };
	tree_put(told, tree_get(world->server, ENTRY_KEY_ROOT));
	tree_each(world->trees[SIDE_LOCAL], add_key, keys);
	tree_each(world->server, add_key, keys);
	for (unsigned i = 0; i < keys->len; i++) {
		int64_t key = g_array_index(keys, int64_t, i);
		if (key >= ENTRY_KEY_FIRST) {
			tell_node(&oracle, key);
		}
	}
	g_array_set_size(keys, 0);
	tree_each(told, add_key, keys);
	for (unsigned i = 0; i < keys->len; i++) {
		tell_folders_above(&oracle, g_array_index(keys, int64_t, i));
	}
	oracle.silent |= world_find_twin(told) != NULL;
	return oracle.silent ? NULL : world_print(world, told, true);
}
