/* SPDX-License-Identifier: Apache-2.0 */
#include "server/provider/document.h"

#include "base/error.h"
#include "base/limits.h"

#include <string.h>

static json_t *parse(const char *text, DocumentForm form)
{
	g_autoptr(GError) error = NULL;
	json_t *document = document_parse(text, strlen(text), form, &error);
	g_assert_no_error(error);
	return document;
}

static void assert_refused(const char *text, size_t size, DocumentForm form)
{
	g_autoptr(GError) error = NULL;
	g_assert_null(document_parse(text, size, form, &error));
	g_assert_nonnull(error);
	g_assert_true(error->domain == DRIVE_ERROR);
}

static void test_numbers(void)
{
	json_t *document = parse("{\"id\":18446744073709551616, \"f\":-1.50e3,\"n\":[1,2],"
				 "\"s\":\"a \\\"12\\\" b\",\"z\":0}",
				 DOCUMENT_JSON);
	g_assert_cmpstr(document_text(document, "id"), ==, "18446744073709551616");
	g_assert_cmpstr(document_text(document, "f"), ==, "-1.50e3");
	g_assert_cmpstr(document_text(document, "s"), ==, "a \"12\" b");
	g_assert_cmpstr(document_text(document, "z"), ==, "0");
	g_assert_null(document_text(document, "n"));
	json_decref(document);
}

static void test_refused(void)
{
	static const char *const wrong[] = {
		"",
		"null",
		"[]",
		"[1]",
		"\"a\"",
		"{",
		"{\"a\":01}",
		"{\"a\":1,}",
		"{1:2}",
		"{\"a\":1 2}",
		"{\"a\":-}",
		"{\"a\":1}x",
		"{\"a\":1,\"a\":2}",
		"{\"a\":{\"b\":1,\"b\":1}}",
		"{\"a\":\"\\u0000\"}",
		"{\"a\":\"\xff\"}",
		"{\"a\":\"\xed\xa0\x80\"}",
		"{'a':1}",
		"{\"a\":NaN}",
		"{\"a\":+1}",
		"{\"a\":.5}",
		"{\"a\":1e999}",
		"{\"a\":\"",
	};
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_test_message("%s", wrong[i]);
		assert_refused(wrong[i], strlen(wrong[i]), DOCUMENT_JSON);
	}
	assert_refused("{\"a\":\"\0\"}", 9, DOCUMENT_JSON);
	assert_refused("callback({\"a\":1})", 17, DOCUMENT_JSON);
	assert_refused("a=1", 3, DOCUMENT_JSON);
}

static char *nested(unsigned depth)
{
	GString *text = g_string_new(NULL);
	for (unsigned i = 0; i < depth; i++) {
		g_string_append(text, i % 2 ? "[" : "{\"a\":");
	}
	for (unsigned i = depth; i > 0; i--) {
		g_string_append(text, (i - 1) % 2 ? "]" : i == depth ? "1}" : "}");
	}
	return g_string_free(text, FALSE);
}

static void test_depth(void)
{
	g_autofree char *deep = nested(PROVIDER_DEPTH_MAX - 1);
	json_decref(parse(deep, DOCUMENT_JSON));
	g_autofree char *deeper = nested(PROVIDER_DEPTH_MAX + 1);
	assert_refused(deeper, strlen(deeper), DOCUMENT_JSON);
	g_autofree char *deepest = g_strnfill(100000, '[');
	assert_refused(deepest, strlen(deepest), DOCUMENT_JSON);
	json_decref(parse("{\"a\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"}", DOCUMENT_JSON));
}

static void test_size(void)
{
	g_autofree char *text = g_strnfill(PROVIDER_ANSWER_SIZE_MAX + 1, ' ');
	text[0] = '{';
	text[1] = '}';
	assert_refused(text, PROVIDER_ANSWER_SIZE_MAX + 1, DOCUMENT_JSON);
}

static void test_jsonp(void)
{
	json_t *document =
		parse("callback( {\"client_id\":\"1\",\"openid\":\"O\"} );\n", DOCUMENT_ANY);
	g_assert_cmpstr(document_text(document, "openid"), ==, "O");
	json_decref(document);
	static const char *const wrong[] = {
		"callback( {\"a\":1}",    "callback {\"a\":1})", "({\"a\":1})",
		"alert(1);cb({\"a\":1})", "cb({\"a\":1});x",     "cb([1])",
		"c-b({\"a\":1})",
	};
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_test_message("%s", wrong[i]);
		assert_refused(wrong[i], strlen(wrong[i]), DOCUMENT_ANY);
	}
}

static void test_form(void)
{
	json_t *document = parse("access_token=a%2Bb+c&expires_in=7776000&x=\n", DOCUMENT_ANY);
	g_assert_cmpstr(document_text(document, "access_token"), ==, "a+b c");
	g_assert_cmpstr(document_text(document, "expires_in"), ==, "7776000");
	g_assert_cmpstr(document_text(document, "x"), ==, "");
	json_decref(document);
	static const char *const wrong[] = { "a",        "=1",    "a=1&a=2", "a=%zz", "a=%00",
					     "a=1&&b=2", "a=%ff", "&",       "a=1&b" };
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_test_message("%s", wrong[i]);
		assert_refused(wrong[i], strlen(wrong[i]), DOCUMENT_ANY);
	}
	g_autoptr(GString) many = g_string_new("a=1");
	for (unsigned i = 0; i < PROVIDER_PARAMETERS_MAX; i++) {
		g_string_append_printf(many, "&p%u=1", i);
	}
	assert_refused(many->str, many->len, DOCUMENT_ANY);
}

static void test_paths(void)
{
	json_t *document = parse("{\"https://slack.com/team_id\":\"T1\",\"data\":{\"id\":7,"
				 "\"first\":\"Ada\",\"last\":\"\",\"yes\":true,\"no\":false,"
				 "\"one\":1,\"null\":null}}",
				 DOCUMENT_JSON);
	g_assert_cmpstr(document_text(document, "https://slack.com/team_id"), ==, "T1");
	g_assert_cmpstr(document_text(document, "data id"), ==, "7");
	g_assert_null(document_text(document, "data none"));
	g_assert_null(document_text(document, "data id more"));
	g_assert_null(document_text(document, "data null"));
	g_assert_null(document_text(document, ""));
	g_autofree char *joined = document_pick(document, "data none;data first + data last");
	g_assert_cmpstr(joined, ==, "Ada");
	g_autofree char *both = document_pick(document, "data first + data id");
	g_assert_cmpstr(both, ==, "Ada 7");
	g_assert_null(document_pick(document, "data last;data none"));
	g_assert_true(document_is_true(document, "data yes"));
	g_assert_true(document_is_true(document, "data one"));
	g_assert_false(document_is_true(document, "data no"));
	g_assert_false(document_is_true(document, "data none"));
	g_assert_true(document_is_expression("a b;c + d"));
	g_assert_false(document_is_expression("a;;b"));
	g_assert_false(document_is_expression("a +  + b"));
	g_assert_false(document_is_expression(""));
	json_decref(document);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	const char *base = "/server/provider/document";
	const struct {
		const char *name;
		void (*run)(void);
	} tests[] = {
		{ "r9-numbers-keep-their-digits", test_numbers },
		{ "r9-refuses-what-is-not-strict-json", test_refused },
		{ "r9-refuses-depth", test_depth },
		{ "r9-refuses-size", test_size },
		{ "reads-jsonp-where-allowed", test_jsonp },
		{ "reads-forms-where-allowed", test_form },
		{ "paths-and-expressions", test_paths },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
		g_autofree char *path = g_strdup_printf("%s/%s", base, tests[i].name);
		g_test_add_func(path, tests[i].run);
	}
	return g_test_run();
}
