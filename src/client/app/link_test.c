/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/link.h"

#include "base/limits.h"

static void check(const char *text, const char *address, const char *invitation)
{
	g_auto(Link) link = { 0 };
	g_assert_cmpint(link_read(text, &link), ==, address != NULL);
	g_assert_cmpstr(link.address, ==, address);
	g_assert_cmpstr(link.invitation, ==, invitation);
}

static void test_only_host_and_invitation_are_taken(void)
{
	check("imdrive:drive.example.org", "drive.example.org", NULL);
	check("imdrive://Drive.Example.org:8443/invite/aB-_1?x=y#z", "drive.example.org:8443",
	      "aB-_1");
	check("imdrive://drive.example.org/other/abc", "drive.example.org", NULL);
	check("IMDRIVE:https://drive.example.org/", "drive.example.org", NULL);
	check("imdrive:127.0.0.1:8090", "127.0.0.1:8090", NULL);
	check("imdrive://[::1]:8090/invite/abc", "[::1]:8090", "abc");
}

static void test_a_pasted_invitation_is_one(void)
{
	check("https://drive.example.org/invite/abc", "drive.example.org", "abc");
	check("HTTPS://Drive.example.org:8443/invite/abc?x", "drive.example.org:8443", "abc");
	check("http://127.0.0.1:8090/invite/abc", "http://127.0.0.1:8090", "abc");
	check("https://drive.example.org/", NULL, NULL);
	check("https://drive.example.org/invite/", NULL, NULL);
	check("drive.example.org/invite/abc", NULL, NULL);
}

static void test_an_invitation_that_is_none_is_left_out(void)
{
	g_autofree char *longest = g_strnfill(INVITATION_TOKEN_SIZE_MAX, 'x');
	for (unsigned over = 0; over < 2; over++) {
		g_autofree char *token = g_strconcat(longest, over ? "x" : "", NULL);
		g_autofree char *link = g_strconcat("imdrive:a.example/invite/", token, NULL);
		check(link, "a.example", over ? NULL : token);
	}
	check("imdrive:a.example/invite/a/b", "a.example", NULL);
	check("imdrive:a.example/invite/a%2fb", "a.example", NULL);
	check("imdrive:a.example/invite/..", "a.example", NULL);
	check("imdrive:a.example?/invite/abc", "a.example", NULL);
}

static void test_other_links_are_none(void)
{
	check("https://drive.example.org", NULL, NULL);
	check("imdrive:", NULL, NULL);
	check("imdrive:///", NULL, NULL);
	check("imdrive:alice@drive.example.org", NULL, NULL);
	check("imdrive:drive.example.org%2f", NULL, NULL);
	check("imdrive:http://drive.example.org", NULL, NULL);
	check("imdrive:drive.exämple.org", NULL, NULL);
	check("imdrive:drive example.org", NULL, NULL);
	check("https://alice@drive.example.org/invite/abc", NULL, NULL);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/client/app/link/only-host-and-invitation-are-taken",
			test_only_host_and_invitation_are_taken);
	g_test_add_func("/client/app/link/a-pasted-invitation-is-one",
			test_a_pasted_invitation_is_one);
	g_test_add_func("/client/app/link/an-invitation-that-is-none-is-left-out",
			test_an_invitation_that_is_none_is_left_out);
	g_test_add_func("/client/app/link/other-links-are-none", test_other_links_are_none);
	return g_test_run();
}
