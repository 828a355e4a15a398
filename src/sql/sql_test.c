/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/sql.h"

#include "base/error.h"
#include "base/limits.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>

static const SqlOptions durable = { .durability = SQL_DURABLE, .cache_size = MIB };
static const SqlOptions ordered = { .durability = SQL_ORDERED };

static const char *const steps[] = {
	"CREATE TABLE pair (a INTEGER PRIMARY KEY, b BLOB); CREATE UNIQUE INDEX pair_b ON pair (b)",
	"ALTER TABLE pair ADD COLUMN c TEXT",
};

typedef struct Fixture {
	char *folder;
	char *path;
	Sql *sql;
} Fixture;

static void fixture_set_up(Fixture *fixture, const void *data)
{
	g_autoptr(GError) error = NULL;
	fixture->folder = g_dir_make_tmp("sql-XXXXXX", &error);
	g_assert_no_error(error);
	fixture->path = g_build_filename(fixture->folder, "db", NULL);
	fixture->sql = sql_open(data ? data : fixture->path, &durable, &error);
	g_assert_no_error(error);
	sql_migrate(fixture->sql, "pairs", steps, G_N_ELEMENTS(steps), &error);
	g_assert_no_error(error);
}

static void fixture_tear_down(Fixture *fixture, const void *data)
{
	sql_close(fixture->sql);
	g_autoptr(GDir) dir = g_dir_open(fixture->folder, 0, NULL);
	const char *name;
	while ((name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(fixture->folder, name, NULL);
		g_unlink(path);
	}
	g_rmdir(fixture->folder);
	g_free(fixture->path);
	g_free(fixture->folder);
}

static SqlStatement *ask(SqlSession *session, const char *text)
{
	g_autoptr(GError) error = NULL;
	SqlStatement *statement = sql_statement(session, text, &error);
	g_assert_no_error(error);
	return statement;
}

static bool insert(SqlSession *session, int64_t a, const char *b, GError **error)
{
	SqlStatement *statement =
		sql_statement(session, "INSERT INTO pair (a, b, c) VALUES ($2, $1, NULL)", error);
	if (!statement) {
		return false;
	}
	sql_bind_bytes(statement, 1, b, strlen(b));
	sql_bind_int(statement, 2, a);
	return sql_run(statement, error);
}

static int64_t count_in(SqlSession *session)
{
	g_autoptr(GError) error = NULL;
	SqlStatement *statement = ask(session, "SELECT count(*) FROM pair");
	bool row = false;
	sql_step(statement, &row, &error);
	g_assert_no_error(error);
	g_assert_true(row);
	return sql_column_int(statement, 0);
}

static int64_t count(Sql *sql)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(SqlSession) session = sql_read(sql, &error);
	g_assert_no_error(error);
	return count_in(session);
}

static void write_one(Sql *sql, int64_t a, const char *b)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(SqlSession) session = sql_write(sql, &error);
	g_assert_no_error(error);
	insert(session, a, b, &error);
	g_assert_no_error(error);
	sql_commit(session, &error);
	g_assert_no_error(error);
}

static void test_values(Fixture *fixture, const void *data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(SqlSession) session = sql_write(fixture->sql, &error);
	SqlStatement *in = ask(session, "INSERT INTO pair (c, a, b) VALUES ($3, $1, $2)");
	sql_bind_int(in, 1, INT64_MAX);
	sql_bind_bytes(in, 2, "\0\xff", 2);
	sql_bind_text(in, 3, "日本");
	g_assert_true(sql_run(in, &error));
	g_assert_cmpint(sql_changes(session), ==, 1);
	in = ask(session, "INSERT INTO pair (c, a, b) VALUES ($3, $1, $2)");
	sql_bind_int(in, 1, INT64_MIN);
	sql_bind_bytes(in, 2, NULL, 0);
	g_assert_true(sql_run(in, &error));

	bool row = false;
	size_t size = 9;
	SqlStatement *out = ask(session, "SELECT a, b, c FROM pair WHERE a >= $1 AND a <= $1");
	sql_bind_int(out, 1, INT64_MAX);
	g_assert_true(sql_step(out, &row, &error) && row);
	g_assert_cmpint(sql_column_int(out, 0), ==, INT64_MAX);
	g_assert_cmpmem(sql_column_bytes(out, 1, &size), 2, "\0\xff", 2);
	g_assert_cmpuint(size, ==, 2);
	g_assert_cmpstr(sql_column_text(out, 2), ==, "日本");
	g_assert_true(sql_step(out, &row, &error) && !row);

	out = ask(session, "SELECT a, b, c FROM pair WHERE a >= $1 AND a <= $1");
	sql_bind_int(out, 1, INT64_MIN);
	g_assert_true(sql_step(out, &row, &error) && row);
	sql_column_bytes(out, 1, &size);
	g_assert_cmpuint(size, ==, 0);
	g_assert_false(sql_column_null(out, 1));
	g_assert_true(sql_column_null(out, 2));
	/* Not bound anew, the first parameter is NULL again. */
	out = ask(session, "SELECT a, b, c FROM pair WHERE a >= $1 AND a <= $1");
	g_assert_true(sql_step(out, &row, &error) && !row);
	g_assert_true(sql_commit(session, &error));
	g_assert_no_error(error);
}

static void test_release_rolls_back(Fixture *fixture, const void *data)
{
	g_autoptr(GError) error = NULL;
	SqlSession *session = sql_write(fixture->sql, &error);
	g_assert_true(insert(session, 1, "one", &error));
	sql_release(session);
	g_assert_cmpint(count(fixture->sql), ==, 0);
	write_one(fixture->sql, 1, "one");
	g_assert_cmpint(count(fixture->sql), ==, 1);
}

static void test_savepoints_nest(Fixture *fixture, const void *data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(SqlSession) session = sql_write(fixture->sql, &error);
	g_assert_true(insert(session, 1, "one", &error));
	g_assert_true(sql_savepoint(session, &error));
	g_assert_true(insert(session, 2, "two", &error));
	g_assert_true(sql_savepoint(session, &error));
	g_assert_true(insert(session, 3, "three", &error));
	g_assert_true(sql_savepoint_rollback(session, &error));
	g_assert_cmpint(count_in(session), ==, 2);
	g_assert_true(sql_savepoint_release(session, &error));
	g_assert_true(sql_savepoint(session, &error));
	g_assert_true(insert(session, 4, "four", &error));
	g_assert_true(sql_savepoint_rollback(session, &error));
	g_assert_true(sql_commit(session, &error));
	g_assert_cmpint(count_in(session = (sql_release(session), sql_read(fixture->sql, &error))),
			==, 2);
}

static void test_reader_sees_one_snapshot(Fixture *fixture, const void *data)
{
	g_autoptr(GError) error = NULL;
	write_one(fixture->sql, 1, "one");
	SqlSession *reader = sql_read(fixture->sql, &error);
	g_assert_cmpint(count_in(reader), ==, 1);
	write_one(fixture->sql, 2, "two");
	g_assert_cmpint(count_in(reader), ==, 1);
	g_assert_cmpint(count(fixture->sql), ==, 2);
	sql_release(reader);
}

static void test_constraint_is_conflict(Fixture *fixture, const void *data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(SqlSession) session = sql_write(fixture->sql, &error);
	g_assert_true(insert(session, 1, "one", &error));
	g_assert_false(insert(session, 2, "one", &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_CONFLICT);
	g_clear_error(&error);
	/* The rest of the transaction stands. */
	g_assert_true(insert(session, 2, "two", &error));
	g_assert_cmpint(count_in(session), ==, 2);
}

static void test_wrong_text_is_an_error(Fixture *fixture, const void *data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(SqlSession) session = sql_read(fixture->sql, &error);
	g_assert_null(sql_statement(session, "SELECT nothing FROM pair", &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_IO);
}

static void test_migrates_once(Fixture *fixture, const void *data)
{
	g_autoptr(GError) error = NULL;
	write_one(fixture->sql, 1, "one");
	g_assert_true(sql_migrate(fixture->sql, "pairs", steps, G_N_ELEMENTS(steps), &error));
	g_assert_cmpint(count(fixture->sql), ==, 1);
	g_assert_false(sql_migrate(fixture->sql, "pairs", steps, 1, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_UNSUPPORTED);
	g_clear_error(&error);
	static const char *const wrong[] = { "CREATE TABLE other (a); CREATE TABEL x" };
	g_assert_false(sql_migrate(fixture->sql, "others", wrong, 1, &error));
	g_clear_error(&error);
	static const char *const right[] = { "CREATE TABLE other (a)" };
	g_assert_true(sql_migrate(fixture->sql, "others", right, 1, &error));
	g_assert_true(sql_check(fixture->sql, &error));
	g_assert_no_error(error);
}

static void test_file_is_private(Fixture *fixture, const void *data)
{
	write_one(fixture->sql, 1, "one");
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++) {
		g_autofree char *path = g_strconcat(fixture->path, suffixes[i], NULL);
		struct stat status;
		g_assert_cmpint(stat(path, &status), ==, 0);
		g_assert_cmpuint(status.st_mode & 0777, ==, 0600);
	}
}

static void test_survives_reopening(Fixture *fixture, const void *data)
{
	g_autoptr(GError) error = NULL;
	write_one(fixture->sql, 1, "one");
	sql_close(fixture->sql);
	fixture->sql = sql_open(fixture->path, &ordered, &error);
	g_assert_no_error(error);
	g_assert_cmpint(count(fixture->sql), ==, 1);
	write_one(fixture->sql, 2, "two");
	g_assert_cmpint(count(fixture->sql), ==, 2);
}

static void test_damage_is_corrupt(Fixture *fixture, const void *data)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = g_build_filename(fixture->folder, "noise", NULL);
	g_autofree char *noise = g_strnfill(8192, 'x');
	g_assert_true(g_file_set_contents(path, noise, 8192, NULL));
	g_assert_null(sql_open(path, &durable, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT);
	g_clear_error(&error);
	g_assert_null(sql_open("/nowhere/at/all", &durable, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
}

static void test_log_is_bounded(Fixture *fixture, const void *data)
{
	g_autoptr(GError) error = NULL;
	size_t largest = 0;
	g_autofree char *bulk = g_malloc0(8 * MIB);
	for (int i = 0; i < 20; i++) {
		g_autoptr(SqlSession) session = sql_write(fixture->sql, &error);
		SqlStatement *in = ask(session, "INSERT INTO pair (a, b) VALUES ($1, $2)");
		bulk[0] = (char)i;
		sql_bind_int(in, 1, i);
		sql_bind_bytes(in, 2, bulk, 4 * MIB);
		g_assert_true(sql_run(in, &error));
		g_assert_true(sql_commit(session, &error));
		largest = MAX(largest, sql_log_size(fixture->sql));
	}
	g_assert_cmpuint(largest, >, 60 * MIB);
	g_assert_cmpuint(largest, <, 96 * MIB);
	g_assert_true(sql_checkpoint(fixture->sql, &error));
	write_one(fixture->sql, 100, "small");
	g_assert_cmpuint(sql_log_size(fixture->sql), <, MIB);
}

static bool three_steps(Sql *sql, GError **error)
{
	g_autoptr(SqlSession) session = sql_write(sql, error);
	return session && insert(session, 1, "one", error) && sql_savepoint(session, error) &&
	       insert(session, 2, "two", error) && sql_savepoint_rollback(session, error) &&
	       insert(session, 2, "three", error) && sql_commit(session, error);
}

static void test_every_failure_undoes_all(Fixture *fixture, const void *data)
{
	unsigned nth = 0;
	bool done = false;
	while (!done) {
		g_autoptr(GError) error = NULL;
		sql_fault_set(fixture->sql, ++nth);
		done = three_steps(fixture->sql, &error);
		unsigned calls = sql_fault_calls(fixture->sql);
		sql_fault_set(fixture->sql, 0);
		if (!done) {
			g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_IO);
			g_assert_cmpuint(calls, ==, nth);
		}
		g_assert_cmpint(count(fixture->sql), ==, done ? 2 : 0);
	}
	g_assert_cmpuint(nth, ==, 9);
}

static void *write_many(void *data)
{
	Fixture *fixture = data;
	for (int i = 0; i < 50; i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(SqlSession) session = sql_write(fixture->sql, &error);
		g_assert_no_error(error);
		int64_t next = count_in(session);
		g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, next);
		g_assert_true(insert(session, next, text, &error));
		g_assert_true(sql_commit(session, &error));
		g_clear_pointer(&session, sql_release);
		g_assert_cmpint(count(fixture->sql), >, next);
	}
	return NULL;
}

static void test_threads_take_turns(Fixture *fixture, const void *data)
{
	GThread *threads[4];
	for (size_t i = 0; i < G_N_ELEMENTS(threads); i++) {
		threads[i] = g_thread_new("writer", write_many, fixture);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(threads); i++) {
		g_thread_join(threads[i]);
	}
	g_assert_cmpint(count(fixture->sql), ==, 200);
}

/* ---- a file system whose sync fails --------------------------------------------------------- */

static int (*disk_open)(sqlite3_vfs *, sqlite3_filename, sqlite3_file *, int, int *);
static int (*disk_sync)(sqlite3_file *, int);
static sqlite3_io_methods failing_methods;
static bool failing;

static int failing_sync(sqlite3_file *file, int flags)
{
	return failing ? SQLITE_IOERR_FSYNC : disk_sync(file, flags);
}

static int failing_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags,
			int *out_flags)
{
	int result = disk_open(vfs, name, file, flags, out_flags);
	if (result == SQLITE_OK && (flags & SQLITE_OPEN_WAL)) {
		disk_sync = file->pMethods->xSync;
		failing_methods = *file->pMethods;
		failing_methods.xSync = failing_sync;
		file->pMethods = &failing_methods;
	}
	return result;
}

static void test_failed_sync_ends_writing(Fixture *fixture, const void *data)
{
	g_autoptr(GError) error = NULL;
	sqlite3_vfs *below = sqlite3_vfs_find(NULL);
	sqlite3_vfs vfs = *below;
	disk_open = below->xOpen;
	vfs.xOpen = failing_open;
	vfs.zName = "failing";
	g_assert_cmpint(sqlite3_vfs_register(&vfs, 1), ==, SQLITE_OK);
	g_autofree char *path = g_build_filename(fixture->folder, "failing", NULL);
	Sql *sql = sql_open(path, &durable, &error);
	sql_migrate(sql, "pairs", steps, G_N_ELEMENTS(steps), &error);
	g_assert_no_error(error);

	failing = true;
	SqlSession *session = sql_write(sql, &error);
	g_assert_true(insert(session, 1, "one", &error));
	g_assert_false(sql_commit(session, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_IO);
	g_clear_error(&error);
	sql_release(session);
	failing = false;
	g_assert_null(sql_write(sql, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_IO);
	g_assert_cmpint(count(sql), ==, 0);
	sql_close(sql);
	sqlite3_vfs_unregister(&vfs);
}

static void add(const char *path, const void *where, void (*test)(Fixture *, const void *))
{
	g_test_add(path, Fixture, where, fixture_set_up, test, fixture_tear_down);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add("/sql/values-come-back", NULL, test_values);
	add("/sql/memory/values-come-back", ":memory:", test_values);
	add("/sql/release-rolls-back", NULL, test_release_rolls_back);
	add("/sql/memory/release-rolls-back", ":memory:", test_release_rolls_back);
	add("/sql/savepoints-nest", NULL, test_savepoints_nest);
	add("/sql/memory/savepoints-nest", ":memory:", test_savepoints_nest);
	add("/sql/reader-sees-one-snapshot", NULL, test_reader_sees_one_snapshot);
	add("/sql/constraint-is-conflict", NULL, test_constraint_is_conflict);
	add("/sql/wrong-text-is-an-error", NULL, test_wrong_text_is_an_error);
	add("/sql/migrates-once", NULL, test_migrates_once);
	add("/sql/file-is-private", NULL, test_file_is_private);
	add("/sql/survives-reopening", NULL, test_survives_reopening);
	add("/sql/damage-is-corrupt", NULL, test_damage_is_corrupt);
	add("/sql/log-is-bounded", NULL, test_log_is_bounded);
	add("/sql/every-failure-undoes-all", NULL, test_every_failure_undoes_all);
	add("/sql/memory/every-failure-undoes-all", ":memory:", test_every_failure_undoes_all);
	add("/sql/threads-take-turns", NULL, test_threads_take_turns);
	add("/sql/memory/threads-take-turns", ":memory:", test_threads_take_turns);
	add("/sql/failed-sync-ends-writing", NULL, test_failed_sync_ends_writing);
	return g_test_run();
}
