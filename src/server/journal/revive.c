/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Coming back from below a tombstone.
 *
 * Devices removed everything below the tombstone when they saw it. So each node that counts as live
 * again must get a new seq, and each that must not gets a tombstone of its own.
 */
#include "server/journal/revive_internal.h"

#include "base/error.h"

static bool read_grave(Ledger *ledger, int64_t key, bool *ret_deleted, int64_t *time_us,
		       GError **error)
{
	SqlStatement *statement = sql_statement(
		ledger->session, "SELECT deleted, time FROM node WHERE key = $1", error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, key);
	bool row;
	if (!sql_step(statement, &row, error)) {
		return false;
	}
	*ret_deleted = row && sql_column_int(statement, 0) != 0;
	if (*ret_deleted) {
		*time_us = sql_column_int(statement, 1);
	}
	return true;
}

/* They were deleted with the folder, at that time. */
static bool bury_children(Ledger *ledger, int64_t folder, const int64_t except[2], int64_t time_us,
			  GError **error)
{
	const LedgerAuthor drive = { .time_us = time_us };
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	if (!ledger_children(ledger, folder, except, keys, error)) {
		return false;
	}
	for (unsigned i = 0; i < keys->len; i++) {
		if (!ledger_delete(ledger, g_array_index(keys, int64_t, i), &drive, error)) {
			return false;
		}
		ledger_advance(ledger);
	}
	return true;
}

static bool name_taken(Ledger *ledger, const Folder *folder, bool *ret_taken, GError **error)
{
	SqlStatement *statement = sql_statement(
		ledger->session,
		"SELECT 1 FROM node AS other WHERE other.parent = $2 AND other.deleted = 0 "
		"AND other.name = (SELECT name FROM node WHERE key = $1)",
		error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, folder->key);
	sql_bind_int(statement, 2, folder->parent);
	return sql_step(statement, ret_taken, error);
}

/* Keys of the dead folders from this one upwards. */
static bool dead_chain(Ledger *ledger, int64_t folder, GArray *ret_chain, bool *ret_taken,
		       GError **error)
{
	const Folder *at;
	if (!ancestry_get(ledger->ancestry, folder, &at, error)) {
		return false;
	}
	const Folder *first = at;
	while (at->dead) {
		first = at;
		g_array_append_val(ret_chain, at->key);
		g_assert(at->parent != 0);
		if (!ancestry_get(ledger->ancestry, at->parent, &at, error)) {
			return false;
		}
	}
	return name_taken(ledger, first, ret_taken, error);
}

bool revive_folder(Ledger *ledger, int64_t folder, int64_t except, bool *ret_taken, GError **error)
{
	g_autoptr(GArray) chain = g_array_new(FALSE, FALSE, sizeof(int64_t));
	if (!dead_chain(ledger, folder, chain, ret_taken, error)) {
		return false;
	}
	g_assert(chain->len > 0);
	if (*ret_taken) {
		return true;
	}
	int64_t time_us = ledger->time_us;
	for (unsigned i = chain->len; i > 0; i--) {
		int64_t key = g_array_index(chain, int64_t, i - 1);
		int64_t next = i > 1 ? g_array_index(chain, int64_t, i - 2) : 0;
		const int64_t keep[2] = { next, except };
		bool deleted;
		if (!read_grave(ledger, key, &deleted, &time_us, error) ||
		    !bury_children(ledger, key, keep, time_us, error) ||
		    !ledger_show(ledger, key, deleted, error)) {
			return false;
		}
	}
	ancestry_drop(ledger->ancestry);
	return true;
}

typedef struct Child {
	int64_t key;
	bool folder;
	bool deleted;
} Child;

/* Live children, and those deleted under the seq whose names are free. */
static bool children_with(Ledger *ledger, int64_t folder, uint64_t with, GArray *ret_children,
			  GError **error)
{
	SqlStatement *statement = sql_statement(
		ledger->session,
		"SELECT key, kind, deleted FROM node WHERE parent = $1 AND (deleted = 0 OR "
		"(seq = $2 AND NOT EXISTS (SELECT 1 FROM node AS other WHERE other.parent = $1 "
		"AND other.name = node.name AND other.key <> node.key "
		"AND (other.deleted = 0 OR other.seq = $2))))",
		error);
	if (!statement) {
		return false;
	}
	sql_bind_int(statement, 1, folder);
	sql_bind_int(statement, 2, (int64_t)with);
	for (;;) {
		bool row;
		if (!sql_step(statement, &row, error)) {
			return false;
		}
		if (!row) {
			return true;
		}
		Child child = {
			.key = sql_column_int(statement, 0),
			.folder = sql_column_int(statement, 1) == JOURNAL_FOLDER,
			.deleted = sql_column_int(statement, 2) != 0,
		};
		g_array_append_val(ret_children, child);
	}
}

bool revive_below(Ledger *ledger, int64_t folder, uint64_t with, GError **error)
{
	g_autoptr(GArray) children = g_array_new(FALSE, FALSE, sizeof(Child));
	g_autoptr(GArray) folders = g_array_new(FALSE, FALSE, sizeof(int64_t));
	g_array_append_val(folders, folder);
	for (unsigned next = 0; next < folders->len; next++) {
		g_array_set_size(children, 0);
		if (!children_with(ledger, g_array_index(folders, int64_t, next), with, children,
				   error)) {
			return false;
		}
		for (unsigned i = 0; i < children->len; i++) {
			const Child *child = &g_array_index(children, Child, i);
			ledger_advance(ledger);
			if (!ledger_show(ledger, child->key, child->deleted, error)) {
				return false;
			}
			if (child->folder) {
				g_array_append_val(folders, child->key);
			}
		}
	}
	return true;
}
