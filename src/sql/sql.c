/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite behind sql.h.
 *
 * One connection writes, guarded by Sql.writing; readers take connections from a pool, which
 * Sql.pooling guards. WAL lets them run beside each other. A private database (":memory:") has one
 * connection for both, guarded by Sql.writing.
 *
 * Invariant: a statement runs only inside the transaction that sql_read() or sql_write() began.
 * SQLite may end a transaction by itself (disk full, I/O error); step() looks, since statements
 * after that would each commit alone.
 */
#include "sql/sql.h"

#include "base/error.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#define BUSY_TIMEOUT_MS 10000
#define CACHE_SIZE_DEFAULT (8 * MIB)
#define LOG_SIZE_MAX (64 * MIB) /* of the write-ahead log, before a commit moves it itself */
#define READERS_IDLE_MAX 16
#define PARAMETERS_MAX 32

struct SqlStatement {
	SqlSession *session;
	sqlite3_stmt *statement;
	bool active;     /* stepped and not yet reset */
	int bind_result; /* first failure of a bind, told by the next step */
	int parameter_count;
	uint8_t indexes[PARAMETERS_MAX + 1]; /* $n -> SQLite's index of it */
};

struct SqlSession {
	Sql *sql;
	sqlite3 *db;
	GHashTable *statements; /* address of the text -> SqlStatement */
	unsigned depth;         /* open savepoints */
	unsigned active;        /* statements that were stepped and not yet reset */
	bool writes;
};

struct Sql {
	char *path;
	SqlOptions options;
	bool private;

	GMutex writing; /* held by whoever has the writer */
	SqlSession *writer;
	_Atomic(GThread *) owner; /* who holds writing */

	GMutex pooling; /* guards the following */
	GPtrArray *readers;
	unsigned readers_out;

	size_t page_size; /* for on_commit(): readers, which are opened at any time, leave it */
	_Atomic size_t log_size;
	_Atomic bool broken; /* a sync failed */

	_Atomic unsigned fault_at;
	_Atomic unsigned fault_calls;
};

/* ---- errors ------------------------------------------------------------------------------ */

static DriveError code_of(sqlite3 *db, int result)
{
	switch (result & 0xff) {
	case SQLITE_CONSTRAINT:
		return DRIVE_ERROR_CONFLICT;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return DRIVE_ERROR_CORRUPT;
	case SQLITE_FULL:
		return DRIVE_ERROR_NO_SPACE;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return DRIVE_ERROR_BUSY;
	case SQLITE_IOERR: {
		int errnum = db ? sqlite3_system_errno(db) : 0;
		return errnum == ENOSPC || errnum == EDQUOT ? DRIVE_ERROR_NO_SPACE : DRIVE_ERROR_IO;
	}
	default:
		return DRIVE_ERROR_IO;
	}
}

static bool fail(Sql *sql, sqlite3 *db, int result, const char *doing, GError **error)
{
	if (result == SQLITE_IOERR_FSYNC || result == SQLITE_IOERR_DIR_FSYNC) {
		sql->broken = true;
	}
	const char *reason = db ? sqlite3_errmsg(db) : sqlite3_errstr(result);
	g_set_error(error, DRIVE_ERROR, code_of(db, result), "database '%s': %s (%d) in: %s",
		    sql->path, reason, result, doing);
	return false;
}

/* True if this call is the one that a test wants to fail. */
static bool fault(Sql *sql, GError **error)
{
	unsigned call = ++sql->fault_calls;
	if (call != sql->fault_at) {
		return false;
	}
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_IO, "database '%s': call %u failed on request",
		    sql->path, call);
	return true;
}

void sql_fault_set(Sql *sql, unsigned nth)
{
	sql->fault_calls = 0;
	sql->fault_at = nth;
}

unsigned sql_fault_calls(Sql *sql)
{
	return sql->fault_calls;
}

bool sql_is_broken(Sql *sql)
{
	return sql->broken;
}

/* ---- statements -------------------------------------------------------------------------- */

static void statement_free(void *data)
{
	SqlStatement *statement = data;
	sqlite3_finalize(statement->statement);
	g_free(statement);
}

static void statement_map_parameters(SqlStatement *statement)
{
	int count = sqlite3_bind_parameter_count(statement->statement);
	for (int i = 1; i <= count; i++) {
		const char *name = sqlite3_bind_parameter_name(statement->statement, i);
		g_assert(name && name[0] == '$');
		int number = (int)g_ascii_strtoll(name + 1, NULL, 10);
		g_assert(number >= 1 && number <= PARAMETERS_MAX);
		statement->indexes[number] = (uint8_t)i;
	}
	statement->parameter_count = count;
}

static void statement_reset(SqlStatement *statement)
{
	if (statement->active) {
		sqlite3_reset(statement->statement);
		statement->active = false;
		statement->session->active--;
	}
}

static void session_reset(SqlSession *session)
{
	GHashTableIter iter;
	void *statement;
	g_hash_table_iter_init(&iter, session->statements);
	while (session->active > 0 && g_hash_table_iter_next(&iter, NULL, &statement)) {
		statement_reset(statement);
	}
}

SqlStatement *sql_statement(SqlSession *session, const char *text, GError **error)
{
	SqlStatement *statement = g_hash_table_lookup(session->statements, text);
	if (statement) {
		statement_reset(statement);
		if (statement->parameter_count > 0) {
			sqlite3_clear_bindings(statement->statement);
		}
		statement->bind_result = SQLITE_OK;
		return statement;
	}

	sqlite3_stmt *prepared = NULL;
	int result = sqlite3_prepare_v3(session->db, text, -1, SQLITE_PREPARE_PERSISTENT, &prepared,
					NULL);
	if (result != SQLITE_OK) {
		fail(session->sql, session->db, result, text, error);
		return NULL;
	}
	g_assert(prepared);
	statement = g_new0(SqlStatement, 1);
	statement->session = session;
	statement->statement = prepared;
	statement_map_parameters(statement);
	g_hash_table_insert(session->statements, (void *)text, statement);
	return statement;
}

static int bind_index(SqlStatement *statement, int index)
{
	g_assert(index >= 1 && index <= PARAMETERS_MAX);
	g_assert(statement->indexes[index] != 0);
	g_assert(!statement->active);
	return statement->indexes[index];
}

static void bind_note(SqlStatement *statement, int result)
{
	if (statement->bind_result == SQLITE_OK) {
		statement->bind_result = result;
	}
}

void sql_bind_int(SqlStatement *statement, int index, int64_t value)
{
	int at = bind_index(statement, index);
	bind_note(statement, sqlite3_bind_int64(statement->statement, at, value));
}

void sql_bind_bytes(SqlStatement *statement, int index, const void *bytes, size_t size)
{
	g_assert(bytes || size == 0);
	int at = bind_index(statement, index);
	bind_note(statement, sqlite3_bind_blob64(statement->statement, at, bytes ? bytes : "", size,
						 SQLITE_STATIC));
}

void sql_bind_text(SqlStatement *statement, int index, const char *text)
{
	int at = bind_index(statement, index);
	bind_note(statement, sqlite3_bind_text(statement->statement, at, text, -1, SQLITE_STATIC));
}

void sql_bind_null(SqlStatement *statement, int index)
{
	int at = bind_index(statement, index);
	bind_note(statement, sqlite3_bind_null(statement->statement, at));
}

/* A step that the transaction control itself may use, before and after a transaction. */
static bool step(SqlStatement *statement, bool *ret_row, GError **error)
{
	Sql *sql = statement->session->sql;
	const char *text = sqlite3_sql(statement->statement);
	if (statement->bind_result != SQLITE_OK) {
		return fail(sql, NULL, statement->bind_result, text, error);
	}
	statement->session->active += !statement->active;
	statement->active = true;
	int result = sqlite3_step(statement->statement);
	if (result == SQLITE_ROW) {
		*ret_row = true;
		return true;
	}
	bool done = result == SQLITE_DONE;
	if (!done) {
		fail(sql, statement->session->db, result, text, error);
	}
	statement_reset(statement);
	if (done) {
		*ret_row = false;
	}
	return done;
}

bool sql_step(SqlStatement *statement, bool *ret_row, GError **error)
{
	Sql *sql = statement->session->sql;
	if (fault(sql, error)) {
		return false;
	}
	if (sqlite3_get_autocommit(statement->session->db)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_IO,
			    "database '%s': the transaction was rolled back by an earlier failure",
			    sql->path);
		return false;
	}
	return step(statement, ret_row, error);
}

bool sql_run(SqlStatement *statement, GError **error)
{
	bool row = false;
	do {
		if (!sql_step(statement, &row, error)) {
			return false;
		}
	} while (row);
	return true;
}

int64_t sql_changes(SqlSession *session)
{
	return sqlite3_changes64(session->db);
}

int64_t sql_column_int(SqlStatement *statement, int column)
{
	return sqlite3_column_int64(statement->statement, column);
}

const void *sql_column_bytes(SqlStatement *statement, int column, size_t *ret_size)
{
	const void *bytes = sqlite3_column_blob(statement->statement, column);
	*ret_size = (size_t)sqlite3_column_bytes(statement->statement, column);
	return bytes;
}

const char *sql_column_text(SqlStatement *statement, int column)
{
	return (const char *)sqlite3_column_text(statement->statement, column);
}

bool sql_column_null(SqlStatement *statement, int column)
{
	return sqlite3_column_type(statement->statement, column) == SQLITE_NULL;
}

/* ---- sessions ---------------------------------------------------------------------------- */

static bool control(SqlSession *session, const char *text, GError **error)
{
	SqlStatement *statement = sql_statement(session, text, error);
	bool row;
	return statement && step(statement, &row, error);
}

static void session_free(SqlSession *session)
{
	if (!session) {
		return;
	}
	g_clear_pointer(&session->statements, g_hash_table_unref);
	int result = sqlite3_close(session->db);
	g_assert(result == SQLITE_OK);
	g_free(session);
}

/* A PRAGMA or DDL: text that is used once, outside the kept statements. */
static bool execute(SqlSession *session, const char *text, GError **error)
{
	int result = sqlite3_exec(session->db, text, NULL, NULL, NULL);
	return result == SQLITE_OK || fail(session->sql, session->db, result, text, error);
}

static int on_commit(void *data, sqlite3 *db, const char *name, int pages)
{
	Sql *sql = data;
	(void)db;
	(void)name;
	sql->log_size = (size_t)pages * sql->page_size;
	return SQLITE_OK;
}

static bool session_query_int(SqlSession *session, const char *text, int64_t *ret_value,
			      GError **error)
{
	sqlite3_stmt *statement = NULL;
	int result = sqlite3_prepare_v2(session->db, text, -1, &statement, NULL);
	if (result == SQLITE_OK && (result = sqlite3_step(statement)) == SQLITE_ROW) {
		*ret_value = sqlite3_column_int64(statement, 0);
		sqlite3_finalize(statement);
		return true;
	}
	fail(session->sql, session->db, result, text, error);
	sqlite3_finalize(statement);
	return false;
}

/*
 * The file is not mapped into memory: SQLite would unmap it whenever another session has written,
 * which costs more than reading does; and its pages would count as this process's memory.
 */
static bool session_use_log(SqlSession *session, GError **error)
{
	Sql *sql = session->sql;
	bool durable = sql->options.durability == SQL_DURABLE;
	g_autofree char *log = g_strdup_printf("PRAGMA journal_mode = WAL;"
					       "PRAGMA journal_size_limit = %llu;"
					       "PRAGMA synchronous = %s;"
					       "PRAGMA mmap_size = 0;",
					       LOG_SIZE_MAX, durable ? "FULL" : "NORMAL");
	int64_t page_size = 0;
	bool done = execute(session, log, error);
	if (!done || !session->writes || !durable) {
		return done;
	}
	bool known = session_query_int(session, "PRAGMA page_size", &page_size, error);
	sql->page_size = (size_t)page_size;
	sqlite3_wal_hook(session->db, on_commit, sql);
	return known;
}

static bool session_configure(SqlSession *session, GError **error)
{
	Sql *sql = session->sql;
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
		    SQLITE_OPEN_EXRESCODE;
	int result = sqlite3_open_v2(sql->path, &session->db, flags, NULL);
	if (result != SQLITE_OK) {
		return fail(sql, session->db, result, "open", error);
	}
	sqlite3_busy_timeout(session->db, BUSY_TIMEOUT_MS);
	sqlite3_db_config(session->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(session->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config(session->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	sqlite3_db_config(session->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);

	size_t cache = sql->options.cache_size > 0 ? sql->options.cache_size : CACHE_SIZE_DEFAULT;
	g_autofree char *settings = g_strdup_printf("PRAGMA cache_size = -%zu;"
						    "PRAGMA temp_store = MEMORY;"
						    "PRAGMA foreign_keys = ON;",
						    MAX(cache / 1024, 1));
	if (!execute(session, settings, error)) {
		return false;
	}
	return sql->private || session_use_log(session, error);
}

static SqlSession *session_open(Sql *sql, bool writes, GError **error)
{
	SqlSession *session = g_new0(SqlSession, 1);
	session->sql = sql;
	session->writes = writes;
	session->statements = g_hash_table_new_full(NULL, NULL, NULL, statement_free);
	if (!session_configure(session, error)) {
		session_free(session);
		return NULL;
	}
	return session;
}

/* ---- opening ----------------------------------------------------------------------------- */

static void *configure_once(void *data)
{
	/* Counting every allocation takes a lock; nothing here asks for the numbers. */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	return data;
}

static bool create_file(const char *path, GError **error)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0) {
		return error_set_errno(error, errno, "open database '%s'", path);
	}
	close(fd);
	return true;
}

Sql *sql_open(const char *path, const SqlOptions *options, GError **error)
{
	static GOnce once = G_ONCE_INIT;
	g_once(&once, configure_once, NULL);

	bool private = g_str_equal(path, ":memory:");
	if (!private && !create_file(path, error)) {
		return NULL;
	}
	g_autoptr(Sql) sql = g_new0(Sql, 1);
	sql->path = g_strdup(path);
	sql->options = *options;
	sql->private = private;
	sql->readers = g_ptr_array_new();
	g_mutex_init(&sql->writing);
	g_mutex_init(&sql->pooling);
	sql->writer = session_open(sql, true, error);
	return sql->writer ? g_steal_pointer(&sql) : NULL;
}

void sql_close(Sql *sql)
{
	if (!sql) {
		return;
	}
	g_assert(!sql->owner && sql->readers_out == 0);
	for (unsigned i = 0; i < sql->readers->len; i++) {
		session_free(g_ptr_array_index(sql->readers, i));
	}
	g_ptr_array_free(sql->readers, TRUE);
	session_free(sql->writer);
	g_mutex_clear(&sql->writing);
	g_mutex_clear(&sql->pooling);
	g_free(sql->path);
	g_free(sql);
}

/* ---- transactions ------------------------------------------------------------------------ */

static void writer_lock(Sql *sql)
{
	g_assert(sql->owner != g_thread_self());
	g_mutex_lock(&sql->writing);
	sql->owner = g_thread_self();
}

static void writer_unlock(Sql *sql)
{
	g_assert(sql->owner == g_thread_self());
	sql->owner = NULL;
	g_mutex_unlock(&sql->writing);
}

static SqlSession *reader_take(Sql *sql, GError **error)
{
	SqlSession *session = NULL;
	g_mutex_lock(&sql->pooling);
	if (sql->readers->len > 0) {
		session = g_ptr_array_steal_index_fast(sql->readers, sql->readers->len - 1);
	}
	sql->readers_out++;
	g_mutex_unlock(&sql->pooling);
	if (session) {
		return session;
	}
	session = session_open(sql, false, error);
	if (!session) {
		g_mutex_lock(&sql->pooling);
		sql->readers_out--;
		g_mutex_unlock(&sql->pooling);
	}
	return session;
}

static void reader_give(SqlSession *session)
{
	Sql *sql = session->sql;
	g_mutex_lock(&sql->pooling);
	sql->readers_out--;
	if (sql->readers->len < READERS_IDLE_MAX) {
		g_ptr_array_add(sql->readers, g_steal_pointer(&session));
	}
	g_mutex_unlock(&sql->pooling);
	session_free(session);
}

/* Back to where it came from. */
static void session_give(SqlSession *session)
{
	if (session->writes) {
		writer_unlock(session->sql);
	} else {
		reader_give(session);
	}
}

static SqlSession *session_take(Sql *sql, bool writes, GError **error)
{
	if (writes || sql->private) {
		writer_lock(sql);
		return sql->writer;
	}
	return reader_take(sql, error);
}

static SqlSession *begin(SqlSession *session, const char *text, GError **error)
{
	if (!control(session, text, error)) {
		session_give(session);
		return NULL;
	}
	return session;
}

SqlSession *sql_read(Sql *sql, GError **error)
{
	if (fault(sql, error)) {
		return NULL;
	}
	SqlSession *session = session_take(sql, false, error);
	return session ? begin(session, "BEGIN", error) : NULL;
}

SqlSession *sql_write(Sql *sql, GError **error)
{
	if (fault(sql, error)) {
		return NULL;
	}
	SqlSession *session = session_take(sql, true, error);
	if (sql->broken) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_IO,
			    "database '%s': a disk sync failed; nothing is written until a restart",
			    sql->path);
		session_give(session);
		return NULL;
	}
	return begin(session, "BEGIN IMMEDIATE", error);
}

static void log_bound(SqlSession *session)
{
	Sql *sql = session->sql;
	if (sql->private || sql->log_size < LOG_SIZE_MAX) {
		return;
	}
	/* Passive keeps out of the readers' way; at twice the size they are waited for. */
	int mode = sql->log_size < 2 * LOG_SIZE_MAX ? SQLITE_CHECKPOINT_PASSIVE
						    : SQLITE_CHECKPOINT_RESTART;
	int result = sqlite3_wal_checkpoint_v2(session->db, NULL, mode, NULL, NULL);
	if (result != SQLITE_OK) {
		/* The commit stands; only a failed sync concerns those that follow. */
		fail(sql, session->db, result, "checkpoint", NULL);
	}
}

bool sql_commit(SqlSession *session, GError **error)
{
	g_assert(session->writes && session->depth == 0);
	if (fault(session->sql, error)) {
		return false;
	}
	if (sqlite3_get_autocommit(session->db)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_IO,
			    "database '%s': the transaction was rolled back by an earlier failure",
			    session->sql->path);
		return false;
	}
	session_reset(session);
	if (!control(session, "COMMIT", error)) {
		return false;
	}
	log_bound(session);
	return true;
}

void sql_release(SqlSession *session)
{
	if (!session) {
		return;
	}
	session->depth = 0;
	session_reset(session);
	if (!sqlite3_get_autocommit(session->db)) {
		g_autoptr(GError) error = NULL;
		control(session, "ROLLBACK", &error);
		/* It fails only where SQLite has rolled back by itself. */
		g_assert(sqlite3_get_autocommit(session->db));
	}
	session_give(session);
}

static bool savepoint(SqlSession *session, const char *text, GError **error)
{
	SqlStatement *statement = sql_statement(session, text, error);
	return statement && sql_run(statement, error);
}

/* One name for all: SQL means the innermost. */
bool sql_savepoint(SqlSession *session, GError **error)
{
	g_assert(session->writes);
	if (!savepoint(session, "SAVEPOINT step", error)) {
		return false;
	}
	session->depth++;
	return true;
}

bool sql_savepoint_release(SqlSession *session, GError **error)
{
	g_assert(session->depth > 0);
	session->depth--;
	return savepoint(session, "RELEASE step", error);
}

bool sql_savepoint_rollback(SqlSession *session, GError **error)
{
	g_assert(session->depth > 0);
	session->depth--;
	session_reset(session);
	return savepoint(session, "ROLLBACK TO step", error) &&
	       savepoint(session, "RELEASE step", error);
}

/* ---- upkeep ------------------------------------------------------------------------------ */

bool sql_checkpoint(Sql *sql, GError **error)
{
	if (sql->private) {
		return true;
	}
	SqlSession *session = reader_take(sql, error);
	if (!session) {
		return false;
	}
	int result =
		sqlite3_wal_checkpoint_v2(session->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	/* Another checkpoint at the same time does the work. */
	bool done = result == SQLITE_OK || (result & 0xff) == SQLITE_BUSY ||
		    fail(sql, session->db, result, "checkpoint", error);
	reader_give(session);
	return done;
}

size_t sql_log_size(Sql *sql)
{
	return sql->log_size;
}

static bool version_get(SqlSession *session, const char *component, int64_t *ret_version,
			GError **error)
{
	SqlStatement *statement =
		sql_statement(session, "SELECT version FROM migration WHERE component = $1", error);
	if (!statement) {
		return false;
	}
	sql_bind_text(statement, 1, component);
	bool row;
	if (!sql_step(statement, &row, error)) {
		return false;
	}
	*ret_version = row ? sql_column_int(statement, 0) : 0;
	return true;
}

static bool version_set(SqlSession *session, const char *component, int64_t version, GError **error)
{
	SqlStatement *statement =
		sql_statement(session,
			      "INSERT INTO migration (component, version) VALUES ($1, $2) "
			      "ON CONFLICT (component) DO UPDATE SET version = $2",
			      error);
	if (!statement) {
		return false;
	}
	sql_bind_text(statement, 1, component);
	sql_bind_int(statement, 2, version);
	return sql_run(statement, error);
}

static bool migrate_step(Sql *sql, const char *component, const char *text, int64_t version,
			 GError **error)
{
	g_autoptr(SqlSession) session = sql_write(sql, error);
	return session && execute(session, text, error) &&
	       version_set(session, component, version, error) && sql_commit(session, error);
}

static bool migrated_to(Sql *sql, const char *component, int64_t *ret_version, GError **error)
{
	g_autoptr(SqlSession) session = sql_write(sql, error);
	return session &&
	       execute(session,
		       "CREATE TABLE IF NOT EXISTS migration (component TEXT PRIMARY KEY, "
		       "version BIGINT NOT NULL)",
		       error) &&
	       version_get(session, component, ret_version, error) && sql_commit(session, error);
}

bool sql_migrate(Sql *sql, const char *component, const char *const *steps, size_t count,
		 GError **error)
{
	int64_t version = 0;
	if (!migrated_to(sql, component, &version, error)) {
		g_prefix_error(error, "tables of '%s': ", component);
		return false;
	}
	if (version > (int64_t)count) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_UNSUPPORTED,
			    "database '%s': the tables of '%s' are of a newer program", sql->path,
			    component);
		return false;
	}
	for (size_t i = (size_t)version; i < count; i++) {
		if (!migrate_step(sql, component, steps[i], (int64_t)i + 1, error)) {
			g_prefix_error(error, "tables of '%s', version %zu: ", component, i + 1);
			return false;
		}
	}
	return true;
}

static bool check_pragma(SqlSession *session, const char *text, GError **error)
{
	SqlStatement *statement = sql_statement(session, text, error);
	bool row;
	if (!statement || !sql_step(statement, &row, error)) {
		return false;
	}
	const char *answer = row ? sql_column_text(statement, 0) : "ok";
	if (g_strcmp0(answer, "ok") != 0) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT, "database '%s': %s",
			    session->sql->path, answer);
		return false;
	}
	return true;
}

bool sql_check(Sql *sql, GError **error)
{
	g_autoptr(SqlSession) session = sql_read(sql, error);
	/* The second answers with the tables whose references lead nowhere. */
	return session && check_pragma(session, "PRAGMA integrity_check", error) &&
	       check_pragma(session, "PRAGMA foreign_key_check", error);
}
