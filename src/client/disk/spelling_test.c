/* SPDX-License-Identifier: Apache-2.0 */
#include "client/disk/spelling.h"

#include "base/text.h"

#include <string.h>

static Spelling like_vfat(void)
{
	Spelling spelling = { .text_only = true, .no_last_dot = true, .no_last_space = true };
	for (unsigned char byte = 1; byte < ' '; byte++) {
		spelling_refuse(&spelling, byte);
	}
	for (const char *byte = "\"*:<>?\\|"; *byte; byte++) {
		spelling_refuse(&spelling, (unsigned char)*byte);
	}
	return spelling;
}

static void test_spells_what_is_refused(void)
{
	static const struct {
		const char *name, *here;
	} table[] = {
		{ "plain.txt", NULL },
		{ "\xc3\xa9t\xc3\xa9 \xf0\x9f\x8c\x8d.txt", NULL },
		{ "a:b", "a\xef\x80\xba"
			 "b" },
		{ "\\", "\xef\x81\x9c" },
		{ "end.", "end\xef\x80\xae" },
		{ "end..", "end.\xef\x80\xae" },
		{ "end ", "end\xef\x80\xa0" },
		{ "a. b", NULL },
		{ "...", "..\xef\x80\xae" },
		{ "\xff", "\xef\x83\xbf" },
		{ "\n", "\xef\x80\x8a" },
	};
	Spelling spelling = like_vfat();
	for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autofree char *here = spelling_write(&spelling, table[i].name);
		g_autofree char *name = NULL;
		g_assert_cmpstr(here, ==, table[i].here);
		g_assert_true(spelling_read(&spelling, here ? here : table[i].name, &name));
		g_assert_cmpstr(name, ==, here ? table[i].name : NULL);
	}
}

static void test_leaves_all_names_where_nothing_is_refused(void)
{
	Spelling spelling = { .caseless = true };
	g_autofree char *name = NULL;
	g_assert_true(spelling_is_plain(&spelling));
	g_assert_null(spelling_write(&spelling, "a:\xef\x80\xba.\xff"));
	g_assert_null(spelling_write_path(&spelling, "a:/\xef\x80\xba."));
	g_assert_true(spelling_read(&spelling, "\xef\x80\xba", &name));
	g_assert_null(name);
}

static void test_spells_each_name_of_a_path(void)
{
	Spelling spelling = like_vfat();
	g_autofree char *here = spelling_write_path(&spelling, "a./b/c:");
	g_assert_cmpstr(here, ==, "a\xef\x80\xae/b/c\xef\x80\xba");
	g_assert_null(spelling_write_path(&spelling, "a/b/c"));
	g_assert_null(spelling_write_path(&spelling, ""));
}

static void test_knows_no_name_for_what_it_would_not_spell(void)
{
	/* A letter that is not refused, a slash, a byte of a good character, a dot inside. */
	static const char *const strange[] = { "\xef\x81\x81", "\xef\x80\xaf",
					       "\xef\x83\x83\xef\x82\xa9", "\xef\x80\xae.b" };
	Spelling spelling = like_vfat();
	for (size_t i = 0; i < G_N_ELEMENTS(strange); i++) {
		g_autofree char *name = NULL;
		g_assert_false(spelling_read(&spelling, strange[i], &name));
	}
}

static char *random_name(GRand *chance)
{
	static const char *const parts[] = {
		"a",
		"Z",
		".",
		" ",
		":",
		"\\",
		"/",
		"\x01",
		"\xff",
		"\xef",
		"\x80",
		"\xba",
		"\xc3\xa9",
		"\xef\x80\xba",
		"\xef\x83\xaf",
	};
	GString *name = g_string_new(NULL);
	int count = g_rand_int_range(chance, 1, 8);
	for (int i = 0; i < count; i++) {
		g_string_append(name, parts[g_rand_int_range(chance, 0, G_N_ELEMENTS(parts))]);
	}
	return g_string_free(name, FALSE);
}

static Spelling random_spelling(GRand *chance)
{
	Spelling spelling = like_vfat();
	spelling.text_only = g_rand_boolean(chance);
	spelling.no_last_dot = g_rand_boolean(chance);
	spelling.no_last_space = g_rand_boolean(chance);
	if (g_rand_boolean(chance)) {
		memset(spelling.refused, 0, sizeof spelling.refused);
	}
	return spelling;
}

static void check_name(const Spelling *spelling, const char *name)
{
	g_autofree char *here = spelling_write(spelling, name);
	g_autofree char *again = NULL;
	const char *shown = here ? here : name;
	g_assert_true(spelling_read(spelling, shown, &again));
	g_assert_cmpstr(again ? again : shown, ==, name);
	g_assert_true(!spelling->text_only || g_utf8_validate(shown, -1, NULL));
	g_assert_true(!spelling->no_last_dot || !g_str_has_suffix(shown, "."));
	g_assert_true(spelling->refused[0] == 0 || !strpbrk(shown, ":\\\x01"));
}

/* What is found on a disk has one name or none, and that leads back to it. */
static void check_found(const Spelling *spelling, const char *here)
{
	g_autofree char *name = NULL;
	if (spelling_read(spelling, here, &name)) {
		g_autofree char *again = spelling_write(spelling, name ? name : here);
		g_assert_cmpstr(again ? again : here, ==, here);
	}
}

static void test_reads_what_it_wrote(void)
{
	g_autoptr(GRand) chance = g_rand_new_with_seed(4711);
	for (unsigned i = 0; i < 100000; i++) {
		g_autofree char *name = random_name(chance);
		Spelling spelling = random_spelling(chance);
		if (text_is_name(name, strlen(name))) {
			check_name(&spelling, name);
			check_found(&spelling, name);
		}
	}
}

static void test_takes_case_and_composition_for_one(void)
{
	g_assert_true(spelling_same_caseless("a", "A"));
	g_assert_true(spelling_same_caseless("\xc3\x89", "e\xcc\x81"));
	g_assert_true(spelling_same_caseless("\xff", "\xff"));
	g_assert_false(spelling_same_caseless("a", "b"));
	g_assert_false(spelling_same_caseless("\xff", "\xfe"));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/client/disk/spelling/spells-what-is-refused",
			test_spells_what_is_refused);
	g_test_add_func("/client/disk/spelling/leaves-all-names-where-nothing-is-refused",
			test_leaves_all_names_where_nothing_is_refused);
	g_test_add_func("/client/disk/spelling/spells-each-name-of-a-path",
			test_spells_each_name_of_a_path);
	g_test_add_func("/client/disk/spelling/knows-no-name-for-what-it-would-not-spell",
			test_knows_no_name_for_what_it_would_not_spell);
	g_test_add_func("/client/disk/spelling/reads-what-it-wrote", test_reads_what_it_wrote);
	g_test_add_func("/client/disk/spelling/takes-case-and-composition-for-one",
			test_takes_case_and_composition_for_one);
	return g_test_run();
}
