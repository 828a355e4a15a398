/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes of the local tree whose folder is not in it: what a crash can leave. */
#include "client/observe/observer.h"

static Observer *start(void)
{
	Observer *observer = observer_new(NULL);
	observer_make_folder(observer, "a");
	observer_write(observer, "a/file", "text");
	observer_look_everywhere(observer);
	observer_settle(observer);
	observer_check(observer);
	return observer;
}

/* The node lies in a folder that nobody knows, as one file or another. */
static int64_t make_stray(Observer *observer, const char *path, uint64_t inode)
{
	Entry fields = *observer_entry(observer, path);
	g_autofree char *name = g_strdup(fields.name);
	fields.name = name;
	fields.parent = state_key_new(observer->state);
	fields.stamp.inode = inode ? inode : fields.stamp.inode;
	g_autoptr(Entry) entry = entry_new(&fields);
	state_put(observer->state, SIDE_LOCAL, entry);
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	g_array_append_val(keys, fields.key);
	local_add_strays(observer->local, keys);
	observer_forget(observer);
	return fields.key;
}

static void test_turns_up_elsewhere(void)
{
	g_autoptr(Observer) observer = start();
	int64_t file = make_stray(observer, "a/file", 0);
	observer_look_everywhere(observer);
	observer_settle(observer);
	observer_check(observer);
	g_assert_cmpint(observer_key(observer, "a/file"), ==, file);
}

static void test_leaves_when_all_was_listed(void)
{
	g_autoptr(Observer) observer = start();
	int64_t file = make_stray(observer, "a/file", 4711);
	observer_remove(observer, "a/file");
	observer_look_everywhere(observer);
	g_assert_false(observer_is_gone(observer, file));
	observer_settle(observer);
	observer_check(observer);
	g_assert_true(observer_is_gone(observer, file));
	g_assert_true(observer_was_touched(observer, file));
}

static void test_stays_with_another_key(void)
{
	g_autoptr(Observer) observer = start();
	int64_t file = make_stray(observer, "a/file", 0);
	int64_t other = state_key_new(observer->state);
	NodeId id = node_id_random();
	state_rekey_local(observer->state, file, other, &id);
	local_rekey(observer->local, file, other);
	observer_look_everywhere(observer);
	observer_settle(observer);
	observer_check(observer);
	g_assert_cmpint(observer_key(observer, "a/file"), ==, other);
}

/* The node of a/other has the name of a/name, too, whichever of the two has the lower key. */
static void run_two_of_a_name(const char *first, const char *second, bool is_gone)
{
	g_autoptr(Observer) observer = start();
	observer_write(observer, first, first);
	observer_settle(observer);
	observer_write(observer, second, second);
	observer_settle(observer);
	int64_t name = observer_key(observer, "a/name");
	int64_t other = observer_key(observer, "a/other");
	Entry fields = *observer_entry(observer, "a/other");
	fields.name = (char *)"name";
	g_autoptr(Entry) entry = entry_new(&fields);
	state_put(observer->state, SIDE_LOCAL, entry);
	if (is_gone) {
		observer_remove(observer, "a/other");
	}
	observer_look_everywhere(observer);
	observer_settle(observer);
	observer_check(observer);
	g_assert_cmpint(observer_key(observer, "a/name"), ==, name);
	g_assert_cmpint(observer_key(observer, "a/other"), ==, is_gone ? ENTRY_KEY_NONE : other);
	g_assert_true(observer_is_gone(observer, other) == is_gone);
}

static void test_two_of_a_name_part(void)
{
	run_two_of_a_name("a/name", "a/other", false);
	run_two_of_a_name("a/other", "a/name", false);
	run_two_of_a_name("a/name", "a/other", true);
	run_two_of_a_name("a/other", "a/name", true);
}

/* Lists the next folder; returns its key. */
static int64_t list_next(Observer *observer)
{
	Scan *scan = observer_take(observer, 1, 0);
	g_assert_nonnull(scan);
	g_assert_cmpuint(scan->folders->len, ==, 1);
	int64_t key = g_array_index(scan->folders, ScanFolder, 0).key;
	observer_run(observer, scan);
	observer_merge(observer, scan);
	return key;
}

/* Everything is to be listed; the root was. Nobody has seen "1" in "a/f" and "b/f" yet. */
static Observer *start_listing(void)
{
	const ObserverOptions options = { .unwatched = true };
	Observer *observer = observer_new(&options);
	static const char *const folders[] = { "a", "b", "a/f", "b/f" };
	for (unsigned i = 0; i < G_N_ELEMENTS(folders); i++) {
		observer_make_folder(observer, folders[i]);
	}
	observer_look_everywhere(observer);
	observer_settle(observer);
	observer_write(observer, "a/f/1", "text");
	observer_write(observer, "b/f/1", "text");
	observer_look_everywhere(observer);
	list_next(observer);
	return observer;
}

/* From a folder that is still to be listed to one that was listed already: it is listed there. */
static void run_moved_while_listing(bool seen_before)
{
	g_autoptr(Observer) observer = start_listing();
	int64_t first = list_next(observer);
	bool is_a = first == observer_key(observer, "a");
	observer_rename(observer, is_a ? "b/f" : "a/f", is_a ? "a/moved" : "b/moved");
	if (!seen_before) {
		/* Its old folder is listed first, and does not have it. */
		list_next(observer);
	}
	local_mark_name(observer->local, first, "moved");
	observer_settle(observer);
	observer_check(observer);
}

static void test_moved_while_listing(void)
{
	run_moved_while_listing(true);
	run_moved_while_listing(false);
}

typedef struct Rename {
	const char *from;
	const char *to;
} Rename;

static void rename_once(Observer *observer, void *data)
{
	const Rename *rename = data;
	observer->hook = NULL;
	observer_rename(observer, rename->from, rename->to);
}

/* One scan has seen it at both its names: the later one counts, whichever that is. */
static void test_moved_within_a_scan(void)
{
	g_autoptr(Observer) observer = start_listing();
	Scan *scan = observer_take(observer, 2, 0);
	g_assert_nonnull(scan);
	g_assert_cmpuint(scan->folders->len, ==, 2);
	int64_t first = g_array_index(scan->folders, ScanFolder, 0).key;
	bool is_a = first == observer_key(observer, "a");
	Rename rename = { is_a ? "a/f" : "b/f", is_a ? "b/moved" : "a/moved" };
	/* After three calls for the first of the two. */
	observer->hook_calls = 3;
	observer->hook_data = &rename;
	observer->hook = rename_once;
	observer_run(observer, scan);
	g_assert_null(observer->hook);
	observer_merge(observer, scan);
	observer_settle(observer);
	observer_check(observer);
}

/* What is in it was not seen where it came from. */
static void test_moved_out_of_what_cannot_be_listed(void)
{
	g_autoptr(Observer) observer = start();
	observer_make_folder(observer, "a/f");
	observer_make_folder(observer, "b");
	observer_settle(observer);
	disk_memory_user_set_mode(observer->memory, "a", 0300, NULL);
	observer_write(observer, "a/f/1", "text");
	/* As after a start: nothing is told of what was written before. */
	for (DiskMemoryEvent event = { 0 }; disk_memory_next_event(observer->memory, &event);) {
		disk_memory_event_clear(&event);
	}
	observer_look_everywhere(observer);
	observer_settle(observer);
	g_assert_cmpint(observer_key(observer, "a/f/1"), ==, ENTRY_KEY_NONE);
	observer_rename(observer, "a/f", "b/f");
	observer_settle(observer);
	observer_check(observer);
}

/* We put it into a folder that was swapped with another meanwhile, and it has moved on since. */
static void test_moved_over_another_from_where_it_never_was(void)
{
	g_autoptr(Observer) observer = start();
	observer_write(observer, "a/came", "came");
	observer_make_folder(observer, "b");
	observer_settle(observer);
	Entry fields = *observer_entry(observer, "a/came");
	g_autofree char *name = g_strdup(fields.name);
	fields.name = name;
	fields.parent = observer_key(observer, "b");
	g_autoptr(Entry) entry = entry_new(&fields);
	state_put(observer->state, SIDE_LOCAL, entry);
	observer_rename(observer, "a/came", "a/file");
	observer_settle(observer);
	observer_check(observer);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, function) g_test_add_func("/client/observe/local_stray/" name, function)
	ADD("turns-up-elsewhere", test_turns_up_elsewhere);
	ADD("leaves-when-all-was-listed", test_leaves_when_all_was_listed);
	ADD("stays-with-another-key", test_stays_with_another_key);
	ADD("moved-while-listing", test_moved_while_listing);
	ADD("moved-within-a-scan", test_moved_within_a_scan);
	ADD("moved-out-of-what-cannot-be-listed", test_moved_out_of_what_cannot_be_listed);
	ADD("moved-over-another-from-where-it-never-was",
	    test_moved_over_another_from_where_it_never_was);
	ADD("two-of-a-name-part", test_two_of_a_name_part);
	return g_test_run();
}
