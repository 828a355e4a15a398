/* SPDX-License-Identifier: Apache-2.0 */
#include "server/login/cookies.h"

#define SAFE "https://drive.example.org"
#define LOCAL "http://127.0.0.1:8090"

static void expect_set(CookiesKind kind, const char *base, const char *value, const char *header)
{
	g_auto(Response) response = { 0 };
	cookies_set(&response, kind, base, value);
	g_assert_cmpuint(response.headers->len, ==, 1);
	g_assert_cmpstr(response.headers->pdata[0], ==, header);
}

static void test_r3_attributes(void)
{
	expect_set(
		COOKIES_BROWSER, SAFE, "abc",
		"Set-Cookie: __Host-imdrive-browser=abc; Path=/; HttpOnly; SameSite=Lax; Secure");
	expect_set(COOKIES_BROWSER, LOCAL, "abc",
		   "Set-Cookie: imdrive-8090-browser=abc; Path=/; HttpOnly; SameSite=Lax");
	expect_set(COOKIES_SESSION, SAFE, "abc",
		   "Set-Cookie: __Host-imdrive=abc; Path=/; HttpOnly; SameSite=Lax; Secure; "
		   "Max-Age=7776000");
	expect_set(
		COOKIES_SESSION, SAFE, "",
		"Set-Cookie: __Host-imdrive=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0");
}

static void test_names(void)
{
	g_autofree char *six = cookies_name(COOKIES_SESSION, "http://[::1]:8091");
	g_assert_cmpstr(six, ==, "imdrive-8091");
	g_autofree char *bare = cookies_name(COOKIES_SESSION, "http://[::1]");
	g_assert_cmpstr(bare, ==, "imdrive-80");
}

static void expect_read(const char *base, const char *header, const char *value)
{
	g_autofree char *read = cookies_read(COOKIES_SESSION, base, header);
	g_assert_cmpstr(read, ==, value);
}

static void test_reads(void)
{
	expect_read(LOCAL, NULL, NULL);
	expect_read(LOCAL, "a=b; imdrive-8090=t-_0;c=d", "t-_0");
	expect_read(LOCAL, "imdrive-8090-browser=x", NULL);
	expect_read(LOCAL, "imdrive-8091=x", NULL);
	expect_read(LOCAL, "imdrive-8090=a; imdrive-8090=b", NULL);
	expect_read(LOCAL, "imdrive-8090=a b", NULL);
	expect_read(LOCAL, "imdrive-8090=\"a\"", NULL);
	expect_read(LOCAL, "imdrive-8090=", NULL);
	expect_read(LOCAL, ";;=;=imdrive-8090=", NULL);
	expect_read(SAFE, "__host-imdrive=x; imdrive=x", NULL);
	expect_read(SAFE, "__Host-imdrive=x", "x");
	g_autofree char *fill = g_strnfill(COOKIES_VALUE_SIZE_MAX + 1, 'a');
	g_autofree char *header = g_strconcat("imdrive-8090=", fill, NULL);
	expect_read(LOCAL, header, NULL);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/server/login/cookies/r3-no-script-other-host-or-site-gets-them",
			test_r3_attributes);
	g_test_add_func("/server/login/cookies/ports-do-not-mix", test_names);
	g_test_add_func("/server/login/cookies/odd-ones-are-none", test_reads);
	return g_test_run();
}
