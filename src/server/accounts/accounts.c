/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table `account`: one row for each account that is or ever was. A removed one keeps its row,
 * without name key and password, so that its id is never given to somebody else, who would then
 * own what the drive still keeps of it.
 */
#include "server/accounts/accounts.h"

#include "base/error.h"
#include "base/limits.h"
#include "server/accounts/account_name.h"
#include "server/accounts/password.h"

#include <string.h>

struct Accounts {
	Sql *sql;
	Devices *devices;
};

static const char *const migrations[] = {
	"CREATE TABLE account ("
	" id BIGINT PRIMARY KEY,"
	" name TEXT NOT NULL,"
	" name_key TEXT UNIQUE," /* NULL: removed */
	" password TEXT,"        /* NULL: no password of its own */
	" disabled INTEGER NOT NULL DEFAULT 0,"
	" created_us BIGINT NOT NULL);"
	"CREATE TABLE device ("
	" id BIGINT PRIMARY KEY,"
	" account BIGINT NOT NULL REFERENCES account (id),"
	" name TEXT NOT NULL,"
	" token_hash BLOB UNIQUE," /* NULL: ended */
	" created_us BIGINT NOT NULL,"
	" seen_us BIGINT NOT NULL);"
	"CREATE INDEX device_of_account ON device (account);"
	"CREATE TABLE accounts_counter (" /* one row: the last id given to each */
	" account BIGINT NOT NULL,"
	" device BIGINT NOT NULL);"
	"INSERT INTO accounts_counter (account, device) VALUES (0, 0);",
};

Accounts *accounts_open(Sql *sql, int64_t idle_max_s, GError **error)
{
	if (!sql_migrate(sql, "accounts", migrations, G_N_ELEMENTS(migrations), error)) {
		g_prefix_error(error, "open the accounts: ");
		return NULL;
	}
	Devices *devices = devices_open(sql, idle_max_s, error);
	if (!devices) {
		return NULL;
	}
	Accounts *accounts = g_new0(Accounts, 1);
	accounts->sql = sql;
	accounts->devices = devices;
	return accounts;
}

void accounts_close(Accounts *accounts)
{
	if (!accounts) {
		return;
	}
	devices_close(accounts->devices);
	g_free(accounts);
}

Devices *accounts_devices(Accounts *accounts)
{
	return accounts->devices;
}

void accounts_account_clear(void *account)
{
	g_clear_pointer(&((Account *)account)->name, g_free);
}

/* ---- adding ---------------------------------------------------------------------------- */

static bool next_id(SqlSession *session, int64_t *ret_id, GError **error)
{
	SqlStatement *next = sql_statement(session,
					   "UPDATE accounts_counter SET account = account + 1"
					   " RETURNING account",
					   error);
	bool row;
	if (!next || !sql_step(next, &row, error)) {
		return false;
	}
	*ret_id = sql_column_int(next, 0);
	return sql_run(next, error);
}

static bool insert_account(SqlSession *session, const Account *account, const char *key,
			   const char *hash, GError **error)
{
	SqlStatement *insert = sql_statement(session,
					     "INSERT INTO account (id, name, name_key, password,"
					     " created_us) VALUES ($1, $2, $3, $4, $5)"
					     " ON CONFLICT (name_key) DO NOTHING",
					     error);
	if (!insert) {
		return false;
	}
	sql_bind_int(insert, 1, account->id);
	sql_bind_text(insert, 2, account->name);
	sql_bind_text(insert, 3, key);
	if (hash) {
		sql_bind_text(insert, 4, hash);
	}
	sql_bind_int(insert, 5, account->created_us);
	if (!sql_run(insert, error)) {
		return false;
	}
	if (sql_changes(session) == 0) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CONFLICT,
			    "there is an account of this name already");
		return false;
	}
	return true;
}

bool accounts_add(Accounts *accounts, const char *name, const char *password, int64_t *ret_account,
		  GError **error)
{
	g_autofree char *key = account_name_key(name, error);
	g_autofree char *hash = key && password ? password_hash(password, error) : NULL;
	if (!key || (password && !hash)) {
		return false;
	}
	g_autofree char *composed = g_utf8_normalize(name, -1, G_NORMALIZE_NFC);
	g_autoptr(SqlSession) session = sql_write(accounts->sql, error);
	Account account = { .name = composed, .created_us = g_get_real_time() };
	if (!session || !next_id(session, &account.id, error) ||
	    !insert_account(session, &account, key, hash, error) || !sql_commit(session, error)) {
		g_prefix_error(error, "add the account '%s': ", composed);
		return false;
	}
	*ret_account = account.id;
	return true;
}

/* ---- finding --------------------------------------------------------------------------- */

#define SELECT_ACCOUNT                                                           \
	"SELECT account.id, account.name, account.disabled, account.created_us," \
	" (SELECT COUNT(*) FROM device"                                          \
	"  WHERE device.account = account.id AND device.token_hash IS NOT NULL)" \
	" FROM account "

static void read_account(SqlStatement *select, Account *ret_account)
{
	*ret_account = (Account){
		.id = sql_column_int(select, 0),
		.name = g_strdup(sql_column_text(select, 1)),
		.disabled = sql_column_int(select, 2) != 0,
		.created_us = sql_column_int(select, 3),
		.device_count = (unsigned)sql_column_int(select, 4),
	};
}

bool accounts_find(Accounts *accounts, const char *name, Account *ret_account, GError **error)
{
	g_autofree char *key = account_name_key(name, error);
	g_autoptr(SqlSession) session = key ? sql_read(accounts->sql, error) : NULL;
	if (!session) {
		return false;
	}
	SqlStatement *select =
		sql_statement(session, SELECT_ACCOUNT "WHERE account.name_key = $1", error);
	if (!select) {
		return false;
	}
	sql_bind_text(select, 1, key);
	bool row;
	if (!sql_step(select, &row, error)) {
		return false;
	}
	if (!row) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND, "there is no account '%s'",
			    name);
		return false;
	}
	read_account(select, ret_account);
	return true;
}

bool accounts_get(Accounts *accounts, int64_t id, Account *ret_account, GError **error)
{
	g_autoptr(SqlSession) session = sql_read(accounts->sql, error);
	if (!session) {
		return false;
	}
	SqlStatement *select = sql_statement(
		session, SELECT_ACCOUNT "WHERE account.id = $1 AND account.name_key IS NOT NULL",
		error);
	if (!select) {
		return false;
	}
	sql_bind_int(select, 1, id);
	bool row;
	if (!sql_step(select, &row, error)) {
		return false;
	}
	if (!row) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
			    "there is no account %" G_GINT64_FORMAT, id);
		return false;
	}
	read_account(select, ret_account);
	return true;
}

bool accounts_list(Accounts *accounts, GArray *ret_accounts, GError **error)
{
	g_autoptr(SqlSession) session = sql_read(accounts->sql, error);
	if (!session) {
		return false;
	}
	SqlStatement *select = sql_statement(
		session,
		SELECT_ACCOUNT "WHERE account.name_key IS NOT NULL ORDER BY account.name_key",
		error);
	bool row;
	while (select && sql_step(select, &row, error)) {
		if (!row) {
			return true;
		}
		Account account;
		read_account(select, &account);
		g_array_append_val(ret_accounts, account);
	}
	return false;
}

/* ---- changing -------------------------------------------------------------------------- */

/* Runs an UPDATE whose $1 is the account and $2 a text or nothing; NOT_FOUND if it hits no row. */
static bool update_account(Accounts *accounts, const char *text, int64_t id, const char *value,
			   GError **error)
{
	g_autoptr(SqlSession) session = sql_write(accounts->sql, error);
	SqlStatement *update = session ? sql_statement(session, text, error) : NULL;
	if (!update) {
		return false;
	}
	sql_bind_int(update, 1, id);
	if (value) {
		sql_bind_text(update, 2, value);
	}
	if (!sql_run(update, error)) {
		return false;
	}
	if (sql_changes(session) == 0) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
			    "there is no account %" G_GINT64_FORMAT, id);
		return false;
	}
	return sql_commit(session, error);
}

bool accounts_remove(Accounts *accounts, int64_t id, GError **error)
{
	return update_account(accounts,
			      "UPDATE account SET name_key = NULL, password = NULL, disabled = 1"
			      " WHERE id = $1 AND name_key IS NOT NULL",
			      id, NULL, error) &&
	       devices_end_all(accounts->devices, id, error);
}

bool accounts_set_disabled(Accounts *accounts, int64_t id, bool disabled, GError **error)
{
	if (!disabled) {
		return update_account(accounts,
				      "UPDATE account SET disabled = 0"
				      " WHERE id = $1 AND name_key IS NOT NULL",
				      id, NULL, error);
	}
	return update_account(accounts,
			      "UPDATE account SET disabled = 1"
			      " WHERE id = $1 AND name_key IS NOT NULL",
			      id, NULL, error) &&
	       devices_end_all(accounts->devices, id, error);
}

static bool store_hash(Accounts *accounts, int64_t id, const char *hash, GError **error)
{
	return update_account(accounts,
			      "UPDATE account SET password = $2"
			      " WHERE id = $1 AND name_key IS NOT NULL",
			      id, hash, error);
}

bool accounts_set_password(Accounts *accounts, int64_t id, const char *password, GError **error)
{
	g_autofree char *hash = password_hash(password, error);
	return hash && store_hash(accounts, id, hash, error);
}

/* ---- signing in ------------------------------------------------------------------------ */

/* *ret_hash NULL, without error, if nobody of this name may sign in by password. */
static bool read_hash(Accounts *accounts, const char *name, int64_t *ret_id, char **ret_hash,
		      GError **error)
{
	*ret_hash = NULL;
	g_autofree char *key = account_name_key(name, NULL);
	g_autoptr(SqlSession) session = sql_read(accounts->sql, error);
	if (!session) {
		return false;
	}
	SqlStatement *select = sql_statement(session,
					     "SELECT id, password FROM account"
					     " WHERE name_key = $1 AND disabled = 0",
					     error);
	if (!select) {
		return false;
	}
	sql_bind_text(select, 1, key ? key : "");
	bool row;
	if (!sql_step(select, &row, error)) {
		return false;
	}
	if (row && !sql_column_null(select, 1)) {
		*ret_id = sql_column_int(select, 0);
		*ret_hash = g_strdup(sql_column_text(select, 1));
	}
	return true;
}

bool accounts_sign_in(Accounts *accounts, const char *name, const char *password,
		      Account *ret_account, GError **error)
{
	int64_t id = 0;
	g_autofree char *hash = NULL;
	bool right = false;
	if (!read_hash(accounts, name, &id, &hash, error) ||
	    !password_verify(hash, password, &right, error)) {
		return false;
	}
	if (!right) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_UNAUTHENTICATED,
				    "name or password is wrong");
		return false;
	}
	if (password_is_outdated(hash)) {
		/* Whoever is right may enter, even if the better hash cannot be kept now. */
		g_autofree char *better = password_hash(password, NULL);
		if (better) {
			store_hash(accounts, id, better, NULL);
		}
	}
	return accounts_get(accounts, id, ret_account, error);
}
