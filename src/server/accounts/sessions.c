/* SPDX-License-Identifier: Apache-2.0 */
#include "server/accounts/sessions.h"

#include "base/error.h"
#include "base/limits.h"
#include "server/accounts/accounts_internal.h"
#include "server/accounts/records.h"
#include "server/accounts/sessions_internal.h"
#include "server/accounts/token.h"
#include "sql/ask.h"

#include <string.h>

#define AGENT_SIZE_MAX 128
#define SEEN_INTERVAL_US (5 * G_TIME_SPAN_MINUTE)

void sessions_session_clear(void *data)
{
	Session *session = data;
	g_free(session->account_name);
	g_free(session->method);
	g_free(session->peer);
	g_free(session->agent);
	*session = (Session){ 0 };
}

bool sessions_is_fresh(const Session *session, int64_t now_us)
{
	return now_us - session->authenticated_us < SESSION_FRESH_S * G_TIME_SPAN_SECOND;
}

/* Bounded, and without what a list of sessions should not show. */
static char *fit_agent(const char *agent)
{
	g_autofree char *valid = g_utf8_make_valid(
		agent ? agent : "", agent ? (gssize)strnlen(agent, AGENT_SIZE_MAX) : 0);
	GString *fit = g_string_new(NULL);
	for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
		gunichar c = g_utf8_get_char(at);
		g_string_append_unichar(fit, g_unichar_isprint(c) ? c : '?');
	}
	return g_string_free(fit, FALSE);
}

/* ---- beginning ------------------------------------------------------------------------- */

static bool delete_token(SqlSession *sql, const char *token, GError **error)
{
	if (!token || token_kind(token) != TOKEN_SESSION) {
		return true;
	}
	uint8_t hash[TOKEN_HASH_SIZE];
	token_hash(token, hash);
	return ask_run(sql, "DELETE FROM web_session WHERE token_hash = $1",
		       ASK_VALUES(ASK_BLOB(hash, sizeof hash)), error);
}

static bool check_account(SqlSession *sql, int64_t account, GError **error)
{
	int64_t right;
	if (!ask_count(sql, "SELECT 1 FROM account WHERE id = $1 AND disabled = 0",
		       ASK_VALUES(ASK_INT(account)), &right, error)) {
		return false;
	}
	if (!right) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_UNAUTHENTICATED,
				    "the account was removed or disabled: ask who runs the drive");
	}
	return right != 0;
}

static bool insert(SqlSession *sql, const SessionsSpec *spec, const AuditBy *by, const char *token,
		   GError **error)
{
	int64_t id;
	if (!records_next_id(sql, RECORDS_SESSION, &id, error)) {
		return false;
	}
	uint8_t hash[TOKEN_HASH_SIZE];
	token_hash(token, hash);
	g_autofree char *agent = fit_agent(spec->agent);
	int64_t now_us = audit_by_now(by);
	const char *peer = by && by->peer ? by->peer : "";
	return ask_run(sql,
		       "INSERT INTO web_session (id, token_hash, account, created_us, seen_us,"
		       " authenticated_us, method, peer, agent)"
		       " VALUES ($1, $2, $3, $4, $4, $4, $5, $6, $7)",
		       ASK_VALUES(ASK_INT(id), ASK_BLOB(hash, sizeof hash), ASK_INT(spec->account),
				  ASK_INT(now_us), ASK_TEXT(spec->method), ASK_TEXT(peer),
				  ASK_TEXT(agent)),
		       error);
}

static bool keep_language(SqlSession *sql, const SessionsSpec *spec, GError **error)
{
	return !spec->language ||
	       ask_run(sql, "UPDATE account SET language = $2 WHERE id = $1 AND language <> $2",
		       ASK_VALUES(ASK_INT(spec->account), ASK_TEXT(spec->language)), error);
}

/* Keeps the newest. */
static bool bound(SqlSession *sql, int64_t account, GError **error)
{
	return ask_run(sql,
		       "DELETE FROM web_session WHERE account = $1 AND id <="
		       " (SELECT id FROM web_session WHERE account = $1 ORDER BY id DESC"
		       "  LIMIT 1 OFFSET $2)",
		       ASK_VALUES(ASK_INT(account), ASK_INT(SESSIONS_PER_ACCOUNT_MAX)), error);
}

bool sessions_begin_inside(SqlSession *sql, const SessionsSpec *spec, const AuditBy *by,
			   char **ret_token, GError **error)
{
	const AuditBy person = { .account = spec->account,
				 .peer = by ? by->peer : NULL,
				 .now_us = audit_by_now(by) };
	const AuditEvent event = { .what = "sign-in",
				   .account = spec->account,
				   .target = "browser",
				   .detail = spec->method };
	char *token = token_new(TOKEN_SESSION);
	if (!delete_token(sql, spec->old_token, error) ||
	    !check_account(sql, spec->account, error) ||
	    !insert(sql, spec, &person, token, error) || !keep_language(sql, spec, error) ||
	    !bound(sql, spec->account, error) || !audit_append(sql, &person, &event, error)) {
		token_free(token);
		return false;
	}
	*ret_token = token;
	return true;
}

bool sessions_begin(Accounts *accounts, const SessionsSpec *spec, const AuditBy *by,
		    char **ret_token, GError **error)
{
	g_autoptr(SqlSession) sql = sql_write(accounts_sql(accounts), error);
	char *token = NULL;
	if (!sql || !sessions_begin_inside(sql, spec, by, &token, error)) {
		return false;
	}
	if (!sql_commit(sql, error)) {
		token_free(token);
		return false;
	}
	*ret_token = token;
	return true;
}

/* ---- finding --------------------------------------------------------------------------- */

#define SELECT_SESSION                                                                   \
	"SELECT web_session.id, web_session.account, account.name, account.role,"        \
	" account.epoch, web_session.created_us, seen_us, authenticated_us, method,"     \
	" peer, agent FROM web_session JOIN account ON account.id = web_session.account" \
	" WHERE account.disabled = 0 AND seen_us > $2 AND web_session.created_us > $3 AND "

/* After $1: what is older than these has ended. */
#define LIFE(now_us)                                          \
	ASK_INT((now_us)-SESSION_IDLE_DAYS *G_TIME_SPAN_DAY), \
		ASK_INT((now_us)-SESSION_DAYS_MAX *G_TIME_SPAN_DAY)

static void read_row(SqlStatement *row, Session *ret_session)
{
	*ret_session = (Session){
		.id = sql_column_int(row, 0),
		.account = sql_column_int(row, 1),
		.account_name = ask_text_dup(row, 2),
		.role = (AccountRole)sql_column_int(row, 3),
		.epoch = sql_column_int(row, 4),
		.created_us = sql_column_int(row, 5),
		.seen_us = sql_column_int(row, 6),
		.authenticated_us = sql_column_int(row, 7),
		.method = ask_text_dup(row, 8),
		.peer = ask_text_dup(row, 9),
		.agent = ask_text_dup(row, 10),
	};
}

static bool read_token(Accounts *accounts, const char *token, int64_t now_us, Session *ret_session,
		       GError **error)
{
	SqlStatement *row = NULL;
	g_autoptr(SqlSession) sql = NULL;
	if (token_kind(token) == TOKEN_SESSION) {
		uint8_t hash[TOKEN_HASH_SIZE];
		token_hash(token, hash);
		sql = sql_read(accounts_sql(accounts), error);
		if (!sql ||
		    !ask_find(sql, SELECT_SESSION "web_session.token_hash = $1",
			      ASK_VALUES(ASK_BLOB(hash, sizeof hash), LIFE(now_us)), &row, error)) {
			return false;
		}
	}
	if (!row) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_UNAUTHENTICATED,
				    "this browser is not signed in, or was signed out");
		return false;
	}
	read_row(row, ret_session);
	return true;
}

static bool write_seen(Accounts *accounts, int64_t id, const AuditBy *by, GError **error)
{
	g_autoptr(SqlSession) sql = sql_write(accounts_sql(accounts), error);
	return sql &&
	       ask_run(sql, "UPDATE web_session SET seen_us = $2, peer = $3 WHERE id = $1",
		       ASK_VALUES(ASK_INT(id), ASK_INT(audit_by_now(by)),
				  ASK_TEXT(by ? by->peer : NULL)),
		       error) &&
	       sql_commit(sql, error);
}

bool sessions_find(Accounts *accounts, const char *token, const AuditBy *by, Session *ret_session,
		   GError **error)
{
	int64_t now_us = audit_by_now(by);
	if (!read_token(accounts, token, now_us, ret_session, error)) {
		return false;
	}
	if (now_us - ret_session->seen_us > SEEN_INTERVAL_US) {
		/* Nobody is kept out because this cannot be written just now. */
		write_seen(accounts, ret_session->id, by, NULL);
	}
	return true;
}

bool sessions_list(Accounts *accounts, int64_t account, int64_t now_us, GArray *ret_sessions,
		   GError **error)
{
	g_autoptr(SqlSession) sql = sql_read(accounts_sql(accounts), error);
	SqlStatement *select =
		sql ? ask_statement(sql,
				    SELECT_SESSION
				    "web_session.account = $1 ORDER BY web_session.id",
				    ASK_VALUES(ASK_INT(account), LIFE(now_us)), error)
		    : NULL;
	bool more;
	while (select && sql_step(select, &more, error)) {
		if (!more) {
			return true;
		}
		Session session;
		read_row(select, &session);
		g_array_append_val(ret_sessions, session);
	}
	return false;
}

/* ---- ending ---------------------------------------------------------------------------- */

/* Whose session this is; 0: there is none. */
static bool find_owner(SqlSession *sql, const char *token, int64_t *ret_account, GError **error)
{
	*ret_account = 0;
	if (!token || token_kind(token) != TOKEN_SESSION) {
		return true;
	}
	uint8_t hash[TOKEN_HASH_SIZE];
	token_hash(token, hash);
	return ask_count(sql, "SELECT account FROM web_session WHERE token_hash = $1",
			 ASK_VALUES(ASK_BLOB(hash, sizeof hash)), ret_account, error);
}

bool sessions_end_token(Accounts *accounts, const char *token, const AuditBy *by, GError **error)
{
	int64_t account;
	g_autoptr(SqlSession) sql = sql_write(accounts_sql(accounts), error);
	if (!sql || !find_owner(sql, token, &account, error)) {
		return false;
	}
	if (account == 0) {
		return true;
	}
	const AuditBy person = { .account = account,
				 .peer = by ? by->peer : NULL,
				 .now_us = audit_by_now(by) };
	const AuditEvent event = { .what = "sign-out", .account = account, .target = "browser" };
	return delete_token(sql, token, error) && audit_append(sql, &person, &event, error) &&
	       sql_commit(sql, error);
}

static bool note_end(SqlSession *sql, int64_t account, const AuditBy *by, const char *which,
		     GError **error)
{
	const AuditEvent event = { .what = "revoke", .account = account, .target = which };
	return audit_append(sql, by, &event, error) && sql_commit(sql, error);
}

bool sessions_end(Accounts *accounts, int64_t account, int64_t session, const AuditBy *by,
		  GError **error)
{
	g_autoptr(SqlSession) sql = sql_write(accounts_sql(accounts), error);
	if (!sql || !ask_run(sql, "DELETE FROM web_session WHERE id = $1 AND account = $2",
			     ASK_VALUES(ASK_INT(session), ASK_INT(account)), error)) {
		return false;
	}
	if (sql_changes(sql) == 0) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
			    "the account has no session %" G_GINT64_FORMAT, session);
		return false;
	}
	g_autofree char *which = g_strdup_printf("session %" G_GINT64_FORMAT, session);
	return note_end(sql, account, by, which, error);
}

bool sessions_end_in(SqlSession *sql, int64_t account, int64_t spared, GError **error)
{
	return ask_run(sql, "DELETE FROM web_session WHERE account = $1 AND id <> $2",
		       ASK_VALUES(ASK_INT(account), ASK_INT(spared)), error);
}

bool sessions_end_others(Accounts *accounts, int64_t account, int64_t spared, const AuditBy *by,
			 GError **error)
{
	g_autoptr(SqlSession) sql = sql_write(accounts_sql(accounts), error);
	return sql && sessions_end_in(sql, account, spared, error) &&
	       note_end(sql, account, by, spared ? "other sessions" : "all sessions", error);
}

bool sessions_forget(SqlSession *sql, int64_t now_us, GError **error)
{
	return ask_run(sql, "DELETE FROM web_session WHERE seen_us <= $1 OR created_us <= $2",
		       ASK_VALUES(LIFE(now_us)), error);
}
