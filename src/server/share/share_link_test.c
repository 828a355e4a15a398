/* SPDX-License-Identifier: Apache-2.0 */
#include "server/share/share_link.h"

#include "base/error.h"
#include "base/limits.h"
#include "server/accounts/accounts.h"

#include <string.h>

#define NOW_US (INT64_C(1700000000) * G_USEC_PER_SEC)
#define ALICE 1
#define BOB 2

typedef struct Fixture {
	Sql *sql;
	Accounts *accounts; /* has the table of the audit */
	NodeId drive;
} Fixture;

static void setup(Fixture *fixture, const void *data)
{
	g_autoptr(GError) error = NULL;
	fixture->sql = sql_open(":memory:", &(SqlOptions){ .durability = SQL_ORDERED }, &error);
	g_assert_no_error(error);
	fixture->accounts = accounts_open(fixture->sql, 0, &error);
	g_assert_no_error(error);
	share_link_migrate(fixture->sql, &error);
	g_assert_no_error(error);
	fixture->drive = node_id_random();
}

static void teardown(Fixture *fixture, const void *data)
{
	accounts_close(fixture->accounts);
	sql_close(fixture->sql);
}

static ShareLinkWish wish_of(const Fixture *fixture, int64_t account, const NodeId *node)
{
	return (ShareLinkWish){ .account = account, .drive = fixture->drive, .node = *node };
}

static AuditBy by_of(int64_t account, int64_t now_us)
{
	return (AuditBy){ .account = account, .peer = "192.0.2.1", .now_us = now_us };
}

static ShareLink make(Fixture *fixture, const ShareLinkWish *wish, int64_t now_us)
{
	const AuditBy by = by_of(wish->account, now_us);
	ShareLink link = { 0 };
	g_autoptr(GError) error = NULL;
	share_link_make(fixture->sql, wish, &by, &link, &error);
	g_assert_no_error(error);
	return link;
}

static bool is_good(Fixture *fixture, const char *token, int64_t now_us)
{
	g_auto(ShareLink) found = { 0 };
	g_autoptr(GError) error = NULL;
	bool good = share_link_find(fixture->sql, token, now_us, &found, &error);
	g_assert_true(good || g_error_matches(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND));
	g_assert_true(!good || strcmp(found.token, token) == 0);
	return good;
}

static unsigned count_of(Fixture *fixture, int64_t account, int64_t now_us)
{
	g_autoptr(GArray) links = g_array_new(FALSE, FALSE, sizeof(ShareLink));
	g_autoptr(GError) error = NULL;
	g_array_set_clear_func(links, share_link_clear);
	share_link_list(fixture->sql, account, now_us, links, &error);
	g_assert_no_error(error);
	return links->len;
}

static void test_a_node_has_one(Fixture *fixture, const void *data)
{
	NodeId node = node_id_random();
	NodeId other = node_id_random();
	ShareLinkWish wish = wish_of(fixture, ALICE, &node);
	ShareLinkWish beside = wish_of(fixture, ALICE, &other);
	g_auto(ShareLink) first = make(fixture, &wish, NOW_US);
	g_auto(ShareLink) again = make(fixture, &wish, NOW_US + 1);
	g_auto(ShareLink) another = make(fixture, &beside, NOW_US);
	g_assert_cmpuint(strlen(first.token), ==, 43);
	g_assert_cmpstr(first.token, ==, again.token);
	g_assert_cmpint(again.created_us, ==, NOW_US);
	g_assert_cmpstr(first.token, !=, another.token);
	g_auto(ShareLink) found = { 0 };
	g_assert_true(share_link_find(fixture->sql, first.token, NOW_US, &found, NULL));
	g_assert_true(node_id_equal(&found.node, &node));
	g_assert_true(node_id_equal(&found.drive, &fixture->drive));
	g_assert_cmpint(found.account, ==, ALICE);
	g_assert_cmpuint(count_of(fixture, ALICE, NOW_US), ==, 2);
	g_assert_cmpuint(count_of(fixture, BOB, NOW_US), ==, 0);
}

static void test_what_is_no_token(Fixture *fixture, const void *data)
{
	NodeId node = node_id_random();
	ShareLinkWish wish = wish_of(fixture, ALICE, &node);
	g_auto(ShareLink) link = make(fixture, &wish, NOW_US);
	g_autofree char *longer = g_strconcat(link.token, "A", NULL);
	g_autofree char *shorter = g_strndup(link.token, 42);
	g_autofree char *wrong = g_strdup(link.token);
	wrong[20] = wrong[20] == 'A' ? 'B' : 'A';
	g_assert_false(is_good(fixture, "", NOW_US));
	g_assert_false(is_good(fixture, longer, NOW_US));
	g_assert_false(is_good(fixture, shorter, NOW_US));
	g_assert_false(is_good(fixture, wrong, NOW_US));
	g_assert_true(is_good(fixture, link.token, NOW_US));
}

static void test_time_is_up(Fixture *fixture, const void *data)
{
	NodeId node = node_id_random();
	ShareLinkWish wish = wish_of(fixture, ALICE, &node);
	wish.has_expiry = true;
	wish.expires_us = NOW_US + 1000;
	g_auto(ShareLink) link = make(fixture, &wish, NOW_US);
	g_assert_true(is_good(fixture, link.token, NOW_US + 999));
	g_assert_false(is_good(fixture, link.token, NOW_US + 1000));
	g_assert_cmpuint(count_of(fixture, ALICE, NOW_US + 1000), ==, 0);
	/* Asked for again, without a word on its time, it stays as it is. */
	wish.has_expiry = false;
	g_auto(ShareLink) same = make(fixture, &wish, NOW_US + 1);
	g_assert_cmpint(same.expires_us, ==, NOW_US + 1000);
	/* What is over is never good again: whoever has the old one does not get in by a new one.
	 */
	g_auto(ShareLink) fresh = make(fixture, &wish, NOW_US + 2000);
	g_assert_cmpstr(fresh.token, !=, link.token);
	g_assert_cmpint(fresh.expires_us, ==, 0);
	g_assert_false(is_good(fixture, link.token, NOW_US + 2000));
}

static void test_terms_change(Fixture *fixture, const void *data)
{
	NodeId node = node_id_random();
	ShareLinkWish wish = wish_of(fixture, ALICE, &node);
	g_auto(ShareLink) link = make(fixture, &wish, NOW_US);
	g_assert_cmpint(link.expires_us, ==, 0);
	wish.has_expiry = true;
	wish.expires_us = NOW_US + 1000;
	g_auto(ShareLink) limited = make(fixture, &wish, NOW_US);
	g_assert_cmpstr(limited.token, ==, link.token);
	g_assert_false(is_good(fixture, link.token, NOW_US + 1000));
	wish.expires_us = 0;
	g_auto(ShareLink) endless = make(fixture, &wish, NOW_US);
	g_assert_cmpstr(endless.token, ==, link.token);
	g_assert_true(is_good(fixture, link.token, NOW_US + 1000));
}

static void test_owners_end_theirs(Fixture *fixture, const void *data)
{
	NodeId node = node_id_random();
	ShareLinkWish wish = wish_of(fixture, ALICE, &node);
	const AuditBy bob = by_of(BOB, NOW_US);
	const AuditBy alice = by_of(ALICE, NOW_US);
	g_autoptr(GError) error = NULL;
	g_auto(ShareLink) link = make(fixture, &wish, NOW_US);
	g_assert_false(share_link_end(fixture->sql, BOB, &node, &bob, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
	g_assert_true(is_good(fixture, link.token, NOW_US));
	g_assert_true(share_link_end(fixture->sql, ALICE, &node, &alice, NULL));
	g_assert_false(is_good(fixture, link.token, NOW_US));
	g_assert_false(share_link_end(fixture->sql, ALICE, &node, &alice, NULL));
	g_auto(ShareLink) next = make(fixture, &wish, NOW_US);
	g_assert_cmpstr(next.token, !=, link.token);
	g_assert_true(share_link_end_all(fixture->sql, ALICE, NULL));
	g_assert_false(is_good(fixture, next.token, NOW_US));
}

static void test_is_in_the_audit_without_its_token(Fixture *fixture, const void *data)
{
	NodeId node = node_id_random();
	ShareLinkWish wish = wish_of(fixture, ALICE, &node);
	const AuditBy by = by_of(ALICE, NOW_US);
	g_auto(ShareLink) link = make(fixture, &wish, NOW_US);
	g_assert_true(share_link_end(fixture->sql, ALICE, &node, &by, NULL));
	g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(AuditRow));
	g_array_set_clear_func(rows, audit_row_clear);
	g_assert_true(audit_list(fixture->accounts, &(AuditQuery){ 0 }, rows, NULL));
	g_assert_cmpuint(rows->len, ==, 2);
	g_assert_cmpstr(g_array_index(rows, AuditRow, 0).what, ==, "share");
	g_assert_cmpstr(g_array_index(rows, AuditRow, 1).what, ==, "unshare");
	for (unsigned i = 0; i < rows->len; i++) {
		const AuditRow *row = &g_array_index(rows, AuditRow, i);
		g_assert_cmpint(row->account, ==, ALICE);
		g_assert_null(strstr(row->target, link.token));
		g_assert_null(strstr(row->detail, link.token));
	}
}

static void test_only_so_many(Fixture *fixture, const void *data)
{
	NodeId last = { 0 };
	for (unsigned i = 0; i < SHARE_LINKS_MAX; i++) {
		last = node_id_random();
		ShareLinkWish wish = wish_of(fixture, ALICE, &last);
		g_auto(ShareLink) link = make(fixture, &wish, NOW_US);
	}
	NodeId node = node_id_random();
	ShareLinkWish wish = wish_of(fixture, ALICE, &node);
	const AuditBy by = by_of(ALICE, NOW_US);
	g_autoptr(GError) error = NULL;
	ShareLink none = { 0 };
	g_assert_false(share_link_make(fixture->sql, &wish, &by, &none, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN);
	/* What is there is given as before, and others are not concerned. */
	ShareLinkWish known = wish_of(fixture, ALICE, &last);
	g_auto(ShareLink) again = make(fixture, &known, NOW_US);
	ShareLinkWish others = wish_of(fixture, BOB, &node);
	g_auto(ShareLink) his = make(fixture, &others, NOW_US);
	g_assert_cmpint(his.account, ==, BOB);
}

static void test_a_failure_changes_nothing(Fixture *fixture, const void *data)
{
	NodeId node = node_id_random();
	ShareLinkWish wish = wish_of(fixture, ALICE, &node);
	const AuditBy by = by_of(ALICE, NOW_US);
	bool made = false;
	for (unsigned nth = 1; !made; nth++) {
		g_auto(ShareLink) link = { 0 };
		sql_fault_set(fixture->sql, nth);
		made = share_link_make(fixture->sql, &wish, &by, &link, NULL);
		sql_fault_set(fixture->sql, 0);
		g_assert_true(made == (link.token != NULL));
		g_assert_cmpuint(count_of(fixture, ALICE, NOW_US), ==, made);
	}
}

static void add(const char *name, void (*test)(Fixture *, const void *))
{
	g_autofree char *path = g_strconcat("/server/share/share_link/", name, NULL);
	g_test_add(path, Fixture, NULL, setup, test, teardown);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add("a-node-has-one", test_a_node_has_one);
	add("what-is-no-token", test_what_is_no_token);
	add("time-is-up", test_time_is_up);
	add("terms-change", test_terms_change);
	add("owners-end-theirs", test_owners_end_theirs);
	add("is-in-the-audit-without-its-token", test_is_in_the_audit_without_its_token);
	add("only-so-many", test_only_so_many);
	add("a-failure-changes-nothing", test_a_failure_changes_nothing);
	return g_test_run();
}
