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

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, function) g_test_add_func("/client/observe/local_stray/" name, function)
	ADD("turns-up-elsewhere", test_turns_up_elsewhere);
	ADD("leaves-when-all-was-listed", test_leaves_when_all_was_listed);
	ADD("stays-with-another-key", test_stays_with_another_key);
	ADD("two-of-a-name-part", test_two_of_a_name_part);
	return g_test_run();
}
