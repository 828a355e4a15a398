/* SPDX-License-Identifier: Apache-2.0 */
#include "server/accounts/accounts_internal.h"

#include "base/error.h"
#include "base/limits.h"
#include "server/accounts/account_name.h"
#include "server/accounts/devices_internal.h"
#include "server/accounts/password.h"
#include "server/accounts/sessions.h"
#include "server/accounts/records.h"
#include "sql/ask.h"

#include <string.h>

struct Accounts {
	Sql *sql;
	Devices *devices;
};

Accounts *accounts_open(Sql *sql, int64_t idle_max_s, GError **error)
{
	if (!records_migrate(sql, error)) {
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

Sql *accounts_sql(Accounts *accounts)
{
	return accounts->sql;
}

void accounts_account_clear(void *account)
{
	Account *cleared = account;
	g_clear_pointer(&cleared->name, g_free);
	g_clear_pointer(&cleared->display_name, g_free);
	g_clear_pointer(&cleared->language, g_free);
}

/* ---- adding ---------------------------------------------------------------------------- */

bool accounts_insert(SqlSession *session, const AccountsNew *new, const AuditBy *by,
		     int64_t *ret_id, GError **error)
{
	g_autofree char *key = account_name_key(new->name, error);
	if (!key) {
		return false;
	}
	int64_t taken;
	int64_t id;
	*ret_id = 0;
	if (!ask_count(session, "SELECT 1 FROM account WHERE name_key = $1",
		       ASK_VALUES(ASK_TEXT(key)), &taken, error)) {
		return false;
	}
	if (taken) {
		return true;
	}
	g_autofree char *composed = g_utf8_normalize(new->name, -1, G_NORMALIZE_NFC);
	const AskValue none = ASK_NULL;
	const AskValue hash = ASK_TEXT(new->password_hash);
	if (!records_next_id(session, RECORDS_ACCOUNT, &id, error) ||
	    !ask_run(session,
		     "INSERT INTO account (id, name, name_key, password, created_us, role,"
		     " waiting, disabled, origin, origin_peer)"
		     " VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9)",
		     ASK_VALUES(ASK_INT(id), ASK_TEXT(composed), ASK_TEXT(key),
				new->password_hash ? hash : none, ASK_INT(audit_by_now(by)),
				ASK_INT(new->role), ASK_INT(new->waiting), ASK_TEXT(new->origin),
				ASK_TEXT(by ? by->peer : NULL)),
		     error)) {
		return false;
	}
	*ret_id = id;
	return true;
}

static bool add(Accounts *accounts, const AccountsNew *new, int64_t *ret_account, GError **error)
{
	g_autoptr(SqlSession) session = sql_write(accounts->sql, error);
	int64_t id;
	if (!session || !accounts_insert(session, new, NULL, &id, error)) {
		return false;
	}
	if (id == 0) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CONFLICT,
			    "there is an account of this name already: choose another");
		return false;
	}
	const AuditEvent event = { .what = "add", .account = id };
	if (!audit_append(session, NULL, &event, error) || !sql_commit(session, error)) {
		return false;
	}
	*ret_account = id;
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
	const AccountsNew new = { .name = name, .password_hash = hash, .origin = "" };
	if (!add(accounts, &new, ret_account, error)) {
		g_prefix_error(error, "add the account '%s': ", name);
		return false;
	}
	return true;
}

/* ---- finding --------------------------------------------------------------------------- */

#define SELECT_ACCOUNT                                                                 \
	"SELECT account.id, account.name, account.disabled, account.created_us,"       \
	" (SELECT COUNT(*) FROM device"                                                \
	"  WHERE device.account = account.id AND device.ended = 0),"                   \
	" account.role, account.waiting, account.password IS NOT NULL, account.epoch," \
	" (SELECT COUNT(*) FROM identity WHERE identity.account = account.id),"        \
	" (SELECT identity.name FROM identity WHERE identity.id ="                     \
	"  (SELECT MIN(first.id) FROM identity AS first"                               \
	"   WHERE first.account = account.id)), account.language"                      \
	" FROM account "

static void read_account(SqlStatement *row, Account *ret_account)
{
	*ret_account = (Account){
		.id = sql_column_int(row, 0),
		.name = ask_text_dup(row, 1),
		.disabled = sql_column_int(row, 2) != 0,
		.created_us = sql_column_int(row, 3),
		.device_count = (unsigned)sql_column_int(row, 4),
		.role = (AccountRole)sql_column_int(row, 5),
		.waiting = sql_column_int(row, 6) != 0,
		.has_password = sql_column_int(row, 7) != 0,
		.epoch = sql_column_int(row, 8),
		.identity_count = (unsigned)sql_column_int(row, 9),
		.display_name = ask_text_dup(row, 10),
		.language = ask_text_dup(row, 11),
	};
}

bool accounts_find(Accounts *accounts, const char *name, Account *ret_account, GError **error)
{
	g_autofree char *key = account_name_key(name, error);
	g_autoptr(SqlSession) session = key ? sql_read(accounts->sql, error) : NULL;
	SqlStatement *row;
	if (!session || !ask_find(session, SELECT_ACCOUNT "WHERE account.name_key = $1",
				  ASK_VALUES(ASK_TEXT(key)), &row, error)) {
		return false;
	}
	if (!row) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND, "there is no account '%s'",
			    name);
		return false;
	}
	read_account(row, ret_account);
	return true;
}

static bool fail_unknown(int64_t id, GError **error)
{
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
		    "there is no account %" G_GINT64_FORMAT, id);
	return false;
}

bool accounts_read(SqlSession *session, int64_t id, Account *ret_account, GError **error)
{
	SqlStatement *row;
	if (!ask_find(session,
		      SELECT_ACCOUNT "WHERE account.id = $1 AND account.name_key IS NOT NULL",
		      ASK_VALUES(ASK_INT(id)), &row, error)) {
		return false;
	}
	if (!row) {
		return fail_unknown(id, error);
	}
	read_account(row, ret_account);
	return true;
}

bool accounts_get(Accounts *accounts, int64_t id, Account *ret_account, GError **error)
{
	g_autoptr(SqlSession) session = sql_read(accounts->sql, error);
	return session && accounts_read(session, id, ret_account, error);
}

bool accounts_list(Accounts *accounts, GArray *ret_accounts, GError **error)
{
	g_autoptr(SqlSession) session = sql_read(accounts->sql, error);
	SqlStatement *select =
		session ? ask_statement(session,
					SELECT_ACCOUNT "WHERE account.name_key IS NOT NULL"
						       " ORDER BY account.name_key",
					NULL, error)
			: NULL;
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

/* Whether the last statement hit an account. */
static bool check_hit(SqlSession *session, int64_t id, GError **error)
{
	return sql_changes(session) > 0 || fail_unknown(id, error);
}

bool accounts_revoke_in(SqlSession *session, int64_t id, int64_t spared_session, GError **error)
{
	return ask_run(session, "UPDATE account SET epoch = epoch + 1 WHERE id = $1",
		       ASK_VALUES(ASK_INT(id)), error) &&
	       devices_end_all_in(session, id, error) &&
	       sessions_end_in(session, id, spared_session, error);
}

void accounts_forget(Accounts *accounts, int64_t id)
{
	devices_forget(accounts->devices, id, 0);
}

/* One thing that is done to an account, with all that goes with it, in one transaction. */
typedef struct Change {
	int64_t id;
	const AuditBy *by;
	AuditEvent event;
	bool revokes;
	int64_t spared_session;
	void *value;
	bool (*apply)(SqlSession *session, const struct Change *change, GError **error);
} Change;

static bool change_in(SqlSession *session, Change *change, GError **error)
{
	change->event.account = change->id;
	return change->apply(session, change, error) &&
	       (!change->revokes ||
		accounts_revoke_in(session, change->id, change->spared_session, error)) &&
	       audit_append(session, change->by, &change->event, error) &&
	       sql_commit(session, error);
}

static bool change(Accounts *accounts, Change *what, GError **error)
{
	g_autoptr(SqlSession) session = sql_write(accounts->sql, error);
	bool done = session && change_in(session, what, error);
	g_clear_pointer(&session, sql_release);
	if (what->revokes) {
		/* Also if it failed: only the table knows what became of it. */
		accounts_forget(accounts, what->id);
	}
	return done;
}

static bool apply_remove(SqlSession *session, const Change *what, GError **error)
{
	const AskValue *id = ASK_VALUES(ASK_INT(what->id));
	return ask_run(session,
		       "UPDATE account SET name_key = NULL, password = NULL, disabled = 1,"
		       " waiting = 0 WHERE id = $1 AND name_key IS NOT NULL",
		       id, error) &&
	       check_hit(session, what->id, error) &&
	       ask_run(session, "DELETE FROM identity WHERE account = $1", id, error) &&
	       ask_run(session, "DELETE FROM invitation WHERE account = $1", id, error);
}

bool accounts_remove(Accounts *accounts, int64_t id, GError **error)
{
	return change(
		accounts,
		&(Change){
			.id = id, .event.what = "remove", .revokes = true, .apply = apply_remove },
		error);
}

static bool apply_disable(SqlSession *session, const Change *what, GError **error)
{
	return ask_run(session,
		       "UPDATE account SET disabled = 1 WHERE id = $1 AND name_key IS NOT NULL",
		       ASK_VALUES(ASK_INT(what->id)), error) &&
	       check_hit(session, what->id, error);
}

static bool apply_enable(SqlSession *session, const Change *what, GError **error)
{
	return ask_run(session,
		       "UPDATE account SET disabled = 0, waiting = 0"
		       " WHERE id = $1 AND name_key IS NOT NULL",
		       ASK_VALUES(ASK_INT(what->id)), error) &&
	       check_hit(session, what->id, error);
}

bool accounts_set_disabled(Accounts *accounts, int64_t id, bool disabled, GError **error)
{
	return change(accounts,
		      &(Change){ .id = id,
				 .event.what = disabled ? "disable" : "enable",
				 .revokes = disabled,
				 .apply = disabled ? apply_disable : apply_enable },
		      error);
}

static bool apply_approve(SqlSession *session, const Change *what, GError **error)
{
	Account account;
	if (!accounts_read(session, what->id, &account, error)) {
		return false;
	}
	bool waiting = account.waiting;
	accounts_account_clear(&account);
	if (!waiting) {
		g_set_error_literal(
			error, DRIVE_ERROR, DRIVE_ERROR_CONFLICT,
			"the account does not wait for approval: it may sign in, or was "
			"disabled");
		return false;
	}
	return apply_enable(session, what, error);
}

bool accounts_approve(Accounts *accounts, int64_t id, const AuditBy *by, GError **error)
{
	return change(
		accounts,
		&(Change){ .id = id, .by = by, .event.what = "approve", .apply = apply_approve },
		error);
}

/* An administrator may leave the operator the only one, but not the drive without any by mistake.
 */
static bool apply_role(SqlSession *session, const Change *what, GError **error)
{
	AccountRole role = *(AccountRole *)what->value;
	int64_t others;
	if (!ask_count(session,
		       "SELECT COUNT(*) FROM account WHERE role = 1 AND disabled = 0 AND id <> $1",
		       ASK_VALUES(ASK_INT(what->id)), &others, error)) {
		return false;
	}
	if (role != ACCOUNT_ADMIN && others == 0 && what->by && what->by->account != 0) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN,
				    "this is the last administrator: make another one first");
		return false;
	}
	return ask_run(session,
		       "UPDATE account SET role = $2 WHERE id = $1 AND name_key IS NOT NULL",
		       ASK_VALUES(ASK_INT(what->id), ASK_INT(role)), error) &&
	       check_hit(session, what->id, error);
}

bool accounts_set_role(Accounts *accounts, int64_t id, AccountRole role, const AuditBy *by,
		       GError **error)
{
	return change(accounts,
		      &(Change){ .id = id,
				 .by = by,
				 .event.what = "role",
				 .event.target = role == ACCOUNT_ADMIN ? "admin" : "user",
				 .value = &role,
				 .apply = apply_role },
		      error);
}

static bool apply_nothing(SqlSession *session, const Change *what, GError **error)
{
	int64_t found;
	return ask_count(session, "SELECT 1 FROM account WHERE id = $1 AND name_key IS NOT NULL",
			 ASK_VALUES(ASK_INT(what->id)), &found, error) &&
	       (found || fail_unknown(what->id, error));
}

bool accounts_revoke(Accounts *accounts, int64_t id, const AuditBy *by, GError **error)
{
	return change(accounts,
		      &(Change){ .id = id,
				 .by = by,
				 .event.what = "revoke",
				 .event.target = "all",
				 .revokes = true,
				 .apply = apply_nothing },
		      error);
}

static bool apply_recover(SqlSession *session, const Change *what, GError **error)
{
	const AskValue *id = ASK_VALUES(ASK_INT(what->id));
	return ask_run(session,
		       "UPDATE account SET password = NULL WHERE id = $1"
		       " AND name_key IS NOT NULL",
		       id, error) &&
	       check_hit(session, what->id, error) &&
	       ask_run(session, "DELETE FROM identity WHERE account = $1", id, error) &&
	       ask_run(session, "DELETE FROM invitation WHERE account = $1", id, error);
}

bool accounts_recover(Accounts *accounts, int64_t id, const AuditBy *by, GError **error)
{
	return change(accounts,
		      &(Change){ .id = id,
				 .by = by,
				 .event.what = "recover",
				 .event.target = "all ways in are taken away",
				 .revokes = true,
				 .apply = apply_recover },
		      error);
}

/* ---- passwords ------------------------------------------------------------------------- */

bool accounts_store_password(SqlSession *session, int64_t id, const char *hash, GError **error)
{
	const AskValue none = ASK_NULL;
	const AskValue text = ASK_TEXT(hash);
	return ask_run(session,
		       "UPDATE account SET password = $2 WHERE id = $1 AND name_key IS NOT NULL",
		       ASK_VALUES(ASK_INT(id), hash ? text : none), error) &&
	       check_hit(session, id, error);
}

static bool apply_password(SqlSession *session, const Change *what, GError **error)
{
	Account account = { 0 };
	if (!what->value && !accounts_read(session, what->id, &account, error)) {
		return false;
	}
	bool last = !what->value && account.identity_count == 0;
	accounts_account_clear(&account);
	if (last) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN,
				    "the password is the last way to sign in to the account: link "
				    "a chat account first");
		return false;
	}
	return accounts_store_password(session, what->id, what->value, error);
}

bool accounts_change_password(Accounts *accounts, int64_t id, const char *password,
			      int64_t spared_session, const AuditBy *by, GError **error)
{
	g_autofree char *hash = password ? password_hash(password, error) : NULL;
	if (password && !hash) {
		return false;
	}
	return change(accounts,
		      &(Change){ .id = id,
				 .by = by,
				 .event.what = "password",
				 .event.target = password ? "changed" : "removed",
				 .revokes = true,
				 .spared_session = spared_session,
				 .value = hash,
				 .apply = apply_password },
		      error);
}

bool accounts_set_password(Accounts *accounts, int64_t id, const char *password, GError **error)
{
	g_assert(password);
	return accounts_change_password(accounts, id, password, 0, NULL, error);
}

/* The same password, hashed at today's cost. */
static bool store_better(Accounts *accounts, int64_t id, const char *hash, GError **error)
{
	g_autoptr(SqlSession) session = sql_write(accounts->sql, error);
	return session && accounts_store_password(session, id, hash, error) &&
	       sql_commit(session, error);
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
			store_better(accounts, id, better, NULL);
		}
	}
	return accounts_get(accounts, id, ret_account, error);
}

/* ---- upkeep ---------------------------------------------------------------------------- */

bool accounts_upkeep(Accounts *accounts, int64_t now_us, GError **error)
{
	if (!devices_upkeep(accounts->devices, now_us, error)) {
		return false;
	}
	g_autoptr(SqlSession) session = sql_write(accounts->sql, error);
	return session && sessions_forget(session, now_us, error) &&
	       audit_forget(session, now_us, error) &&
	       ask_run(session, "DELETE FROM invitation WHERE expires_us <= $1",
		       ASK_VALUES(ASK_INT(now_us)), error) &&
	       sql_commit(session, error);
}
