/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/roster.h"

#include "base/error.h"
#include "base/limits.h"

#include <string.h>

static void assert_row(const GArray *rows, unsigned number, const char *expected)
{
	const RosterRow *row = &g_array_index(rows, RosterRow, number);
	g_autofree char *text = g_strdup_printf("%u|%s|%s|%s|%s", row->line, row->name,
						row->provider, row->subject, row->tenant);
	g_assert_cmpstr(text, ==, expected);
}

static void test_rows(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GArray) rows = roster_parse("\xef\xbb\xbf"
					      "Name,Provider,Subject,Tenant\r\n"
					      "alice,qq,12345\r\n"
					      "# those of the corporation\r\n"
					      "\r\n"
					      " bob , wecom , \"zh\"\"a,ng\" , corp\n"
					      "\"name\",qq,\"1\"",
					      &error);
	g_assert_no_error(error);
	g_assert_cmpuint(rows->len, ==, 3);
	assert_row(rows, 0, "2|alice|qq|12345|");
	assert_row(rows, 1, "5|bob|wecom|zh\"a,ng|corp");
	assert_row(rows, 2, "6|name|qq|1|");
}

static void test_nothing_is_no_row(void)
{
	static const char *const texts[] = { "", "\n\n", "# a\n#b", "name,provider,subject\n" };
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autoptr(GArray) rows = roster_parse(texts[i], NULL);
		g_assert_cmpuint(rows->len, ==, 0);
	}
}

static void assert_fails(const char *text, const char *message)
{
	g_autoptr(GError) error = NULL;
	g_assert_null(roster_parse(text, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID);
	if (!g_strrstr(error->message, message)) {
		g_error("'%s' instead of '%s'", error->message, message);
	}
}

static void test_errors_name_the_line(void)
{
	assert_fails("a,qq,1\nb,qq\n", "line 2: NAME,PROVIDER");
	assert_fails("a,qq,1,t,u\n", "line 1: NAME,PROVIDER");
	assert_fails("\n#\na,,1\n", "line 3: name, provider and subject");
	assert_fails("a,qq,\"1\n2\"\n", "line 1: a quote is not closed");
	assert_fails("a,qq,\"1\"2\n", "line 1: after a closing quote");
	assert_fails("a,qq,1\"2\n", "line 1: a quote in the middle");
	assert_fails("a,qq,\xff\n", "not UTF-8");
}

static void test_is_bounded(void)
{
	g_autoptr(GString) text = g_string_new(NULL);
	for (unsigned i = 0; i <= ROSTER_ROWS_MAX; i++) {
		g_string_append_printf(text, "a,qq,%u\n", i);
	}
	assert_fails(text->str, "too many at once");
	g_string_truncate(text, text->len - 1);
	*strrchr(text->str, '\n') = '\0';
	g_autoptr(GArray) rows = roster_parse(text->str, NULL);
	g_assert_cmpuint(rows->len, ==, ROSTER_ROWS_MAX);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/admin/roster/rows-as-spreadsheets-write-them", test_rows);
	g_test_add_func("/admin/roster/nothing-is-no-row", test_nothing_is_no_row);
	g_test_add_func("/admin/roster/errors-name-the-line", test_errors_name_the_line);
	g_test_add_func("/admin/roster/is-bounded", test_is_bounded);
	return g_test_run();
}
