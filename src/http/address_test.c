/* SPDX-License-Identifier: Apache-2.0 */
#include "http/address.h"

#include <arpa/inet.h>
#include <glib.h>
#include <netinet/in.h>

static bool is_public(const char *text)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
		return address_is_public((const struct sockaddr *)&v4);
	}
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	g_assert_cmpint(inet_pton(AF_INET6, text, &v6.sin6_addr), ==, 1);
	return address_is_public((const struct sockaddr *)&v6);
}

static void test_inside_is_not_public(void)
{
	static const char *const inside[] = {
		"0.0.0.0",
		"0.1.2.3",
		"10.0.0.1",
		"10.255.255.255",
		"100.64.0.1",
		"100.127.255.255",
		"127.0.0.1",
		"127.255.0.1",
		"169.254.169.254",
		"172.16.0.1",
		"172.31.255.255",
		"192.0.0.1",
		"192.0.2.1",
		"192.168.1.1",
		"198.18.0.1",
		"198.19.255.255",
		"198.51.100.7",
		"203.0.113.9",
		"224.0.0.1",
		"239.1.1.1",
		"240.0.0.1",
		"255.255.255.255",
		"::",
		"::1",
		"fe80::1",
		"fc00::1",
		"fd12::1",
		"ff02::1",
		"::ffff:127.0.0.1",
		"::ffff:10.0.0.1",
		"64:ff9b::7f00:1",
		"2002:7f00:1::",
		"2001::1",
		"2001:db8::1",
		"3fff::1",
		"::127.0.0.1",
		"100::1",
	};
	for (size_t i = 0; i < G_N_ELEMENTS(inside); i++) {
		g_test_message("%s", inside[i]);
		g_assert_false(is_public(inside[i]));
	}
}

static void test_internet_is_public(void)
{
	static const char *const outside[] = {
		"1.1.1.1",        "8.8.8.8",         "9.255.255.255",   "11.0.0.0",
		"100.63.255.255", "100.128.0.0",     "126.0.0.1",       "128.0.0.1",
		"172.15.255.255", "172.32.0.0",      "192.167.255.255", "198.17.255.255",
		"198.20.0.0",     "223.255.255.255", "2606:4700::1111", "2001:4860:4860::8888",
		"::ffff:8.8.8.8", "2a00::1",
	};
	for (size_t i = 0; i < G_N_ELEMENTS(outside); i++) {
		g_test_message("%s", outside[i]);
		g_assert_true(is_public(outside[i]));
	}
}

static void test_other_families_are_not_public(void)
{
	struct sockaddr local = { .sa_family = AF_UNIX };
	g_assert_false(address_is_public(&local));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/http/address/r9-inside-is-not-public", test_inside_is_not_public);
	g_test_add_func("/http/address/internet-is-public", test_internet_is_public);
	g_test_add_func("/http/address/other-families-are-not-public",
			test_other_families_are_not_public);
	return g_test_run();
}
