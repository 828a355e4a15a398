/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows are also held in memory, so that only those that changed are written: entries are
 * immutable, the same pointer is the same value.
 */
#include "client/state/kept.h"

#include "base/error.h"
#include "client/state/rows.h"

#define PRESENCE_COLUMN 10

typedef struct Item {
	int64_t key;
	KeptValue value; /* its entry is owned */
} Item;

struct Kept {
	GHashTable *rows;    /* &Item.key -> Item: what the table holds */
	GHashTable *changes; /* the same: what this write made of it, KEPT_NOTHING included */
};

static void item_free(void *data)
{
	Item *item = data;
	entry_unref(item->value.entry);
	g_free(item);
}

static GHashTable *items_new(void)
{
	return g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, item_free);
}

static void items_set(GHashTable *items, int64_t key, const KeptValue *value)
{
	Item *item = g_new(Item, 1);
	*item = (Item){ .key = key, .value = *value };
	if (value->entry) {
		item->value.entry = entry_ref(value->entry);
	}
	g_hash_table_replace(items, &item->key, item);
}

Kept *kept_new(void)
{
	Kept *kept = g_new(Kept, 1);
	*kept = (Kept){ .rows = items_new(), .changes = items_new() };
	return kept;
}

void kept_free(Kept *kept)
{
	if (!kept) {
		return;
	}
	g_hash_table_unref(kept->rows);
	g_hash_table_unref(kept->changes);
	g_free(kept);
}

/* ---- reading ----------------------------------------------------------------------------- */

static bool load_row(Kept *kept, SqlStatement *statement, GError **error)
{
	int64_t key = sql_column_int(statement, 0);
	KeptValue value = { .presence = (KeptPresence)sql_column_int(statement, PRESENCE_COLUMN) };
	g_autoptr(Entry) entry = NULL;
	bool valid = key > ENTRY_KEY_NONE;
	if (value.presence == KEPT_PRESENT) {
		entry = rows_parse(statement, &(EntryStamp){ 0 }, error);
		if (!entry) {
			return false;
		}
		value.entry = entry;
	} else if (value.presence == KEPT_PROMISED) {
		size_t size;
		const void *id = sql_column_bytes(statement, 3, &size);
		valid = valid && node_id_from_bytes(id, size, &value.id);
	} else {
		valid = valid && value.presence == KEPT_ABSENT;
	}
	if (!valid) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT,
			    "state: a row of 'remote' (key %" G_GINT64_FORMAT ") is no such row",
			    key);
		return false;
	}
	items_set(kept->rows, key, &value);
	return true;
}

bool kept_load(Kept *kept, SqlSession *session, GError **error)
{
	SqlStatement *statement =
		sql_statement(session, "SELECT " ROWS_COLUMNS ", presence FROM remote", error);
	bool row = statement != NULL;
	while (row) {
		if (!sql_step(statement, &row, error) ||
		    (row && !load_row(kept, statement, error))) {
			return false;
		}
	}
	return statement != NULL;
}

void kept_each(const Kept *kept, KeptVisitor visit, void *data)
{
	GHashTableIter iter;
	void *value;
	g_hash_table_iter_init(&iter, kept->rows);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const Item *item = value;
		visit(item->key, &item->value, data);
	}
}

bool kept_has(const Kept *kept, int64_t key)
{
	const Item *change = g_hash_table_lookup(kept->changes, &key);
	return change ? change->value.presence != KEPT_NOTHING
		      : g_hash_table_contains(kept->rows, &key);
}

void kept_keys(const Kept *kept, GArray *ret_keys)
{
	GHashTableIter iter;
	void *value;
	g_hash_table_iter_init(&iter, kept->rows);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		g_array_append_val(ret_keys, ((const Item *)value)->key);
	}
}

/* ---- writing ----------------------------------------------------------------------------- */

static bool is_said(const Kept *kept, int64_t key, const KeptValue *value)
{
	const Item *item = g_hash_table_lookup(kept->changes, &key);
	if (!item) {
		item = g_hash_table_lookup(kept->rows, &key);
	}
	if (!item) {
		return value->presence == KEPT_NOTHING;
	}
	return item->value.presence == value->presence && item->value.entry == value->entry;
}

static bool delete_row(SqlSession *session, int64_t key, GError **error)
{
	SqlStatement *statement =
		sql_statement(session, "DELETE FROM remote WHERE key = $1", error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, key);
	return sql_run(statement, error);
}

static bool write_entry(SqlSession *session, const Entry *entry, GError **error)
{
	SqlStatement *statement =
		sql_statement(session,
			      "INSERT INTO remote (" ROWS_COLUMNS ", presence) "
			      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1) "
			      "ON CONFLICT (key) DO UPDATE SET parent = $2, name = $3, id = $4, "
			      "kind = $5, size = $6, mtime = $7, executable = $8, content = $9, "
			      "seq = $10, presence = 1",
			      error);
	if (!statement) {
		return false;
	}
	rows_bind(statement, entry);
	return sql_run(statement, error);
}

static bool write_bare(SqlSession *session, int64_t key, const KeptValue *value, GError **error)
{
	SqlStatement *statement =
		sql_statement(session,
			      "INSERT INTO remote (key, id, presence) VALUES ($1, $2, $3) "
			      "ON CONFLICT (key) DO UPDATE SET id = $2, presence = $3",
			      error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, key);
	if (value->presence == KEPT_PROMISED) {
		sql_bind_bytes(statement, 2, value->id.bytes, NODE_ID_SIZE);
	} else {
		sql_bind_null(statement, 2);
	}
	sql_bind_int(statement, 3, value->presence);
	return sql_run(statement, error);
}

bool kept_write(Kept *kept, SqlSession *session, int64_t key, const KeptValue *value,
		GError **error)
{
	g_assert((value->presence == KEPT_PRESENT) == (value->entry != NULL));
	if (is_said(kept, key, value)) {
		return true;
	}
	items_set(kept->changes, key, value);
	switch (value->presence) {
	case KEPT_NOTHING:
		return delete_row(session, key, error);
	case KEPT_PRESENT:
		return write_entry(session, value->entry, error);
	default:
		return write_bare(session, key, value, error);
	}
}

void kept_end(Kept *kept, bool committed)
{
	GHashTableIter iter;
	void *value;
	g_hash_table_iter_init(&iter, kept->changes);
	while (committed && g_hash_table_iter_next(&iter, NULL, &value)) {
		const Item *item = value;
		if (item->value.presence == KEPT_NOTHING) {
			g_hash_table_remove(kept->rows, &item->key);
		} else {
			items_set(kept->rows, item->key, &item->value);
		}
	}
	g_hash_table_remove_all(kept->changes);
}
