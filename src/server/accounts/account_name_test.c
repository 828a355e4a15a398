/* SPDX-License-Identifier: Apache-2.0 */
#include "server/accounts/account_name.h"

#include "base/error.h"
#include "base/limits.h"

#include <string.h>

static void assert_same(const char *a, const char *b)
{
	g_autofree char *key_a = account_name_key(a, NULL);
	g_autofree char *key_b = account_name_key(b, NULL);
	g_assert_nonnull(key_a);
	g_assert_cmpstr(key_a, ==, key_b);
}

static void test_folds_case_and_composition(void)
{
	assert_same("alice", "Alice");
	assert_same("Zo\u00eb", "zoe\u0308");
	assert_same("STRASSE", "stra\u00dfe");
	assert_same("\u5f20\u4f1f", "\u5f20\u4f1f");
	g_autofree char *alice = account_name_key("alice", NULL);
	g_autofree char *alicia = account_name_key("alicia", NULL);
	g_assert_cmpstr(alice, !=, alicia);
}

static void test_refuses(void)
{
	g_autofree char *long_name = g_strnfill(ACCOUNT_NAME_SIZE_MAX + 1, 'a');
	const char *const bad[] = {
		"",        long_name,  " alice",      "alice ",      "al  ice",
		"a/b",     "a\\b",     "a:b",         "-alice",      "al\tice",
		"al\nice", "\xff\xfe", "alice\u200b", "\u202ealice", "a\u00a0b",
		"\x7f",    "a\u2028b",
	};
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;
		g_assert_null(account_name_key(bad[i], &error));
		g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID);
	}
}

static void test_accepts(void)
{
	g_autofree char *longest = g_strnfill(ACCOUNT_NAME_SIZE_MAX, 'a');
	const char *const good[] = {
		"a",       longest,        "alice@example.org", "Alice Smith",
		"o'brien", "\u5f20\u4f1f", "a.b-c_d+e",
	};
	for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *key = account_name_key(good[i], &error);
		g_assert_no_error(error);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/server/accounts/account-name/folds-case-and-composition",
			test_folds_case_and_composition);
	g_test_add_func("/server/accounts/account-name/refuses", test_refuses);
	g_test_add_func("/server/accounts/account-name/accepts", test_accepts);
	return g_test_run();
}
