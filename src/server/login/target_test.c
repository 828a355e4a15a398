/* SPDX-License-Identifier: Apache-2.0 */
#include "server/login/target.h"

#include <glib.h>

static void test_r14_own(void)
{
	static const char *const good[] = {
		"/",      "/account", "/device?code=BCDF-GHJK", "/account?next=//evil.example",
		"/a/b/c", "/a..b/.c", "/login?x=%2F%2Fevil",
	};
	for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
		g_test_message("%s", good[i]);
		g_assert_true(target_is_own(good[i]));
	}
}

static void test_r14_foreign(void)
{
	static const char *const bad[] = {
		"",
		"account",
		"//evil.example",
		"///evil.example",
		"/\\evil.example",
		"\\/evil.example",
		"https://evil.example",
		"https:evil",
		"javascript:alert(1)",
		"/a\r\nSet-Cookie: x=y",
		"/a\nb",
		"/\t/evil.example",
		"/ /evil",
		" /account",
		"/\x7f",
		"/\xc3\xa4",
		"/account#top",
		"/a\\b",
		"/..//evil.example",
		"/.//evil.example",
		"/a/..//evil",
		"/%2e%2e//evil",
		"/%2E./x",
		"/a/..",
		"?x",
		"@evil",
	};
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_test_message("%s", bad[i]);
		g_assert_false(target_is_own(bad[i]));
	}
	g_autofree char *fill = g_strnfill(TARGET_SIZE_MAX, 'a');
	g_autofree char *longest = g_strconcat("/", fill + 1, NULL);
	g_autofree char *longer = g_strconcat("/", fill, NULL);
	g_assert_true(target_is_own(longest));
	g_assert_false(target_is_own(longer));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/server/login/target/r14-own-paths-are-followed", test_r14_own);
	g_test_add_func("/server/login/target/r14-others-are-not", test_r14_foreign);
	return g_test_run();
}
