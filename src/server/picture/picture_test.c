/* SPDX-License-Identifier: Apache-2.0 */
#include "server/picture/picture.h"

#include "base/error.h"

#include <string.h>

static void test_first_bytes_say_what_it_is(void)
{
	const struct {
		const char *bytes;
		size_t size;
		const char *type;
	} cases[] = {
		{ "\x89PNG\r\n\x1a\n\0\0", 10, "image/png" },
		{ "\xff\xd8\xff\xe0\0", 5, "image/jpeg" },
		{ "\x89PNG\r\n\x1a\n", 8, NULL }, /* and nothing behind */
		{ "\x89PNG\n\x1a\n  ", 9, NULL },
		{ "\xff\xd8", 2, NULL },
		{ "GIF89a....", 10, NULL },
		{ "<svg xmlns=", 11, NULL },
		{ "<!doctype html>", 15, NULL },
		{ "", 0, NULL },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_assert_cmpstr(picture_type(cases[i].bytes, cases[i].size), ==, cases[i].type);
	}
}

static int fetch_code(const char *url, bool loopback)
{
	g_autoptr(Http) http = http_new("test");
	g_autoptr(GError) error = NULL;
	IdentitiesPicture picture = { 0 };
	const PictureFetch fetch = { .url = url, .loopback = loopback };
	g_test_message("%s", url);
	g_assert_false(picture_fetch(http, &fetch, NULL, &picture, &error));
	g_assert_true(error->domain == DRIVE_ERROR);
	g_assert_null(picture.bytes);
	/* An address may be somebody's secret. */
	g_assert_null(strstr(error->message, "/secret"));
	return error->code;
}

/* Names that lead inside are refused where the connection is made: see http/address, http/http. */
static void test_inside_is_not_asked(void)
{
	static const char *const inside[] = {
		"https://127.0.0.1/secret",
		"https://127.1/secret",
		"https://0x7f000001/secret",
		"https://2130706433/secret",
		"https://localhost/secret",
		"https://0.0.0.0/secret",
		"https://10.0.0.1/secret",
		"https://172.16.0.1/secret",
		"https://192.168.1.1/secret",
		"https://169.254.169.254/secret",
		"https://100.64.0.1/secret",
		"https://[::1]/secret",
		"https://[::]/secret",
		"https://[::ffff:127.0.0.1]/secret",
		"https://[::ffff:10.0.0.1]/secret",
		"https://[64:ff9b::a00:1]/secret",
		"https://[fe80::1]/secret",
		"https://[fd12::1]/secret",
		"https://[ff02::1]/secret",
	};
	for (size_t i = 0; i < G_N_ELEMENTS(inside); i++) {
		g_assert_cmpint(fetch_code(inside[i], false), ==, DRIVE_ERROR_FORBIDDEN);
	}
	/* The test flag is for loopback, not for the operator's network. */
	g_assert_cmpint(fetch_code("https://10.0.0.1/secret", true), ==, DRIVE_ERROR_FORBIDDEN);
}

static void test_only_https_is_asked(void)
{
	static const char *const urls[] = {
		"http://192.0.2.1/secret",
		"ftp://192.0.2.1/secret",
		"file:///secret",
		"https://a:b@example.org/secret",
		"https://example.org/secret#",
		"gopher://127.0.0.1:1/secret",
		"https:///secret",
		"",
	};
	for (size_t i = 0; i < G_N_ELEMENTS(urls); i++) {
		g_assert_cmpint(fetch_code(urls[i], false), ==, DRIVE_ERROR_INVALID);
		g_assert_cmpint(fetch_code(urls[i], true), ==, DRIVE_ERROR_INVALID);
	}
	g_assert_cmpint(fetch_code("http://127.0.0.1:1/secret", false), ==, DRIVE_ERROR_INVALID);
	g_assert_cmpint(fetch_code("http://127.0.0.1:1/secret", true), ==, DRIVE_ERROR_OFFLINE);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/server/picture/picture/first-bytes-say-what-it-is",
			test_first_bytes_say_what_it_is);
	g_test_add_func("/server/picture/picture/r9-inside-is-not-asked", test_inside_is_not_asked);
	g_test_add_func("/server/picture/picture/r9-only-https-is-asked", test_only_https_is_asked);
	return g_test_run();
}
