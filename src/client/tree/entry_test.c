/* SPDX-License-Identifier: Apache-2.0 */
#include "client/tree/entry.h"

#include <string.h>

static Entry *make(EntryKind kind, const char *content, uint64_t inode)
{
	g_autoptr(GBytes) bytes = content ? g_bytes_new(content, strlen(content)) : NULL;
	Entry fields = {
		.key = ENTRY_KEY_FIRST,
		.parent = ENTRY_KEY_ROOT,
		.name = (char *)"name",
		.kind = kind,
		.content = bytes,
		.mtime_ns = 7,
		.stamp = { .inode = inode, .birth_ns = 1, .change_ns = 2 },
	};
	return entry_new(&fields);
}

static void test_copies_what_it_is_given(void)
{
	char name[] = "report";
	g_autoptr(GBytes) content = g_bytes_new_static("x", 1);
	Entry fields = { .key = 20,
			 .parent = 1,
			 .name = name,
			 .kind = ENTRY_FILE,
			 .content = content,
			 .references = 99 };
	Entry *entry = entry_new(&fields);
	name[0] = 'X';
	g_assert_cmpstr(entry->name, ==, "report");
	g_assert_true(entry->content == content);
	g_assert_cmpint(entry->references, ==, 1);
	Entry *again = entry_ref(entry);
	g_assert_true(again == entry);
	entry_unref(entry);
	g_assert_cmpstr(again->name, ==, "report");
	entry_unref(again);
	entry_unref(NULL);
}

static void test_place_is_parent_and_exact_name(void)
{
	Entry a = { .parent = 1, .name = (char *)"a" };
	Entry other_name = { .parent = 1, .name = (char *)"A" };
	Entry other_parent = { .parent = 2, .name = (char *)"a" };
	g_assert_true(entry_same_place(&a, &a));
	g_assert_false(entry_same_place(&a, &other_name));
	g_assert_false(entry_same_place(&a, &other_parent));
}

static void test_content_not_hashed_equals_only_the_untouched_file(void)
{
	g_autoptr(Entry) known = make(ENTRY_FILE, "x", 5);
	g_autoptr(Entry) untouched = make(ENTRY_FILE, NULL, 5);
	g_autoptr(Entry) elsewhere = make(ENTRY_FILE, NULL, 6);
	g_autoptr(Entry) same = make(ENTRY_FILE, "x", 6);
	g_autoptr(Entry) different = make(ENTRY_FILE, "y", 5);
	g_assert_true(entry_same_content(known, same));
	g_assert_false(entry_same_content(known, different));
	g_assert_true(entry_same_content(known, untouched));
	g_assert_false(entry_same_content(known, elsewhere));
}

/* Entries of the server have no stamp: two of them are not "the same file" for that. */
static void test_no_stamp_equals_nothing(void)
{
	g_autoptr(Entry) a = make(ENTRY_FILE, NULL, 0);
	g_autoptr(Entry) b = make(ENTRY_FILE, NULL, 0);
	g_assert_false(entry_same_stamp(a, b));
	g_assert_false(entry_same_content(a, b));
}

static void test_kinds_differ(void)
{
	g_autoptr(Entry) file = make(ENTRY_FILE, "x", 5);
	g_autoptr(Entry) link = make(ENTRY_LINK, "x", 5);
	g_autoptr(Entry) folder = make(ENTRY_FOLDER, NULL, 5);
	g_autoptr(Entry) other_folder = make(ENTRY_FOLDER, NULL, 6);
	g_assert_false(entry_same_content(file, link));
	g_assert_false(entry_same_content(file, folder));
	g_assert_true(entry_same_content(folder, other_folder));
}

static void test_value_has_the_attributes_of_files_only(void)
{
	g_autoptr(Entry) file = make(ENTRY_FILE, "x", 5);
	g_autoptr(Entry) later = make(ENTRY_FILE, "x", 5);
	later->mtime_ns++;
	g_autoptr(Entry) program = make(ENTRY_FILE, "x", 5);
	program->executable = true;
	g_autoptr(Entry) link = make(ENTRY_LINK, "x", 5);
	g_autoptr(Entry) later_link = make(ENTRY_LINK, "x", 5);
	later_link->mtime_ns++;
	g_assert_true(entry_same_value(file, file));
	g_assert_false(entry_same_value(file, later));
	g_assert_false(entry_same_value(file, program));
	g_assert_true(entry_same_value(link, later_link));
}

static void test_a_folder_is_untouched_by_what_lies_in_it(void)
{
	g_autoptr(Entry) file = make(ENTRY_FILE, "x", 5);
	g_autoptr(Entry) touched = make(ENTRY_FILE, "x", 5);
	touched->stamp.change_ns++;
	g_autoptr(Entry) folder = make(ENTRY_FOLDER, NULL, 5);
	g_autoptr(Entry) filled = make(ENTRY_FOLDER, NULL, 5);
	filled->stamp.change_ns++;
	g_assert_false(entry_same_stamp(file, touched));
	g_assert_true(entry_same_stamp(folder, filled));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/client/tree/entry/copies-what-it-is-given", test_copies_what_it_is_given);
	g_test_add_func("/client/tree/entry/place-is-parent-and-exact-name",
			test_place_is_parent_and_exact_name);
	g_test_add_func("/client/tree/entry/content-not-hashed-equals-only-the-untouched-file",
			test_content_not_hashed_equals_only_the_untouched_file);
	g_test_add_func("/client/tree/entry/no-stamp-equals-nothing", test_no_stamp_equals_nothing);
	g_test_add_func("/client/tree/entry/kinds-differ", test_kinds_differ);
	g_test_add_func("/client/tree/entry/value-has-the-attributes-of-files-only",
			test_value_has_the_attributes_of_files_only);
	g_test_add_func("/client/tree/entry/a-folder-is-untouched-by-what-lies-in-it",
			test_a_folder_is_untouched_by_what_lies_in_it);
	return g_test_run();
}
