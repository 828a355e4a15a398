/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/login/dispatch.h"

#include <glib.h>

static const char *const hosts[] = { "graph.qq.com", "xui.ptlogin2.qq.com", NULL };
static const DispatchRules rules = {
	.server = "https://drive.example.org/base",
	.redirect = "http://127.0.0.1:4711/callback",
	.hosts = hosts,
};

static void check(const char *url, DispatchVerdict verdict)
{
	g_test_message("%s", url);
	g_assert_cmpint(dispatch_judge(&rules, url), ==, verdict);
}

static void test_drive_and_service_are_shown(void)
{
	check("https://drive.example.org/base/login?a=1", DISPATCH_SHOW);
	check("https://drive.example.org:443/elsewhere", DISPATCH_SHOW);
	check("https://graph.qq.com/oauth2.0/show?which=Login", DISPATCH_SHOW);
	check("https://GRAPH.qq.com", DISPATCH_SHOW);
	check("about:blank", DISPATCH_SHOW);
}

static void test_foreign_hosts_go_to_the_browser(void)
{
	check("https://evil.example/", DISPATCH_BROWSER);
	check("https://graph.qq.com.evil.example/", DISPATCH_BROWSER);
	check("https://evil.example/graph.qq.com", DISPATCH_BROWSER);
	check("https://xgraph.qq.com/", DISPATCH_BROWSER);
	check("https://qq.com/", DISPATCH_BROWSER);
	check("http://graph.qq.com/", DISPATCH_BROWSER);
	check("https://graph.qq.com:8443/", DISPATCH_BROWSER);
	check("http://drive.example.org/base/login", DISPATCH_BROWSER);
	check("https://drive.example.org:8443/", DISPATCH_BROWSER);
	check("https://drive.example.org.evil.example/", DISPATCH_BROWSER);
}

static void test_what_is_no_page_is_refused(void)
{
	check("file:///etc/passwd", DISPATCH_REFUSE);
	check("data:text/html,hello", DISPATCH_REFUSE);
	check("javascript:alert(1)", DISPATCH_REFUSE);
	check("imdrive:evil.example", DISPATCH_REFUSE);
	check("about:srcdoc", DISPATCH_REFUSE);
	check("https://graph.qq.com@evil.example/", DISPATCH_REFUSE);
	check("https://graph.qq.com:x@evil.example/", DISPATCH_REFUSE);
	check("https:///", DISPATCH_REFUSE);
	check("", DISPATCH_REFUSE);
}

static void test_only_the_listener_of_this_attempt_is_the_callback(void)
{
	check("http://127.0.0.1:4711/callback?code=x&state=y", DISPATCH_ARRIVED);
	check("http://127.0.0.1:4711/callback", DISPATCH_ARRIVED);
	check("http://127.0.0.1:4712/callback?code=x", DISPATCH_BROWSER);
	check("http://127.0.0.1:4711/callbacks", DISPATCH_BROWSER);
	check("http://127.0.0.1:4711/", DISPATCH_BROWSER);
	check("http://localhost:4711/callback?code=x", DISPATCH_BROWSER);
}

static void test_only_the_own_sign_in_counts(void)
{
	json_auto_t *status = json_pack("{s:{s:i, s:s}}", "sign_in", "id", 3, "state", "done");
	g_assert_cmpint(dispatch_stage(status, 3), ==, DISPATCH_DONE);
	g_assert_cmpint(dispatch_stage(status, 2), ==, DISPATCH_OTHER);
	g_assert_cmpint(dispatch_stage(NULL, 3), ==, DISPATCH_OTHER);
	json_auto_t *none = json_pack("{s:n}", "sign_in");
	g_assert_cmpint(dispatch_stage(none, 0), ==, DISPATCH_OTHER);
}

#define ADD(name, function) g_test_add_func("/client/app/login/dispatch/" name, function)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("drive-and-service-are-shown", test_drive_and_service_are_shown);
	ADD("foreign-hosts-go-to-the-browser", test_foreign_hosts_go_to_the_browser);
	ADD("what-is-no-page-is-refused", test_what_is_no_page_is_refused);
	ADD("only-the-listener-of-this-attempt-is-the-callback",
	    test_only_the_listener_of_this_attempt_is_the_callback);
	ADD("only-the-own-sign-in-counts", test_only_the_own_sign_in_counts);
	return g_test_run();
}
