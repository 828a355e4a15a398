/* SPDX-License-Identifier: Apache-2.0 */
#include "server/chat/answer.h"

static Answer parse(const char *text)
{
	Answer answer;
	answer_parse(text, &answer);
	return answer;
}

static void test_finds_the_number_however_typed(void)
{
	static const char *const texts[] = {
		"47", " 47\n", "47.", "\"47\"", "it's 47", "４７", "是 47", "> 10 or 20?\n> 99\n47",
	};
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		Answer answer = parse(texts[i]);
		g_assert_cmpint(answer.kind, ==, ANSWER_NUMBER);
		g_assert_cmpstr(answer.number, ==, "47");
	}
}

static void test_c2_many_numbers_are_no_guess(void)
{
	static const char *const texts[] = {
		"",    "yes",   "ok",   "10 11 12 13", "4",     "477",
		"4 7", "47 47", "> 47", "\xff 47",     "+1 47",
	};
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_assert_cmpint(parse(texts[i]).kind, ==, ANSWER_OTHER);
	}
}

static void test_reads_a_code_in_any_form(void)
{
	static const char *const texts[] = { "BCDF-GHJK-LMNP", "bcdfghjklmnp",
					     " BCDF GHJK\nLMNP " };
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		Answer answer = parse(texts[i]);
		g_assert_cmpint(answer.kind, ==, ANSWER_CODE);
		g_assert_cmpstr(answer.code, ==, "BCDFGHJKLMNP");
	}
	g_autofree char *shown = answer_code_for_people("BCDFGHJKLMNP");
	g_assert_cmpstr(shown, ==, "BCDF-GHJK-LMNP");
	g_assert_cmpint(parse("BCDF-GHJK-LMN").kind, ==, ANSWER_OTHER);
	g_assert_cmpint(parse("BCDF-GHJK-LMNPP").kind, ==, ANSWER_OTHER);
	g_assert_cmpint(parse("ACDF-GHJK-LMNP").kind, ==, ANSWER_OTHER);
}

static void test_stop_and_no_come_first(void)
{
	static const char *const stops[] = { "STOP", "stop.", "Stop it! 47", "「停止」", "停止" };
	for (size_t i = 0; i < G_N_ELEMENTS(stops); i++) {
		g_assert_cmpint(parse(stops[i]).kind, ==, ANSWER_STOP);
	}
	static const char *const refusals[] = { "no", "No, not me", "no 47", "不是" };
	for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++) {
		g_assert_cmpint(parse(refusals[i]).kind, ==, ANSWER_NO);
	}
	g_assert_cmpint(parse("Start").kind, ==, ANSWER_START);
	g_assert_cmpint(parse("stopping").kind, ==, ANSWER_OTHER);
	g_assert_cmpint(parse("now").kind, ==, ANSWER_OTHER);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/server/chat/answer/finds-the-number-however-typed",
			test_finds_the_number_however_typed);
	g_test_add_func("/server/chat/answer/c2-many-numbers-are-no-guess",
			test_c2_many_numbers_are_no_guess);
	g_test_add_func("/server/chat/answer/reads-a-code-in-any-form",
			test_reads_a_code_in_any_form);
	g_test_add_func("/server/chat/answer/stop-and-no-come-first", test_stop_and_no_come_first);
	return g_test_run();
}
