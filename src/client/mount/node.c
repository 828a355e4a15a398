/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes lie in chains of a table of buckets, which doubles as they grow. A million of them are held
 * at times, so a node is small: no descriptor, no path.
 *
 * A node lives while the kernel counts lookups of it, while others refer to it, and while it is the
 * parent of one that lives.
 */
#include "client/mount/node.h"

#include <string.h>

#define BUCKETS_FIRST 1024

struct Node {
	Node *next; /* in its bucket */
	Node *parent;
	NodeFile *files;
	char *name;
	NodeKey key;
	uint64_t lookups;
	uint32_t references; /* of others, and of nodes below it */
	uint8_t kind;
};

struct NodeTable {
	GMutex lock;
	Node **buckets;
	size_t size; /* of buckets, a power of two */
	size_t count;
	size_t files; /* that are open */
	size_t hand;  /* bucket at which node_idle() goes on */
	Node *root;
};

static size_t bucket_of(const NodeTable *table, const NodeKey *key)
{
	uint64_t hash = (key->inode ^ (uint64_t)key->birth_ns) * 0x9e3779b97f4a7c15ull;
	return (hash >> 20) & (table->size - 1);
}

static Node *find(NodeTable *table, const NodeKey *key)
{
	for (Node *node = table->buckets[bucket_of(table, key)]; node; node = node->next) {
		if (node->key.inode == key->inode && node->key.birth_ns == key->birth_ns) {
			return node;
		}
	}
	return NULL;
}

static void insert(NodeTable *table, Node *node)
{
	Node **bucket = &table->buckets[bucket_of(table, &node->key)];
	node->next = *bucket;
	*bucket = node;
}

static void grow(NodeTable *table)
{
	Node **old = table->buckets;
	size_t size = table->size;
	table->size *= 2;
	table->buckets = g_new0(Node *, table->size);
	for (size_t i = 0; i < size; i++) {
		Node *next = NULL;
		for (Node *node = old[i]; node; node = next) {
			next = node->next;
			insert(table, node);
		}
	}
	g_free(old);
}

static Node *add(NodeTable *table, const NodeKey *key, NodeKind kind)
{
	if (table->count >= table->size) {
		grow(table);
	}
	Node *node = g_new0(Node, 1);
	node->key = *key;
	node->kind = (uint8_t)kind;
	insert(table, node);
	table->count++;
	return node;
}

static void node_free(Node *node)
{
	g_free(node->name);
	g_free(node);
}

NodeTable *node_table_new(const NodeKey *root)
{
	NodeTable *table = g_new0(NodeTable, 1);
	g_mutex_init(&table->lock);
	table->size = BUCKETS_FIRST;
	table->buckets = g_new0(Node *, table->size);
	table->root = add(table, root, NODE_FOLDER);
	table->root->references = 1;
	return table;
}

void node_table_free(NodeTable *table)
{
	if (!table) {
		return;
	}
	for (size_t i = 0; i < table->size; i++) {
		Node *next = NULL;
		for (Node *node = table->buckets[i]; node; node = next) {
			next = node->next;
			node_free(node);
		}
	}
	g_free(table->buckets);
	g_mutex_clear(&table->lock);
	g_free(table);
}

Node *node_root(NodeTable *table)
{
	return table->root;
}

size_t node_count(NodeTable *table)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&table->lock);
	return table->count;
}

const NodeKey *node_key(const Node *node)
{
	return &node->key;
}

bool node_is_root(const Node *node)
{
	return !node->parent;
}

/* ---- life ------------------------------------------------------------------------------- */

/* Frees it if nobody needs it any more, and then maybe the folders above it. */
static void settle(NodeTable *table, Node *node)
{
	while (node && node->lookups == 0 && node->references == 0) {
		Node **link = &table->buckets[bucket_of(table, &node->key)];
		while (*link != node) {
			link = &(*link)->next;
		}
		*link = node->next;
		table->count--;
		g_assert(!node->files);
		Node *parent = node->parent;
		node_free(node);
		if (parent) {
			parent->references--;
		}
		node = parent;
	}
}

static void place(NodeTable *table, Node *node, Node *parent, const char *name)
{
	if (node == table->root || node == parent) {
		return;
	}
	if (node->parent != parent) {
		Node *former = node->parent;
		parent->references++;
		node->parent = parent;
		if (former) {
			former->references--;
			settle(table, former);
		}
	}
	if (!node->name || strcmp(node->name, name) != 0) {
		g_free(node->name);
		node->name = g_strdup(name);
	}
}

/* A folder that is, as far as we know, below node? Such a place would be a ring. */
static bool lies_below(const Node *folder, const Node *node)
{
	for (; folder; folder = folder->parent) {
		if (folder == node) {
			return true;
		}
	}
	return false;
}

Node *node_remember(NodeTable *table, Node *parent, const char *name, const NodeKey *key,
		    NodeKind kind)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&table->lock);
	Node *node = find(table, key);
	if (!node) {
		node = add(table, key, kind);
	}
	node->lookups++;
	if (kind == NODE_FOLDER && lies_below(parent, node)) {
		/* What we knew of the places above is stale. It was found below the parent, so the
		 * parent's own place must be wrong: it is looked up again from the root on. */
		if (node != table->root && !node->parent) {
			place(table, node, table->root, name);
		}
		return node;
	}
	place(table, node, parent, name);
	return node;
}

void node_forget(NodeTable *table, Node *node, uint64_t lookups)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&table->lock);
	if (node == table->root) {
		return;
	}
	g_assert(node->lookups >= lookups);
	node->lookups -= lookups;
	settle(table, node);
}

Node *node_find(NodeTable *table, const NodeKey *key)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&table->lock);
	Node *node = find(table, key);
	if (node) {
		node->references++;
	}
	return node;
}

Node *node_ref(NodeTable *table, Node *node)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&table->lock);
	node->references++;
	return node;
}

void node_unref(NodeTable *table, Node *node)
{
	if (!node) {
		return;
	}
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&table->lock);
	g_assert(node->references > 0);
	node->references--;
	settle(table, node);
}

/* ---- places ----------------------------------------------------------------------------- */

void node_move(NodeTable *table, Node *node, Node *parent, const char *name)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&table->lock);
	if (!lies_below(parent, node)) {
		place(table, node, parent, name);
	}
}

void node_move_into(NodeTable *table, Node *node, const NodeKey *key, const char *name)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&table->lock);
	Node *folder = find(table, key);
	if (!folder) {
		folder = add(table, key, NODE_FOLDER);
		/* No name: whoever goes there finds nothing, and is told to look it up. */
		place(table, folder, table->root, "");
	}
	if (!lies_below(folder, node)) {
		place(table, node, folder, name);
	}
	settle(table, folder);
}

bool node_place(NodeTable *table, Node *node, NodePlace *ret_place)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&table->lock);
	if (!node->parent) {
		return false;
	}
	node->parent->references++;
	ret_place->parent = node->parent;
	ret_place->key = node->parent->key;
	g_strlcpy(ret_place->name, node->name, sizeof ret_place->name);
	return true;
}

void node_place_clear(NodeTable *table, NodePlace *place_)
{
	node_unref(table, g_steal_pointer(&place_->parent));
}

/* ---- open files ------------------------------------------------------------------------- */

void node_add_file(NodeTable *table, Node *node, NodeFile *file)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&table->lock);
	NodeFile *other = node->files;
	if (other) {
		file->direct = other->direct;
		file->shared = true;
		other->shared = true;
	}
	file->next = other;
	node->files = file;
	node->references++;
	table->files++;
}

bool node_remove_file(NodeTable *table, Node *node, NodeFile *file)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&table->lock);
	bool shared = file->shared;
	NodeFile **link = &node->files;
	while (*link != file) {
		link = &(*link)->next;
	}
	*link = file->next;
	node->references--;
	table->files--;
	settle(table, node);
	return shared;
}

bool node_each_file(NodeTable *table, Node *node, bool (*visit)(NodeFile *file, void *data),
		    void *data)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&table->lock);
	for (NodeFile *file = node->files; file; file = file->next) {
		if (visit(file, data)) {
			return true;
		}
	}
	return false;
}

bool node_has_files(NodeTable *table)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&table->lock);
	return table->files > 0;
}

NodeFile *node_any_file(NodeTable *table)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&table->lock);
	for (size_t i = 0; i < table->size; i++) {
		for (Node *node = table->buckets[i]; node; node = node->next) {
			if (node->files) {
				return node->files;
			}
		}
	}
	return NULL;
}

GPtrArray *node_idle(NodeTable *table, size_t max)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&table->lock);
	GPtrArray *found = g_ptr_array_new();
	for (size_t seen = 0; seen < table->size && found->len < max; seen++) {
		table->hand = (table->hand + 1) & (table->size - 1);
		for (Node *node = table->buckets[table->hand]; node; node = node->next) {
			if (node->kind != NODE_FOLDER && !node->files && node->lookups > 0) {
				node->references++;
				g_ptr_array_add(found, node);
			}
		}
	}
	return found;
}

void node_check(NodeTable *table)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&table->lock);
	g_autoptr(GHashTable) below = g_hash_table_new(NULL, NULL);
	size_t count = 0;
	for (size_t i = 0; i < table->size; i++) {
		for (Node *node = table->buckets[i]; node; node = node->next) {
			g_assert(bucket_of(table, &node->key) == i);
			g_assert(node->lookups > 0 || node->references > 0);
			g_assert(find(table, &node->key) == node);
			g_assert(!node->parent == (node == table->root));
			if (node->parent) {
				size_t known =
					GPOINTER_TO_SIZE(g_hash_table_lookup(below, node->parent));
				g_hash_table_insert(below, node->parent,
						    GSIZE_TO_POINTER(known + 1));
			}
			count++;
		}
	}
	g_assert(count == table->count);
	GHashTableIter iter;
	void *parent, *known;
	g_hash_table_iter_init(&iter, below);
	while (g_hash_table_iter_next(&iter, &parent, &known)) {
		g_assert(((Node *)parent)->references >= GPOINTER_TO_SIZE(known));
	}
}
