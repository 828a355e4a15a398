/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Folders by key, each with what follows from those above it. A folder is remembered only together
 * with all above it, so that walking up needs no statement.
 *
 * The height of a folder is an upper bound of the levels of folders below it, raised when something
 * is put there and not lowered: it answers without a walk whether a folder can be moved deeper.
 */
#include "server/journal/ancestry_internal.h"

#include "base/error.h"
#include "base/limits.h"

#include <string.h>

struct Ancestry {
	SqlSession *session;
	int64_t drive;
	GHashTable *by_key; /* Folder.key -> Folder, owned */
	GHashTable *by_id;  /* Folder.id -> Folder */
};

Ancestry *ancestry_new(SqlSession *session, int64_t drive)
{
	Ancestry *ancestry = g_new0(Ancestry, 1);
	ancestry->session = session;
	ancestry->drive = drive;
	ancestry->by_key = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
	ancestry->by_id = g_hash_table_new(node_id_hash, node_id_equal);
	return ancestry;
}

void ancestry_free(Ancestry *ancestry)
{
	if (!ancestry) {
		return;
	}
	g_hash_table_unref(ancestry->by_id);
	g_hash_table_unref(ancestry->by_key);
	g_free(ancestry);
}

void ancestry_drop(Ancestry *ancestry)
{
	g_hash_table_remove_all(ancestry->by_id);
	g_hash_table_remove_all(ancestry->by_key);
}

static bool corrupt(GError **error, int64_t key, const char *reason)
{
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT,
		    "journal: node %" G_GINT64_FORMAT " %s", key, reason);
	return false;
}

/* Takes what the row says; depth and dead come from the folders above. */
static bool row_to_folder(SqlStatement *statement, Folder *folder, GError **error)
{
	size_t size;
	folder->key = sql_column_int(statement, 0);
	folder->parent = sql_column_int(statement, 1);
	folder->kind = (JournalKind)sql_column_int(statement, 2);
	folder->deleted = sql_column_int(statement, 3) != 0;
	folder->height = (unsigned)sql_column_int(statement, 4);
	const void *id = sql_column_bytes(statement, 5, &size);
	return node_id_from_bytes(id, size, &folder->id) ||
	       corrupt(error, folder->key, "has no valid id");
}

#define FOLDER_COLUMNS "SELECT key, parent, kind, deleted, height, id FROM node "

static bool read_folder(Ancestry *ancestry, int64_t key, Folder *folder, GError **error)
{
	SqlStatement *statement = sql_statement(
		ancestry->session, FOLDER_COLUMNS "WHERE key = $1 AND drive = $2", error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, key);
	sql_bind_int(statement, 2, ancestry->drive);
	bool row;
	if (!sql_step(statement, &row, error)) {
		return false;
	}
	return row ? row_to_folder(statement, folder, error) : corrupt(error, key, "is missing");
}

static Folder *remember(Ancestry *ancestry, const Folder *fields, const Folder *above)
{
	Folder *folder = g_memdup2(fields, sizeof *fields);
	folder->depth = above ? above->depth + 1 : 0;
	folder->dead = folder->deleted || (above && above->dead);
	g_hash_table_insert(ancestry->by_key, &folder->key, folder);
	g_hash_table_insert(ancestry->by_id, &folder->id, folder);
	return folder;
}

/* Remembers this one after all above it. */
static bool climb(Ancestry *ancestry, const Folder *first, const Folder **ret_folder,
		  GError **error)
{
	g_autoptr(GArray) chain = g_array_new(FALSE, FALSE, sizeof(Folder));
	const Folder *above = NULL;
	g_array_append_val(chain, *first);
	for (int64_t parent = first->parent; parent != 0;) {
		above = g_hash_table_lookup(ancestry->by_key, &parent);
		if (above) {
			break;
		}
		if (chain->len > DEPTH_MAX) {
			return corrupt(error, first->key, "lies too deep or inside itself");
		}
		Folder folder;
		if (!read_folder(ancestry, parent, &folder, error)) {
			return false;
		}
		g_array_append_val(chain, folder);
		parent = folder.parent;
	}
	for (unsigned i = chain->len; i > 0; i--) {
		above = remember(ancestry, &g_array_index(chain, Folder, i - 1), above);
	}
	*ret_folder = above;
	return true;
}

bool ancestry_get(Ancestry *ancestry, int64_t key, const Folder **ret_folder, GError **error)
{
	const Folder *known = g_hash_table_lookup(ancestry->by_key, &key);
	if (known) {
		*ret_folder = known;
		return true;
	}
	Folder folder;
	return read_folder(ancestry, key, &folder, error) &&
	       climb(ancestry, &folder, ret_folder, error);
}

bool ancestry_find(Ancestry *ancestry, const NodeId *id, const Folder **ret_folder, GError **error)
{
	*ret_folder = g_hash_table_lookup(ancestry->by_id, id);
	if (*ret_folder) {
		return true;
	}
	SqlStatement *statement = sql_statement(
		ancestry->session, FOLDER_COLUMNS "WHERE drive = $1 AND id = $2", error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, ancestry->drive);
	sql_bind_bytes(statement, 2, id->bytes, NODE_ID_SIZE);
	bool row;
	if (!sql_step(statement, &row, error)) {
		return false;
	}
	if (!row) {
		return true;
	}
	Folder folder;
	return row_to_folder(statement, &folder, error) &&
	       climb(ancestry, &folder, ret_folder, error);
}

bool ancestry_contains(Ancestry *ancestry, int64_t above, int64_t key)
{
	while (key != 0 && key != above) {
		const Folder *folder = g_hash_table_lookup(ancestry->by_key, &key);
		g_assert(folder);
		key = folder->parent;
	}
	return key == above;
}

void ancestry_add(Ancestry *ancestry, const Folder *parent, int64_t key, const NodeId *id)
{
	Folder folder = {
		.key = key,
		.parent = parent->key,
		.id = *id,
		.kind = JOURNAL_FOLDER,
	};
	remember(ancestry, &folder, parent);
}

static bool set_height(Ancestry *ancestry, int64_t key, unsigned height, GError **error)
{
	SqlStatement *statement = sql_statement(
		ancestry->session, "UPDATE node SET height = $2 WHERE key = $1", error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, key);
	sql_bind_int(statement, 2, height);
	if (!sql_run(statement, error)) {
		return false;
	}
	Folder *known = g_hash_table_lookup(ancestry->by_key, &key);
	if (known) {
		known->height = height;
	}
	return true;
}

bool ancestry_raise(Ancestry *ancestry, int64_t key, unsigned height, GError **error)
{
	while (key != 0) {
		const Folder *folder;
		if (!ancestry_get(ancestry, key, &folder, error)) {
			return false;
		}
		int64_t parent = folder->parent;
		if (folder->height >= height) {
			return true;
		}
		if (!set_height(ancestry, key, height, error)) {
			return false;
		}
		height++;
		key = parent;
	}
	return true;
}

/* A folder of a subtree: where its parent stands in the array, and its height. */
typedef struct Level {
	int64_t key;
	unsigned parent;
	unsigned height;
	unsigned bound; /* as its row has it */
} Level;

static bool read_levels(Ancestry *ancestry, GArray *levels, unsigned parent, GError **error)
{
	SqlStatement *statement =
		sql_statement(ancestry->session,
			      "SELECT key, height FROM node WHERE parent = $1 AND kind = 2", error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, g_array_index(levels, Level, parent).key);
	for (;;) {
		bool row;
		if (!sql_step(statement, &row, error)) {
			return false;
		}
		if (!row) {
			return true;
		}
		Level level = {
			.key = sql_column_int(statement, 0),
			.parent = parent,
			.bound = (unsigned)sql_column_int(statement, 1),
		};
		g_array_append_val(levels, level);
	}
}

bool ancestry_count(Ancestry *ancestry, int64_t key, unsigned *ret_height, GError **error)
{
	g_autoptr(GArray) levels = g_array_new(FALSE, FALSE, sizeof(Level));
	Level top = { .key = key, .bound = UINT_MAX };
	g_array_append_val(levels, top);
	for (unsigned i = 0; i < levels->len; i++) {
		if (!read_levels(ancestry, levels, i, error)) {
			return false;
		}
	}
	/* Parents stand before their children. */
	for (unsigned i = levels->len; i > 0; i--) {
		const Level *level = &g_array_index(levels, Level, i - 1);
		Level *above = &g_array_index(levels, Level, level->parent);
		if (i > 1) {
			above->height = MAX(above->height, level->height + 1);
		}
		if (level->height != level->bound &&
		    !set_height(ancestry, level->key, level->height, error)) {
			return false;
		}
	}
	*ret_height = g_array_index(levels, Level, 0).height;
	return true;
}
