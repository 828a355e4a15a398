/* SPDX-License-Identifier: Apache-2.0 */
#include "server/accounts/handle.h"

#include "base/limits.h"
#include "server/accounts/account_name.h"

#include <string.h>

static void assert_handle(char *username, char *name, char *address, const char *wanted)
{
	const Proof proof = { .provider = "qq",
			      .subject = "1",
			      .username = username,
			      .name = name,
			      .chat_address = address };
	g_autofree char *handle = handle_from_proof(&proof, 0);
	g_assert_cmpstr(handle, ==, wanted);
	g_autofree char *key = account_name_key(handle, NULL);
	g_assert_nonnull(key);
}

static void test_names(void)
{
	assert_handle("alice", "Alice A.", NULL, "alice");
	assert_handle(NULL, "Alice  A.", NULL, "Alice A.");
	assert_handle(NULL, NULL, "alice@example.org", "alice");
	assert_handle("@alice:example.org", NULL, NULL, "alice");
	assert_handle(NULL, "小明", NULL, "小明");
	assert_handle(NULL, "", "", "qq");
	assert_handle(NULL, NULL, NULL, "qq");
}

static void test_tricks_are_taken_out(void)
{
	assert_handle(NULL, "a/b:c\\d", NULL, "a b c d");
	assert_handle(NULL, "--force", NULL, "force");
	assert_handle(NULL, "  \xe2\x80\xae evil\xe2\x80\x8b", NULL, "evil");
	assert_handle(NULL,
		      "\xcc\x81"
		      "a",
		      NULL, "a");
	assert_handle(NULL, "\xff\xfe", NULL, "\xef\xbf\xbd\xef\xbf\xbd");
	assert_handle(NULL, "/:/", NULL, "qq");
	g_autofree char *longest = g_strnfill(2000, 'x');
	g_autofree char *cut = g_strnfill(ACCOUNT_NAME_SIZE_MAX - 16, 'x');
	assert_handle(NULL, longest, NULL, cut);
}

static void test_nobody_speaks_for_the_drive(void)
{
	assert_handle("admin", NULL, NULL, "admin-1");
	assert_handle("ADMIN", NULL, NULL, "ADMIN-1");
	assert_handle("Root", NULL, NULL, "Root-1");
}

static void test_attempts_differ(void)
{
	const Proof proof = { .provider = "qq", .subject = "1", .username = "alice" };
	g_autofree char *second = handle_from_proof(&proof, 1);
	g_autofree char *late = handle_from_proof(&proof, 1000);
	g_autofree char *later = handle_from_proof(&proof, 1000);
	g_assert_cmpstr(second, ==, "alice-2");
	g_assert_true(g_str_has_prefix(late, "alice-"));
	g_assert_cmpstr(late, !=, later);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/server/accounts/handle/names", test_names);
	g_test_add_func("/server/accounts/handle/tricks-are-taken-out", test_tricks_are_taken_out);
	g_test_add_func("/server/accounts/handle/nobody-speaks-for-the-drive",
			test_nobody_speaks_for_the_drive);
	g_test_add_func("/server/accounts/handle/attempts-differ", test_attempts_differ);
	return g_test_run();
}
