/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/tree/entry.h"

/*
 * A tree in memory: entries by key, by (parent, name), and the children of a folder. Holds
 * references. Names need not be unique while pages of changes are half read: tree_find() gives any.
 */
typedef struct Tree Tree;

typedef void (*TreeVisitor)(const Entry *entry, void *data);

Tree *tree_new(void);
void tree_free(Tree *tree);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Tree, tree_free)

/* Adds or replaces the entry with this key; takes a reference of its own. */
void tree_put(Tree *tree, const Entry *entry);
/* Removes one entry (not what is below it); does nothing if absent. */
void tree_remove(Tree *tree, int64_t key);

/* Borrowed; NULL if absent. */
const Entry *tree_get(const Tree *tree, int64_t key);
const Entry *tree_find(const Tree *tree, int64_t parent, const char *name);
/* Direct children, in the order of their names, then keys. visit must not change the tree. */
void tree_children(const Tree *tree, int64_t parent, TreeVisitor visit, void *data);
/* All entries, by key. */
void tree_each(const Tree *tree, TreeVisitor visit, void *data);
size_t tree_size(const Tree *tree);

/* Aborts unless the indexes agree with the entries. */
void tree_check(const Tree *tree);
