/* SPDX-License-Identifier: Apache-2.0 */
#include "front/crowd.h"

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
	return crowd_enter(crowd, (const struct sockaddr *)&from.storage);
}

static void leave(Crowd *crowd, const char *host)
{
	Address from = address(host);
	crowd_leave(crowd, (const struct sockaddr *)&from.storage);
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

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/front/crowd/counts-each-peer", test_counts_each_peer);
	g_test_add_func("/front/crowd/networks", test_networks);
	return g_test_run();
}
