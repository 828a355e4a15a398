/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/state/header.h"
#include "client/state/kept.h"
#include "client/state/promises.h"
#include "client/state/state.h"
#include "client/state/trees.h"
#include "sql/sql.h"

typedef struct LogItem {
	uint64_t generation;
	int64_t key;
	Entry *entry;                  /* owned; NULL: forgotten */
	int64_t files, folders, bytes; /* what it adds to the totals */
} LogItem;

struct State {
	Sql *sql;
	Header header; /* as it is on disk */
	Rows *rows;
	Trees trees;
	Promises *promises;
	Promises *held; /* the same, of what is being sent; not recorded */
	int64_t key_next;
	StateTotals totals; /* of synced */

	GArray *log;         /* LogItem */
	uint64_t log_first;  /* tag of its first item, from 1 */
	uint64_t generation; /* of the next settlement */

	GBytes *cursor;
	Kept *kept;
	size_t kept_few;
	unsigned records_since_cursor;
};

void state_totals_add(StateTotals *totals, const LogItem *item);

/* For tests: the database, to make it fail. Borrowed. */
Sql *state_sql(State *state);
/* For tests: how many rows beside the cursor are few. */
void state_set_kept_few(State *state, size_t kept_few);
