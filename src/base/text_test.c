/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include "base/limits.h"

#include <string.h>

static void test_names(void)
{
	char name[NAME_SIZE_MAX + 1];
	memset(name, 'n', sizeof name);
	g_assert_true(text_is_name("a", 1));
	g_assert_true(text_is_name("...", 3));
	g_assert_true(text_is_name("\xff\xfe", 2));
	g_assert_true(text_is_name(name, NAME_SIZE_MAX));
	g_assert_false(text_is_name(name, NAME_SIZE_MAX + 1));
	g_assert_false(text_is_name("", 0));
	g_assert_false(text_is_name(".", 1));
	g_assert_false(text_is_name("..", 2));
	g_assert_false(text_is_name("a/b", 3));
	g_assert_false(text_is_name("a\0b", 3));
}

static void test_printable(void)
{
	g_autofree char *plain = text_printable("日本 ok", strlen("日本 ok"));
	g_assert_cmpstr(plain, ==, "日本 ok");
	g_autofree char *odd = text_printable("a\n\xff\0z", 5);
	g_assert_cmpstr(odd, ==, "a\\x0a\\xff\\x00z");
}

static void test_visible(void)
{
	g_autofree char *plain = text_visible("日本 שלום\u200f ok", false);
	g_assert_cmpstr(plain, ==, "日本 שלום\u200f ok");
	g_autofree char *odd = text_visible("a\n\x1b[2J\u202egpj.exe\u2066\xff", false);
	g_assert_cmpstr(odd, ==, "a\\x0a\\x1b[2J\\u202egpj.exe\\u2066\\xff");
	g_autofree char *lines = text_visible("a\n\r\nb\n", true);
	g_assert_cmpstr(lines, ==, "a\n\\x0d\nb\n");
	g_autofree char *none = text_visible("", true);
	g_assert_cmpstr(none, ==, "");
}

static void expect_fold(const char *name, const char *folded)
{
	g_autoptr(GBytes) key = text_fold(name, strlen(name));
	if (!folded) {
		g_assert_null(key);
		return;
	}
	g_assert_nonnull(key);
	g_assert_cmpmem(g_bytes_get_data(key, NULL), g_bytes_get_size(key), folded, strlen(folded));
}

static void test_folds(void)
{
	expect_fold("plain name.txt", NULL);
	expect_fold("README", "readme");
	expect_fold("Ärger", "ärger");
	expect_fold("A\xcc\x88rger", "ärger");
	expect_fold("ärger", NULL);
	expect_fold("a\xcc\x88rger", "ärger");
	expect_fold("straße", "strasse");
	expect_fold("日本", NULL);
	expect_fold("not utf-8 \xff A", NULL);
}

static void test_rate(void)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {
		{ "off", 0 },
		{ "1", 1 },
		{ "500k", 500 << 10 },
		{ "500K", 500 << 10 },
		{ "2M", 2 << 20 },
		{ "3g", (uint64_t)3 << 30 },
		{ "1048576G", (uint64_t)1 << 50 },
	};
	static const char *const bad[] = { "",    "0",  "-1",       "k",
					   "1kk", "1T", "1.5M",     " 1",
					   "1 ",  "0k", "1048577G", "99999999999999999999" };
	for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
		uint64_t bytes = 1;
		g_assert_true(text_rate(good[i].text, &bytes));
		g_assert_cmpuint(bytes, ==, good[i].bytes);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		uint64_t bytes;
		g_assert_false(text_rate(bad[i], &bytes));
	}
}

static void test_wipe(void)
{
	char *text = g_strdup("secret");
	text_wipe(&text);
	g_assert_null(text);
	text_wipe(&text);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/base/text/names", test_names);
	g_test_add_func("/base/text/printable", test_printable);
	g_test_add_func("/base/text/visible", test_visible);
	g_test_add_func("/base/text/folds-case-and-composition", test_folds);
	g_test_add_func("/base/text/rate", test_rate);
	g_test_add_func("/base/text/wipes-once", test_wipe);
	return g_test_run();
}
