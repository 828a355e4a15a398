/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crowd.h"

#include <arpa/inet.h>

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

static bool enter(Crowd *crowd, const char *host)
{
	Address from = address(host);
	return crowd_take(crowd, crowd_peer((const struct sockaddr *)&from.storage), 1);
}

static void leave(Crowd *crowd, const char *host)
{
	Address from = address(host);
	crowd_give_back(crowd, crowd_peer((const struct sockaddr *)&from.storage), 1);
}

static void test_counts_each_peer(void)
{
	g_autoptr(Crowd) crowd = crowd_new(2);
	g_assert_true(enter(crowd, "192.0.2.1"));
	g_assert_true(enter(crowd, "192.0.2.1"));
	g_assert_false(enter(crowd, "192.0.2.1"));
	g_assert_true(enter(crowd, "192.0.2.2"));
	leave(crowd, "192.0.2.1");
	g_assert_true(enter(crowd, "192.0.2.1"));
	g_assert_false(enter(crowd, "192.0.2.1"));
	leave(crowd, "192.0.2.1");
	leave(crowd, "192.0.2.1");
	g_assert_true(enter(crowd, "192.0.2.1"));
}

static void test_networks(void)
{
	g_autoptr(Crowd) crowd = crowd_new(1);
	g_assert_true(enter(crowd, "2001:db8:1:2::1"));
	g_assert_false(enter(crowd, "2001:db8:1:2:ffff::1"));
	g_assert_true(enter(crowd, "2001:db8:1:3::1"));
	g_assert_true(enter(crowd, "::ffff:192.0.2.1"));
	g_assert_false(enter(crowd, "192.0.2.1"));
	g_assert_true(enter(crowd, "::ffff:192.0.2.2"));
	g_assert_true(enter(crowd, "::1"));
}

static void test_hosts_are_peers(void)
{
	static const char *const hosts[] = { "192.0.2.1", "2001:db8:1:2::1", "::ffff:192.0.2.1" };
	for (size_t i = 0; i < G_N_ELEMENTS(hosts); i++) {
		Address from = address(hosts[i]);
		g_assert_cmpuint(crowd_host(hosts[i]), ==,
				 crowd_peer((const struct sockaddr *)&from.storage));
	}
	g_assert_cmpuint(crowd_host("192.0.2.1"), !=, crowd_host("192.0.2.2"));
	g_assert_cmpuint(crowd_host(NULL), ==, 0);
}

static void test_takes_all_or_nothing(void)
{
	g_autoptr(Crowd) crowd = crowd_new(10);
	g_assert_true(crowd_take(crowd, 1, 7));
	g_assert_false(crowd_take(crowd, 1, 4));
	g_assert_false(crowd_take(crowd, 1, UINT_MAX));
	g_assert_true(crowd_take(crowd, 1, 3));
	g_assert_false(crowd_take(crowd, 1, 1));
	g_assert_true(crowd_take(crowd, 2, 10));
	crowd_give_back(crowd, 1, 10);
	g_assert_true(crowd_take(crowd, 1, 10));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/base/crowd/counts-each-peer", test_counts_each_peer);
	g_test_add_func("/base/crowd/networks", test_networks);
	g_test_add_func("/base/crowd/hosts-are-peers", test_hosts_are_peers);
	g_test_add_func("/base/crowd/takes-all-or-nothing", test_takes_all_or_nothing);
	return g_test_run();
}
