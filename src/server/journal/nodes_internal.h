/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/journal/journal.h"
#include "server/journal/ledger_internal.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Nodes as the journal's users see them. All functions work inside the caller's transaction. */

/* The columns that nodes_from_row() expects, from 0 on. */
#define NODES_COLUMNS                                                                          \
	"node.id, node.name, node.kind, node.size, node.mtime, node.executable, node.content," \
	" node.seq, node.deleted, node.device, node.time, node.parent"

/*
 * *ret_node has deleted set only for a tombstone of its own; *ret_dead says whether it lies below
 * one. It is to be cleared.
 */
bool nodes_from_row(SqlStatement *statement, Ancestry *ancestry, JournalNode *ret_node,
		    bool *ret_dead, GError **error);

/* journal_node(), journal_resolve(), journal_children() and those after them in journal.h */
bool nodes_get(Ledger *ledger, const NodeId *id, JournalNode *ret_node, GError **error);
bool nodes_resolve(Ledger *ledger, const char *path, JournalNode *ret_node, GError **error);
bool nodes_children(Ledger *ledger, const NodeId *id, GBytes *after, unsigned count_max,
		    GArray *ret_nodes, GError **error);
bool nodes_count(Ledger *ledger, const NodeId *id, unsigned count_max, unsigned *ret_count,
		 GError **error);
bool nodes_versions(Ledger *ledger, const NodeId *id, GArray *ret_versions, GError **error);
bool nodes_trash(Ledger *ledger, unsigned count_max, GArray *ret_nodes, GError **error);
