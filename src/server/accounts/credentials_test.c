/* SPDX-License-Identifier: Apache-2.0 */
#include "server/accounts/credentials.h"

#include "base/error.h"
#include "base/limits.h"
#include "server/accounts/fixture/world.h"
#include "sql/ask.h"

#include <string.h>

#define NOW_US WORLD_NOW_US
#define SECOND_US G_TIME_SPAN_SECOND
#define HOUR_US G_TIME_SPAN_HOUR
#define DAY_US G_TIME_SPAN_DAY

static void setup(World *world, const void *data)
{
	world_setup(world, data);
	g_assert_true(accounts_add(world->accounts, "alice", NULL, &world->alice, NULL));
}

static bool issue(World *world, Credentials *ret, GError **error)
{
	const CredentialsGrant grant = { .account = world->alice,
					 .epoch = -1,
					 .device_name = "laptop",
					 .method = "qq",
					 .client = "cli",
					 .scopes = DEVICES_FILES_READ | DEVICES_FILES_WRITE };
	const AuditBy by = { .peer = "192.0.2.1", .now_us = NOW_US };
	return credentials_issue(world->devices, &grant, &by, ret, error);
}

static Credentials issued(World *world)
{
	g_autoptr(GError) error = NULL;
	Credentials got = { 0 };
	issue(world, &got, &error);
	g_assert_no_error(error);
	return got;
}

static bool refresh_error(World *world, const char *token, int64_t now_us, Credentials *ret,
			  GError **error)
{
	const AuditBy by = { .peer = "192.0.2.2", .now_us = now_us };
	return credentials_refresh(world->devices, token, "cli", &by, ret, error);
}

static Credentials refreshed(World *world, const char *token, int64_t now_us)
{
	g_autoptr(GError) error = NULL;
	Credentials got = { 0 };
	refresh_error(world, token, now_us, &got, &error);
	g_assert_no_error(error);
	return got;
}

static void assert_refused(World *world, const char *token, int64_t now_us)
{
	g_autoptr(GError) error = NULL;
	Credentials got = { 0 };
	g_assert_false(refresh_error(world, token, now_us, &got, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_UNAUTHENTICATED);
	g_assert_null(got.access);
}

static bool enters(World *world, const char *token, int64_t now_us)
{
	DevicesCaller caller;
	return devices_authenticate(world->devices, token, now_us, &caller, NULL);
}

static int64_t count(World *world, const char *text)
{
	g_autoptr(SqlSession) session = sql_read(world->sql, NULL);
	int64_t number = -1;
	g_assert_true(ask_count(session, text, NULL, &number, NULL));
	return number;
}

static void test_a7_access_lives_an_hour(World *world, const void *data)
{
	g_auto(Credentials) got = issued(world);
	DevicesCaller caller;
	g_assert_true(devices_authenticate(world->devices, got.access, NOW_US, &caller, NULL));
	g_assert_cmpint(caller.account, ==, world->alice);
	g_assert_cmpint(caller.device, ==, got.device);
	g_assert_cmpuint(caller.scopes, ==, DEVICES_FILES_READ | DEVICES_FILES_WRITE);
	g_assert_cmpint(got.expires_us, <=, NOW_US + HOUR_US);
	g_assert_true(enters(world, got.access, NOW_US + HOUR_US - SECOND_US));
	g_assert_false(enters(world, got.access, NOW_US + HOUR_US));
	/* A refresh token opens nothing by itself. */
	g_assert_false(enters(world, got.refresh, NOW_US));
}

static void test_a6_stored_hashed(World *world, const void *data)
{
	g_auto(Credentials) got = issued(world);
	g_autoptr(SqlSession) session = sql_read(world->sql, NULL);
	int64_t found;
	g_assert_true(ask_count(session,
				"SELECT COUNT(*) FROM credential WHERE access_hash = $1"
				" OR refresh_hash = $2 OR family_hash = $2",
				ASK_VALUES(ASK_BLOB(got.access, strlen(got.access)),
					   ASK_BLOB(got.refresh, strlen(got.refresh))),
				&found, NULL));
	g_assert_cmpint(found, ==, 0);
}

static void test_a6_rotates(World *world, const void *data)
{
	g_auto(Credentials) first = issued(world);
	g_auto(Credentials) second = refreshed(world, first.refresh, NOW_US + HOUR_US);
	g_auto(Credentials) third = refreshed(world, second.refresh, NOW_US + 2 * HOUR_US);
	g_assert_cmpstr(first.refresh, !=, second.refresh);
	g_assert_cmpstr(first.access, !=, second.access);
	g_assert_cmpint(second.device, ==, first.device);
	g_assert_cmpint(third.device, ==, first.device);
	g_assert_true(enters(world, third.access, NOW_US + 2 * HOUR_US));
	/* Requests are under way with the one before. */
	g_assert_true(enters(world, second.access, NOW_US + 2 * HOUR_US - SECOND_US));
	g_assert_cmpint(count(world, "SELECT COUNT(*) FROM credential"), ==, 1);
}

static void test_a6_grace_gives_the_same(World *world, const void *data)
{
	g_auto(Credentials) first = issued(world);
	g_auto(Credentials) second = refreshed(world, first.refresh, NOW_US + SECOND_US);
	g_assert_true(enters(world, second.access, NOW_US + 2 * SECOND_US));
	g_auto(Credentials) again = refreshed(world, first.refresh, NOW_US + 10 * SECOND_US);
	g_assert_cmpstr(again.refresh, ==, second.refresh);
	g_assert_cmpstr(again.access, ==, second.access);
	g_assert_cmpint(again.expires_us, ==, second.expires_us);
}

static void test_a6_crash_between_answer_and_save_logs_nobody_out(World *world, const void *data)
{
	g_auto(Credentials) first = issued(world);
	g_auto(Credentials) lost = refreshed(world, first.refresh, NOW_US + SECOND_US);
	/* The machine stays off for days; the server restarts meanwhile. */
	accounts_close(world->accounts);
	world_open(world);
	g_auto(Credentials) again = refreshed(world, first.refresh, NOW_US + 5 * DAY_US);
	g_assert_cmpstr(again.refresh, ==, lost.refresh);
	g_assert_true(enters(world, again.access, NOW_US + 5 * DAY_US + SECOND_US));
	g_auto(Credentials) next = refreshed(world, again.refresh, NOW_US + 5 * DAY_US + HOUR_US);
	g_assert_true(enters(world, next.access, NOW_US + 5 * DAY_US + HOUR_US));
}

static void test_a6_reuse_ends_the_device(World *world, const void *data)
{
	g_auto(Credentials) first = issued(world);
	g_auto(Credentials) second = refreshed(world, first.refresh, NOW_US + SECOND_US);
	g_assert_true(enters(world, second.access, NOW_US + 2 * SECOND_US));
	unsigned ended = world->ended;
	/* Who stole the first comes when its grace is over. */
	assert_refused(world, first.refresh, NOW_US + HOUR_US);
	g_assert_cmpuint(world->ended, ==, ended + 1);
	g_assert_false(enters(world, second.access, NOW_US + 2 * SECOND_US));
	assert_refused(world, second.refresh, NOW_US + HOUR_US);
	g_assert_cmpint(count(world, "SELECT COUNT(*) FROM audit WHERE what = 'refresh-reuse'"), ==,
			1);
}

static void test_a6_thief_first_is_found_too(World *world, const void *data)
{
	g_auto(Credentials) first = issued(world);
	g_auto(Credentials) thief = refreshed(world, first.refresh, NOW_US + SECOND_US);
	g_assert_true(enters(world, thief.access, NOW_US + 2 * SECOND_US));
	assert_refused(world, first.refresh, NOW_US + 2 * HOUR_US);
	g_assert_false(enters(world, thief.access, NOW_US + 2 * SECOND_US));
}

/* Two generations back is nobody's retry, whatever the time. */
static void test_a6_older_reuse_has_no_grace(World *world, const void *data)
{
	g_auto(Credentials) first = issued(world);
	g_auto(Credentials) second = refreshed(world, first.refresh, NOW_US + SECOND_US);
	g_auto(Credentials) third = refreshed(world, second.refresh, NOW_US + 2 * SECOND_US);
	assert_refused(world, first.refresh, NOW_US + 3 * SECOND_US);
	assert_refused(world, third.refresh, NOW_US + 3 * SECOND_US);
}

static void test_a6_idle_and_absolute_life(World *world, const void *data)
{
	g_auto(Credentials) idle = issued(world);
	assert_refused(world, idle.refresh, NOW_US + (WORLD_IDLE_MAX_S + 1) * SECOND_US);

	Credentials now = issued(world);
	int64_t at_us = NOW_US;
	while (at_us + 30 * DAY_US <= NOW_US + CREDENTIALS_DAYS_MAX * DAY_US) {
		at_us += 30 * DAY_US;
		Credentials next = refreshed(world, now.refresh, at_us);
		credentials_clear(&now);
		now = next;
	}
	int64_t late_us = NOW_US + CREDENTIALS_DAYS_MAX * DAY_US + SECOND_US;
	assert_refused(world, now.refresh, late_us);
	credentials_clear(&now);
	g_assert_true(accounts_upkeep(world->accounts, late_us, NULL));
	g_assert_cmpint(count(world, "SELECT COUNT(*) FROM device WHERE ended = 0"), ==, 0);
	g_assert_cmpint(count(world, "SELECT COUNT(*) FROM credential"), ==, 0);
}

static void test_other_clients_get_nothing(World *world, const void *data)
{
	g_autoptr(GError) error = NULL;
	g_auto(Credentials) first = issued(world);
	Credentials got = { 0 };
	const AuditBy by = { .now_us = NOW_US };
	g_assert_false(
		credentials_refresh(world->devices, first.refresh, "other", &by, &got, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_UNAUTHENTICATED);
	g_assert_true(credentials_revoke(world->devices, first.refresh, "other", &by, NULL));
	/* Nor do they take anything away. */
	g_auto(Credentials) second = refreshed(world, first.refresh, NOW_US + SECOND_US);
	g_assert_true(enters(world, second.access, NOW_US + SECOND_US));
}

static void test_old_token_is_exchanged(World *world, const void *data)
{
	g_autofree char *token = NULL;
	int64_t device;
	g_assert_true(
		devices_add(world->devices, world->alice, "old", NOW_US, &token, &device, NULL));
	const AuditBy by = { .now_us = NOW_US + SECOND_US };
	g_auto(Credentials) first = { 0 };
	g_assert_true(credentials_refresh(world->devices, token, NULL, &by, &first, NULL));
	g_assert_cmpint(first.device, ==, device);
	/* The answer was lost: the token is good as before. */
	g_assert_true(enters(world, token, NOW_US + DAY_US));
	const AuditBy later = { .now_us = NOW_US + DAY_US };
	g_auto(Credentials) again = { 0 };
	g_assert_true(credentials_refresh(world->devices, token, NULL, &later, &again, NULL));
	g_assert_cmpstr(again.refresh, ==, first.refresh);
	/* Once its successor is used, it is not. */
	g_assert_true(enters(world, again.access, NOW_US + DAY_US));
	g_assert_false(enters(world, token, NOW_US + DAY_US));
	g_auto(Credentials) next = { 0 };
	g_assert_true(
		credentials_refresh(world->devices, again.refresh, NULL, &later, &next, NULL));
	g_assert_true(enters(world, next.access, NOW_US + DAY_US));
}

static void test_r13_revoked_account_gets_nothing(World *world, const void *data)
{
	g_autoptr(GError) error = NULL;
	g_auto(Credentials) first = issued(world);
	Account account;
	g_assert_true(accounts_get(world->accounts, world->alice, &account, NULL));
	CredentialsGrant grant = { .account = world->alice,
				   .epoch = account.epoch,
				   .device_name = "late",
				   .method = "qq",
				   .client = "cli" };
	accounts_account_clear(&account);
	g_assert_true(accounts_revoke(world->accounts, world->alice, NULL, NULL));
	assert_refused(world, first.refresh, NOW_US + SECOND_US);
	g_assert_false(enters(world, first.access, NOW_US + SECOND_US));
	/* A code that was approved before is good for nothing after it. */
	Credentials got = { 0 };
	g_assert_false(credentials_issue(world->devices, &grant, NULL, &got, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_UNAUTHENTICATED);
	grant.epoch++;
	g_assert_true(credentials_issue(world->devices, &grant, NULL, &got, NULL));
	credentials_clear(&got);
	g_assert_true(accounts_set_disabled(world->accounts, world->alice, true, NULL));
	g_assert_false(issue(world, &got, NULL));
}

static void test_revokes_by_either_token(World *world, const void *data)
{
	for (int access = 0; access < 2; access++) {
		g_auto(Credentials) got = issued(world);
		g_assert_true(enters(world, got.access, NOW_US));
		const char *token = access ? got.access : got.refresh;
		g_assert_true(credentials_revoke(world->devices, token, "cli", NULL, NULL));
		g_assert_false(enters(world, got.access, NOW_US));
		assert_refused(world, got.refresh, NOW_US);
		/* Nothing to find is no failure. */
		g_assert_true(credentials_revoke(world->devices, token, "cli", NULL, NULL));
	}
	g_assert_true(credentials_revoke(world->devices, "garbage", "cli", NULL, NULL));
}

static void test_garbage_is_refused(World *world, const void *data)
{
	g_auto(Credentials) got = issued(world);
	g_autofree char *longer = g_strconcat(got.refresh, "A", NULL);
	g_autofree char *shorter = g_strndup(got.refresh, strlen(got.refresh) - 1);
	const char *const bad[] = { "", "imdrive_rt_", longer, shorter, got.access };
	for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
		assert_refused(world, bad[i], NOW_US);
	}
	g_auto(Credentials) next = refreshed(world, got.refresh, NOW_US);
	g_assert_true(enters(world, next.access, NOW_US));
}

/* Whichever call of the database fails: the caller tries again with what it has, and gets in. */
static void test_failures_log_nobody_out(World *world, const void *data)
{
	for (unsigned nth = 1;; nth++) {
		g_auto(Credentials) first = issued(world);
		g_auto(Credentials) got = { 0 };
		sql_fault_set(world->sql, nth);
		bool done = refresh_error(world, first.refresh, NOW_US + SECOND_US, &got, NULL);
		bool entered = done && enters(world, got.access, NOW_US + SECOND_US);
		sql_fault_set(world->sql, 0);
		if (!done) {
			got = refreshed(world, first.refresh, NOW_US + DAY_US);
		}
		g_assert_true(enters(world, got.access, NOW_US + SECOND_US));
		if (entered && nth > 30) {
			return;
		}
	}
}

static void test_failed_issue_leaves_nothing(World *world, const void *data)
{
	bool done = false;
	for (unsigned nth = 1; !done; nth++) {
		g_auto(Credentials) got = { 0 };
		int64_t rows = count(world, "SELECT COUNT(*) FROM device");
		sql_fault_set(world->sql, nth);
		done = issue(world, &got, NULL);
		sql_fault_set(world->sql, 0);
		g_assert_cmpint(count(world, "SELECT COUNT(*) FROM device"), ==, rows + done);
		g_assert_cmpint(count(world, "SELECT COUNT(*) FROM credential"), ==, rows + done);
	}
}

static void add(const char *name, void (*test)(World *, const void *))
{
	g_autofree char *path = g_strconcat("/server/accounts/credentials/", name, NULL);
	g_test_add(path, World, NULL, setup, test, world_teardown);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add("A7-access-lives-an-hour", test_a7_access_lives_an_hour);
	add("A6-stored-hashed", test_a6_stored_hashed);
	add("A6-rotates", test_a6_rotates);
	add("A6-grace-gives-the-same", test_a6_grace_gives_the_same);
	add("A6-crash-between-answer-and-save-logs-nobody-out",
	    test_a6_crash_between_answer_and_save_logs_nobody_out);
	add("A6-reuse-ends-the-device", test_a6_reuse_ends_the_device);
	add("A6-thief-first-is-found-too", test_a6_thief_first_is_found_too);
	add("A6-older-reuse-has-no-grace", test_a6_older_reuse_has_no_grace);
	add("A6-idle-and-absolute-life", test_a6_idle_and_absolute_life);
	add("other-clients-get-nothing", test_other_clients_get_nothing);
	add("old-token-is-exchanged", test_old_token_is_exchanged);
	add("R13-revoked-account-gets-nothing", test_r13_revoked_account_gets_nothing);
	add("revokes-by-either-token", test_revokes_by_either_token);
	add("garbage-is-refused", test_garbage_is_refused);
	add("failures-log-nobody-out", test_failures_log_nobody_out);
	add("failed-issue-leaves-nothing", test_failed_issue_leaves_nothing);
	return g_test_run();
}
