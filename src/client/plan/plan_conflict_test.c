/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "base/text.h"
#include "client/plan/plan.h"

#include <string.h>

static void check(const char *name, const char *label, unsigned attempt, const char *expected)
{
	g_autofree char *made = plan_conflict_name(name, label, attempt);
	g_assert_cmpstr(made, ==, expected);
	g_assert_true(text_is_name(made, strlen(made)));
}

static void test_the_ending_stays_at_the_end(void)
{
	check("report.odt", "bob", 1, "report (conflict, bob).odt");
	check("report.odt", "bob", 2, "report (conflict, bob, 2).odt");
	check("report", "bob", 1, "report (conflict, bob)");
	check("backup.tar.gz", "bob", 1, "backup (conflict, bob).tar.gz");
	check(".tar.gz", "bob", 1, ".tar (conflict, bob).gz");
}

static void test_what_is_no_ending_is_none(void)
{
	check(".bashrc", "bob", 1, ".bashrc (conflict, bob)");
	check("Mr. Smith", "bob", 1, "Mr. Smith (conflict, bob)");
	check("end.", "bob", 1, "end. (conflict, bob)");
	check("a.very-long-ending-indeed", "bob", 1, "a.very-long-ending-indeed (conflict, bob)");
}

static void test_a_label_cannot_name_a_folder(void)
{
	check("x", "a/b/../c", 1, "x (conflict, a-b-..-c)");
}

static void test_it_fits_whatever_it_is_made_of(void)
{
	/* Three bytes each, and one of them so placed that a cut would split it. */
	g_autoptr(GString) name = g_string_new("x");
	while (name->len + 3 <= NAME_SIZE_MAX) {
		g_string_append(name, "網");
	}
	g_autoptr(GString) label = g_string_new(NULL);
	for (int i = 0; i < 200; i++) {
		g_string_append(label, "碟");
	}
	for (unsigned attempt = 1; attempt < 2000000000; attempt = attempt * 7 + 1) {
		g_autofree char *made = plan_conflict_name(name->str, label->str, attempt);
		g_assert_true(text_is_name(made, strlen(made)));
		g_assert_true(g_utf8_validate(made, -1, NULL));
		g_assert_cmpuint(strlen(made), >, NAME_SIZE_MAX - 3);
	}
}

static void test_bytes_that_are_no_text_are_cut_anywhere(void)
{
	char name[NAME_SIZE_MAX + 1];
	memset(name, 0x80, NAME_SIZE_MAX);
	name[NAME_SIZE_MAX] = '\0';
	g_autofree char *made = plan_conflict_name(name, "bob", 1);
	g_assert_cmpuint(strlen(made), ==, NAME_SIZE_MAX);
	g_assert_true(g_str_has_suffix(made, " (conflict, bob)"));
}

static void check_parse(const char *name, const char *original, const char *label)
{
	g_autofree char *got_original = NULL;
	g_autofree char *got_label = NULL;
	g_assert_true(plan_conflict_parse(name, &got_original, &got_label) == !!original);
	g_assert_cmpstr(got_original, ==, original);
	g_assert_cmpstr(got_label, ==, label);
}

static void test_a_copy_tells_what_it_is_a_copy_of(void)
{
	static const char *const names[] = { "report.odt", "a.tar.gz", "Makefile",
					     "(x).y z",    ".rc",      "b (conflict, eve).txt" };
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *first = plan_conflict_name(names[i], "bob (2), 10.04", 1);
		check_parse(first, names[i], "bob (2), 10.04");
		g_autofree char *second = plan_conflict_name(names[i], "bob", 2);
		check_parse(second, names[i], "bob, 2");
	}
	check_parse("report.odt", NULL, NULL);
	check_parse(" (conflict, bob)", NULL, NULL);
	check_parse("a (conflict, )", NULL, NULL);
	check_parse("a (conflict, bob", NULL, NULL);
	check_parse("a (conflict, bob) b", NULL, NULL);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/client/plan/plan_conflict/the-ending-stays-at-the-end",
			test_the_ending_stays_at_the_end);
	g_test_add_func("/client/plan/plan_conflict/what-is-no-ending-is-none",
			test_what_is_no_ending_is_none);
	g_test_add_func("/client/plan/plan_conflict/a-label-cannot-name-a-folder",
			test_a_label_cannot_name_a_folder);
	g_test_add_func("/client/plan/plan_conflict/it-fits-whatever-it-is-made-of",
			test_it_fits_whatever_it_is_made_of);
	g_test_add_func("/client/plan/plan_conflict/bytes-that-are-no-text-are-cut-anywhere",
			test_bytes_that_are_no_text_are_cut_anywhere);
	g_test_add_func("/client/plan/plan_conflict/a-copy-tells-what-it-is-a-copy-of",
			test_a_copy_tells_what_it_is_a_copy_of);
	return g_test_run();
}
