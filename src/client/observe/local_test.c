/* SPDX-License-Identifier: Apache-2.0 */
#include "client/observe/observer.h"

#include "base/error.h"

#include <string.h>

/* Until what is marked by now, and by what that leads to, has been looked at; without waiting. */
static void look(Observer *observer)
{
	while (observer_step(observer)) {
	}
}

/* An observer that knows what was there when it was started. */
static Observer *start(const ObserverOptions *options, const char *const *folders,
		       const char *const *files)
{
	Observer *observer = observer_new(options);
	for (; folders && *folders; folders++) {
		observer_make_folder(observer, *folders);
	}
	for (; files && *files; files++) {
		observer_write(observer, *files, *files);
	}
	observer_look_everywhere(observer);
	observer_settle(observer);
	observer_check(observer);
	observer_forget(observer);
	return observer;
}

#define NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void settle(Observer *observer)
{
	observer_settle(observer);
	observer_check(observer);
}

static void assert_at(Observer *observer, int64_t key, const char *path)
{
	g_assert_cmpint(key, !=, ENTRY_KEY_NONE);
	g_assert_cmpint(observer_key(observer, path), ==, key);
}

static void assert_nobody_left(Observer *observer)
{
	g_assert_cmpuint(g_hash_table_size(observer->gone), ==, 0);
}

/* ---- what comes and changes ------------------------------------------------------------- */

static void test_new(void)
{
	g_autoptr(Observer) observer = start(NULL, NULL, NULL);
	observer_write(observer, "a", "text");
	observer_make_folder(observer, "folder");
	look(observer);
	observer_write(observer, "folder/b", "text");
	settle(observer);
	const Entry *entry = observer_entry(observer, "a");
	g_assert_null(entry->content);
	g_assert_true(observer_was_touched(observer, entry->key));
	g_assert_false(node_id_equal(&entry->id, &observer_entry(observer, "folder")->id));
	assert_nobody_left(observer);
}

/* Or each index of ids, here and on the server, is written in as many places as there are nodes. */
static void test_new_ids_lie_together(void)
{
	g_autoptr(Observer) observer = start(NULL, NULL, NULL);
	observer_write(observer, "a", "text");
	observer_write(observer, "b", "text");
	settle(observer);
	const NodeId *a = &observer_entry(observer, "a")->id;
	const NodeId *b = &observer_entry(observer, "b")->id;
	g_assert_cmpmem(a, sizeof *a / 4, b, sizeof *b / 4);
	g_assert_false(node_id_equal(a, b));
}

/* What was put there before the folder was watched. */
static void test_new_folder_with_content(void)
{
	g_autoptr(Observer) observer = start(NULL, NULL, NULL);
	observer_make_folder(observer, "a");
	observer_make_folder(observer, "a/b");
	observer_write(observer, "a/b/c", "text");
	settle(observer);
	observer_write(observer, "a/b/d", "text");
	settle(observer);
}

static void set_content(Observer *observer, const char *path)
{
	Entry fields = *observer_entry(observer, path);
	g_autofree char *name = g_strdup(fields.name);
	g_autoptr(GBytes) content = g_bytes_new_static("content", 7);
	fields.name = name;
	fields.content = content;
	g_autoptr(Entry) entry = entry_new(&fields);
	state_put(observer->state, SIDE_LOCAL, entry);
}

static void test_changed(void)
{
	g_autoptr(Observer) observer = start(NULL, NULL, NAMES("a", "b"));
	int64_t a = observer_key(observer, "a"), b = observer_key(observer, "b");
	set_content(observer, "a");
	set_content(observer, "b");
	observer_write(observer, "a", "more text");
	settle(observer);
	assert_at(observer, a, "a");
	g_assert_true(observer_was_touched(observer, a));
	g_assert_false(observer_was_touched(observer, b));
	/* Known again only after hashing. */
	g_assert_null(observer_entry(observer, "a")->content);
	g_assert_nonnull(observer_entry(observer, "b")->content);
	disk_memory_user_set_mode(observer->memory, "b", 0700, NULL);
	settle(observer);
	g_assert_true(observer_entry(observer, "b")->executable);
}

static void test_what_happens_inside_is_no_change(void)
{
	g_autoptr(Observer) observer = start(NULL, NAMES("a"), NAMES("a/b"));
	int64_t a = observer_key(observer, "a");
	observer_write(observer, "a/c", "text");
	observer_remove(observer, "a/b");
	settle(observer);
	g_assert_false(observer_was_touched(observer, a));
}

/* It would travel empty first. */
static void test_begun_file_waits(void)
{
	g_autoptr(Observer) observer = start(NULL, NULL, NULL);
	observer_write(observer, "a", "");
	look(observer);
	g_assert_cmpint(observer_key(observer, "a"), ==, ENTRY_KEY_NONE);
	g_assert_false(local_is_quiet(observer->local));
	observer_write(observer, "a", "text");
	look(observer);
	int64_t a = observer_key(observer, "a");
	observer_write(observer, "empty", "");
	settle(observer);
	assert_at(observer, a, "a");
}

static void test_kind_change(void)
{
	g_autoptr(Observer) observer = start(NULL, NAMES("b"), NAMES("a", "b/c"));
	int64_t a = observer_key(observer, "a"), b = observer_key(observer, "b");
	int64_t c = observer_key(observer, "b/c");
	observer_remove(observer, "a");
	observer_make_folder(observer, "a");
	observer_write(observer, "a/d", "text");
	observer_remove_tree(observer, "b");
	observer_write(observer, "b", "text");
	settle(observer);
	g_assert_true(observer_is_gone(observer, a));
	g_assert_true(observer_is_gone(observer, b));
	g_assert_true(observer_is_gone(observer, c));
}

/* ---- what moves ------------------------------------------------------------------------- */

static void test_moved_file(void)
{
	g_autoptr(Observer) observer = start(NULL, NAMES("folder"), NAMES("a"));
	int64_t a = observer_key(observer, "a");
	observer_rename(observer, "a", "b");
	settle(observer);
	assert_at(observer, a, "b");
	observer_rename(observer, "b", "folder/c");
	settle(observer);
	assert_at(observer, a, "folder/c");
	assert_nobody_left(observer);
}

static void test_moved_folder(void)
{
	g_autoptr(Observer) observer = start(NULL, NAMES("a", "a/b", "c"), NAMES("a/b/file"));
	int64_t a = observer_key(observer, "a"), file = observer_key(observer, "a/b/file");
	observer_rename(observer, "a", "c/d");
	settle(observer);
	assert_at(observer, a, "c/d");
	assert_at(observer, file, "c/d/b/file");
	g_assert_false(observer_was_touched(observer, file));
	/* Still watched. */
	observer_write(observer, "c/d/b/new", "text");
	settle(observer);
	assert_nobody_left(observer);
}

/* Scans see the two ends in either order, long apart. */
static void look_at(Observer *observer, int64_t folder, const char *name)
{
	local_mark_name(observer->local, folder, name);
	look(observer);
}

static void see_in_order(const char *what, const char *first, const char *second)
{
	const ObserverOptions unwatched = { .unwatched = true };
	g_autoptr(Observer) observer =
		start(&unwatched, NAMES("folder"), NAMES("file", "folder/x"));
	int64_t key = observer_key(observer, what);
	observer_rename(observer, what, "new");
	look_at(observer, ENTRY_KEY_ROOT, first);
	observer_pass(observer, LOCAL_GRACE_US / 2);
	look_at(observer, ENTRY_KEY_ROOT, second);
	assert_at(observer, key, "new");
	settle(observer);
	assert_nobody_left(observer);
}

static void test_move_seen_in_either_order(void)
{
	see_in_order("file", "file", "new");
	see_in_order("file", "new", "file");
	see_in_order("folder", "folder", "new");
	see_in_order("folder", "new", "folder");
}

static void test_swapped_files(void)
{
	g_autoptr(Observer) observer = start(NULL, NAMES("folder"), NAMES("a", "folder/b"));
	int64_t a = observer_key(observer, "a"), b = observer_key(observer, "folder/b");
	observer_rename(observer, "a", "swap");
	observer_rename(observer, "folder/b", "a");
	observer_rename(observer, "swap", "folder/b");
	settle(observer);
	assert_at(observer, a, "folder/b");
	assert_at(observer, b, "a");
	assert_nobody_left(observer);
}

static void test_swapped_folders(void)
{
	g_autoptr(Observer) observer = start(NULL, NAMES("a", "b"), NAMES("a/1", "b/2"));
	int64_t a = observer_key(observer, "a"), one = observer_key(observer, "a/1");
	observer_rename(observer, "a", "swap");
	observer_rename(observer, "b", "a");
	observer_rename(observer, "swap", "b");
	settle(observer);
	assert_at(observer, a, "b");
	assert_at(observer, one, "b/1");
	g_assert_false(observer_was_touched(observer, one));
	assert_nobody_left(observer);
}

static void test_ring_of_names(void)
{
	g_autoptr(Observer) observer = start(NULL, NULL, NAMES("a", "b", "c"));
	int64_t a = observer_key(observer, "a"), b = observer_key(observer, "b");
	int64_t c = observer_key(observer, "c");
	observer_rename(observer, "a", "x");
	observer_rename(observer, "c", "a");
	observer_rename(observer, "b", "c");
	observer_rename(observer, "x", "b");
	settle(observer);
	assert_at(observer, a, "b");
	assert_at(observer, b, "c");
	assert_at(observer, c, "a");
	assert_nobody_left(observer);
}

static void test_folder_and_what_is_in_it_swap(void)
{
	g_autoptr(Observer) observer = start(NULL, NAMES("a", "a/b"), NAMES("a/1", "a/b/2"));
	observer_rename(observer, "a/b", "b");
	observer_rename(observer, "a", "b/a");
	settle(observer);
	observer_rename(observer, "b/a", "a");
	observer_rename(observer, "b", "a/b");
	settle(observer);
}

static void test_moved_out_of_a_deleted_folder(void)
{
	g_autoptr(Observer) observer = start(NULL, NAMES("a", "a/b"), NAMES("a/file", "a/b/deep"));
	int64_t file = observer_key(observer, "a/file"), b = observer_key(observer, "a/b");
	observer_rename(observer, "a/file", "file");
	observer_rename(observer, "a/b", "b");
	observer_remove(observer, "a");
	settle(observer);
	assert_at(observer, file, "file");
	assert_at(observer, b, "b");
}

static void test_moved_into_a_new_folder(void)
{
	g_autoptr(Observer) observer = start(NULL, NULL, NAMES("file"));
	int64_t file = observer_key(observer, "file");
	observer_make_folder(observer, "a");
	observer_make_folder(observer, "a/b");
	observer_rename(observer, "file", "a/b/file");
	settle(observer);
	assert_at(observer, file, "a/b/file");
	assert_nobody_left(observer);
}

static void test_moved_while_not_running(void)
{
	const ObserverOptions unwatched = { .unwatched = true };
	g_autoptr(Observer) observer =
		start(&unwatched, NAMES("a", "z", "z/b"), NAMES("a/1", "z/b/2", "z/b/3"));
	int64_t one = observer_key(observer, "a/1"), b = observer_key(observer, "z/b");
	observer_rename(observer, "a/1", "z/1");
	observer_rename(observer, "z/b", "a/b");
	observer_write(observer, "a/b/2", "changed");
	observer_write(observer, "a/b/new", "new");
	observer_remove(observer, "a/b/3");
	observer_look_everywhere(observer);
	settle(observer);
	assert_at(observer, one, "z/1");
	assert_at(observer, b, "a/b");
}

/* The name was taken over by who moved there: who was there has new content, or has left. */
static void test_moved_over_another(void)
{
	g_autoptr(Observer) observer = start(NULL, NULL, NAMES("a", "b"));
	int64_t a = observer_key(observer, "a"), b = observer_key(observer, "b");
	observer_rename(observer, "a", "b");
	settle(observer);
	assert_at(observer, b, "b");
	g_assert_true(observer_was_touched(observer, b));
	g_assert_true(observer_is_gone(observer, a));
}

/* ---- how editors save ------------------------------------------------------------------- */

static void test_saved_over(void)
{
	g_autoptr(Observer) observer = start(NULL, NULL, NAMES("a"));
	int64_t a = observer_key(observer, "a");
	observer_write(observer, "a.new", "text");
	observer_rename(observer, "a.new", "a");
	settle(observer);
	assert_at(observer, a, "a");
	g_assert_true(observer_was_touched(observer, a));
	/* Even if what is to be a was seen before. */
	observer_write(observer, "a.new", "more text");
	look(observer);
	observer_rename(observer, "a.new", "a");
	settle(observer);
	assert_at(observer, a, "a");
	assert_at(observer, a, "a");
}

/* An editor that moves the old file out of the way, to a name that is ignored. */
static void test_saved_with_backup(void)
{
	const ObserverOptions options = { .rules = "" };
	g_autoptr(Observer) observer = start(&options, NULL, NAMES("a"));
	int64_t a = observer_key(observer, "a");
	observer_rename(observer, "a", "a~");
	observer_write(observer, "a", "text");
	observer_settle(observer);
	assert_at(observer, a, "a");
	g_assert_cmpint(observer_key(observer, "a~"), ==, ENTRY_KEY_NONE);
	assert_nobody_left(observer);
}

static void test_deleted_and_written_again(void)
{
	g_autoptr(Observer) observer = start(NULL, NULL, NAMES("a"));
	int64_t a = observer_key(observer, "a");
	observer_remove(observer, "a");
	look(observer);
	observer_pass(observer, LOCAL_GRACE_US / 2);
	observer_write(observer, "a", "text");
	settle(observer);
	assert_at(observer, a, "a");
	assert_nobody_left(observer);
}

/* ---- hard links ------------------------------------------------------------------------- */

static void test_hard_link_is_another_file(void)
{
	g_autoptr(Observer) observer = start(NULL, NAMES("folder"), NAMES("a"));
	int64_t a = observer_key(observer, "a");
	observer_link(observer, "a", "b");
	observer_link(observer, "a", "folder/c");
	settle(observer);
	assert_at(observer, a, "a");
	g_assert_cmpint(observer_key(observer, "b"), !=, a);
	g_assert_cmpint(observer_key(observer, "b"), !=, observer_key(observer, "folder/c"));
	observer_remove(observer, "a");
	observer_settle(observer);
	g_assert_true(observer_is_gone(observer, a));
	g_assert_cmpint(observer_key(observer, "b"), !=, ENTRY_KEY_NONE);
}

/* ---- what goes -------------------------------------------------------------------------- */

static void test_deleted_only_after_grace(void)
{
	g_autoptr(Observer) observer = start(NULL, NULL, NAMES("a"));
	int64_t a = observer_key(observer, "a");
	observer_remove(observer, "a");
	look(observer);
	assert_at(observer, a, "a");
	int64_t next_us = local_expire(observer->local, observer->now_us);
	g_assert_cmpint(next_us, ==, observer->now_us + LOCAL_GRACE_US);
	g_assert_false(local_is_quiet(observer->local));
	observer_pass(observer, LOCAL_GRACE_US / 2);
	local_mark_name(observer->local, ENTRY_KEY_ROOT, "a");
	look(observer);
	assert_at(observer, a, "a");
	observer_pass(observer, LOCAL_GRACE_US / 2);
	local_expire(observer->local, observer->now_us);
	assert_at(observer, a, "a");
	look(observer);
	g_assert_cmpint(observer_key(observer, "a"), ==, ENTRY_KEY_NONE);
	g_assert_true(observer_is_gone(observer, a));
	g_assert_true(observer_was_touched(observer, a));
	settle(observer);
}

static void test_came_back_within_grace(void)
{
	g_autoptr(Observer) observer = start(NULL, NAMES("folder"), NAMES("folder/a"));
	int64_t folder = observer_key(observer, "folder");
	int64_t a = observer_key(observer, "folder/a");
	observer_rename(observer, "folder", ".imdrive/elsewhere");
	look(observer);
	assert_at(observer, folder, "folder");
	observer_rename(observer, ".imdrive/elsewhere", "folder");
	settle(observer);
	assert_at(observer, folder, "folder");
	assert_at(observer, a, "folder/a");
	g_assert_false(observer_was_touched(observer, a));
	assert_nobody_left(observer);
}

/* What was deleted in it meanwhile goes when it is back. */
static void test_came_back_with_less(void)
{
	g_autoptr(Observer) observer = start(NULL, NAMES("folder"), NAMES("folder/a", "folder/b"));
	int64_t a = observer_key(observer, "folder/a");
	observer_rename(observer, "folder", ".imdrive/elsewhere");
	look(observer);
	observer_remove(observer, ".imdrive/elsewhere/a");
	look(observer);
	observer_rename(observer, ".imdrive/elsewhere", "folder");
	settle(observer);
	g_assert_true(observer_is_gone(observer, a));
}

static void test_deleted_folder_with_content(void)
{
	g_autoptr(Observer) observer = start(NULL, NAMES("a", "a/b"), NAMES("a/1", "a/b/2"));
	int64_t two = observer_key(observer, "a/b/2");
	observer_remove_tree(observer, "a");
	settle(observer);
	g_assert_true(observer_is_gone(observer, two));
	g_assert_cmpuint(watch_totals(observer->watch).folders, ==, 1);
}

static void test_nothing_goes_while_listing(void)
{
	const ObserverOptions unwatched = { .unwatched = true };
	g_autoptr(Observer) observer = start(&unwatched, NAMES("folder"), NAMES("a"));
	int64_t a = observer_key(observer, "a");
	observer_rename(observer, "a", "folder/a");
	look_at(observer, ENTRY_KEY_ROOT, "a");
	observer_look_everywhere(observer);
	g_assert_false(local_is_complete(observer->local));
	observer_pass(observer, 2 * LOCAL_GRACE_US);
	g_assert_cmpint(local_expire(observer->local, observer->now_us), ==, -1);
	settle(observer);
	assert_at(observer, a, "folder/a");
	assert_nobody_left(observer);
}

/* The disk is not mounted: nothing that was seen counts, and it is looked at again. */
static void test_missing_marker(void)
{
	g_autoptr(Observer) observer = start(NULL, NAMES("folder"), NAMES("a", "folder/b"));
	disk_memory_mount(observer->memory, false);
	local_mark_name(observer->local, ENTRY_KEY_ROOT, "a");
	observer_look_everywhere(observer);
	Scan *scan = observer_take(observer, 8, 8);
	observer_run(observer, scan);
	g_assert_false(scan->present);
	observer_merge(observer, scan);
	g_assert_false(local_is_complete(observer->local));
	observer_pass(observer, 2 * LOCAL_GRACE_US);
	disk_memory_mount(observer->memory, true);
	settle(observer);
	assert_nobody_left(observer);
}

static bool is_skipped(Observer *observer, const char *path)
{
	return g_ptr_array_find_with_equal_func((GPtrArray *)local_skipped(observer->local), path,
						g_str_equal, NULL);
}

static void test_what_is_not_synced_is_listed(void)
{
	g_autoptr(Observer) observer = start(NULL, NAMES("folder"), NAMES("folder/a"));
	int64_t a = observer_key(observer, "folder/a");
	disk_memory_user_make_other(observer->memory, "pipe", NULL);
	disk_memory_user_make_mount(observer->memory, "folder/mount", NULL);
	observer_remove(observer, "folder/a");
	disk_memory_user_make_other(observer->memory, "folder/a", NULL);
	settle(observer);
	g_assert_true(observer_is_gone(observer, a));
	g_assert_true(is_skipped(observer, "pipe"));
	g_assert_true(is_skipped(observer, "folder/mount"));
	g_assert_true(is_skipped(observer, "folder/a"));
	g_assert_cmpuint(local_skipped(observer->local)->len, ==, 3);
	observer_remove(observer, "pipe");
	observer_rename(observer, "folder", "other");
	settle(observer);
	g_assert_false(is_skipped(observer, "pipe"));
	g_assert_true(is_skipped(observer, "other/mount"));
}

/* What lies below is hidden, not gone. */
static void test_mount_over_folder(void)
{
	g_autoptr(Observer) observer = start(NULL, NAMES("folder"), NAMES("folder/a"));
	int64_t folder = observer_key(observer, "folder");
	observer_rename(observer, "folder", ".imdrive/hidden");
	disk_memory_user_make_mount(observer->memory, "folder", NULL);
	observer_look_everywhere(observer);
	observer_settle(observer);
	const GError *error = g_hash_table_lookup(local_errors(observer->local), &folder);
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_UNSUPPORTED);
	local_mark_failed(observer->local);
	observer_settle(observer);
	assert_nobody_left(observer);
	assert_at(observer, folder, "folder");
	g_assert_cmpint(observer_key(observer, "folder/a"), !=, ENTRY_KEY_NONE);
}

/* ---- what we do ourselves --------------------------------------------------------------- */

static void test_ours_says_nothing(void)
{
	g_autoptr(Observer) observer = start(NULL, NULL, NAMES("a", "b"));
	int64_t a = observer_key(observer, "a");
	observer_begin(observer, ENTRY_KEY_ROOT, "a");
	observer_begin(observer, ENTRY_KEY_ROOT, "c");
	observer_rename(observer, "a", "c");
	observer_settle(observer);
	assert_at(observer, a, "a");
	g_assert_cmpint(observer_key(observer, "c"), ==, ENTRY_KEY_NONE);
	g_assert_false(observer_was_touched(observer, a));
	observer_end(observer, ENTRY_KEY_ROOT, "a");
	observer_end(observer, ENTRY_KEY_ROOT, "c");
	settle(observer);
	assert_at(observer, a, "c");
}

/* What is marked, under way, or not yet heard of under the old key is not lost. */
static void test_rekey(void)
{
	g_autoptr(Observer) observer = start(NULL, NAMES("a"), NAMES("a/1", "a/2"));
	const NodeId id = node_id_random();
	int64_t key = observer_key(observer, "a"), one = observer_key(observer, "a/1");
	int64_t new_key = state_key_for_id(observer->state, &id);
	observer_remove(observer, "a/1");
	observer_write(observer, "a/3", "text");
	observer_hear(observer);
	Scan *scan = observer_take(observer, 1, 1);
	observer_run(observer, scan);
	observer_write(observer, "a/4", "text");
	state_rekey_local(observer->state, key, new_key, &id);
	watch_rekey(observer->watch, key, new_key);
	local_rekey(observer->local, key, new_key);
	observer_merge(observer, scan);
	settle(observer);
	assert_at(observer, new_key, "a");
	g_assert_true(observer_is_gone(observer, one));
}

static void rekey_listing(bool under_way)
{
	const ObserverOptions unwatched = { .unwatched = true };
	g_autoptr(Observer) observer = start(&unwatched, NAMES("a", "a/b"), NULL);
	const NodeId id = node_id_random();
	int64_t key = observer_key(observer, "a");
	int64_t new_key = state_key_for_id(observer->state, &id);
	observer_write(observer, "a/b/c", "text");
	local_mark_folder(observer->local, key, true);
	Scan *scan = under_way ? observer_take(observer, 8, 8) : NULL;
	state_rekey_local(observer->state, key, new_key, &id);
	local_rekey(observer->local, key, new_key);
	if (scan) {
		observer_run(observer, scan);
		observer_merge(observer, scan);
	}
	settle(observer);
	assert_at(observer, new_key, "a");
}

static void test_rekey_of_what_is_listed(void)
{
	rekey_listing(false);
	rekey_listing(true);
}

/* ---- what is ignored -------------------------------------------------------------------- */

static void test_ignored(void)
{
	const ObserverOptions options = { .rules = "*.o\nbuild/\n" };
	g_autoptr(Observer) observer = start(&options, NULL, NAMES("a.c"));
	int64_t a = observer_key(observer, "a.c");
	observer_write(observer, "a.o", "text");
	observer_make_folder(observer, "build");
	observer_write(observer, "build/a", "text");
	observer_settle(observer);
	g_assert_cmpint(observer_key(observer, "a.o"), ==, ENTRY_KEY_NONE);
	g_assert_cmpint(observer_key(observer, "build"), ==, ENTRY_KEY_NONE);
	g_assert_cmpuint(watch_totals(observer->watch).folders, ==, 1);
	observer_rename(observer, "a.o", "b");
	observer_settle(observer);
	g_assert_cmpint(observer_key(observer, "b"), !=, ENTRY_KEY_NONE);
	/* As if it were deleted: the other devices shall not keep what nobody updates. */
	observer_rename(observer, "a.c", "c.o");
	observer_settle(observer);
	g_assert_true(observer_is_gone(observer, a));
	g_assert_cmpint(observer_key(observer, "c.o"), ==, ENTRY_KEY_NONE);
}

static void test_ignored_later_stays(void)
{
	g_autoptr(Observer) observer = start(NULL, NULL, NAMES("a.o"));
	g_autoptr(Ignore) ignore = ignore_new("*.o", 3, NULL);
	int64_t a = observer_key(observer, "a.o");
	local_set_ignore(observer->local, ignore);
	observer_write(observer, "a.o", "changed");
	observer_look_everywhere(observer);
	settle(observer);
	assert_at(observer, a, "a.o");
}

/* ---- what is seen through a path that has changed --------------------------------------- */

static void move_away(Observer *observer, void *data)
{
	observer->hook = NULL;
	observer_rename(observer, "a", "z");
	observer_rename(observer, "b", "a");
}

/* Between two calls of a listing, the folder is exchanged for another one. */
static void test_another_folder_at_the_path(void)
{
	for (unsigned call = 0; call < 6; call++) {
		g_autoptr(Observer) observer = start(NULL, NAMES("a", "b"), NAMES("a/1", "b/2"));
		int64_t a = observer_key(observer, "a"), one = observer_key(observer, "a/1");
		int64_t two = observer_key(observer, "b/2");
		local_mark_folder(observer->local, a, false);
		local_mark_name(observer->local, observer_key(observer, "b"), "2");
		Scan *scan = observer_take(observer, 8, 8);
		/* Let so many calls pass. */
		observer->hook_calls = call;
		observer->hook = move_away;
		observer_run(observer, scan);
		const ScanFolder *seen = &g_array_index(scan->folders, ScanFolder, 0);
		for (unsigned i = 0; i < seen->places->len; i++) {
			g_assert_cmpstr(g_array_index(seen->places, ScanPlace, i).name, ==, "1");
		}
		observer_merge(observer, scan);
		if (observer->hook) {
			move_away(observer, NULL);
		}
		settle(observer);
		assert_at(observer, a, "z");
		assert_at(observer, one, "z/1");
		assert_at(observer, two, "a/2");
		assert_nobody_left(observer);
	}
}

/* Two scans at once never look into the same folder. */
static void test_one_scan_in_a_folder(void)
{
	g_autoptr(Observer) observer = start(NULL, NAMES("a"), NAMES("a/1"));
	int64_t a = observer_key(observer, "a");
	local_mark_name(observer->local, a, "1");
	Scan *scan = observer_take(observer, 8, 8);
	g_assert_nonnull(scan);
	local_mark_name(observer->local, a, "1");
	local_mark_name(observer->local, a, "2");
	local_mark_folder(observer->local, a, true);
	g_assert_null(observer_take(observer, 8, 8));
	local_mark_name(observer->local, ENTRY_KEY_ROOT, "a");
	Scan *other = observer_take(observer, 8, 8);
	g_assert_nonnull(other);
	g_assert_null(observer_take(observer, 8, 8));
	observer_run(observer, other);
	observer_merge(observer, other);
	g_assert_null(observer_take(observer, 8, 8));
	observer_run(observer, scan);
	observer_merge(observer, scan);
	settle(observer);
}

static void test_overflow(void)
{
	const ObserverOptions options = { .events_max = 4 };
	g_autoptr(Observer) observer = start(&options, NAMES("a"), NAMES("a/1"));
	int64_t one = observer_key(observer, "a/1");
	for (unsigned i = 0; i < 10; i++) {
		observer_write(observer, "x", "text");
	}
	observer_rename(observer, "a/1", "1");
	observer_write(observer, "a/2", "text");
	settle(observer);
	assert_at(observer, one, "1");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, function) g_test_add_func("/client/observe/local/" name, function)
	ADD("new", test_new);
	ADD("new-ids-lie-together", test_new_ids_lie_together);
	ADD("new-folder-with-content", test_new_folder_with_content);
	ADD("changed", test_changed);
	ADD("what-happens-inside-is-no-change", test_what_happens_inside_is_no_change);
	ADD("begun-file-waits", test_begun_file_waits);
	ADD("kind-change", test_kind_change);
	ADD("moved-file", test_moved_file);
	ADD("moved-folder", test_moved_folder);
	ADD("move-seen-in-either-order", test_move_seen_in_either_order);
	ADD("swapped-files", test_swapped_files);
	ADD("swapped-folders", test_swapped_folders);
	ADD("ring-of-names", test_ring_of_names);
	ADD("folder-and-what-is-in-it-swap", test_folder_and_what_is_in_it_swap);
	ADD("moved-out-of-a-deleted-folder", test_moved_out_of_a_deleted_folder);
	ADD("moved-into-a-new-folder", test_moved_into_a_new_folder);
	ADD("moved-while-not-running", test_moved_while_not_running);
	ADD("moved-over-another", test_moved_over_another);
	ADD("saved-over", test_saved_over);
	ADD("saved-with-backup", test_saved_with_backup);
	ADD("deleted-and-written-again", test_deleted_and_written_again);
	ADD("hard-link-is-another-file", test_hard_link_is_another_file);
	ADD("deleted-only-after-grace", test_deleted_only_after_grace);
	ADD("came-back-within-grace", test_came_back_within_grace);
	ADD("came-back-with-less", test_came_back_with_less);
	ADD("deleted-folder-with-content", test_deleted_folder_with_content);
	ADD("nothing-goes-while-listing", test_nothing_goes_while_listing);
	ADD("missing-marker", test_missing_marker);
	ADD("what-is-not-synced-is-listed", test_what_is_not_synced_is_listed);
	ADD("mount-over-folder", test_mount_over_folder);
	ADD("ours-says-nothing", test_ours_says_nothing);
	ADD("rekey", test_rekey);
	ADD("rekey-of-what-is-listed", test_rekey_of_what_is_listed);
	ADD("ignored", test_ignored);
	ADD("ignored-later-stays", test_ignored_later_stays);
	ADD("another-folder-at-the-path", test_another_folder_at_the_path);
	ADD("one-scan-in-a-folder", test_one_scan_in_a_folder);
	ADD("overflow", test_overflow);
	return g_test_run();
}
