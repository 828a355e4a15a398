/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two indexes over the same entries: a hash by key, which owns a reference to each, and a balanced
 * tree by (parent, name, key), in which the children of a folder stand together, in order.
 */
#include "client/tree/tree.h"

#include <string.h>

struct Tree {
	GHashTable *by_key; /* &Entry.key -> Entry, owned */
	GTree *by_place;    /* Entry -> the same Entry, borrowed */
};

static int compare_place(const void *a_data, const void *b_data, void *data)
{
	const Entry *a = a_data, *b = b_data;
	if (a->parent != b->parent) {
		return a->parent < b->parent ? -1 : 1;
	}
	int order = strcmp(a->name, b->name);
	if (order != 0) {
		return order;
	}
	return a->key < b->key ? -1 : a->key > b->key;
}

static void unref(void *entry)
{
	entry_unref(entry);
}

Tree *tree_new(void)
{
	Tree *tree = g_new(Tree, 1);
	tree->by_key = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, unref);
	tree->by_place = g_tree_new_with_data(compare_place, NULL);
	return tree;
}

void tree_free(Tree *tree)
{
	if (!tree) {
		return;
	}
	g_tree_unref(tree->by_place);
	g_hash_table_unref(tree->by_key);
	g_free(tree);
}

void tree_put(Tree *tree, const Entry *entry)
{
	/* The new entry may be kept alive by the one it replaces alone. */
	Entry *held = entry_ref(entry);
	tree_remove(tree, entry->key);
	g_hash_table_insert(tree->by_key, &held->key, held);
	g_tree_insert(tree->by_place, held, held);
}

void tree_remove(Tree *tree, int64_t key)
{
	Entry *old = g_hash_table_lookup(tree->by_key, &key);
	if (!old) {
		return;
	}
	g_tree_remove(tree->by_place, old);
	g_hash_table_remove(tree->by_key, &key);
}

const Entry *tree_get(const Tree *tree, int64_t key)
{
	return g_hash_table_lookup(tree->by_key, &key);
}

/* The first entry at or after (parent, name). */
static GTreeNode *lower_bound(const Tree *tree, int64_t parent, const char *name)
{
	Entry probe = { .key = G_MININT64, .parent = parent, .name = (char *)name };
	return g_tree_lower_bound(tree->by_place, &probe);
}

const Entry *tree_find(const Tree *tree, int64_t parent, const char *name)
{
	GTreeNode *node = lower_bound(tree, parent, name);
	const Entry *entry = node ? g_tree_node_key(node) : NULL;
	bool found = entry && entry->parent == parent && strcmp(entry->name, name) == 0;
	return found ? entry : NULL;
}

void tree_children(const Tree *tree, int64_t parent, TreeVisitor visit, void *data)
{
	GTreeNode *node = lower_bound(tree, parent, "");
	for (; node; node = g_tree_node_next(node)) {
		const Entry *entry = g_tree_node_key(node);
		if (entry->parent != parent) {
			break;
		}
		visit(entry, data);
	}
}

static int compare_key(const void *a_data, const void *b_data)
{
	const Entry *a = *(const Entry *const *)a_data, *b = *(const Entry *const *)b_data;
	return a->key < b->key ? -1 : a->key > b->key;
}

void tree_each(const Tree *tree, TreeVisitor visit, void *data)
{
	g_autoptr(GPtrArray) entries = g_ptr_array_sized_new(g_hash_table_size(tree->by_key));
	GHashTableIter iter;
	void *entry;
	g_hash_table_iter_init(&iter, tree->by_key);
	while (g_hash_table_iter_next(&iter, NULL, &entry)) {
		g_ptr_array_add(entries, entry);
	}
	g_ptr_array_sort(entries, compare_key);
	for (unsigned i = 0; i < entries->len; i++) {
		visit(entries->pdata[i], data);
	}
}

size_t tree_size(const Tree *tree)
{
	return g_hash_table_size(tree->by_key);
}

void tree_check(const Tree *tree)
{
	g_assert((size_t)g_tree_nnodes(tree->by_place) == tree_size(tree));
	const Entry *last = NULL;
	for (GTreeNode *node = g_tree_node_first(tree->by_place); node;
	     node = g_tree_node_next(node)) {
		const Entry *entry = g_tree_node_key(node);
		g_assert(tree_get(tree, entry->key) == entry);
		g_assert(!last || compare_place(last, entry, NULL) < 0);
		last = entry;
	}
}
