/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/journal/ancestry_internal.h"
#include "server/journal/journal.h"
#include "server/journal/tables_internal.h"
#include "sql/sql.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * One drive while a transaction reads or changes it: its counters, its next seq, and the rows of
 * its nodes. All that changes nodes does it through here, so that no state is replaced without its
 * history.
 */
typedef struct LedgerCounts {
	uint64_t seq; /* the last one given */
	uint64_t bytes;
	uint64_t nodes;
	uint64_t trimmed;
	size_t weight; /* rough bytes of the entries that were given this seq */
	bool begun;    /* this transaction has given a seq */
} LedgerCounts;

typedef struct Ledger {
	SqlSession *session;
	TablesKeys *keys;
	Ancestry *ancestry;
	NodeId id;
	int64_t drive; /* row key */
	int64_t root;  /* row key */
	uint64_t quota;
	bool caseless;   /* names that differ only in case are refused */
	int64_t account; /* whose drive it is */
	int64_t device;  /* who acts */
	int64_t time_us;
	LedgerCounts counts;
	LedgerCounts stored; /* as the drive's row has them */
} Ledger;

/* Reads the drive's row; DRIVE_ERROR_NOT_FOUND. keys: NULL to read. ret_ledger is to be cleared. */
bool ledger_open(SqlSession *session, TablesKeys *keys, const NodeId *drive, Ledger *ret_ledger,
		 GError **error);
/* The same by row key, for upkeep. */
bool ledger_open_key(SqlSession *session, TablesKeys *keys, int64_t drive, Ledger *ret_ledger,
		     GError **error);
/* Writes back the counters. A seq that nothing was written under is taken back. */
bool ledger_save(Ledger *ledger, GError **error);
void ledger_clear(Ledger *ledger);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Ledger, ledger_clear)

/*
 * The seq under which a row of about `weight` bytes is to be written. A commit has one seq; only
 * where its entries would make a page too large for a message it goes on with the next, at
 * ledger_advance(), which is called where what was written so far is a state of its own.
 */
bool ledger_seq(Ledger *ledger, size_t weight, GError **error);
void ledger_advance(Ledger *ledger);

/* After a rollback: as it was then. */
void ledger_restore(Ledger *ledger, const LedgerCounts *counts);

/* A node's row as an operation needs it. */
typedef struct LedgerNode {
	int64_t key;
	int64_t parent;
	bool deleted;
	JournalKind kind;
	uint64_t seq;
	int64_t device;
	int64_t operation;
	unsigned height;
	GBytes *name;
	GBytes *content;
} LedgerNode;

void ledger_node_clear(LedgerNode *node);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LedgerNode, ledger_node_clear)

/* *ret_node has key 0 if the drive has no such node. */
bool ledger_find(Ledger *ledger, const NodeId *id, LedgerNode *ret_node, GError **error);

/* Key of the live child of that name, 0 if there is none. */
bool ledger_child(Ledger *ledger, int64_t parent, const void *name, size_t size, int64_t *ret_key,
		  GError **error);

/* A name that a node is to have in a folder. */
typedef struct LedgerName {
	int64_t parent;
	const void *name;
	size_t size;
	int64_t node; /* 0: a new one */
} LedgerName;

/*
 * May the node have that name beside the live children that there are? APPLIED, NAME_TAKEN, or, in
 * a drive that is caseless, CASE_TAKEN.
 */
bool ledger_check_name(Ledger *ledger, const LedgerName *wish, JournalOutcome *ret_outcome,
		       GError **error);

/*
 * Was this operation applied to the node since the seq `base`? (At that seq itself if it changed
 * what the same commit had changed.) *ret_seq is 0 if not.
 */
bool ledger_applied(Ledger *ledger, int64_t node, uint64_t base, int64_t operation,
		    uint64_t *ret_seq, GError **error);

/* Keeps a node's present state as history. with_content: the content will be replaced. */
bool ledger_keep(Ledger *ledger, int64_t node, bool with_content, GError **error);

/*
 * Who is written down as having changed a row, and when: a device by its operation, or the drive
 * itself (zeros), as when folders come back because of what was put into them.
 */
typedef struct LedgerAuthor {
	int64_t device;
	int64_t operation;
	int64_t time_us;
} LedgerAuthor;

/* Does the operation leave the node's content as it is? */
bool ledger_same_content(const LedgerNode *node, const JournalOperation *operation);

/* Each keeps the present state first and gives the node the seq. */
bool ledger_set_content(Ledger *ledger, const LedgerNode *node, const JournalOperation *state,
			const LedgerAuthor *author, GError **error);
bool ledger_set_place(Ledger *ledger, const LedgerNode *node, int64_t parent, GBytes *name,
		      const LedgerAuthor *author, GError **error);
/* Shows a live node again, or brings a deleted one back, whose name must be free. */
bool ledger_show(Ledger *ledger, int64_t node, bool deleted, GError **error);
bool ledger_delete(Ledger *ledger, int64_t node, const LedgerAuthor *author, GError **error);

/* Keys of the live children, except one (0: none). */
bool ledger_children(Ledger *ledger, int64_t parent, int64_t except, GArray *ret_keys,
		     GError **error);

/* Only the name, without history: the end of a swap inside a group. */
bool ledger_set_name(Ledger *ledger, int64_t node, const void *name, size_t size, GError **error);
