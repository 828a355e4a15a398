/* SPDX-License-Identifier: Apache-2.0 */
#include "server/chat/stopped.h"

#include "base/error.h"
#include "base/limits.h"

static const char *const steps[] = {
	"CREATE TABLE chat_stopped ("
	" provider TEXT NOT NULL,"
	" address TEXT NOT NULL,"
	" stopped_us BIGINT NOT NULL,"
	" PRIMARY KEY (provider, address))",
};

bool stopped_prepare(Sql *sql, GError **error)
{
	return sql_migrate(sql, "chat", steps, G_N_ELEMENTS(steps), error);
}

bool stopped_has(Sql *sql, const char *provider, const char *address, bool *ret_has, GError **error)
{
	g_autoptr(SqlSession) session = sql_read(sql, error);
	SqlStatement *statement = session ? sql_statement(session,
							  "SELECT 1 FROM chat_stopped"
							  " WHERE provider = $1 AND address = $2",
							  error)
					  : NULL;
	if (!statement) {
		return false;
	}
	sql_bind_text(statement, 1, provider);
	sql_bind_text(statement, 2, address);
	return sql_step(statement, ret_has, error);
}

static bool is_full(SqlSession *session, bool *ret_full, GError **error)
{
	SqlStatement *statement =
		sql_statement(session, "SELECT COUNT(*) FROM chat_stopped", error);
	bool row;
	if (!statement || !sql_step(statement, &row, error)) {
		return false;
	}
	*ret_full = row && sql_column_int(statement, 0) >= CHAT_STOPPED_MAX;
	return true;
}

bool stopped_add(Sql *sql, const char *provider, const char *address, GError **error)
{
	g_autoptr(SqlSession) session = sql_write(sql, error);
	bool full = false;
	if (!session || !is_full(session, &full, error)) {
		return false;
	}
	if (full) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_QUOTA, "more than %d people said STOP",
			    CHAT_STOPPED_MAX);
		return false;
	}
	SqlStatement *statement = sql_statement(session,
						"INSERT INTO chat_stopped"
						" (provider, address, stopped_us)"
						" VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
						error);
	if (!statement) {
		return false;
	}
	sql_bind_text(statement, 1, provider);
	sql_bind_text(statement, 2, address);
	sql_bind_int(statement, 3, g_get_real_time());
	return sql_run(statement, error) && sql_commit(session, error);
}

bool stopped_remove(Sql *sql, const char *provider, const char *address, bool *ret_was,
		    GError **error)
{
	g_autoptr(SqlSession) session = sql_write(sql, error);
	SqlStatement *statement = session ? sql_statement(session,
							  "DELETE FROM chat_stopped"
							  " WHERE provider = $1 AND address = $2",
							  error)
					  : NULL;
	if (!statement) {
		return false;
	}
	sql_bind_text(statement, 1, provider);
	sql_bind_text(statement, 2, address);
	if (!sql_run(statement, error)) {
		return false;
	}
	bool was = sql_changes(session) > 0;
	if (!sql_commit(session, error)) {
		return false;
	}
	*ret_was = was;
	return true;
}
