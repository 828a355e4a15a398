/* SPDX-License-Identifier: Apache-2.0 */
#include "server/accounts/audit.h"

#include "base/limits.h"
#include "server/accounts/accounts_internal.h"
#include "server/accounts/records.h"
#include "sql/ask.h"

#include <string.h>

int64_t audit_by_now(const AuditBy *by)
{
	return by && by->now_us != 0 ? by->now_us : g_get_real_time();
}

/* At most AUDIT_TEXT_SIZE_MAX bytes of UTF-8 in one line, whatever was given. */
static char *fit(const char *text)
{
	if (!text) {
		return g_strdup("");
	}
	g_autofree char *valid =
		g_utf8_make_valid(text, (gssize)strnlen(text, AUDIT_TEXT_SIZE_MAX));
	GString *line = g_string_sized_new(strlen(valid));
	for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
		gunichar c = g_utf8_get_char(at);
		GUnicodeType type = g_unichar_type(c);
		bool hidden = type == G_UNICODE_CONTROL || type == G_UNICODE_FORMAT ||
			      type == G_UNICODE_LINE_SEPARATOR ||
			      type == G_UNICODE_PARAGRAPH_SEPARATOR;
		g_string_append_unichar(line, hidden ? '?' : c);
	}
	return g_string_free(line, FALSE);
}

bool audit_append(SqlSession *session, const AuditBy *by, const AuditEvent *event, GError **error)
{
	int64_t id;
	if (!records_next_id(session, RECORDS_AUDIT, &id, error)) {
		return false;
	}
	g_autofree char *target = fit(event->target);
	g_autofree char *detail = fit(event->detail);
	g_autofree char *peer = fit(by ? by->peer : NULL);
	return ask_run(session,
		       "INSERT INTO audit (id, time_us, actor, account, what, target, detail,"
		       " peer) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
		       ASK_VALUES(ASK_INT(id), ASK_INT(audit_by_now(by)),
				  ASK_INT(by ? by->account : 0), ASK_INT(event->account),
				  ASK_TEXT(event->what), ASK_TEXT(target), ASK_TEXT(detail),
				  ASK_TEXT(peer)),
		       error);
}

bool audit_note(Accounts *accounts, const AuditBy *by, const AuditEvent *event, GError **error)
{
	g_autoptr(SqlSession) session = sql_write(accounts_sql(accounts), error);
	return session && audit_append(session, by, event, error) && sql_commit(session, error);
}

/* ---- reading --------------------------------------------------------------------------- */

void audit_row_clear(void *data)
{
	AuditRow *row = data;
	g_free(row->actor_name);
	g_free(row->account_name);
	g_free(row->what);
	g_free(row->target);
	g_free(row->detail);
	g_free(row->peer);
	*row = (AuditRow){ 0 };
}

static void read_row(SqlStatement *select, AuditRow *ret_row)
{
	*ret_row = (AuditRow){
		.id = sql_column_int(select, 0),
		.time_us = sql_column_int(select, 1),
		.actor = sql_column_int(select, 2),
		.account = sql_column_int(select, 3),
		.what = ask_text_dup(select, 4),
		.target = ask_text_dup(select, 5),
		.detail = ask_text_dup(select, 6),
		.peer = ask_text_dup(select, 7),
		.actor_name = ask_text_dup(select, 8),
		.account_name = ask_text_dup(select, 9),
	};
	if (ret_row->actor == 0 && ret_row->peer[0] == '\0') {
		g_free(ret_row->actor_name);
		ret_row->actor_name = g_strdup("operator");
	}
}

#define SELECT_AUDIT                                                               \
	"SELECT id, time_us, actor, account, what, target, detail, peer,"          \
	" (SELECT name FROM account WHERE account.id = audit.actor),"              \
	" (SELECT name FROM account WHERE account.id = audit.account) FROM audit " \
	"WHERE time_us >= $1 "

static SqlStatement *ask(SqlSession *session, const AuditQuery *query, unsigned count,
			 GError **error)
{
	if (query->account == 0) {
		return ask_statement(session, SELECT_AUDIT "ORDER BY id DESC LIMIT $2",
				     ASK_VALUES(ASK_INT(query->since_us), ASK_INT(count)), error);
	}
	return ask_statement(
		session,
		SELECT_AUDIT "AND (account = $3 OR actor = $3)"
			     " ORDER BY id DESC LIMIT $2",
		ASK_VALUES(ASK_INT(query->since_us), ASK_INT(count), ASK_INT(query->account)),
		error);
}

static void reverse(GArray *rows, unsigned from)
{
	for (unsigned a = from, b = rows->len; a + 1 < b; a++, b--) {
		AuditRow kept = g_array_index(rows, AuditRow, a);
		g_array_index(rows, AuditRow, a) = g_array_index(rows, AuditRow, b - 1);
		g_array_index(rows, AuditRow, b - 1) = kept;
	}
}

bool audit_list(Accounts *accounts, const AuditQuery *query, GArray *ret_rows, GError **error)
{
	unsigned count = query->count_max ? MIN(query->count_max, AUDIT_LIST_MAX) : AUDIT_LIST_MAX;
	unsigned from = ret_rows->len;
	g_autoptr(SqlSession) session = sql_read(accounts_sql(accounts), error);
	SqlStatement *select = session ? ask(session, query, count, error) : NULL;
	bool more;
	while (select && sql_step(select, &more, error)) {
		if (!more) {
			reverse(ret_rows, from);
			return true;
		}
		AuditRow row;
		read_row(select, &row);
		g_array_append_val(ret_rows, row);
	}
	return false;
}

bool audit_forget(SqlSession *session, int64_t now_us, GError **error)
{
	/* Ids grow by one, so that the newest so many are those above a number. */
	return ask_run(
		session,
		"DELETE FROM audit WHERE id <= (SELECT audit FROM accounts_counter) - $1"
		" OR time_us < $2",
		ASK_VALUES(ASK_INT(AUDIT_ROWS_MAX), ASK_INT(now_us - AUDIT_DAYS * G_TIME_SPAN_DAY)),
		error);
}
