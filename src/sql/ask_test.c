/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/ask.h"

#include "base/error.h"

static Sql *open_pairs(void)
{
	static const char *const steps[] = { "CREATE TABLE pair (a BIGINT PRIMARY KEY, b BLOB)" };
	g_autoptr(GError) error = NULL;
	Sql *sql = sql_open(":memory:", &(SqlOptions){ 0 }, &error);
	g_assert_no_error(error);
	sql_migrate(sql, "pairs", steps, G_N_ELEMENTS(steps), &error);
	g_assert_no_error(error);
	return sql;
}

static SqlStatement *find(SqlSession *session, const char *text, const AskValue *values)
{
	g_autoptr(GError) error = NULL;
	SqlStatement *row = NULL;
	ask_find(session, text, values, &row, &error);
	g_assert_no_error(error);
	return row;
}

static void test_values_come_back(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Sql) sql = open_pairs();
	g_autoptr(SqlSession) session = sql_read(sql, &error);
	g_assert_no_error(error);
	SqlStatement *row = find(session, "SELECT $1, $2, $3, $4, $5",
				 ASK_VALUES(ASK_INT(-5), ASK_BLOB("a\0b", 3), ASK_TEXT("text"),
					    ASK_TEXT(NULL), ASK_NULL));
	g_assert_nonnull(row);
	g_assert_cmpint(sql_column_int(row, 0), ==, -5);
	size_t size;
	const void *bytes = sql_column_bytes(row, 1, &size);
	g_assert_cmpmem(bytes, size, "a\0b", 3);
	g_autofree char *text = ask_text_dup(row, 2);
	g_assert_cmpstr(text, ==, "text");
	g_assert_false(sql_column_null(row, 3));
	g_assert_cmpstr(sql_column_text(row, 3), ==, "");
	g_assert_true(sql_column_null(row, 4));
	g_autofree char *none = ask_text_dup(row, 4);
	g_assert_cmpstr(none, ==, "");
}

static void test_no_row_is_no_failure(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Sql) sql = open_pairs();
	g_autoptr(SqlSession) session = sql_write(sql, &error);
	int64_t number = 7;
	g_assert_null(find(session, "SELECT a FROM pair WHERE a = $1", ASK_VALUES(ASK_INT(1))));
	g_assert_true(ask_count(session, "SELECT a FROM pair", NULL, &number, &error));
	g_assert_cmpint(number, ==, 0);
	g_assert_true(ask_run(session, "INSERT INTO pair (a) VALUES ($1)", ASK_VALUES(ASK_INT(3)),
			      &error));
	g_assert_true(ask_count(session, "SELECT a FROM pair", NULL, &number, &error));
	g_assert_cmpint(number, ==, 3);
	g_assert_no_error(error);
}

static void test_a_failure_is_passed_on(void)
{
	static const char insert[] = "INSERT INTO pair (a) VALUES ($1)";
	g_autoptr(GError) error = NULL;
	g_autoptr(Sql) sql = open_pairs();
	g_autoptr(SqlSession) session = sql_write(sql, &error);
	SqlStatement *row = (SqlStatement *)session;
	int64_t number = 7;
	g_assert_true(ask_run(session, insert, ASK_VALUES(ASK_INT(1)), &error));
	g_assert_false(ask_run(session, insert, ASK_VALUES(ASK_INT(1)), &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_CONFLICT);
	g_clear_error(&error);
	g_assert_null(ask_statement(session, "SELECT nothing", NULL, &error));
	g_assert_nonnull(error);
	sql_fault_set(sql, 1);
	g_assert_false(ask_find(session, "SELECT a FROM pair", NULL, &row, NULL));
	g_assert_true(row == (SqlStatement *)session);
	sql_fault_set(sql, 1);
	g_assert_false(ask_count(session, "SELECT a FROM pair", NULL, &number, NULL));
	g_assert_cmpint(number, ==, 7);
	sql_fault_set(sql, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sql/ask/values-come-back", test_values_come_back);
	g_test_add_func("/sql/ask/no-row-is-no-failure", test_no_row_is_no_failure);
	g_test_add_func("/sql/ask/a-failure-is-passed-on", test_a_failure_is_passed_on);
	return g_test_run();
}
