/* SPDX-License-Identifier: Apache-2.0 */
#include "base/network.h"

#include <arpa/inet.h>
#include <glib.h>
#include <stdbool.h>

typedef struct Address {
	struct sockaddr_storage storage;
} Address;

static Address address(const char *host)
{
	Address made = { 0 };
	struct sockaddr_in *in = (struct sockaddr_in *)&made.storage;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&made.storage;
	if (inet_pton(AF_INET, host, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
	} else {
		g_assert_cmpint(inet_pton(AF_INET6, host, &in6->sin6_addr), ==, 1);
		in6->sin6_family = AF_INET6;
	}
	return made;
}

/* By each of the three ways the same. */
static bool are_one(const char *a, const char *b)
{
	Address one = address(a), other = address(b);
	g_autofree char *key = network_text(a), *other_key = network_text(b);
	bool same = network_of_host(a) == network_of_host(b);
	g_assert_true(same == (network_of_peer((const struct sockaddr *)&one.storage) ==
			       network_of_peer((const struct sockaddr *)&other.storage)));
	g_assert_true(same == g_str_equal(key, other_key));
	return same;
}

static void test_an_ipv6_peer_is_its_network(void)
{
	g_assert_true(are_one("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"));
	g_assert_false(are_one("2001:db8:1:2::1", "2001:db8:1:3::1"));
	g_assert_false(are_one("::1", "2001:db8:1:3::1"));
}

static void test_an_ipv4_peer_is_its_address(void)
{
	g_assert_false(are_one("192.0.2.1", "192.0.2.2"));
	g_assert_false(are_one("::ffff:192.0.2.1", "::ffff:192.0.2.2"));
	g_assert_true(are_one("::ffff:192.0.2.1", "192.0.2.1"));
	g_assert_false(are_one("192.0.2.1", "::1"));
}

static void test_nobody(void)
{
	g_assert_cmpuint(network_of_host(NULL), ==, 0);
	g_assert_null(network_text(NULL));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/base/network/an-ipv6-peer-is-its-network",
			test_an_ipv6_peer_is_its_network);
	g_test_add_func("/base/network/an-ipv4-peer-is-its-address",
			test_an_ipv4_peer_is_its_address);
	g_test_add_func("/base/network/nobody", test_nobody);
	return g_test_run();
}
