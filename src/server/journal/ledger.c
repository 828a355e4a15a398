/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The drive's row while a transaction changes it, and the rows of its nodes.
 *
 * The counters are kept in memory and written once at the end. That is safe because there is one
 * writer: between ledger_open() and ledger_save() nobody else changes the row.
 */
#include "server/journal/ledger_internal.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"

#include <sodium.h>
#include <string.h>

/* Entries of one seq are never split between pages, and a page goes into one message. */
#define SEQ_WEIGHT_MAX (1 * MIB)

/* ---- the drive's row ----------------------------------------------------------------------- */

#define DRIVE_COLUMNS \
	"SELECT key, root, account, seq, bytes, quota, nodes, trimmed, id, caseless FROM drive "

static bool open_row(SqlSession *session, TablesKeys *keys, SqlStatement *statement,
		     Ledger *ret_ledger, GError **error)
{
	bool row;
	if (!sql_step(statement, &row, error)) {
		return false;
	}
	if (!row) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND, "journal: no such drive");
		return false;
	}
	Ledger ledger = {
		.session = session,
		.keys = keys,
		.drive = sql_column_int(statement, 0),
		.root = sql_column_int(statement, 1),
		.account = sql_column_int(statement, 2),
		.quota = (uint64_t)sql_column_int(statement, 5),
		.caseless = sql_column_int(statement, 9) != 0,
		.time_us = g_get_real_time(),
	};
	ledger.counts.seq = (uint64_t)sql_column_int(statement, 3);
	ledger.counts.bytes = (uint64_t)sql_column_int(statement, 4);
	ledger.counts.nodes = (uint64_t)sql_column_int(statement, 6);
	ledger.counts.trimmed = (uint64_t)sql_column_int(statement, 7);
	size_t size;
	const void *id = sql_column_bytes(statement, 8, &size);
	if (!node_id_from_bytes(id, size, &ledger.id)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT,
			    "journal: drive %" G_GINT64_FORMAT " has no valid id", ledger.drive);
		return false;
	}
	ledger.stored = ledger.counts;
	ledger.ancestry = ancestry_new(session, ledger.drive);
	*ret_ledger = ledger;
	return true;
}

bool ledger_open(SqlSession *session, TablesKeys *keys, const NodeId *drive, Ledger *ret_ledger,
		 GError **error)
{
	SqlStatement *statement = sql_statement(session, DRIVE_COLUMNS "WHERE id = $1", error);
	if (!statement) {
		return false;
	}
	sql_bind_bytes(statement, 1, drive->bytes, NODE_ID_SIZE);
	return open_row(session, keys, statement, ret_ledger, error);
}

bool ledger_open_key(SqlSession *session, TablesKeys *keys, int64_t drive, Ledger *ret_ledger,
		     GError **error)
{
	SqlStatement *statement = sql_statement(session, DRIVE_COLUMNS "WHERE key = $1", error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, drive);
	return open_row(session, keys, statement, ret_ledger, error);
}

static bool end_seq(Ledger *ledger, GError **error)
{
	if (!ledger->counts.begun || ledger->counts.weight > 0) {
		return true;
	}
	SqlStatement *statement = sql_statement(
		ledger->session, "DELETE FROM commit_tag WHERE drive = $1 AND seq = $2", error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, ledger->drive);
	sql_bind_int(statement, 2, (int64_t)ledger->counts.seq);
	if (!sql_run(statement, error)) {
		return false;
	}
	ledger->counts.seq--;
	ledger->counts.begun = false;
	return true;
}

bool ledger_save(Ledger *ledger, GError **error)
{
	if (!end_seq(ledger, error)) {
		return false;
	}
	const LedgerCounts *counts = &ledger->counts;
	const LedgerCounts *stored = &ledger->stored;
	if (counts->seq == stored->seq && counts->bytes == stored->bytes &&
	    counts->nodes == stored->nodes && counts->trimmed == stored->trimmed) {
		return true;
	}
	SqlStatement *statement = sql_statement(
		ledger->session,
		"UPDATE drive SET seq = $2, bytes = $3, nodes = $4, trimmed = $5 WHERE key = $1",
		error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, ledger->drive);
	sql_bind_int(statement, 2, (int64_t)counts->seq);
	sql_bind_int(statement, 3, (int64_t)counts->bytes);
	sql_bind_int(statement, 4, (int64_t)counts->nodes);
	sql_bind_int(statement, 5, (int64_t)counts->trimmed);
	return sql_run(statement, error);
}

void ledger_clear(Ledger *ledger)
{
	g_clear_pointer(&ledger->ancestry, ancestry_free);
}

void ledger_restore(Ledger *ledger, const LedgerCounts *counts)
{
	ledger->counts = *counts;
	ancestry_drop(ledger->ancestry);
	tables_keys_drop(ledger->keys);
}

/* ---- seq ----------------------------------------------------------------------------------- */

static bool begin_seq(Ledger *ledger, GError **error)
{
	SqlStatement *statement =
		sql_statement(ledger->session,
			      "INSERT INTO commit_tag (drive, seq, tag, time, device)"
			      " VALUES ($1, $2, $3, $4, $5)",
			      error);
	if (!statement) {
		return false;
	}
	int64_t tag;
	randombytes_buf(&tag, sizeof tag);
	sql_bind_int(statement, 1, ledger->drive);
	sql_bind_int(statement, 2, (int64_t)ledger->counts.seq + 1);
	sql_bind_int(statement, 3, tag);
	sql_bind_int(statement, 4, ledger->time_us);
	sql_bind_int(statement, 5, ledger->device);
	if (!sql_run(statement, error)) {
		return false;
	}
	ledger->counts.seq++;
	ledger->counts.weight = 0;
	ledger->counts.begun = true;
	return true;
}

bool ledger_seq(Ledger *ledger, size_t weight, GError **error)
{
	if (!ledger->counts.begun && !begin_seq(ledger, error)) {
		return false;
	}
	ledger->counts.weight += weight;
	return true;
}

void ledger_advance(Ledger *ledger)
{
	if (ledger->counts.weight >= SEQ_WEIGHT_MAX) {
		ledger->counts.begun = false;
	}
}

/* ---- reading nodes ------------------------------------------------------------------------- */

void ledger_node_clear(LedgerNode *node)
{
	g_clear_pointer(&node->name, g_bytes_unref);
	g_clear_pointer(&node->content, g_bytes_unref);
}

static GBytes *column_bytes(SqlStatement *statement, int column)
{
	size_t size;
	const void *bytes = sql_column_bytes(statement, column, &size);
	return g_bytes_new(bytes, size);
}

bool ledger_find(Ledger *ledger, const NodeId *id, LedgerNode *ret_node, GError **error)
{
	SqlStatement *statement = sql_statement(
		ledger->session,
		"SELECT key, parent, deleted, kind, seq, device, operation, height, name, content "
		"FROM node WHERE drive = $1 AND id = $2",
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
	LedgerNode node = { 0 };
	if (row) {
		node.key = sql_column_int(statement, 0);
		node.parent = sql_column_int(statement, 1);
		node.deleted = sql_column_int(statement, 2) != 0;
		node.kind = (JournalKind)sql_column_int(statement, 3);
		node.seq = (uint64_t)sql_column_int(statement, 4);
		node.device = sql_column_int(statement, 5);
		node.operation = sql_column_int(statement, 6);
		node.height = (unsigned)sql_column_int(statement, 7);
		node.name = column_bytes(statement, 8);
		node.content = column_bytes(statement, 9);
	}
	*ret_node = node;
	return true;
}

bool ledger_child(Ledger *ledger, int64_t parent, const void *name, size_t size, int64_t *ret_key,
		  GError **error)
{
	SqlStatement *statement = sql_statement(
		ledger->session,
		"SELECT key FROM node WHERE parent = $1 AND name = $2 AND deleted = 0", error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, parent);
	sql_bind_bytes(statement, 2, name, size);
	bool row;
	if (!sql_step(statement, &row, error)) {
		return false;
	}
	*ret_key = row ? sql_column_int(statement, 0) : 0;
	return true;
}

/* Another live child whose name has the same key: the folded one, or the name that is its own. */
static bool find_twin(Ledger *ledger, const LedgerName *wish, bool *ret_found, GError **error)
{
	g_autoptr(GBytes) folded = text_fold(wish->name, wish->size);
	gsize size = wish->size;
	const void *key = folded ? g_bytes_get_data(folded, &size) : wish->name;
	SqlStatement *statement = sql_statement(
		ledger->session,
		"SELECT 1 FROM node WHERE parent = $1 AND folded = $2 AND deleted = 0 AND key <> $3"
		" UNION ALL SELECT 1 FROM node WHERE parent = $1 AND name = $2 AND deleted = 0"
		" AND folded IS NULL AND key <> $3",
		error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, wish->parent);
	sql_bind_bytes(statement, 2, key, size);
	sql_bind_int(statement, 3, wish->node);
	return sql_step(statement, ret_found, error);
}

bool ledger_check_name(Ledger *ledger, const LedgerName *wish, JournalOutcome *ret_outcome,
		       GError **error)
{
	int64_t other;
	bool twin = false;
	if (!ledger_child(ledger, wish->parent, wish->name, wish->size, &other, error)) {
		return false;
	}
	bool taken = other != 0 && other != wish->node;
	if (!taken && ledger->caseless && !find_twin(ledger, wish, &twin, error)) {
		return false;
	}
	*ret_outcome = taken ? JOURNAL_NAME_TAKEN : twin ? JOURNAL_CASE_TAKEN : JOURNAL_APPLIED;
	return true;
}

bool ledger_children(Ledger *ledger, int64_t parent, int64_t except, GArray *ret_keys,
		     GError **error)
{
	SqlStatement *statement =
		sql_statement(ledger->session,
			      "SELECT key FROM node WHERE parent = $1 AND deleted = 0 "
			      "AND key <> $2",
			      error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, parent);
	sql_bind_int(statement, 2, except);
	for (;;) {
		bool row;
		if (!sql_step(statement, &row, error)) {
			return false;
		}
		if (!row) {
			return true;
		}
		int64_t key = sql_column_int(statement, 0);
		g_array_append_val(ret_keys, key);
	}
}

bool ledger_applied(Ledger *ledger, int64_t node, uint64_t base, int64_t operation,
		    uint64_t *ret_seq, GError **error)
{
	*ret_seq = 0;
	/* Without a device or a number nobody can say that two operations are the same. */
	if (ledger->device == 0 || operation == 0) {
		return true;
	}
	SqlStatement *statement =
		sql_statement(ledger->session,
			      "SELECT seq FROM version WHERE node = $1 AND seq >= $2 "
			      "AND device = $3 AND operation = $4 ORDER BY seq LIMIT 1",
			      error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, node);
	sql_bind_int(statement, 2, (int64_t)base);
	sql_bind_int(statement, 3, ledger->device);
	sql_bind_int(statement, 4, operation);
	bool row;
	if (!sql_step(statement, &row, error)) {
		return false;
	}
	*ret_seq = row ? (uint64_t)sql_column_int(statement, 0) : 0;
	return true;
}

/* ---- writing nodes ------------------------------------------------------------------------- */

#define KEEP                                                                                    \
	"INSERT INTO version (node, seq, replaced, parent, deleted, device, operation, number," \
	" executable, size, mtime, time, name, content)"                                        \
	" SELECT key, seq, $2, parent, deleted, device, operation, number,"                     \
	" executable, size, mtime, time, name, "

bool ledger_keep(Ledger *ledger, int64_t node, bool with_content, GError **error)
{
	const char *text = with_content ? KEEP "content FROM node WHERE key = $1"
					: KEEP "NULL FROM node WHERE key = $1";
	SqlStatement *statement = sql_statement(ledger->session, text, error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, node);
	sql_bind_int(statement, 2, ledger->time_us);
	return sql_run(statement, error);
}

#define SET_STATE "UPDATE node SET seq = $2, device = $3, operation = $4, time = $5"

/* The statement with what every change writes: $1 the node, $2 to $5 seq, author and time. */
static SqlStatement *set_state(Ledger *ledger, const char *text, int64_t node,
			       const LedgerAuthor *author, GError **error)
{
	SqlStatement *statement = sql_statement(ledger->session, text, error);
	if (!statement) {
		return NULL;
	}
	sql_bind_int(statement, 1, node);
	sql_bind_int(statement, 2, (int64_t)ledger->counts.seq);
	sql_bind_int(statement, 3, author->device);
	sql_bind_int(statement, 4, author->operation);
	sql_bind_int(statement, 5, author->time_us);
	return statement;
}

static size_t weight_of(const LedgerNode *node, size_t content_size)
{
	return 96 + g_bytes_get_size(node->name) + content_size;
}

bool ledger_same_content(const LedgerNode *node, const JournalOperation *operation)
{
	gsize size;
	const void *content = g_bytes_get_data(node->content, &size);
	return size == operation->content_size &&
	       (size == 0 || memcmp(content, operation->content, size) == 0);
}

bool ledger_set_content(Ledger *ledger, const LedgerNode *node, const JournalOperation *state,
			const LedgerAuthor *author, GError **error)
{
	bool changed = !ledger_same_content(node, state);
	if (!ledger_keep(ledger, node->key, changed, error) ||
	    !ledger_seq(ledger, weight_of(node, state->content_size), error)) {
		return false;
	}
	SqlStatement *statement =
		set_state(ledger,
			  SET_STATE ", deleted = 0, executable = $6, size = $7, mtime = $8,"
				    " content = $9, number = number + $10 WHERE key = $1",
			  node->key, author, error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 6, state->executable);
	sql_bind_int(statement, 7, (int64_t)state->size);
	sql_bind_int(statement, 8, state->mtime_ns);
	sql_bind_bytes(statement, 9, state->content, state->content_size);
	sql_bind_int(statement, 10, changed);
	if (!sql_run(statement, error)) {
		return false;
	}
	ledger->counts.nodes += node->deleted;
	return true;
}

static void bind_name(SqlStatement *statement, const void *name, size_t size, GBytes *folded)
{
	sql_bind_bytes(statement, 6, name, size);
	if (folded) {
		gsize folded_size;
		const void *bytes = g_bytes_get_data(folded, &folded_size);
		sql_bind_bytes(statement, 7, bytes, folded_size);
	} else {
		sql_bind_null(statement, 7);
	}
}

bool ledger_set_place(Ledger *ledger, const LedgerNode *node, int64_t parent, GBytes *name,
		      const LedgerAuthor *author, GError **error)
{
	gsize size;
	const void *bytes = g_bytes_get_data(name, &size);
	g_autoptr(GBytes) folded = text_fold(bytes, size);
	if (!ledger_keep(ledger, node->key, false, error) ||
	    !ledger_seq(ledger, weight_of(node, g_bytes_get_size(node->content)) + size, error)) {
		return false;
	}
	SqlStatement *statement = set_state(
		ledger,
		SET_STATE ", deleted = 0, name = $6, folded = $7, parent = $8 WHERE key = $1",
		node->key, author, error);
	if (!statement) {
		return false;
	}
	bind_name(statement, bytes, size, folded);
	sql_bind_int(statement, 8, parent);
	if (!sql_run(statement, error)) {
		return false;
	}
	ledger->counts.nodes += node->deleted;
	return true;
}

bool ledger_show(Ledger *ledger, int64_t node, bool deleted, GError **error)
{
	const LedgerAuthor drive = { .time_us = ledger->time_us };
	if (!ledger_keep(ledger, node, false, error) || !ledger_seq(ledger, NAME_SIZE_MAX, error)) {
		return false;
	}
	SqlStatement *statement =
		set_state(ledger, SET_STATE ", deleted = 0 WHERE key = $1", node, &drive, error);
	if (!statement || !sql_run(statement, error)) {
		return false;
	}
	ledger->counts.nodes += deleted;
	return true;
}

bool ledger_delete(Ledger *ledger, int64_t node, const LedgerAuthor *author, GError **error)
{
	if (!ledger_keep(ledger, node, false, error) || !ledger_seq(ledger, NAME_SIZE_MAX, error)) {
		return false;
	}
	SqlStatement *statement =
		set_state(ledger, SET_STATE ", deleted = key WHERE key = $1", node, author, error);
	if (!statement || !sql_run(statement, error)) {
		return false;
	}
	ledger->counts.nodes--;
	return true;
}

bool ledger_set_name(Ledger *ledger, int64_t node, const void *name, size_t size, GError **error)
{
	g_autoptr(GBytes) folded = text_fold(name, size);
	SqlStatement *statement = sql_statement(
		ledger->session, "UPDATE node SET name = $6, folded = $7 WHERE key = $1", error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, node);
	bind_name(statement, name, size, folded);
	return sql_run(statement, error);
}
