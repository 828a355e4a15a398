/* SPDX-License-Identifier: Apache-2.0 */
/* Folders that cannot be looked into for a while. */
#include "base/error.h"
#include "client/observe/observer.h"

/* folder/sub and folder/a are known. */
static Observer *start(bool unwatched)
{
	const ObserverOptions options = { .unwatched = unwatched };
	Observer *observer = observer_new(&options);
	observer_make_folder(observer, "folder");
	observer_make_folder(observer, "folder/sub");
	observer_write(observer, "folder/a", "text");
	observer_look_everywhere(observer);
	observer_settle(observer);
	observer_check(observer);
	observer_forget(observer);
	return observer;
}

static void set_readable(Observer *observer, bool readable)
{
	disk_memory_user_set_mode(observer->memory, "folder", readable ? 0700 : 0, NULL);
}

static void settle(Observer *observer)
{
	observer_settle(observer);
	observer_check(observer);
}

static void assert_nobody_left(Observer *observer)
{
	g_assert_cmpuint(g_hash_table_size(observer->gone), ==, 0);
}

static void assert_errors(Observer *observer, unsigned count)
{
	g_assert_cmpuint(g_hash_table_size(local_errors(observer->local)), ==, count);
}

static void test_is_not_deleted(void)
{
	g_autoptr(Observer) observer = start(false);
	int64_t folder = observer_key(observer, "folder");
	set_readable(observer, false);
	observer_look_everywhere(observer);
	observer_settle(observer);
	const GError *error = g_hash_table_lookup(local_errors(observer->local), &folder);
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN);
	assert_nobody_left(observer);
	set_readable(observer, true);
	settle(observer);
	assert_errors(observer, 0);
}

/* All below it was to be listed when it could not be; whatever makes it readable again. */
static void test_is_listed_deep_later(void)
{
	g_autoptr(Observer) observer = start(true);
	observer_write(observer, "folder/sub/new", "while nobody watched");
	set_readable(observer, false);
	observer_look_everywhere(observer);
	observer_settle(observer);
	g_assert_cmpint(observer_key(observer, "folder/sub/new"), ==, ENTRY_KEY_NONE);
	set_readable(observer, true);
	local_mark_name(observer->local, ENTRY_KEY_ROOT, "folder");
	settle(observer);
	g_assert_cmpint(observer_key(observer, "folder/sub/new"), !=, ENTRY_KEY_NONE);
}

static void test_failed_look(void)
{
	g_autoptr(Observer) observer = start(false);
	set_readable(observer, false);
	local_mark_name(observer->local, observer_key(observer, "folder"), "a");
	observer_settle(observer);
	assert_nobody_left(observer);
	assert_errors(observer, 1);
	set_readable(observer, true);
	local_mark_failed(observer->local);
	settle(observer);
	assert_errors(observer, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, function) g_test_add_func("/client/observe/local_unreadable/" name, function)
	ADD("is-not-deleted", test_is_not_deleted);
	ADD("is-listed-deep-later", test_is_listed_deep_later);
	ADD("failed-look", test_failed_look);
	return g_test_run();
}
