/* SPDX-License-Identifier: Apache-2.0 */
#include "client/login/server_url.h"

#include "base/error.h"

static void what_is_typed_is_made_whole(void)
{
	static const char *const pairs[][2] = {
		{ "drive.example.org", "https://drive.example.org" },
		{ "drive.example.org/", "https://drive.example.org" },
		{ "https://Drive.Example.ORG:443//", "https://drive.example.org" },
		{ "https://drive.example.org:8443", "https://drive.example.org:8443" },
		{ "https://example.org/drive/", "https://example.org/drive" },
		{ "127.0.0.1:8090", "http://127.0.0.1:8090" },
		{ "localhost:8090", "http://localhost:8090" },
		{ "[::1]:8090", "http://[::1]:8090" },
		{ "http://127.0.0.1:80", "http://127.0.0.1" },
	};
	for (unsigned i = 0; i < G_N_ELEMENTS(pairs); i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *url = server_url_read(pairs[i][0], &error);
		g_assert_no_error(error);
		g_assert_cmpstr(url, ==, pairs[i][1]);
	}
}

static void plain_http_is_for_this_machine_only(void)
{
	static const char *const bad[] = { "http://drive.example.org", "http://192.0.2.1:8090",
					   "http://127.0.0.1.evil.example",
					   "http://[2001:db8::1]" };
	for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;
		g_assert_null(server_url_read(bad[i], &error));
		g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN);
	}
}

static void what_is_no_address_is_refused(void)
{
	static const char *const bad[] = { "",
					   "https://",
					   "ftp://drive.example.org",
					   "https://user@drive.example.org",
					   "https://drive.example.org/?a=b",
					   "https://drive.example.org/#a",
					   "https://a b" };
	for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;
		g_test_message("%s", bad[i]);
		g_assert_null(server_url_read(bad[i], &error));
		g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID);
	}
}

static void below_is_not_beside(void)
{
	const char *base = "https://drive.example.org";
	g_assert_true(server_url_is_below("https://drive.example.org/oauth/token", base));
	g_assert_false(server_url_is_below("https://drive.example.org", base));
	g_assert_false(server_url_is_below("https://drive.example.org.evil.example/", base));
	g_assert_false(server_url_is_below("https://drive.example.org@evil.example/", base));
	g_assert_false(server_url_is_below("https://drive.example.org:444/", base));
	g_assert_false(server_url_is_below("https://drive.example.org/\033[2J", base));
	g_assert_false(server_url_is_below("https://drive.example.org/a b", base));
	g_assert_true(server_url_is_loopback("http://127.0.0.1:1/x"));
	g_assert_false(server_url_is_loopback("https://drive.example.org/x"));
}

#define ADD(name, function) g_test_add_func("/client/login/server_url/" name, function)

static void test_says_that_nothing_answers(void)
{
	GError *error = g_error_new_literal(DRIVE_ERROR, DRIVE_ERROR_OFFLINE,
					    "https://drive.example.org: no route");
	server_url_explain("https://drive.example.org", &error);
	g_assert_cmpstr(error->message, ==,
			"no drive answers at https://drive.example.org (no route): is the address "
			"right, and is it running?");
	g_clear_error(&error);
	/* Any other failure says for itself what it is. */
	error = g_error_new_literal(DRIVE_ERROR, DRIVE_ERROR_INVALID, "the certificate is old");
	server_url_explain("https://drive.example.org", &error);
	g_assert_cmpstr(error->message, ==, "the certificate is old");
	g_clear_error(&error);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/client/login/server_url/says-that-nothing-answers",
			test_says_that_nothing_answers);
	ADD("what-is-typed-is-made-whole", what_is_typed_is_made_whole);
	ADD("plain-http-is-for-this-machine-only", plain_http_is_for_this_machine_only);
	ADD("what-is-no-address-is-refused", what_is_no_address_is_refused);
	ADD("below-is-not-beside", below_is_not_beside);
	return g_test_run();
}
