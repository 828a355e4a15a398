/* SPDX-License-Identifier: Apache-2.0 */
#include "client/mount/node.h"

#include <string.h>

static const NodeKey root_key = { .inode = 2, .birth_ns = 1 };

static Node *add(NodeTable *table, Node *parent, const char *name, uint64_t inode, NodeKind kind)
{
	const NodeKey key = { .inode = inode, .birth_ns = 1 };
	Node *node = node_remember(table, parent, name, &key, kind);
	node_check(table);
	return node;
}

static void assert_place(NodeTable *table, Node *node, Node *parent, const char *name)
{
	NodePlace place;
	g_assert_true(node_place(table, node, &place));
	g_assert_true(place.parent == parent);
	g_assert_cmpstr(place.name, ==, name);
	node_place_clear(table, &place);
}

static void test_forgets(void)
{
	NodeTable *table = node_table_new(&root_key);
	Node *folder = add(table, node_root(table), "folder", 10, NODE_FOLDER);
	Node *file = add(table, folder, "file", 11, NODE_OTHER);
	g_assert_true(add(table, folder, "file", 11, NODE_OTHER) == file);
	g_assert_cmpuint(node_count(table), ==, 3);
	/* The kernel forgets the folder first: it stays as the place of the file. */
	node_forget(table, folder, 1);
	node_check(table);
	assert_place(table, file, folder, "file");
	node_forget(table, file, 1);
	g_assert_cmpuint(node_count(table), ==, 3);
	node_forget(table, file, 1);
	node_check(table);
	g_assert_cmpuint(node_count(table), ==, 1);
	node_table_free(table);
}

static void test_same_inode_again(void)
{
	NodeTable *table = node_table_new(&root_key);
	Node *old = add(table, node_root(table), "a", 10, NODE_OTHER);
	const NodeKey reused = { .inode = 10, .birth_ns = 2 };
	Node *new = node_remember(table, node_root(table), "a", &reused, NODE_OTHER);
	g_assert_true(new != old);
	node_check(table);
	node_forget(table, old, 1);
	Node *found = node_find(table, &reused);
	g_assert_true(found == new);
	node_unref(table, found);
	node_table_free(table);
}

static void test_moves_where_nobody_looked(void)
{
	NodeTable *table = node_table_new(&root_key);
	const NodeKey key = { .inode = 20, .birth_ns = 1 };
	Node *file = add(table, node_root(table), "file", 11, NODE_OTHER);
	node_move_into(table, file, &key, "moved");
	node_check(table);
	Node *folder = node_find(table, &key);
	assert_place(table, file, folder, "moved");
	/* When it is looked up it is found where it lies. */
	Node *above = add(table, node_root(table), "above", 12, NODE_FOLDER);
	g_assert_true(add(table, above, "folder", 20, NODE_FOLDER) == folder);
	assert_place(table, folder, above, "folder");
	node_forget(table, folder, 1);
	node_unref(table, folder);
	node_check(table);
	/* It stays as the place of the file, and no longer. */
	node_move(table, file, above, "file");
	node_check(table);
	g_assert_null(node_find(table, &key));
	/* What lies below the file cannot be its folder. */
	node_move_into(table, file, node_key(file), "file");
	node_check(table);
	assert_place(table, file, above, "file");
	node_table_free(table);
}

static void test_moves(void)
{
	NodeTable *table = node_table_new(&root_key);
	Node *a = add(table, node_root(table), "a", 10, NODE_FOLDER);
	Node *b = add(table, node_root(table), "b", 11, NODE_FOLDER);
	Node *file = add(table, a, "file", 12, NODE_OTHER);
	node_move(table, file, b, "other");
	node_check(table);
	assert_place(table, file, b, "other");
	/* Found somewhere else, by a look-up after others moved it. */
	g_assert_true(add(table, a, "again", 12, NODE_OTHER) == file);
	assert_place(table, file, a, "again");
	node_table_free(table);
}

/* b moves below a while we still believe a below b. */
static void test_no_ring(void)
{
	NodeTable *table = node_table_new(&root_key);
	Node *b = add(table, node_root(table), "b", 11, NODE_FOLDER);
	Node *a = add(table, b, "a", 10, NODE_FOLDER);
	g_assert_true(add(table, a, "b", 11, NODE_FOLDER) == b);
	assert_place(table, a, b, "a");
	g_assert_true(add(table, node_root(table), "a", 10, NODE_FOLDER) == a);
	g_assert_true(add(table, a, "b", 11, NODE_FOLDER) == b);
	assert_place(table, b, a, "b");
	assert_place(table, a, node_root(table), "a");
	node_table_free(table);
}

static bool is_it(NodeFile *file, void *data)
{
	return file == data;
}

static void test_open_files(void)
{
	NodeTable *table = node_table_new(&root_key);
	Node *node = add(table, node_root(table), "a", 10, NODE_OTHER);
	NodeFile one = { 0 }, two = { 0 };
	node_add_file(table, node, &one);
	node_add_file(table, node, &two);
	node_forget(table, node, 1);
	g_assert_true(node_each_file(table, node, is_it, &one));
	g_assert_true(node_any_file(table) == &two);
	node_remove_file(table, node, &one);
	g_assert_false(node_each_file(table, node, is_it, &one));
	node_remove_file(table, node, &two);
	g_assert_cmpuint(node_count(table), ==, 1);
	g_assert_null(node_any_file(table));
	node_table_free(table);
}

static void test_open_files_are_of_one_kind(void)
{
	NodeTable *table = node_table_new(&root_key);
	Node *node = add(table, node_root(table), "a", 10, NODE_OTHER);
	for (int first = 0; first < 2; first++) {
		NodeFile one = { .direct = first }, two = { .direct = !first };
		NodeFile alone = { .direct = !first };
		node_add_file(table, node, &one);
		node_add_file(table, node, &two);
		g_assert_cmpint(one.direct, ==, first);
		g_assert_cmpint(two.direct, ==, first);
		g_assert_true(node_remove_file(table, node, &one));
		g_assert_true(node_remove_file(table, node, &two));
		node_add_file(table, node, &alone);
		g_assert_cmpint(alone.direct, ==, !first);
		g_assert_false(node_remove_file(table, node, &alone));
	}
	node_table_free(table);
}

static void test_idle(void)
{
	NodeTable *table = node_table_new(&root_key);
	Node *folder = add(table, node_root(table), "folder", 10, NODE_FOLDER);
	for (unsigned i = 0; i < 5000; i++) {
		g_autofree char *name = g_strdup_printf("%u", i);
		const NodeKey key = { .inode = 100 + i, .birth_ns = 1 };
		node_remember(table, folder, name, &key, NODE_OTHER);
	}
	node_check(table);
	const NodeKey first = { .inode = 100, .birth_ns = 1 };
	Node *busy = node_find(table, &first);
	NodeFile file = { 0 };
	node_add_file(table, busy, &file);
	node_unref(table, busy);
	size_t seen = 0;
	while (node_count(table) > 3) {
		g_autoptr(GPtrArray) idle = node_idle(table, 100);
		g_assert_cmpuint(idle->len, >, 0);
		for (unsigned i = 0; i < idle->len; i++) {
			Node *node = idle->pdata[i];
			g_assert_true(node != busy && node != folder);
			node_forget(table, node, 1);
			node_unref(table, node);
			seen++;
		}
	}
	g_assert_cmpuint(seen, ==, 4999);
	node_remove_file(table, busy, &file);
	node_table_free(table);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/client/mount/node/is-forgotten-when-nobody-needs-it", test_forgets);
	g_test_add_func("/client/mount/node/knows-a-reused-inode-number", test_same_inode_again);
	g_test_add_func("/client/mount/node/moves-where-nobody-looked",
			test_moves_where_nobody_looked);
	g_test_add_func("/client/mount/node/moves", test_moves);
	g_test_add_func("/client/mount/node/places-make-no-ring", test_no_ring);
	g_test_add_func("/client/mount/node/keeps-open-files", test_open_files);
	g_test_add_func("/client/mount/node/open-files-are-of-one-kind",
			test_open_files_are_of_one_kind);
	g_test_add_func("/client/mount/node/gives-up-what-is-idle", test_idle);
	return g_test_run();
}
