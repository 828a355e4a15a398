/* SPDX-License-Identifier: Apache-2.0 */
#include "client/login/tokens.h"

#include "base/error.h"

#define NOW_US (1000 * G_TIME_SPAN_DAY)

static json_t *answer(const char *text)
{
	json_t *object = json_loads(text, 0, NULL);
	g_assert_nonnull(object);
	return object;
}

static void what_is_written_is_read(void)
{
	const Tokens tokens = {
		.access = (char *)"a",
		.refresh = (char *)"r",
		.renew_us = 5,
		.expires_us = 7,
		.client_id = (char *)"imdrive",
		.token_endpoint = (char *)"https://drive.example.org/oauth/token",
		.revocation_endpoint = (char *)"https://drive.example.org/oauth/revoke",
	};
	g_autofree char *text = tokens_format(&tokens);
	g_auto(Tokens) read = { 0 };
	g_assert_true(tokens_parse(text, &read, NULL));
	g_assert_cmpstr(read.access, ==, "a");
	g_assert_cmpstr(read.refresh, ==, "r");
	g_assert_cmpint(read.renew_us, ==, 5);
	g_assert_cmpint(read.expires_us, ==, 7);
	g_assert_cmpstr(read.client_id, ==, "imdrive");
	g_assert_cmpstr(read.token_endpoint, ==, tokens.token_endpoint);
	g_assert_cmpstr(read.revocation_endpoint, ==, tokens.revocation_endpoint);
}

static void one_of_an_older_version_lasts(void)
{
	g_auto(Tokens) read = { 0 };
	g_assert_true(tokens_parse("imdrive_abc\n", &read, NULL));
	g_assert_cmpstr(read.access, ==, "imdrive_abc");
	g_assert_null(read.refresh);
	g_autofree char *text = tokens_format(&read);
	g_assert_cmpstr(text, ==, "imdrive_abc");
}

static void a_damaged_file_is_told(void)
{
	static const char *const bad[] = { "{", "{}", "{\"access\":1}", "{\"access\":\"a\"}" };
	for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;
		Tokens read = { 0 };
		g_assert_false(tokens_parse(bad[i], &read, &error));
		g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT);
	}
}

static void an_answer_is_taken(void)
{
	g_auto(Tokens) tokens = { 0 };
	json_auto_t *object = answer("{\"access_token\":\"a\",\"refresh_token\":\"r\","
				     "\"token_type\":\"bearer\",\"expires_in\":3600}");
	g_assert_true(tokens_take(&tokens, object, NOW_US, NULL));
	g_assert_cmpint(tokens.expires_us, ==, NOW_US + 3600 * G_TIME_SPAN_SECOND);
	g_assert_cmpint(tokens.renew_us, ==, NOW_US + 3540 * G_TIME_SPAN_SECOND);
	/* Without another refresh token the one that was there stays. */
	json_auto_t *next =
		answer("{\"access_token\":\"b\",\"token_type\":\"Bearer\",\"expires_in\":10}");
	g_assert_true(tokens_take(&tokens, next, NOW_US, NULL));
	g_assert_cmpstr(tokens.access, ==, "b");
	g_assert_cmpstr(tokens.refresh, ==, "r");
	g_assert_cmpint(tokens.renew_us, ==, NOW_US + 5 * G_TIME_SPAN_SECOND);
}

static void a_wrong_answer_changes_nothing(void)
{
	static const char *const bad[] = {
		"{}",
		"{\"access_token\":\"a\",\"token_type\":\"Bearer\",\"expires_in\":10}",
		"{\"access_token\":\"\",\"refresh_token\":\"r\",\"token_type\":\"Bearer\","
		"\"expires_in\":10}",
		"{\"access_token\":\"a\",\"refresh_token\":\"r\",\"token_type\":\"mac\","
		"\"expires_in\":10}",
		"{\"access_token\":\"a\",\"refresh_token\":\"r\",\"token_type\":\"Bearer\","
		"\"expires_in\":0}",
		"{\"access_token\":\"a\",\"refresh_token\":\"r\",\"token_type\":\"Bearer\","
		"\"expires_in\":1000000000000}",
	};
	for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;
		Tokens tokens = { 0 };
		json_auto_t *object = answer(bad[i]);
		g_assert_false(tokens_take(&tokens, object, NOW_US, &error));
		g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID);
		g_assert_null(tokens.access);
	}
}

#define ADD(name, function) g_test_add_func("/client/login/tokens/" name, function)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("what-is-written-is-read", what_is_written_is_read);
	ADD("one-of-an-older-version-lasts", one_of_an_older_version_lasts);
	ADD("a-damaged-file-is-told", a_damaged_file_is_told);
	ADD("an-answer-is-taken", an_answer_is_taken);
	ADD("a-wrong-answer-changes-nothing", a_wrong_answer_changes_nothing);
	return g_test_run();
}
