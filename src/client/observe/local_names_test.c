/* SPDX-License-Identifier: Apache-2.0 */
/* A disk that refuses names and has no executable bit. */
#include "client/observe/observer.h"

#include "base/error.h"

#include <string.h>

/* "a:b", as it is spelled there. */
#define SPELLED         \
	"a\xef\x80\xba" \
	"b"

static Observer *start(void)
{
	const ObserverOptions options = { .vfat = true };
	Observer *observer = observer_new(&options);
	observer_look_everywhere(observer);
	observer_settle(observer);
	return observer;
}

static void test_true_names_are_seen(void)
{
	g_autoptr(Observer) observer = start();
	observer_make_folder(observer, SPELLED);
	observer_write(observer, SPELLED "/" SPELLED, "1");
	observer_write(observer, SPELLED "/plain", "2");
	observer_settle(observer);
	int64_t key = observer_key(observer, "a:b/a:b");
	g_assert_cmpint(key, !=, ENTRY_KEY_NONE);
	g_assert_cmpint(observer_key(observer, SPELLED), ==, ENTRY_KEY_NONE);
	/* By events alone: the folder is watched under its name here. */
	observer_forget(observer);
	observer_write(observer, SPELLED "/" SPELLED, "more");
	observer_settle(observer);
	g_assert_true(observer_was_touched(observer, key));
	observer_rename(observer, SPELLED "/" SPELLED, "good");
	observer_settle(observer);
	g_assert_cmpint(observer_key(observer, "good"), ==, key);
}

static void test_other_spellings_are_told(void)
{
	g_autoptr(Observer) observer = start();
	observer_make_folder(observer, "folder");
	observer_write(observer, "folder/" SPELLED, "1");
	observer_write(observer, "folder/plain", "2");
	observer_settle(observer);
	const GPtrArray *spelled = local_spelled(observer->local);
	g_assert_cmpuint(spelled->len, ==, 1);
	g_assert_cmpstr(spelled->pdata[0], ==, "folder/a:b");
	g_assert_cmpuint(local_skipped(observer->local)->len, ==, 0);
	observer_rename(observer, "folder", "renamed");
	observer_settle(observer);
	g_assert_cmpstr(local_spelled(observer->local)->pdata[0], ==, "renamed/a:b");
	observer_remove(observer, "renamed/" SPELLED);
	observer_settle(observer);
	g_assert_cmpuint(local_spelled(observer->local)->len, ==, 0);
}

/* What somebody else spelled so is nobody's name here: not synced, and said so. */
static void test_unknown_spellings_are_skipped(void)
{
	g_autoptr(Observer) observer = start();
	observer_write(observer, "\xef\x81\x81", "1");
	observer_look_everywhere(observer);
	observer_settle(observer);
	g_assert_cmpuint(local_skipped(observer->local)->len, ==, 1);
	g_assert_cmpint(observer_key(observer, "A"), ==, ENTRY_KEY_NONE);
}

static void test_the_executable_bit_stays(void)
{
	g_autoptr(Observer) observer = start();
	observer_write(observer, "tool", "1");
	observer_settle(observer);
	g_assert_false(observer_entry(observer, "tool")->executable);
	/* As after it was downloaded. */
	Entry fields = *observer_entry(observer, "tool");
	fields.executable = true;
	g_autoptr(Entry) entry = entry_new(&fields);
	state_put(observer->state, SIDE_LOCAL, entry);
	observer_forget(observer);
	observer_look_everywhere(observer);
	observer_settle(observer);
	g_assert_false(observer_was_touched(observer, entry->key));
	observer_write(observer, "tool", "22");
	observer_settle(observer);
	g_assert_true(observer_was_touched(observer, entry->key));
	g_assert_true(observer_entry(observer, "tool")->executable);
}

static void test_case_is_told(void)
{
	g_autoptr(Observer) observer = start();
	observer_write(observer, "name", "1");
	observer_settle(observer);
	int64_t key = observer_key(observer, "name");
	/* The file system would say that it is there. */
	local_mark_name(observer->local, ENTRY_KEY_ROOT, "NAME");
	observer_settle(observer);
	g_assert_cmpint(observer_key(observer, "NAME"), ==, ENTRY_KEY_NONE);
	g_assert_cmpint(observer_key(observer, "name"), ==, key);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/client/observe/local_names/true-names-are-seen",
			test_true_names_are_seen);
	g_test_add_func("/client/observe/local_names/other-spellings-are-told",
			test_other_spellings_are_told);
	g_test_add_func("/client/observe/local_names/unknown-spellings-are-skipped",
			test_unknown_spellings_are_skipped);
	g_test_add_func("/client/observe/local_names/the-executable-bit-stays",
			test_the_executable_bit_stays);
	g_test_add_func("/client/observe/local_names/case-is-told", test_case_is_told);
	return g_test_run();
}
