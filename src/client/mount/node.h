/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What the kernel knows of the mounted tree: a node for each inode that it looked up and did not
 * forget. A node is the inode (number and birth) wherever it lies; parent and name say where it was
 * last seen, which what others do to the tree makes stale: whoever goes there checks what he finds.
 *
 * One lock guards the whole table, the places of its nodes and the lists of their open files. All
 * functions take it, but where noted; any thread.
 */
typedef struct NodeTable NodeTable;
typedef struct Node Node;

/* An open file of a node. Embedded in what stands for the whole of it. */
typedef struct NodeFile {
	struct NodeFile *next;
	bool direct; /* past the kernel's pages */
	bool shared; /* there was another at the same time; guarded by the table's lock */
} NodeFile;

typedef enum NodeKind {
	NODE_OTHER, /* a file, a link, whatever is no folder */
	NODE_FOLDER,
} NodeKind;

/* Which inode. */
typedef struct NodeKey {
	uint64_t inode;
	int64_t birth_ns;
} NodeKey;

NodeTable *node_table_new(const NodeKey *root);
/* Everything, whatever the kernel still counts. */
void node_table_free(NodeTable *table);

/* Borrowed. */
Node *node_root(NodeTable *table);
/* Nodes, the root included. */
size_t node_count(NodeTable *table);

/*
 * The kernel looked it up once more: makes the node if there is none, and lets it be where it was
 * found. Each call is undone by one of node_forget().
 */
Node *node_remember(NodeTable *table, Node *parent, const char *name, const NodeKey *key,
		    NodeKind kind);
void node_forget(NodeTable *table, Node *node, uint64_t lookups);

/* The node of this inode, or NULL. To be ended by node_unref(). */
Node *node_find(NodeTable *table, const NodeKey *key);
Node *node_ref(NodeTable *table, Node *node);
void node_unref(NodeTable *table, Node *node);

/* It is now there. */
void node_move(NodeTable *table, Node *node, Node *parent, const char *name);

/*
 * The same, in a folder that nobody has looked up: it has a node from now on, whose own place will
 * be known when the kernel looks it up.
 */
void node_move_into(NodeTable *table, Node *node, const NodeKey *folder, const char *name);

/* No lock. */
const NodeKey *node_key(const Node *node);
bool node_is_root(const Node *node);

typedef struct NodePlace {
	Node *parent; /* a reference */
	NodeKey key;  /* of the parent */
	char name[NAME_MAX + 1];
} NodePlace;

/* Where it lies; false for the root. To be ended by node_place_clear(). */
bool node_place(NodeTable *table, Node *node, NodePlace *ret_place);
void node_place_clear(NodeTable *table, NodePlace *place);

/*
 * Open files, the newest first. All of a node at a time are direct, or none is: the first decides,
 * and the file that is added becomes as it is.
 */
void node_add_file(NodeTable *table, Node *node, NodeFile *file);
/* Returns whether it was shared. */
bool node_remove_file(NodeTable *table, Node *node, NodeFile *file);
/*
 * Calls visit with each open file until it returns true, with the lock held: it must not call
 * anything of this table. Returns whether it did.
 */
bool node_each_file(NodeTable *table, Node *node, bool (*visit)(NodeFile *file, void *data),
		    void *data);

/* Any open file there is, or NULL. */
NodeFile *node_any_file(NodeTable *table);
bool node_has_files(NodeTable *table);

/*
 * Some nodes, at most max, that are no folders and have no open file: with a reference each, for
 * the kernel to be told to forget. Goes on where the last call ended.
 */
GPtrArray *node_idle(NodeTable *table, size_t max);

/* For tests: everything fits together. */
void node_check(NodeTable *table);
