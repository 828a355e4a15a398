/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One row per node. Children are found through the index over (parent, name), which is not unique:
 * names may collide for the moment between two records of a swap.
 *
 * Reads share one read transaction, which is begun by the first read after a write: one statement
 * costs a microsecond, to begin and to end a transaction several.
 *
 * A first sync asks very often about nodes and folders that are not in the table. Keys are dense
 * and never reused, so one bit for each key since the start tells for sure that there is no row.
 */
#include "client/state/rows.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"

#include <string.h>

#define CACHE_ENTRIES 4096
#define LENT_ENTRIES 64

#define STAMP_COLUMN 10

struct Rows {
	Sql *sql;
	SqlSession *session; /* the readers' transaction, or NULL */
	GError *error;
	bool is_void;

	int64_t fresh_key;
	GByteArray *written; /* bit key - fresh_key: a row with that key was written */
	GByteArray *parents; /* bit key - fresh_key: a row with that parent was written */

	GHashTable *cache; /* &Entry.key -> Entry, owned */
	GQueue cached;     /* of the same entries, oldest first; may name ones long gone */
	Entry *lent[LENT_ENTRIES];
	unsigned lent_next;
	int64_t named; /* key of the row that was found by its id last */
};

/* ---- what is known without asking -------------------------------------------------------- */

static bool may_have(const Rows *rows, const GByteArray *bits, int64_t key)
{
	if (key < rows->fresh_key) {
		return true;
	}
	uint64_t bit = (uint64_t)(key - rows->fresh_key);
	return bit / 8 < bits->len && (bits->data[bit / 8] >> (bit % 8) & 1) != 0;
}

static void note(const Rows *rows, GByteArray *bits, int64_t key)
{
	if (key < rows->fresh_key) {
		return;
	}
	uint64_t bit = (uint64_t)(key - rows->fresh_key);
	if (bit / 8 >= bits->len) {
		unsigned old = bits->len;
		g_byte_array_set_size(bits, (unsigned)MAX(2ull * old, bit / 8 + 64));
		memset(bits->data + old, 0, bits->len - old);
	}
	bits->data[bit / 8] |= (uint8_t)(1u << (bit % 8));
}

/* ---- cache ------------------------------------------------------------------------------- */

static void unref(void *entry)
{
	entry_unref(entry);
}

static const Entry *lend(Rows *rows, const Entry *entry)
{
	Entry **slot = &rows->lent[rows->lent_next];
	rows->lent_next = (rows->lent_next + 1) % LENT_ENTRIES;
	entry_unref(*slot);
	*slot = entry_ref(entry);
	return entry;
}

/* Takes the reference. */
static void cache_add(Rows *rows, Entry *entry)
{
	if (g_queue_get_length(&rows->cached) >= CACHE_ENTRIES) {
		Entry *oldest = g_queue_pop_head(&rows->cached);
		if (g_hash_table_lookup(rows->cache, &oldest->key) == oldest) {
			g_hash_table_remove(rows->cache, &oldest->key);
		}
		entry_unref(oldest);
	}
	g_queue_push_tail(&rows->cached, entry_ref(entry));
	g_hash_table_replace(rows->cache, &entry->key, entry);
}

static void cache_clear(Rows *rows)
{
	g_hash_table_remove_all(rows->cache);
	g_queue_clear_full(&rows->cached, unref);
}

/* ---- life -------------------------------------------------------------------------------- */

Rows *rows_new(Sql *sql, int64_t fresh_key)
{
	Rows *rows = g_new0(Rows, 1);
	rows->sql = sql;
	rows->fresh_key = fresh_key;
	rows->written = g_byte_array_new();
	rows->parents = g_byte_array_new();
	rows->cache = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, unref);
	g_queue_init(&rows->cached);
	return rows;
}

void rows_free(Rows *rows)
{
	if (!rows) {
		return;
	}
	rows_pause(rows);
	cache_clear(rows);
	for (unsigned i = 0; i < LENT_ENTRIES; i++) {
		entry_unref(rows->lent[i]);
	}
	g_hash_table_unref(rows->cache);
	g_byte_array_unref(rows->written);
	g_byte_array_unref(rows->parents);
	g_clear_error(&rows->error);
	g_free(rows);
}

const GError *rows_error(const Rows *rows)
{
	return rows->error;
}

void rows_set_void(Rows *rows, bool is_void)
{
	rows->is_void = is_void;
	cache_clear(rows);
}

bool rows_is_void(const Rows *rows)
{
	return rows->is_void;
}

void rows_pause(Rows *rows)
{
	g_clear_pointer(&rows->session, sql_release);
}

/* ---- one row ----------------------------------------------------------------------------- */

static bool corrupt(GError **error, int64_t key, const char *what)
{
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT,
		    "state: the row of node %" G_GINT64_FORMAT " has %s", key, what);
	return false;
}

static bool parse_fixed(SqlStatement *statement, Entry *fields, GError **error)
{
	fields->key = sql_column_int(statement, 0);
	fields->parent = sql_column_int(statement, 1);
	if (fields->key <= ENTRY_KEY_NONE || fields->parent < ENTRY_KEY_NONE) {
		return corrupt(error, fields->key, "a wrong key");
	}
	size_t id_size;
	const void *id = sql_column_bytes(statement, 3, &id_size);
	if (!node_id_from_bytes(id, id_size, &fields->id)) {
		return corrupt(error, fields->key, "no id");
	}
	int64_t kind = sql_column_int(statement, 4);
	if (kind < ENTRY_FILE || kind > ENTRY_LINK) {
		return corrupt(error, fields->key, "an unknown kind");
	}
	fields->kind = (EntryKind)kind;
	fields->size = (uint64_t)sql_column_int(statement, 5);
	fields->mtime_ns = sql_column_int(statement, 6);
	fields->executable = sql_column_int(statement, 7) != 0;
	fields->seq = (uint64_t)sql_column_int(statement, 9);
	return true;
}

Entry *rows_parse(SqlStatement *statement, const EntryStamp *stamp, GError **error)
{
	Entry fields = { .stamp = *stamp };
	if (!parse_fixed(statement, &fields, error)) {
		return NULL;
	}
	size_t name_size;
	const char *name = sql_column_bytes(statement, 2, &name_size);
	bool is_root = fields.key == ENTRY_KEY_ROOT && name_size == 0;
	if (!is_root && !text_is_name(name, name_size)) {
		corrupt(error, fields.key, "no name");
		return NULL;
	}
	g_autofree char *name_copy = g_strndup(is_root ? "" : name, name_size);
	fields.name = name_copy;
	g_autoptr(GBytes) content = NULL;
	if (!sql_column_null(statement, 8)) {
		size_t size;
		const void *bytes = sql_column_bytes(statement, 8, &size);
		if (size > CONTENT_SIZE_MAX) {
			corrupt(error, fields.key, "a content that is too large");
			return NULL;
		}
		content = g_bytes_new(bytes, size);
	}
	fields.content = content;
	return entry_new(&fields);
}

void rows_bind(SqlStatement *statement, const Entry *entry)
{
	sql_bind_int(statement, 1, entry->key);
	sql_bind_int(statement, 2, entry->parent);
	sql_bind_bytes(statement, 3, entry->name, strlen(entry->name));
	sql_bind_bytes(statement, 4, entry->id.bytes, NODE_ID_SIZE);
	sql_bind_int(statement, 5, entry->kind);
	sql_bind_int(statement, 6, (int64_t)entry->size);
	sql_bind_int(statement, 7, entry->mtime_ns);
	sql_bind_int(statement, 8, entry->executable);
	if (entry->content) {
		size_t size;
		const void *bytes = g_bytes_get_data(entry->content, &size);
		sql_bind_bytes(statement, 9, bytes, size);
	} else {
		sql_bind_null(statement, 9);
	}
	sql_bind_int(statement, 10, (int64_t)entry->seq);
}

static Entry *parse_with_stamp(SqlStatement *statement, GError **error)
{
	EntryStamp stamp = {
		.inode = (uint64_t)sql_column_int(statement, STAMP_COLUMN),
		.birth_ns = sql_column_int(statement, STAMP_COLUMN + 1),
		.change_ns = sql_column_int(statement, STAMP_COLUMN + 2),
	};
	return rows_parse(statement, &stamp, error);
}

/* ---- reading ----------------------------------------------------------------------------- */

/* NULL, with the error kept, if reading is not possible (any more). */
static SqlStatement *ask(Rows *rows, const char *text)
{
	if (rows->error || rows->is_void) {
		return NULL;
	}
	if (!rows->session) {
		rows->session = sql_read(rows->sql, &rows->error);
	}
	return rows->session ? sql_statement(rows->session, text, &rows->error) : NULL;
}

static bool next(Rows *rows, SqlStatement *statement)
{
	bool row = false;
	return sql_step(statement, &row, &rows->error) && row;
}

const Entry *rows_get(Rows *rows, int64_t key)
{
	if (!may_have(rows, rows->written, key)) {
		return NULL;
	}
	Entry *entry = g_hash_table_lookup(rows->cache, &key);
	if (entry) {
		return lend(rows, entry);
	}
	SqlStatement *statement = ask(rows, "SELECT " ROWS_COLUMNS ", inode, birth, change "
					    "FROM synced WHERE key = $1");
	if (!statement) {
		return NULL;
	}
	sql_bind_int(statement, 1, key);
	if (!next(rows, statement)) {
		return NULL;
	}
	entry = parse_with_stamp(statement, &rows->error);
	if (!entry) {
		return NULL;
	}
	cache_add(rows, entry);
	return lend(rows, entry);
}

bool rows_surely_lacks(const Rows *rows, int64_t key)
{
	return !may_have(rows, rows->written, key);
}

/* The first accepted key of the answer. */
static int64_t first_accepted(Rows *rows, SqlStatement *statement, KeyAccept accept, void *data)
{
	while (next(rows, statement)) {
		int64_t key = sql_column_int(statement, 0);
		if (!accept || accept(key, data)) {
			return key;
		}
	}
	return ENTRY_KEY_NONE;
}

int64_t rows_find(Rows *rows, int64_t parent, const char *name, KeyAccept accept, void *data)
{
	if (!may_have(rows, rows->parents, parent)) {
		return ENTRY_KEY_NONE;
	}
	SqlStatement *statement =
		ask(rows, "SELECT key FROM synced WHERE parent = $1 AND name = $2");
	if (!statement) {
		return ENTRY_KEY_NONE;
	}
	sql_bind_int(statement, 1, parent);
	sql_bind_bytes(statement, 2, name, strlen(name));
	return first_accepted(rows, statement, accept, data);
}

int64_t rows_key_of_id(Rows *rows, const NodeId *id)
{
	/* Siblings ask for their folder one after another. */
	const Entry *last = rows->named != ENTRY_KEY_NONE ? rows_get(rows, rows->named) : NULL;
	if (last && node_id_equal(&last->id, id)) {
		return rows->named;
	}
	SqlStatement *statement = ask(rows, "SELECT key FROM synced WHERE id = $1");
	if (!statement) {
		return ENTRY_KEY_NONE;
	}
	sql_bind_bytes(statement, 1, id->bytes, NODE_ID_SIZE);
	int64_t key = first_accepted(rows, statement, NULL, NULL);
	if (key != ENTRY_KEY_NONE) {
		rows->named = key;
	}
	return key;
}

int64_t rows_key_of_file(Rows *rows, uint64_t inode, int64_t birth_ns, KeyAccept accept, void *data)
{
	SqlStatement *statement =
		ask(rows, "SELECT key FROM synced WHERE inode = $1 AND birth = $2");
	if (!statement) {
		return ENTRY_KEY_NONE;
	}
	sql_bind_int(statement, 1, (int64_t)inode);
	sql_bind_int(statement, 2, birth_ns);
	return first_accepted(rows, statement, accept, data);
}

void rows_child_keys(Rows *rows, int64_t parent, KeyAccept accept, void *data, GArray *ret_keys)
{
	if (!may_have(rows, rows->parents, parent)) {
		return;
	}
	SqlStatement *statement = ask(rows, "SELECT key FROM synced WHERE parent = $1");
	if (!statement) {
		return;
	}
	sql_bind_int(statement, 1, parent);
	int64_t key;
	while ((key = first_accepted(rows, statement, accept, data)) != ENTRY_KEY_NONE) {
		g_array_append_val(ret_keys, key);
	}
}

static void append_accepted(Rows *rows, SqlStatement *statement, KeyAccept accept, void *data,
			    GPtrArray *ret_entries)
{
	while (next(rows, statement)) {
		if (!accept(sql_column_int(statement, 0), data)) {
			continue;
		}
		Entry *entry = parse_with_stamp(statement, &rows->error);
		if (!entry) {
			return;
		}
		g_ptr_array_add(ret_entries, entry);
	}
}

void rows_children(Rows *rows, int64_t parent, KeyAccept accept, void *data, GPtrArray *ret_entries)
{
	if (!may_have(rows, rows->parents, parent)) {
		return;
	}
	SqlStatement *statement = ask(rows, "SELECT " ROWS_COLUMNS ", inode, birth, change "
					    "FROM synced WHERE parent = $1 ORDER BY name, key");
	if (statement) {
		sql_bind_int(statement, 1, parent);
		append_accepted(rows, statement, accept, data, ret_entries);
	}
}

void rows_conflict_keys(Rows *rows, GArray *ret_keys)
{
	/* As its index says it, or the index is not used. */
	SqlStatement *statement = ask(rows, "SELECT key FROM synced INDEXED BY synced_conflict "
					    "WHERE instr(name, X'2028636f6e666c6963742c20') > 0");
	while (statement && next(rows, statement)) {
		int64_t key = sql_column_int(statement, 0);
		g_array_append_val(ret_keys, key);
	}
}

void rows_stray_keys(Rows *rows, GArray *ret_keys)
{
	/* From parent to parent by the index, not over all rows. */
	SqlStatement *statement =
		ask(rows, "WITH RECURSIVE folder (key) AS ("
			  "	SELECT min(parent) FROM synced UNION ALL"
			  "	SELECT (SELECT min(parent) FROM synced WHERE parent > folder.key)"
			  "	FROM folder WHERE folder.key IS NOT NULL) "
			  "SELECT synced.key FROM folder JOIN synced ON synced.parent = folder.key "
			  "WHERE folder.key > 0 AND NOT EXISTS"
			  " (SELECT 1 FROM synced AS row WHERE row.key = folder.key)");
	while (statement && next(rows, statement)) {
		int64_t key = sql_column_int(statement, 0);
		g_array_append_val(ret_keys, key);
	}
}

void rows_each(Rows *rows, KeyAccept accept, void *data, GPtrArray *ret_entries)
{
	SqlStatement *statement = ask(rows, "SELECT " ROWS_COLUMNS ", inode, birth, change "
					    "FROM synced ORDER BY key");
	if (statement) {
		append_accepted(rows, statement, accept, data, ret_entries);
	}
}

/* ---- writing ----------------------------------------------------------------------------- */

static bool delete_row(SqlSession *session, int64_t key, GError **error)
{
	SqlStatement *statement =
		sql_statement(session, "DELETE FROM synced WHERE key = $1", error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, key);
	return sql_run(statement, error);
}

bool rows_write(Rows *rows, SqlSession *session, int64_t key, const Entry *entry, GError **error)
{
	g_assert(!rows->session);
	g_assert(!entry || entry->key == key);
	g_hash_table_remove(rows->cache, &key);
	if (!entry) {
		return delete_row(session, key, error);
	}
	note(rows, rows->written, key);
	note(rows, rows->parents, entry->parent);
	SqlStatement *statement = sql_statement(
		session,
		"INSERT INTO synced (" ROWS_COLUMNS ", inode, birth, change) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) "
		"ON CONFLICT (key) DO UPDATE SET parent = $2, name = $3, id = $4, kind = $5, "
		"size = $6, mtime = $7, executable = $8, content = $9, seq = $10, inode = $11, "
		"birth = $12, change = $13",
		error);
	if (!statement) {
		return false;
	}
	rows_bind(statement, entry);
	sql_bind_int(statement, 11, (int64_t)entry->stamp.inode);
	sql_bind_int(statement, 12, entry->stamp.birth_ns);
	sql_bind_int(statement, 13, entry->stamp.change_ns);
	return sql_run(statement, error);
}

bool rows_wipe(Rows *rows, SqlSession *session, GError **error)
{
	g_assert(!rows->session);
	cache_clear(rows);
	SqlStatement *statement = sql_statement(session, "DELETE FROM synced", error);
	return statement && sql_run(statement, error);
}
