/* SPDX-License-Identifier: Apache-2.0 */
#include "server/accounts/records.h"

#include "base/error.h"
#include "server/accounts/accounts.h"
#include "server/accounts/token.h"
#include "sql/ask.h"

#include <string.h>

#define NOW_US (1700000000 * G_TIME_SPAN_SECOND)

static Sql *open_at(size_t version)
{
	g_autoptr(GError) error = NULL;
	size_t newest;
	Sql *sql = sql_open(":memory:", &(SqlOptions){ 0 }, &error);
	g_assert_no_error(error);
	records_migrate_to(sql, version, &newest, &error);
	g_assert_no_error(error);
	return sql;
}

static void run(Sql *sql, const char *text, const AskValue *values)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(SqlSession) session = sql_write(sql, &error);
	ask_run(session, text, values, &error);
	g_assert_no_error(error);
	sql_commit(session, &error);
	g_assert_no_error(error);
}

static void test_every_version_leads_to_the_newest(void)
{
	size_t newest = 1;
	for (size_t version = 0; version <= newest; version++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(Sql) sql = open_at(version);
		g_assert_true(records_migrate(sql, &error));
		g_assert_no_error(error);
		/* Twice is once. */
		g_assert_true(records_migrate_to(sql, newest, &newest, &error) || error);
		g_clear_error(&error);
		g_assert_true(records_migrate(sql, &error));
		g_assert_no_error(error);
	}
}

static void fill_version_1(Sql *sql, const char *token)
{
	uint8_t hash[TOKEN_HASH_SIZE];
	token_hash(token, hash);
	run(sql,
	    "INSERT INTO account (id, name, name_key, password, disabled, created_us)"
	    " VALUES (1, 'Alice', 'alice', 'x', 0, 5), (2, 'gone', NULL, NULL, 1, 6),"
	    " (3, 'bob', 'bob', NULL, 1, 7)",
	    NULL);
	run(sql,
	    "INSERT INTO device (id, account, name, token_hash, created_us, seen_us)"
	    " VALUES (1, 1, 'laptop', $1, $2, $2), (2, 1, 'phone', NULL, $2, $2)",
	    ASK_VALUES(ASK_BLOB(hash, sizeof hash), ASK_INT(NOW_US)));
	run(sql, "UPDATE accounts_counter SET account = 3, device = 2", NULL);
}

static void assert_alice_is_there(Accounts *accounts)
{
	g_autoptr(GError) error = NULL;
	Account account;
	g_assert_true(accounts_find(accounts, "alice", &account, &error));
	g_assert_no_error(error);
	g_assert_cmpint(account.id, ==, 1);
	g_assert_cmpint(account.role, ==, ACCOUNT_USER);
	g_assert_cmpuint(account.device_count, ==, 1);
	g_assert_true(account.has_password);
	g_assert_false(account.disabled);
	g_assert_false(account.waiting);
	accounts_account_clear(&account);
	g_assert_true(accounts_find(accounts, "bob", &account, &error));
	g_assert_true(account.disabled);
	accounts_account_clear(&account);
	g_assert_false(accounts_find(accounts, "gone", &account, NULL));
}

static void test_what_was_there_stays(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Sql) sql = open_at(1);
	g_autofree char *token = token_new(TOKEN_DEVICE);
	fill_version_1(sql, token);
	g_autoptr(Accounts) accounts = accounts_open(sql, 0, &error);
	g_assert_no_error(error);
	assert_alice_is_there(accounts);

	Devices *devices = accounts_devices(accounts);
	DevicesCaller caller;
	g_assert_true(devices_authenticate(devices, token, NOW_US, &caller, &error));
	g_assert_no_error(error);
	g_assert_cmpint(caller.device, ==, 1);
	g_assert_cmpuint(caller.scopes, ==, DEVICES_SCOPES_ALL);

	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(DevicesEntry));
	g_array_set_clear_func(list, devices_entry_clear);
	g_assert_true(devices_list(devices, 1, list, NULL));
	g_assert_cmpuint(list->len, ==, 1);
	g_assert_cmpstr(g_array_index(list, DevicesEntry, 0).method, ==, "password");

	int64_t id;
	g_assert_true(accounts_add(accounts, "carol", NULL, &id, NULL));
	g_assert_cmpint(id, ==, 4);
}

static void test_newer_tables_are_refused(void)
{
	g_autoptr(GError) error = NULL;
	size_t newest;
	g_autoptr(Sql) sql = open_at(0);
	g_assert_true(records_migrate(sql, NULL));
	g_assert_false(records_migrate_to(sql, 1, &newest, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_UNSUPPORTED);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_assert_cmpint(sodium_init(), >=, 0);
	g_test_add_func("/server/accounts/records/every-version-leads-to-the-newest",
			test_every_version_leads_to_the_newest);
	g_test_add_func("/server/accounts/records/what-was-there-stays", test_what_was_there_stays);
	g_test_add_func("/server/accounts/records/newer-tables-are-refused",
			test_newer_tables_are_refused);
	return g_test_run();
}
