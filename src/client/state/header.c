/* SPDX-License-Identifier: Apache-2.0 */
#include "client/state/header.h"

#include "base/error.h"

/* Keys that may be used until the next write, far more than one record settles. */
#define KEYS_RESERVED (INT64_C(1) << 24)

static const char *const steps[] = {
	"CREATE TABLE synced ("
	"	key INTEGER PRIMARY KEY,"
	"	parent INTEGER NOT NULL,"
	"	name BLOB NOT NULL,"
	"	id BLOB NOT NULL,"
	"	kind INTEGER NOT NULL,"
	"	size INTEGER NOT NULL,"
	"	mtime INTEGER NOT NULL,"
	"	executable INTEGER NOT NULL,"
	"	content BLOB,"
	"	seq INTEGER NOT NULL,"
	"	inode INTEGER NOT NULL,"
	"	birth INTEGER NOT NULL,"
	"	change INTEGER NOT NULL);"
	"CREATE INDEX synced_place ON synced (parent, name);"
	"CREATE UNIQUE INDEX synced_id ON synced (id);"
	"CREATE INDEX synced_file ON synced (inode);"
	"CREATE TABLE remote ("
	"	key INTEGER PRIMARY KEY,"
	"	presence INTEGER NOT NULL,"
	"	parent INTEGER,"
	"	name BLOB,"
	"	id BLOB,"
	"	kind INTEGER,"
	"	size INTEGER,"
	"	mtime INTEGER,"
	"	executable INTEGER,"
	"	content BLOB,"
	"	seq INTEGER);"
	"CREATE TABLE binding ("
	"	one INTEGER PRIMARY KEY CHECK (one = 1),"
	"	drive BLOB NOT NULL,"
	"	cursor BLOB,"
	"	key_next INTEGER NOT NULL,"
	"	files INTEGER NOT NULL,"
	"	folders INTEGER NOT NULL,"
	"	bytes INTEGER NOT NULL);"
	"CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);",
	/* Conflict copies, whose names hold " (conflict, ": few among many. */
	"CREATE INDEX synced_conflict ON synced (key)"
	"	WHERE instr(name, X'2028636f6e666c6963742c20') > 0;",
};

void header_init(Header *header, const NodeId *drive)
{
	*header = (Header){
		.drive = *drive,
		.key_next = ENTRY_KEY_FIRST,
		.settings = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
	};
}

void header_clear(Header *header)
{
	g_clear_pointer(&header->cursor, g_bytes_unref);
	g_clear_pointer(&header->settings, g_hash_table_unref);
}

bool header_migrate(Sql *sql, GError **error)
{
	return sql_migrate(sql, "state", steps, G_N_ELEMENTS(steps), error);
}

static bool read_row(Header *header, SqlStatement *statement, GError **error)
{
	size_t size;
	NodeId drive;
	const void *bytes = sql_column_bytes(statement, 0, &size);
	if (!node_id_from_bytes(bytes, size, &drive)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT, "it names no drive");
		return false;
	}
	if (!node_id_equal(&drive, &header->drive)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CONFLICT, "it is of another drive");
		return false;
	}
	int64_t key_next = sql_column_int(statement, 2);
	if (key_next < ENTRY_KEY_FIRST) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT, "its next key is wrong");
		return false;
	}
	if (!sql_column_null(statement, 1)) {
		bytes = sql_column_bytes(statement, 1, &size);
		header->cursor = g_bytes_new(bytes, size);
	}
	header->key_next = key_next;
	header->totals = (StateTotals){
		.files = (uint64_t)sql_column_int(statement, 3),
		.folders = (uint64_t)sql_column_int(statement, 4),
		.bytes = (uint64_t)sql_column_int(statement, 5),
	};
	return true;
}

static bool load_settings(Header *header, SqlSession *session, GError **error)
{
	SqlStatement *statement = sql_statement(session, "SELECT name, value FROM setting", error);
	bool row = statement != NULL;
	while (row) {
		if (!sql_step(statement, &row, error)) {
			return false;
		}
		if (row) {
			g_hash_table_insert(header->settings,
					    g_strdup(sql_column_text(statement, 0)),
					    g_strdup(sql_column_text(statement, 1)));
		}
	}
	return statement != NULL;
}

bool header_load(Header *header, SqlSession *session, GError **error)
{
	SqlStatement *statement = sql_statement(
		session, "SELECT drive, cursor, key_next, files, folders, bytes FROM binding",
		error);
	bool row;
	if (!statement || !sql_step(statement, &row, error) ||
	    (row && !read_row(header, statement, error))) {
		return false;
	}
	return load_settings(header, session, error);
}

bool header_peek(SqlSession *session, StateTotals *ret_totals, GError **error)
{
	SqlStatement *statement =
		sql_statement(session, "SELECT files, folders, bytes FROM binding", error);
	bool row;
	if (!statement || !sql_step(statement, &row, error)) {
		return false;
	}
	if (!row) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND, "nothing was recorded");
		return false;
	}
	*ret_totals = (StateTotals){
		.files = (uint64_t)sql_column_int(statement, 0),
		.folders = (uint64_t)sql_column_int(statement, 1),
		.bytes = (uint64_t)sql_column_int(statement, 2),
	};
	return true;
}

bool header_write(const Header *header, SqlSession *session, GBytes *cursor, int64_t key_next,
		  const StateTotals *totals, GError **error)
{
	SqlStatement *statement = sql_statement(
		session,
		"INSERT INTO binding (one, drive, cursor, key_next, files, folders, bytes) "
		"VALUES (1, $1, $2, $3, $4, $5, $6) "
		"ON CONFLICT (one) DO UPDATE SET cursor = $2, key_next = $3, files = $4, "
		"folders = $5, bytes = $6",
		error);
	if (!statement) {
		return false;
	}
	sql_bind_bytes(statement, 1, header->drive.bytes, NODE_ID_SIZE);
	if (cursor) {
		size_t size;
		const void *bytes = g_bytes_get_data(cursor, &size);
		sql_bind_bytes(statement, 2, bytes, size);
	} else {
		sql_bind_null(statement, 2);
	}
	sql_bind_int(statement, 3, key_next + KEYS_RESERVED);
	sql_bind_int(statement, 4, (int64_t)totals->files);
	sql_bind_int(statement, 5, (int64_t)totals->folders);
	sql_bind_int(statement, 6, (int64_t)totals->bytes);
	return sql_run(statement, error);
}

void header_set_cursor(Header *header, GBytes *cursor)
{
	GBytes *before = header->cursor;
	header->cursor = cursor ? g_bytes_ref(cursor) : NULL;
	g_bytes_unref(before);
}

static bool write_setting(Sql *sql, const char *name, const char *value, GError **error)
{
	g_autoptr(SqlSession) session = sql_write(sql, error);
	if (!session) {
		return false;
	}
	SqlStatement *statement =
		value ? sql_statement(session,
				      "INSERT INTO setting (name, value) VALUES ($1, $2) "
				      "ON CONFLICT (name) DO UPDATE SET value = $2",
				      error)
		      : sql_statement(session, "DELETE FROM setting WHERE name = $1", error);
	if (!statement) {
		return false;
	}
	sql_bind_text(statement, 1, name);
	if (value) {
		sql_bind_text(statement, 2, value);
	}
	return sql_run(statement, error) && sql_commit(session, error);
}

bool header_set_setting(Header *header, Sql *sql, const char *name, const char *value,
			GError **error)
{
	if (!write_setting(sql, name, value, error)) {
		return false;
	}
	if (value) {
		g_hash_table_replace(header->settings, g_strdup(name), g_strdup(value));
	} else {
		g_hash_table_remove(header->settings, name);
	}
	return true;
}
