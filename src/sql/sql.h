/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A database as imdrive uses it: one writer at a time, any number of readers that each see one
 * snapshot. SQLite (>= 3.40, WAL) today; statements are written in the text that SQLite and
 * PostgreSQL share: parameters $1, $2 …, RETURNING, ON CONFLICT.
 *
 * A Sql is shared by all threads. A SqlSession belongs to the thread that acquired it until it is
 * released. Errors are DRIVE_ERROR_IO, DRIVE_ERROR_NO_SPACE, DRIVE_ERROR_CORRUPT,
 * DRIVE_ERROR_BUSY (another process holds the database) and DRIVE_ERROR_CONFLICT for a violated
 * constraint.
 */
typedef struct Sql Sql;
typedef struct SqlSession SqlSession;
typedef struct SqlStatement SqlStatement;

typedef enum SqlDurability {
	SQL_DURABLE, /* a commit is on disk when it returns (synchronous=FULL) */
	SQL_ORDERED, /* a power cut may lose the last commits, never their order (NORMAL) */
} SqlDurability;

typedef struct SqlOptions {
	SqlDurability durability;
	size_t cache_size; /* bytes of page cache for each session; 0: the default */
} SqlOptions;

/*
 * path ":memory:" gives a private database that ends with the Sql; it has one session only, so that
 * a thread must not read while it writes. Creates the file with 0600.
 */
Sql *sql_open(const char *path, const SqlOptions *options, GError **error);
void sql_close(Sql *sql);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sql, sql_close)

/*
 * Brings the tables of one folder ("journal", "accounts", …) to the newest form. steps[i] is the
 * SQL text that leads from version i to i + 1; each runs in a transaction of its own. Fails with
 * DRIVE_ERROR_UNSUPPORTED if the database is newer than this program.
 */
bool sql_migrate(Sql *sql, const char *component, const char *const *steps, size_t count,
		 GError **error);

/*
 * sql_read() hands out a session inside a read transaction (one snapshot, taken at its first
 * statement); sql_write() waits for the writer and begins a write transaction. sql_release() ends
 * either; a write that was not committed is rolled back. A thread has at most one write at a time.
 *
 * After a failed disk sync nobody knows what the disk holds (Linux reports it once): from then on
 * every sql_write() fails until the program starts anew.
 */
bool sql_is_broken(Sql *sql);
SqlSession *sql_read(Sql *sql, GError **error);
SqlSession *sql_write(Sql *sql, GError **error);
bool sql_commit(SqlSession *session, GError **error);
void sql_release(SqlSession *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SqlSession, sql_release)

/*
 * Inside a write: undo everything since the savepoint (which is gone then), or keep it. They nest.
 * A failed rollback leaves only sql_release().
 */
bool sql_savepoint(SqlSession *session, GError **error);
bool sql_savepoint_release(SqlSession *session, GError **error);
bool sql_savepoint_rollback(SqlSession *session, GError **error);

/*
 * SQL_DURABLE: moves the write-ahead log into the database; called on a thread that has time, or
 * when sql_log_size() passes some 32 MiB: a page that many commits wrote is moved once. A log that
 * nobody looks after is moved by a commit, late. SQL_ORDERED does it by itself; there
 * it also brings all commits so far to the disk.
 */
bool sql_checkpoint(Sql *sql, GError **error);
/* Bytes in the write-ahead log after the last commit. */
size_t sql_log_size(Sql *sql);

/*
 * A prepared statement for this text, reset and without bindings; kept by the session, so that
 * asking again costs a hash look-up. text must be a string literal (it is the key by address).
 * Never NULL on success; a wrong text is a bug and aborts in tests through the error.
 */
SqlStatement *sql_statement(SqlSession *session, const char *text, GError **error);

/*
 * index 1.. for $1..; bytes and text must stay until the statement is stepped to its end or asked
 * anew. NULL bytes of size 0 are the empty string of bytes, not SQL's NULL.
 */
void sql_bind_int(SqlStatement *statement, int index, int64_t value);
void sql_bind_bytes(SqlStatement *statement, int index, const void *bytes, size_t size);
void sql_bind_text(SqlStatement *statement, int index, const char *text);
void sql_bind_null(SqlStatement *statement, int index);

/*
 * One row further: *ret_row says whether there is one. After the last row it starts anew; the end
 * of the transaction ends it too.
 */
bool sql_step(SqlStatement *statement, bool *ret_row, GError **error);
/* Steps to the end, ignoring rows. */
bool sql_run(SqlStatement *statement, GError **error);
/* Rows changed by the last INSERT, UPDATE or DELETE of this session. */
int64_t sql_changes(SqlSession *session);

/* Columns 0.. of the present row; memory stays until the next step. */
int64_t sql_column_int(SqlStatement *statement, int column);
const void *sql_column_bytes(SqlStatement *statement, int column, size_t *ret_size);
const char *sql_column_text(SqlStatement *statement, int column);
bool sql_column_null(SqlStatement *statement, int column);

/* The database's own integrity check; true if whole. */
bool sql_check(Sql *sql, GError **error);

/*
 * For tests: the nth call from now (from 1) that could fail in the database fails with
 * DRIVE_ERROR_IO without having been made; 0: none. Such calls are sql_read, sql_write, sql_commit,
 * the savepoints, sql_step and sql_run.
 */
void sql_fault_set(Sql *sql, unsigned nth);
/* Calls since sql_fault_set(). */
unsigned sql_fault_calls(Sql *sql);
