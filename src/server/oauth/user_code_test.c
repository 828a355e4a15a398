/* SPDX-License-Identifier: Apache-2.0 */
#include "server/oauth/user_code.h"

#include <glib.h>
#include <string.h>

static void a9_is_eight_consonants(void)
{
	char first[USER_CODE_SIZE];
	user_code_make(first);
	unsigned same = 0;
	for (unsigned i = 0; i < 1000; i++) {
		char code[USER_CODE_SIZE];
		user_code_make(code);
		g_assert_cmpuint(strlen(code), ==, 8);
		g_assert_cmpuint(strspn(code, "BCDFGHJKLMNPQRSTVWXZ"), ==, 8);
		same += strcmp(code, first) == 0;
	}
	g_assert_cmpuint(same, ==, 0);
}

static void a9_case_blanks_and_hyphens_do_not_matter(void)
{
	static const char *const ways[] = {
		"WDJBMJHT",    "WDJB-MJHT",       "wdjb-mjht",
		" wdjb mjht ", "W-D-J-B-M-J-H-T", "wdjb--mjHT",
	};
	for (unsigned i = 0; i < G_N_ELEMENTS(ways); i++) {
		char code[USER_CODE_SIZE];
		g_assert_true(user_code_read(ways[i], code));
		g_assert_cmpstr(code, ==, "WDJBMJHT");
	}
	char shown[USER_CODE_SHOWN_SIZE];
	user_code_show("WDJBMJHT", shown);
	g_assert_cmpstr(shown, ==, "WDJB-MJHT");
}

static void refuses_what_cannot_be_one(void)
{
	static const char *const not [] = {
		"",           "-",         "WDJBMJH",  "WDJBMJHTW", "WDJBMJHA",
		"WDJB\nMJHT", "WDJB.MJHT", "12345678", "ẂDJBMJHT",
	};
	for (unsigned i = 0; i < G_N_ELEMENTS(not ); i++) {
		char code[USER_CODE_SIZE] = "before";
		g_assert_false(user_code_read(not [i], code));
		g_assert_cmpstr(code, ==, "before");
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/server/oauth/user_code/a9-is-eight-consonants", a9_is_eight_consonants);
	g_test_add_func("/server/oauth/user_code/a9-case-blanks-and-hyphens-do-not-matter",
			a9_case_blanks_and_hyphens_do_not_matter);
	g_test_add_func("/server/oauth/user_code/refuses-what-cannot-be-one",
			refuses_what_cannot_be_one);
	return g_test_run();
}
