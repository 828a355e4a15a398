/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/link.h"

static void check(const char *link, const char *address)
{
	g_autofree char *got = link_address(link);
	g_assert_cmpstr(got, ==, address);
}

static void test_only_the_host_is_taken(void)
{
	check("imdrive:drive.example.org", "drive.example.org");
	check("imdrive://Drive.Example.org:8443/invite/abc?x=y#z", "drive.example.org:8443");
	check("IMDRIVE:https://drive.example.org/", "drive.example.org");
	check("imdrive:127.0.0.1:8090", "127.0.0.1:8090");
	check("imdrive://[::1]:8090", "[::1]:8090");
}

static void test_other_links_are_none(void)
{
	check("https://drive.example.org", NULL);
	check("imdrive:", NULL);
	check("imdrive:///", NULL);
	check("imdrive:alice@drive.example.org", NULL);
	check("imdrive:drive.example.org%2f", NULL);
	check("imdrive:http://drive.example.org", NULL);
	check("imdrive:drive.exämple.org", NULL);
	check("imdrive:drive example.org", NULL);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/client/app/link/only-the-host-is-taken", test_only_the_host_is_taken);
	g_test_add_func("/client/app/link/other-links-are-none", test_other_links_are_none);
	return g_test_run();
}
