/* SPDX-License-Identifier: Apache-2.0 */
#include "server/accounts/audit.h"

#include "base/limits.h"
#include "server/accounts/entry.h"
#include "server/accounts/fixture/world.h"
#include "sql/ask.h"

#include <string.h>

#define NOW_US WORLD_NOW_US

static void setup(World *world, const void *data)
{
	world_setup(world, data);
	g_assert_true(accounts_add(world->accounts, "alice", NULL, &world->alice, NULL));
}

static GArray *rows(World *world, const AuditQuery *query)
{
	g_autoptr(GError) error = NULL;
	GArray *list = g_array_new(FALSE, FALSE, sizeof(AuditRow));
	g_array_set_clear_func(list, audit_row_clear);
	audit_list(world->accounts, query, list, &error);
	g_assert_no_error(error);
	return list;
}

static void note(World *world, const char *what, const char *target, int64_t now_us)
{
	const AuditBy by = { .account = world->alice, .peer = "192.0.2.1", .now_us = now_us };
	const AuditEvent event = { .what = what, .account = world->alice, .target = target };
	g_assert_true(audit_note(world->accounts, &by, &event, NULL));
}

static void test_says_who_did_what(World *world, const void *data)
{
	note(world, "link", "qq/1", NOW_US);
	g_autoptr(GArray) list = rows(world, &(AuditQuery){ 0 });
	g_assert_cmpuint(list->len, ==, 2);
	const AuditRow *first = &g_array_index(list, AuditRow, 0);
	const AuditRow *second = &g_array_index(list, AuditRow, 1);
	g_assert_cmpstr(first->what, ==, "add");
	g_assert_cmpstr(first->actor_name, ==, "operator");
	g_assert_cmpstr(first->account_name, ==, "alice");
	g_assert_cmpstr(second->what, ==, "link");
	g_assert_cmpstr(second->actor_name, ==, "alice");
	g_assert_cmpstr(second->peer, ==, "192.0.2.1");
	g_assert_cmpint(second->time_us, ==, NOW_US);
}

static void test_is_asked_in_part(World *world, const void *data)
{
	int64_t bob;
	g_assert_true(accounts_add(world->accounts, "bob", NULL, &bob, NULL));
	int64_t later_us = g_get_real_time() + G_TIME_SPAN_DAY;
	note(world, "late", NULL, later_us);
	g_autoptr(GArray) since = rows(world, &(AuditQuery){ .since_us = later_us });
	g_assert_cmpuint(since->len, ==, 1);
	g_autoptr(GArray) bobs = rows(world, &(AuditQuery){ .account = bob });
	g_assert_cmpuint(bobs->len, ==, 1);
	g_assert_cmpstr(g_array_index(bobs, AuditRow, 0).account_name, ==, "bob");
	g_autoptr(GArray) newest = rows(world, &(AuditQuery){ .count_max = 2 });
	g_assert_cmpuint(newest->len, ==, 2);
	g_assert_cmpstr(g_array_index(newest, AuditRow, 1).what, ==, "late");
}

static void test_a_line_is_a_line(World *world, const void *data)
{
	g_autofree char *longest = g_strnfill(10 * AUDIT_TEXT_SIZE_MAX, 'x');
	note(world, "x", "a\nb\x1b[1m\xe2\x80\xae\xff", NOW_US);
	note(world, "x", longest, NOW_US);
	g_autoptr(GArray) list = rows(world, &(AuditQuery){ 0 });
	g_assert_cmpstr(g_array_index(list, AuditRow, 1).target, ==, "a?b?[1m?\xef\xbf\xbd");
	g_assert_cmpuint(strlen(g_array_index(list, AuditRow, 2).target), ==, AUDIT_TEXT_SIZE_MAX);
}

static void test_stands_only_if_it_happened(World *world, const void *data)
{
	bool done = false;
	g_autoptr(GArray) before = rows(world, &(AuditQuery){ 0 });
	for (unsigned nth = 1; !done; nth++) {
		sql_fault_set(world->sql, nth);
		done = accounts_set_disabled(world->accounts, world->alice, true, NULL);
		sql_fault_set(world->sql, 0);
		Account account;
		g_assert_true(accounts_get(world->accounts, world->alice, &account, NULL));
		g_assert_cmpint(account.disabled, ==, done);
		accounts_account_clear(&account);
		g_autoptr(GArray) after = rows(world, &(AuditQuery){ 0 });
		g_assert_cmpuint(after->len, ==, before->len + done);
	}
}

static void test_old_is_forgotten(World *world, const void *data)
{
	int64_t now_us = g_get_real_time();
	note(world, "old", NULL, now_us - (AUDIT_DAYS + 1) * G_TIME_SPAN_DAY);
	note(world, "young", NULL, now_us);
	g_assert_true(accounts_upkeep(world->accounts, now_us, NULL));
	g_autoptr(GArray) list = rows(world, &(AuditQuery){ 0 });
	g_assert_cmpuint(list->len, ==, 2);
	g_assert_cmpstr(g_array_index(list, AuditRow, 1).what, ==, "young");
	/* As if there had been very many since. */
	g_autoptr(SqlSession) session = sql_write(world->sql, NULL);
	g_assert_true(ask_run(session, "UPDATE accounts_counter SET audit = $1",
			      ASK_VALUES(ASK_INT(AUDIT_ROWS_MAX + 2)), NULL));
	g_assert_true(sql_commit(session, NULL));
	g_clear_pointer(&session, sql_release);
	g_assert_true(accounts_upkeep(world->accounts, now_us, NULL));
	g_autoptr(GArray) rest = rows(world, &(AuditQuery){ 0 });
	g_assert_cmpuint(rest->len, ==, 1);
}

static void add(const char *name, void (*test)(World *, const void *))
{
	g_autofree char *path = g_strconcat("/server/accounts/audit/", name, NULL);
	g_test_add(path, World, NULL, setup, test, world_teardown);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add("says-who-did-what", test_says_who_did_what);
	add("is-asked-in-part", test_is_asked_in_part);
	add("a-line-is-a-line", test_a_line_is_a_line);
	add("stands-only-if-it-happened", test_stands_only_if_it_happened);
	add("old-is-forgotten", test_old_is_forgotten);
	return g_test_run();
}
