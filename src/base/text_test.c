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

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/base/text/names", test_names);
	g_test_add_func("/base/text/printable", test_printable);
	return g_test_run();
}
