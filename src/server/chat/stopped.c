/* SPDX-License-Identifier: Apache-2.0 */
#include "server/chat/stopped.h"

#include "base/error.h"
#include "base/limits.h"
#include "sql/ask.h"

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

static bool find(SqlSession *session, const char *provider, const char *address, bool *ret_has,
		 GError **error)
{
	SqlStatement *row;
	if (!ask_find(session, "SELECT 1 FROM chat_stopped WHERE provider = $1 AND address = $2",
		      ASK_VALUES(ASK_TEXT(provider), ASK_TEXT(address)), &row, error)) {
		return false;
	}
	*ret_has = row != NULL;
	return true;
}

static bool count_all(SqlSession *session, int64_t *ret_count, GError **error)
{
	return ask_count(session, "SELECT COUNT(*) FROM chat_stopped", NULL, ret_count, error);
}

bool stopped_has(Sql *sql, const char *provider, const char *address, bool *ret_has, GError **error)
{
	g_autoptr(SqlSession) session = sql_read(sql, error);
	return session && find(session, provider, address, ret_has, error);
}

bool stopped_is_full(Sql *sql, bool *ret_full, GError **error)
{
	g_autoptr(SqlSession) session = sql_read(sql, error);
	int64_t count;
	if (!session || !count_all(session, &count, error)) {
		return false;
	}
	*ret_full = count >= CHAT_STOPPED_MAX;
	return true;
}

bool stopped_add(Sql *sql, const char *provider, const char *address, int64_t count_max,
		 GError **error)
{
	g_autoptr(SqlSession) session = sql_write(sql, error);
	bool has;
	int64_t count;
	if (!session || !find(session, provider, address, &has, error) ||
	    !count_all(session, &count, error)) {
		return false;
	}
	if (has) {
		return true;
	}
	if (count >= count_max) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_QUOTA,
			    "%" G_GINT64_FORMAT " people said STOP: of whom the drive does not "
			    "know, no more are noted",
			    count);
		return false;
	}
	return ask_run(session,
		       "INSERT INTO chat_stopped (provider, address, stopped_us)"
		       " VALUES ($1, $2, $3)",
		       ASK_VALUES(ASK_TEXT(provider), ASK_TEXT(address),
				  ASK_INT(g_get_real_time())),
		       error) &&
	       sql_commit(session, error);
}

bool stopped_remove(Sql *sql, const char *provider, const char *address, bool *ret_was,
		    GError **error)
{
	g_autoptr(SqlSession) session = sql_write(sql, error);
	if (!session ||
	    !ask_run(session, "DELETE FROM chat_stopped WHERE provider = $1 AND address = $2",
		     ASK_VALUES(ASK_TEXT(provider), ASK_TEXT(address)), error)) {
		return false;
	}
	bool was = sql_changes(session) > 0;
	if (!sql_commit(session, error)) {
		return false;
	}
	*ret_was = was;
	return true;
}
