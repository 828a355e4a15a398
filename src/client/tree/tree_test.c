/* SPDX-License-Identifier: Apache-2.0 */
#include "client/tree/tree.h"

static void put(Tree *tree, int64_t key, int64_t parent, const char *name)
{
	Entry fields = { .key = key, .parent = parent, .name = (char *)name, .kind = ENTRY_FOLDER };
	g_autoptr(Entry) entry = entry_new(&fields);
	tree_put(tree, entry);
	tree_check(tree);
}

static void append(const Entry *entry, void *data)
{
	g_string_append_printf(data, "%" G_GINT64_FORMAT ":%s ", entry->key, entry->name);
}

static void assert_children(const Tree *tree, int64_t parent, const char *expected)
{
	g_autoptr(GString) text = g_string_new(NULL);
	tree_children(tree, parent, append, text);
	g_assert_cmpstr(text->str, ==, expected);
}

static void test_finds_by_key_and_by_place(void)
{
	g_autoptr(Tree) tree = tree_new();
	put(tree, 20, 1, "a");
	put(tree, 21, 20, "a");
	g_assert_cmpint(tree_get(tree, 21)->parent, ==, 20);
	g_assert_cmpint(tree_find(tree, 1, "a")->key, ==, 20);
	g_assert_cmpint(tree_find(tree, 20, "a")->key, ==, 21);
	g_assert_null(tree_get(tree, 22));
	g_assert_null(tree_find(tree, 1, "b"));
	g_assert_null(tree_find(tree, 1, ""));
	g_assert_null(tree_find(tree, 21, "a"));
}

static void test_put_replaces_and_moves(void)
{
	g_autoptr(Tree) tree = tree_new();
	put(tree, 20, 1, "a");
	put(tree, 20, 1, "b");
	g_assert_cmpuint(tree_size(tree), ==, 1);
	g_assert_null(tree_find(tree, 1, "a"));
	g_assert_cmpint(tree_find(tree, 1, "b")->key, ==, 20);
	/* putting the very entry that is there */
	tree_put(tree, tree_get(tree, 20));
	tree_check(tree);
	g_assert_cmpint(tree_find(tree, 1, "b")->key, ==, 20);
}

static void test_remove_takes_one_entry(void)
{
	g_autoptr(Tree) tree = tree_new();
	put(tree, 20, 1, "a");
	put(tree, 21, 20, "b");
	tree_remove(tree, 20);
	tree_remove(tree, 20);
	tree_check(tree);
	g_assert_null(tree_get(tree, 20));
	g_assert_cmpint(tree_find(tree, 20, "b")->key, ==, 21);
}

static void test_children_stand_in_order(void)
{
	g_autoptr(Tree) tree = tree_new();
	put(tree, 30, 1, "b");
	put(tree, 31, 1, "\xff");
	put(tree, 32, 1, "a");
	put(tree, 33, 1, "B");
	put(tree, 34, 2, "other");
	put(tree, 35, 30, "below");
	assert_children(tree, 1, "33:B 32:a 30:b 31:\xff ");
	assert_children(tree, 2, "34:other ");
	assert_children(tree, 32, "");
}

/* While pages of changes are half read, a name may stand twice. */
static void test_holds_equal_names(void)
{
	g_autoptr(Tree) tree = tree_new();
	put(tree, 41, 1, "a");
	put(tree, 40, 1, "a");
	assert_children(tree, 1, "40:a 41:a ");
	g_assert_cmpint(tree_find(tree, 1, "a")->key, ==, 40);
	tree_remove(tree, 40);
	tree_check(tree);
	g_assert_cmpint(tree_find(tree, 1, "a")->key, ==, 41);
}

static void test_each_goes_by_key(void)
{
	g_autoptr(Tree) tree = tree_new();
	put(tree, 300, 1, "a");
	put(tree, 20, 300, "z");
	put(tree, 21, 20, "m");
	g_autoptr(GString) text = g_string_new(NULL);
	tree_each(tree, append, text);
	g_assert_cmpstr(text->str, ==, "20:z 21:m 300:a ");
}

static void test_agrees_with_a_plain_list_over_random_changes(void)
{
	enum { KEYS = 24, STEPS = 3000 };
	g_autoptr(Tree) tree = tree_new();
	int64_t parents[KEYS] = { 0 };
	char names[KEYS][2] = { 0 };
	for (int step = 0; step < STEPS; step++) {
		int i = g_test_rand_int_range(0, KEYS);
		if (g_test_rand_bit()) {
			parents[i] = g_test_rand_int_range(1, 4);
			names[i][0] = (char)g_test_rand_int_range('a', 'e');
			put(tree, 16 + i, parents[i], names[i]);
		} else {
			parents[i] = 0;
			tree_remove(tree, 16 + i);
		}
		size_t count = 0;
		for (int k = 0; k < KEYS; k++) {
			const Entry *entry = tree_get(tree, 16 + k);
			g_assert_true((entry != NULL) == (parents[k] != 0));
			count += entry != NULL;
			g_assert_true(!entry || g_str_equal(entry->name, names[k]));
			g_assert_true(!entry || tree_find(tree, parents[k], names[k]));
		}
		g_assert_cmpuint(tree_size(tree), ==, count);
	}
	tree_check(tree);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/client/tree/tree/finds-by-key-and-by-place",
			test_finds_by_key_and_by_place);
	g_test_add_func("/client/tree/tree/put-replaces-and-moves", test_put_replaces_and_moves);
	g_test_add_func("/client/tree/tree/remove-takes-one-entry", test_remove_takes_one_entry);
	g_test_add_func("/client/tree/tree/children-stand-in-order", test_children_stand_in_order);
	g_test_add_func("/client/tree/tree/holds-equal-names", test_holds_equal_names);
	g_test_add_func("/client/tree/tree/each-goes-by-key", test_each_goes_by_key);
	g_test_add_func("/client/tree/tree/agrees-with-a-plain-list-over-random-changes",
			test_agrees_with_a_plain_list_over_random_changes);
	return g_test_run();
}
