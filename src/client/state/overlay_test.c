/* SPDX-License-Identifier: Apache-2.0 */
#include "client/state/overlay.h"

#include <string.h>

static Entry *make(int64_t key, int64_t parent, const char *name, uint64_t inode)
{
	Entry fields = {
		.key = key,
		.parent = parent,
		.name = (char *)name,
		.kind = ENTRY_FILE,
		.stamp = { .inode = inode, .birth_ns = (int64_t)inode * 3 },
	};
	memcpy(fields.id.bytes, &key, sizeof key);
	fields.id.bytes[NODE_ID_SIZE - 1] = 1;
	return entry_new(&fields);
}

static void put(Overlay *overlay, int64_t key, int64_t parent, const char *name, uint64_t inode)
{
	g_autoptr(Entry) entry = make(key, parent, name, inode);
	overlay_put(overlay, key, entry, 7);
}

static void test_finds_by_every_index(void)
{
	g_autoptr(Overlay) overlay = overlay_new();
	put(overlay, 20, 1, "a", 100);
	put(overlay, 21, 1, "b", 0);
	overlay_put(overlay, 22, NULL, 0);
	const Entry *entry = NULL;
	g_assert_true(overlay_get(overlay, 20, &entry));
	g_assert_cmpstr(entry->name, ==, "a");
	g_assert_cmpint(overlay_find(overlay, 1, "b", NULL, NULL), ==, 21);
	g_assert_cmpint(overlay_find(overlay, 2, "b", NULL, NULL), ==, ENTRY_KEY_NONE);
	g_assert_cmpint(overlay_key_of_id(overlay, &entry->id), ==, 20);
	g_assert_cmpint(overlay_key_of_file(overlay, 100, 300, NULL, NULL), ==, 20);
	g_assert_cmpint(overlay_key_of_file(overlay, 100, 301, NULL, NULL), ==, ENTRY_KEY_NONE);
	g_assert_cmpuint(overlay_tag(overlay, 20), ==, 7);
	g_assert_cmpuint(overlay_size(overlay), ==, 3);
	overlay_check(overlay);
}

static void test_absent_is_not_unknown(void)
{
	g_autoptr(Overlay) overlay = overlay_new();
	overlay_put(overlay, 20, NULL, 0);
	const Entry *entry = (const Entry *)1;
	g_assert_true(overlay_get(overlay, 20, &entry));
	g_assert_null(entry);
	g_assert_false(overlay_get(overlay, 21, &entry));
	overlay_drop(overlay, 20);
	g_assert_false(overlay_has(overlay, 20));
	overlay_drop(overlay, 20);
	overlay_check(overlay);
}

static void count_child(int64_t key, const Entry *entry, uint64_t tag, void *data)
{
	(*(unsigned *)data)++;
}

static unsigned children(Overlay *overlay, int64_t parent)
{
	unsigned count = 0;
	overlay_children(overlay, parent, count_child, &count);
	g_assert_true(overlay_has_children(overlay, parent) == (count > 0));
	return count;
}

static void test_a_move_leaves_no_child_behind(void)
{
	g_autoptr(Overlay) overlay = overlay_new();
	put(overlay, 20, 1, "a", 1);
	put(overlay, 21, 1, "b", 2);
	put(overlay, 20, 16, "c", 1);
	g_assert_cmpuint(children(overlay, 1), ==, 1);
	g_assert_cmpuint(children(overlay, 16), ==, 1);
	g_assert_cmpint(overlay_find(overlay, 1, "a", NULL, NULL), ==, ENTRY_KEY_NONE);
	overlay_put(overlay, 21, NULL, 0);
	g_assert_cmpuint(children(overlay, 1), ==, 0);
	overlay_check(overlay);
}

static bool is_not(int64_t key, void *data)
{
	return key != *(int64_t *)data;
}

static void test_two_names_of_one_file_are_two_nodes(void)
{
	g_autoptr(Overlay) overlay = overlay_new();
	put(overlay, 20, 1, "a", 5);
	put(overlay, 21, 1, "b", 5);
	int64_t without = 20;
	g_assert_cmpint(overlay_key_of_file(overlay, 5, 15, is_not, &without), ==, 21);
	overlay_drop(overlay, 21);
	g_assert_cmpint(overlay_key_of_file(overlay, 5, 15, NULL, NULL), ==, 20);
	overlay_check(overlay);
}

static void test_grows_and_shrinks(void)
{
	g_autoptr(Overlay) overlay = overlay_new();
	for (int64_t key = 16; key < 3000; key++) {
		g_autofree char *name = g_strdup_printf("%d", (int)key);
		put(overlay, key, 1 + key % 7, name, (uint64_t)key);
	}
	overlay_check(overlay);
	for (int64_t key = 16; key < 2990; key++) {
		overlay_drop(overlay, key);
	}
	overlay_check(overlay);
	g_assert_cmpuint(overlay_size(overlay), ==, 10);
	g_assert_cmpint(overlay_find(overlay, 1 + 2995 % 7, "2995", NULL, NULL), ==, 2995);
	overlay_clear(overlay);
	g_assert_cmpuint(overlay_size(overlay), ==, 0);
	overlay_check(overlay);
}

static void count_copies(const Overlay *overlay, unsigned expected)
{
	unsigned count = 0;
	overlay_conflict_copies(overlay, count_child, &count);
	g_assert_cmpuint(count, ==, expected);
	overlay_check(overlay);
}

static void test_knows_what_is_named_as_a_conflict_copy(void)
{
	g_autoptr(Overlay) overlay = overlay_new();
	put(overlay, 20, 1, "report.odt", 0);
	put(overlay, 21, 1, "report (conflict, laptop, 2026-11-23 14.05).odt", 0);
	count_copies(overlay, 1);
	/* Somebody gives it another name, or another gets one like that. */
	put(overlay, 21, 1, "mine.odt", 0);
	put(overlay, 20, 1, "report (conflict, phone, 2026-11-23 14.05).odt", 0);
	count_copies(overlay, 1);
	overlay_put(overlay, 20, NULL, 0);
	count_copies(overlay, 0);
	put(overlay, 22, 1, "a (conflict, phone, 2026-11-23 14.05)", 0);
	put(overlay, 23, 1, "b (conflict, phone, 2026-11-23 14.05)", 0);
	count_copies(overlay, 2);
	overlay_drop(overlay, 22);
	count_copies(overlay, 1);
	overlay_clear(overlay);
	count_copies(overlay, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/client/state/overlay/finds-by-every-index", test_finds_by_every_index);
	g_test_add_func("/client/state/overlay/absent-is-not-unknown", test_absent_is_not_unknown);
	g_test_add_func("/client/state/overlay/a-move-leaves-no-child-behind",
			test_a_move_leaves_no_child_behind);
	g_test_add_func("/client/state/overlay/two-names-of-one-file-are-two-nodes",
			test_two_names_of_one_file_are_two_nodes);
	g_test_add_func("/client/state/overlay/grows-and-shrinks", test_grows_and_shrinks);
	g_test_add_func("/client/state/overlay/knows-what-is-named-as-a-conflict-copy",
			test_knows_what_is_named_as_a_conflict_copy);
	return g_test_run();
}
