/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/ask.h"

SqlStatement *ask_statement(SqlSession *session, const char *text, const AskValue *values,
			    GError **error)
{
	SqlStatement *statement = sql_statement(session, text, error);
	for (int i = 0; statement && values && values[i].kind != ASK_END; i++) {
		const AskValue *value = &values[i];
		switch (value->kind) {
		case ASK_NUMBER:
			sql_bind_int(statement, i + 1, value->number);
			break;
		case ASK_BYTES:
			sql_bind_bytes(statement, i + 1, value->bytes, value->size);
			break;
		case ASK_STRING:
			sql_bind_text(statement, i + 1, value->bytes ? value->bytes : "");
			break;
		default:
			sql_bind_null(statement, i + 1);
			break;
		}
	}
	return statement;
}

bool ask_run(SqlSession *session, const char *text, const AskValue *values, GError **error)
{
	SqlStatement *statement = ask_statement(session, text, values, error);
	return statement && sql_run(statement, error);
}

bool ask_find(SqlSession *session, const char *text, const AskValue *values, SqlStatement **ret_row,
	      GError **error)
{
	SqlStatement *statement = ask_statement(session, text, values, error);
	bool row;
	if (!statement || !sql_step(statement, &row, error)) {
		return false;
	}
	*ret_row = row ? statement : NULL;
	return true;
}

bool ask_count(SqlSession *session, const char *text, const AskValue *values, int64_t *ret_count,
	       GError **error)
{
	SqlStatement *row;
	if (!ask_find(session, text, values, &row, error)) {
		return false;
	}
	*ret_count = row ? sql_column_int(row, 0) : 0;
	return true;
}

char *ask_text_dup(SqlStatement *row, int column)
{
	return g_strdup(sql_column_null(row, column) ? "" : sql_column_text(row, column));
}
