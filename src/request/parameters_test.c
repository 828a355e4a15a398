/* SPDX-License-Identifier: Apache-2.0 */
#include "request/parameters.h"

#include "base/error.h"
#include "base/limits.h"

#include <string.h>

static Parameters *parse(const char *text)
{
	g_autoptr(GError) error = NULL;
	Parameters *parameters = parameters_parse(text, strlen(text), &error);
	g_assert_no_error(error);
	g_assert_nonnull(parameters);
	return parameters;
}

static void test_decodes(void)
{
	g_autoptr(Parameters) parameters = parse("a=1&b=x%20y+z&c&&d=&e%3D=%26&n=%E4%B8%AD");
	g_assert_cmpstr(parameters_get(parameters, "a"), ==, "1");
	g_assert_cmpstr(parameters_get(parameters, "b"), ==, "x y z");
	g_assert_cmpstr(parameters_get(parameters, "c"), ==, "");
	g_assert_cmpstr(parameters_get(parameters, "d"), ==, "");
	g_assert_cmpstr(parameters_get(parameters, "e="), ==, "&");
	g_assert_cmpstr(parameters_get(parameters, "n"), ==, "中");
	g_assert_null(parameters_get(parameters, "x"));
	g_assert_null(parameters_repeated(parameters));
	const char *name;
	const char *value;
	g_assert_true(parameters_at(parameters, 4, &name, &value));
	g_assert_cmpstr(name, ==, "e=");
	g_assert_true(parameters_at(parameters, 5, &name, &value));
	g_assert_false(parameters_at(parameters, 6, &name, &value));
}

static void test_nothing(void)
{
	g_autoptr(Parameters) parameters = parameters_parse(NULL, 0, NULL);
	g_assert_nonnull(parameters);
	g_assert_null(parameters_get(parameters, ""));
}

static void test_first_counts_and_repetition_shows(void)
{
	g_autoptr(Parameters) parameters = parse("a=1&b=2&a=3");
	g_assert_cmpstr(parameters_get(parameters, "a"), ==, "1");
	g_assert_cmpstr(parameters_repeated(parameters), ==, "a");
}

static void expect_refused(const char *text, size_t size)
{
	g_autoptr(GError) error = NULL;
	g_assert_null(parameters_parse(text, size, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID);
}

static void test_refuses_what_is_broken(void)
{
	expect_refused("a=%", 3);
	expect_refused("a=%4", 4);
	expect_refused("a=%zz", 5);
	expect_refused("a=%00", 5);
	expect_refused("a=\0", 3);
	expect_refused("a=%ff", 5);
	expect_refused("%ff=a", 5);
	expect_refused("a=\xff", 3);
}

static void test_is_bounded(void)
{
	g_autoptr(GString) text = g_string_new("a=1");
	for (int i = 1; i < REQUEST_PARAMETERS_MAX; i++) {
		g_string_append(text, "&a=1");
	}
	g_autoptr(Parameters) most = parse(text->str);
	g_assert_nonnull(most);
	g_string_append(text, "&a=1");
	expect_refused(text->str, text->len);
}

static void test_append_is_read_back(void)
{
	const char *const pairs[][2] = { { "a b", "c&d=e" }, { "", "" }, { "ü", "%+\n" } };
	g_autoptr(GString) text = g_string_new("https://example.org/x?");
	size_t start = text->len;
	for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
		parameters_append(text, pairs[i][0], pairs[i][1]);
	}
	g_autoptr(Parameters) parameters = parse(text->str + start);
	for (unsigned i = 0; i < G_N_ELEMENTS(pairs); i++) {
		const char *name;
		const char *value;
		g_assert_true(parameters_at(parameters, i, &name, &value));
		g_assert_cmpstr(name, ==, pairs[i][0]);
		g_assert_cmpstr(value, ==, pairs[i][1]);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/request/parameters/decodes", test_decodes);
	g_test_add_func("/request/parameters/nothing-is-none", test_nothing);
	g_test_add_func("/request/parameters/first-counts-and-repetition-shows",
			test_first_counts_and_repetition_shows);
	g_test_add_func("/request/parameters/refuses-what-is-broken", test_refuses_what_is_broken);
	g_test_add_func("/request/parameters/is-bounded", test_is_bounded);
	g_test_add_func("/request/parameters/append-is-read-back", test_append_is_read_back);
	return g_test_run();
}
