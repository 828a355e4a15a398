/* SPDX-License-Identifier: Apache-2.0 */
#include "server/chat/jid.h"

#include "base/error.h"
#include "base/limits.h"

#include <string.h>

static const char *const same[][2] = {
	{ "alice@example.org", "alice@example.org" },
	{ "  Alice@Example.ORG \n", "alice@example.org" },
	{ "alice@example.org/phone", "alice@example.org" },
	{ "alice@example.org.", "alice@example.org" },
	{ "xmpp:alice@example.org", "alice@example.org" },
	{ "XMPP:alice@example.org?message;body=x", "alice@example.org" },
	{ "ＡＬＩＣＥ@example.org", "alice@example.org" },
	{ "stra\u00dfe@example.org", "strasse@example.org" },
	{ "caf\u00e9@example.org", "cafe\u0301@example.org" },
	{ "alice@xn--bcher-kva.example", "alice@b\u00fccher.example" },
	{ "alice@B\u00dcCHER.example", "alice@b\u00fccher.example" },
	{ "alice@localhost", "alice@localhost" },
	{ "爱丽丝@例子.测试", "爱丽丝@例子.测试" },
	{ "alice@example\u3002org", "alice@example.org" },
	{ "al\u00adice@example.org", "alice@example.org" }, /* soft hyphen: mapped to nothing */
};

static void test_equal_addresses_become_equal(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(same); i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *a = jid_from_typed(same[i][0], &error);
		g_assert_no_error(error);
		g_autofree char *b = jid_from_typed(same[i][1], &error);
		g_assert_no_error(error);
		g_assert_cmpstr(a, ==, b);
		g_autofree char *again = jid_from_typed(a, NULL);
		g_assert_cmpstr(again, ==, a);
	}
}

static void test_different_addresses_stay_different(void)
{
	/* Cyrillic a; a digit; another domain. */
	static const char *const other[] = { "\u0430lice@example.org", "al1ce@example.org",
					     "alice@example.com", "alice@sub.example.org" };
	for (size_t i = 0; i < G_N_ELEMENTS(other); i++) {
		g_autofree char *address = jid_from_typed(other[i], NULL);
		g_assert_nonnull(address);
		g_assert_cmpstr(address, !=, "alice@example.org");
	}
}

static void test_refuses_what_is_no_address(void)
{
	g_autofree char *long_node = g_strnfill(1024, 'a');
	g_autofree char *too_long = g_strconcat(long_node, "@example.org", NULL);
	g_autofree char *middle_node = g_strnfill(CHAT_ADDRESS_SIZE_MAX - 11, 'a');
	g_autofree char *one_over = g_strconcat(middle_node, "@example.org", NULL);
	const char *const bad[] = {
		"",
		"alice",
		"@example.org",
		"alice@",
		"alice@@example.org",
		"al ice@example.org",
		"alice@exa mple.org",
		"alice@example..org",
		"alice@-example.org",
		"alice@example.org\x01",
		"al<ice@example.org",
		"alice@example.org@evil.example",
		"\xff@example.org",
		"alice@\xc3.org",
		"alice@[::1]",
		"al\u202eice@example.org",     /* turns the direction of writing */
		"al\U0001fae8ice@example.org", /* not in stringprep's Unicode */
		too_long,
		one_over,
	};
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *address = jid_from_typed(bad[i], &error);
		g_assert_null(address);
		g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID);
	}
}

static void test_takes_apart_what_a_server_says(void)
{
	g_auto(Jid) jid = { NULL };
	g_assert_true(jid_parse("Alice@Example.org/Phone/1", &jid, NULL));
	g_assert_cmpstr(jid.node, ==, "alice");
	g_assert_cmpstr(jid.domain, ==, "example.org");
	g_assert_cmpstr(jid.resource, ==, "Phone/1"); /* case counts there */
	jid_clear(&jid);
	g_assert_true(jid_parse("example.org", &jid, NULL));
	g_assert_null(jid.node);
	g_autofree char *bare = jid_bare(&jid);
	g_assert_cmpstr(bare, ==, "example.org");
	jid_clear(&jid);
	/* An @ in the resource is none of an address. */
	g_assert_true(jid_parse("example.org/alice@example.org", &jid, NULL));
	g_assert_null(jid.node);
	jid_clear(&jid);
	g_assert_false(jid_parse("alice@example.org/", &jid, NULL));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/server/chat/jid/equal-addresses-become-equal",
			test_equal_addresses_become_equal);
	g_test_add_func("/server/chat/jid/different-addresses-stay-different",
			test_different_addresses_stay_different);
	g_test_add_func("/server/chat/jid/refuses-what-is-no-address",
			test_refuses_what_is_no_address);
	g_test_add_func("/server/chat/jid/takes-apart-what-a-server-says",
			test_takes_apart_what_a_server_says);
	return g_test_run();
}
