/* SPDX-License-Identifier: Apache-2.0 */
#include "server/journal/nodes_internal.h"

#include "base/error.h"

#include <string.h>

static GBytes *column_bytes(SqlStatement *statement, int column)
{
	if (sql_column_null(statement, column)) {
		return NULL;
	}
	size_t size;
	const void *bytes = sql_column_bytes(statement, column, &size);
	return g_bytes_new(bytes, size);
}

static bool not_found(GError **error)
{
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
		    "no such file or folder on the drive");
	return false;
}

/* Id of the parent; zeros for the root, or where the parent of a former state is forgotten. */
static bool set_parent(Ancestry *ancestry, int64_t parent, JournalNode *node, bool *ret_dead,
		       GError **error)
{
	*ret_dead = false;
	if (parent == 0) {
		return true;
	}
	const Folder *folder;
	if (!ancestry_get(ancestry, parent, &folder, error)) {
		return false;
	}
	node->parent = folder->id;
	*ret_dead = folder->dead;
	return true;
}

bool nodes_from_row(SqlStatement *statement, Ancestry *ancestry, JournalNode *ret_node,
		    bool *ret_dead, GError **error)
{
	size_t size;
	const void *id = sql_column_bytes(statement, 0, &size);
	JournalNode node = {
		.kind = (JournalKind)sql_column_int(statement, 2),
		.size = (uint64_t)sql_column_int(statement, 3),
		.mtime_ns = sql_column_int(statement, 4),
		.executable = sql_column_int(statement, 5) != 0,
		.seq = (uint64_t)sql_column_int(statement, 7),
		.deleted = sql_column_int(statement, 8) != 0,
		.device = sql_column_int(statement, 9),
		.time_us = sql_column_int(statement, 10),
	};
	if (!node_id_from_bytes(id, size, &node.id)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT,
			    "journal: a node has no valid id");
		return false;
	}
	if (!set_parent(ancestry, sql_column_int(statement, 11), &node, ret_dead, error)) {
		return false;
	}
	node.name = column_bytes(statement, 1);
	node.content = column_bytes(statement, 6);
	*ret_node = node;
	return true;
}

bool nodes_get(Ledger *ledger, const NodeId *id, JournalNode *ret_node, GError **error)
{
	SqlStatement *statement = sql_statement(
		ledger->session, "SELECT " NODES_COLUMNS " FROM node WHERE drive = $1 AND id = $2",
		error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, ledger->drive);
	sql_bind_bytes(statement, 2, id->bytes, NODE_ID_SIZE);
	bool row;
	if (!sql_step(statement, &row, error)) {
		return false;
	}
	if (!row) {
		return not_found(error);
	}
	bool dead;
	if (!nodes_from_row(statement, ledger->ancestry, ret_node, &dead, error)) {
		return false;
	}
	ret_node->deleted = ret_node->deleted || dead;
	return true;
}

static bool get_key(Ledger *ledger, int64_t key, JournalNode *ret_node, GError **error)
{
	SqlStatement *statement = sql_statement(
		ledger->session, "SELECT " NODES_COLUMNS " FROM node WHERE key = $1", error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, key);
	bool row;
	if (!sql_step(statement, &row, error)) {
		return false;
	}
	g_assert(row);
	bool dead;
	return nodes_from_row(statement, ledger->ancestry, ret_node, &dead, error);
}

bool nodes_resolve(Ledger *ledger, const char *path, JournalNode *ret_node, GError **error)
{
	int64_t key = ledger->root;
	while (*path) {
		const char *end = strchrnul(path, '/');
		if (end > path &&
		    !ledger_child(ledger, key, path, (size_t)(end - path), &key, error)) {
			return false;
		}
		if (key == 0) {
			return not_found(error);
		}
		path = *end ? end + 1 : end;
	}
	return get_key(ledger, key, ret_node, error);
}

/* ---- lists --------------------------------------------------------------------------------- */

/* What a statement of NODES_COLUMNS finds. */
static bool append_all(Ledger *ledger, SqlStatement *statement, GArray *ret_nodes, GError **error)
{
	for (;;) {
		bool row;
		bool dead;
		JournalNode node;
		if (!sql_step(statement, &row, error)) {
			return false;
		}
		if (!row) {
			return true;
		}
		if (!nodes_from_row(statement, ledger->ancestry, &node, &dead, error)) {
			return false;
		}
		g_array_append_val(ret_nodes, node);
	}
}

static bool find_folder(Ledger *ledger, const NodeId *id, const Folder **ret_folder, GError **error)
{
	const Folder *folder;
	if (!ancestry_find(ledger->ancestry, id, &folder, error)) {
		return false;
	}
	if (!folder || folder->dead || folder->kind != JOURNAL_FOLDER) {
		return not_found(error);
	}
	*ret_folder = folder;
	return true;
}

bool nodes_children(Ledger *ledger, const NodeId *id, GBytes *after, unsigned count_max,
		    GArray *ret_nodes, GError **error)
{
	const Folder *folder;
	if (!find_folder(ledger, id, &folder, error)) {
		return false;
	}
	SqlStatement *statement = sql_statement(ledger->session,
						"SELECT " NODES_COLUMNS " FROM node "
						"WHERE parent = $1 AND name > $2 AND deleted = 0 "
						"ORDER BY name LIMIT $3",
						error);
	if (!statement) {
		return false;
	}
	size_t size = 0;
	const void *name = after ? g_bytes_get_data(after, &size) : NULL;
	sql_bind_int(statement, 1, folder->key);
	sql_bind_bytes(statement, 2, name, size);
	sql_bind_int(statement, 3, count_max);
	return append_all(ledger, statement, ret_nodes, error);
}

/* All of it is in the index of names; both engines stop where the limit is. */
bool nodes_count(Ledger *ledger, const NodeId *id, unsigned count_max, unsigned *ret_count,
		 GError **error)
{
	const Folder *folder;
	if (!find_folder(ledger, id, &folder, error)) {
		return false;
	}
	SqlStatement *statement =
		sql_statement(ledger->session,
			      "WITH RECURSIVE below (key) AS ("
			      "SELECT key FROM node WHERE parent = $1 AND deleted = 0 UNION ALL "
			      "SELECT node.key FROM below JOIN node ON node.parent = below.key "
			      "WHERE node.deleted = 0) "
			      "SELECT COUNT(*) FROM (SELECT 1 FROM below LIMIT $2) AS counted",
			      error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, folder->key);
	sql_bind_int(statement, 2, count_max);
	bool row;
	if (!sql_step(statement, &row, error)) {
		return false;
	}
	g_assert(row);
	*ret_count = (unsigned)sql_column_int(statement, 0);
	return true;
}

bool nodes_trash(Ledger *ledger, unsigned count_max, GArray *ret_nodes, GError **error)
{
	SqlStatement *statement =
		sql_statement(ledger->session,
			      "SELECT " NODES_COLUMNS " FROM node "
			      "WHERE drive = $1 AND deleted <> 0 ORDER BY seq DESC LIMIT $2",
			      error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, ledger->drive);
	sql_bind_int(statement, 2, count_max);
	return append_all(ledger, statement, ret_nodes, error);
}

/* ---- versions ------------------------------------------------------------------------------ */

/*
 * The rows of a node's history that keep no content, since it went on to the next, tell who made it
 * and when.
 */
typedef struct Origin {
	bool known;
	int64_t device;
	int64_t time_us;
} Origin;

static void give_origin(JournalNode *node, Origin *origin)
{
	if (origin->known) {
		node->device = origin->device;
		node->time_us = origin->time_us;
	}
	*origin = (Origin){ 0 };
}

static bool version_parent(Ledger *ledger, int64_t parent, JournalNode *node, GError **error)
{
	SqlStatement *statement =
		sql_statement(ledger->session, "SELECT id FROM node WHERE key = $1", error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, parent);
	bool row;
	if (!sql_step(statement, &row, error)) {
		return false;
	}
	size_t size = 0;
	const void *id = row ? sql_column_bytes(statement, 0, &size) : NULL;
	if (row) {
		node_id_from_bytes(id, size, &node->parent);
	}
	return true;
}

static bool add_version(Ledger *ledger, SqlStatement *statement, const JournalNode *current,
			Origin *origin, GArray *versions, GError **error)
{
	JournalVersion version = { .number = sql_column_int(statement, 0) };
	JournalNode *node = &version.node;
	node->id = current->id;
	node->kind = current->kind;
	node->seq = (uint64_t)sql_column_int(statement, 2);
	node->size = (uint64_t)sql_column_int(statement, 4);
	node->mtime_ns = sql_column_int(statement, 5);
	node->executable = sql_column_int(statement, 6) != 0;
	node->device = sql_column_int(statement, 7);
	node->time_us = sql_column_int(statement, 8);
	if (sql_column_null(statement, 9)) {
		if (!origin->known) {
			*origin = (Origin){ true, node->device, node->time_us };
		}
		return true;
	}
	if (!version_parent(ledger, sql_column_int(statement, 1), node, error)) {
		return false;
	}
	give_origin(node, origin);
	node->name = column_bytes(statement, 3);
	node->content = column_bytes(statement, 9);
	g_array_append_val(versions, version);
	return true;
}

static bool add_history(Ledger *ledger, int64_t key, const JournalNode *current, Origin *origin,
			GArray *versions, GError **error)
{
	SqlStatement *statement =
		sql_statement(ledger->session,
			      "SELECT number, parent, seq, name, size, mtime, executable, device,"
			      " time, content FROM version WHERE node = $1 ORDER BY seq, key",
			      error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, key);
	for (;;) {
		bool row;
		if (!sql_step(statement, &row, error)) {
			return false;
		}
		if (!row) {
			return true;
		}
		if (!add_version(ledger, statement, current, origin, versions, error)) {
			return false;
		}
	}
}

static bool current_number(Ledger *ledger, const NodeId *id, int64_t *ret_key, int64_t *ret_number,
			   GError **error)
{
	SqlStatement *statement =
		sql_statement(ledger->session,
			      "SELECT key, number FROM node WHERE drive = $1 AND id = $2", error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, ledger->drive);
	sql_bind_bytes(statement, 2, id->bytes, NODE_ID_SIZE);
	bool row;
	if (!sql_step(statement, &row, error)) {
		return false;
	}
	g_assert(row);
	*ret_key = sql_column_int(statement, 0);
	*ret_number = sql_column_int(statement, 1);
	return true;
}

bool nodes_versions(Ledger *ledger, const NodeId *id, GArray *ret_versions, GError **error)
{
	JournalVersion current = { .current = true };
	if (!nodes_get(ledger, id, &current.node, error)) {
		return false;
	}
	int64_t key;
	Origin origin = { 0 };
	if (current.node.kind == JOURNAL_FOLDER) {
		journal_node_clear(&current.node);
		return true;
	}
	if (!current_number(ledger, id, &key, &current.number, error) ||
	    !add_history(ledger, key, &current.node, &origin, ret_versions, error)) {
		journal_node_clear(&current.node);
		return false;
	}
	give_origin(&current.node, &origin);
	g_array_append_val(ret_versions, current);
	return true;
}
