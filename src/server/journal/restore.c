/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bringing back versions and deleted nodes. It is the drive that writes these states, not a device:
 * no device has their content because it sent it.
 */
#include "server/journal/restore_internal.h"

#include "base/error.h"
#include "server/journal/holding_internal.h"
#include "server/journal/name_internal.h"
#include "server/journal/revive_internal.h"

static bool fail(GError **error, DriveError code, const char *reason)
{
	g_set_error(error, DRIVE_ERROR, code, "restore: %s", reason);
	return false;
}

/* The name, or one made from it that is free in this folder. */
static bool free_name(Ledger *ledger, int64_t folder, GBytes *name, GBytes **ret_name,
		      GError **error)
{
	gsize size;
	const void *bytes = g_bytes_get_data(name, &size);
	g_autoptr(GBytes) free = g_bytes_ref(name);
	for (unsigned attempt = 1;; attempt++) {
		gsize free_size;
		const void *free_bytes = g_bytes_get_data(free, &free_size);
		int64_t other;
		if (!ledger_child(ledger, folder, free_bytes, free_size, &other, error)) {
			return false;
		}
		if (other == 0) {
			*ret_name = g_steal_pointer(&free);
			return true;
		}
		g_bytes_unref(free);
		free = name_restored(bytes, size, attempt);
	}
}

/* A deleted node's name may have been given again. */
static bool make_name_free(Ledger *ledger, int64_t node, int64_t folder, GBytes *name,
			   GError **error)
{
	g_autoptr(GBytes) free = NULL;
	if (!free_name(ledger, folder, name, &free, error)) {
		return false;
	}
	if (g_bytes_equal(free, name)) {
		return true;
	}
	gsize size;
	const void *bytes = g_bytes_get_data(free, &size);
	return ledger_set_name(ledger, node, bytes, size, error);
}

/* The first of the dead folders above, whose name is in use again, gets another. */
static bool rename_first_dead(Ledger *ledger, int64_t folder, GError **error)
{
	const Folder *at;
	const Folder *first = NULL;
	for (int64_t key = folder; key != 0; key = at->parent) {
		if (!ancestry_get(ledger->ancestry, key, &at, error)) {
			return false;
		}
		if (!at->dead) {
			break;
		}
		first = at;
	}
	g_assert(first);
	g_auto(LedgerNode) node = { 0 };
	return ledger_find(ledger, &first->id, &node, error) &&
	       make_name_free(ledger, node.key, node.parent, node.name, error);
}

/* Makes the folder of a node live. */
static bool revive_above(Ledger *ledger, const LedgerNode *node, GError **error)
{
	const Folder *parent;
	bool taken;
	if (!ancestry_get(ledger->ancestry, node->parent, &parent, error)) {
		return false;
	}
	if (!parent->dead) {
		return true;
	}
	if (!revive_folder(ledger, node->parent, node->key, &taken, error)) {
		return false;
	}
	return !taken || (rename_first_dead(ledger, node->parent, error) &&
			  revive_folder(ledger, node->parent, node->key, &taken, error));
}

static bool undelete(Ledger *ledger, const LedgerNode *node, GError **error)
{
	const Folder *parent;
	if (!ancestry_get(ledger->ancestry, node->parent, &parent, error)) {
		return false;
	}
	if (!node->deleted && !parent->dead) {
		return fail(error, DRIVE_ERROR_CONFLICT, "the node is not deleted");
	}
	if (!revive_above(ledger, node, error) ||
	    (node->deleted &&
	     !make_name_free(ledger, node->key, node->parent, node->name, error)) ||
	    !ledger_show(ledger, node->key, node->deleted, error)) {
		return false;
	}
	ancestry_drop(ledger->ancestry);
	return node->kind != JOURNAL_FOLDER ||
	       revive_below(ledger, node->key, node->deleted ? node->seq : 0, error);
}

/* ---- versions ------------------------------------------------------------------------------ */

typedef struct State {
	JournalOperation fields; /* size, mtime, executable, content */
	GBytes *content;
} State;

static void state_clear(State *state)
{
	g_clear_pointer(&state->content, g_bytes_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(State, state_clear)

static bool read_state(SqlStatement *statement, State *ret_state, GError **error)
{
	bool row;
	if (!sql_step(statement, &row, error)) {
		return false;
	}
	if (!row) {
		return fail(error, DRIVE_ERROR_NOT_FOUND, "no such version");
	}
	size_t size;
	const void *content = sql_column_bytes(statement, 3, &size);
	ret_state->content = g_bytes_new(content, size);
	ret_state->fields = (JournalOperation){
		.size = (uint64_t)sql_column_int(statement, 0),
		.mtime_ns = sql_column_int(statement, 1),
		.executable = sql_column_int(statement, 2) != 0,
		.content = g_bytes_get_data(ret_state->content, NULL),
		.content_size = size,
	};
	return true;
}

static bool find_state(Ledger *ledger, int64_t node, int64_t number, State *ret_state,
		       GError **error)
{
	SqlStatement *statement =
		sql_statement(ledger->session,
			      "SELECT size, mtime, executable, content FROM version"
			      " WHERE node = $1 AND number = $2 AND content IS NOT NULL"
			      " UNION ALL SELECT size, mtime, executable, content FROM node"
			      " WHERE key = $1 AND number = $2",
			      error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, node);
	sql_bind_int(statement, 2, number);
	return read_state(statement, ret_state, error);
}

static bool put_back(Ledger *ledger, const LedgerNode *node, int64_t number, GError **error)
{
	const LedgerAuthor drive = { .time_us = ledger->time_us };
	g_auto(State) state = { 0 };
	if (node->kind == JOURNAL_FOLDER) {
		return fail(error, DRIVE_ERROR_INVALID, "a folder has no versions");
	}
	if (!find_state(ledger, node->key, number, &state, error)) {
		return false;
	}
	bool take = node->kind == JOURNAL_FILE && !ledger_same_content(node, &state.fields);
	g_autoptr(Holding) holding = holding_new(ledger, NULL);
	JournalOutcome outcome = JOURNAL_APPLIED;
	if (take && !holding_plan(holding, state.fields.content, state.fields.content_size,
				  state.fields.size, &outcome, error)) {
		return false;
	}
	if (outcome != JOURNAL_APPLIED) {
		return fail(error, DRIVE_ERROR_CORRUPT, "the drive does not hold the version");
	}
	return revive_above(ledger, node, error) &&
	       (!node->deleted ||
		make_name_free(ledger, node->key, node->parent, node->name, error)) &&
	       ledger_set_content(ledger, node, &state.fields, &drive, error) &&
	       (!take || holding_take(holding, error));
}

bool restore_node(Ledger *ledger, const NodeId *id, int64_t number, GError **error)
{
	g_auto(LedgerNode) node = { 0 };
	if (!ledger_find(ledger, id, &node, error)) {
		return false;
	}
	if (node.key == 0) {
		return fail(error, DRIVE_ERROR_NOT_FOUND, "no such node");
	}
	if (node.key == ledger->root || number < 0) {
		return fail(error, DRIVE_ERROR_INVALID, "neither a version nor a deleted node");
	}
	return number == 0 ? undelete(ledger, &node, error)
			   : put_back(ledger, &node, number, error);
}
