/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/journal/batch_internal.h"
#include "server/journal/journal.h"
#include "server/journal/tables_internal.h"
#include "sql/sql.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Where the next step goes on. All zero at the beginning. */
typedef struct SweepPosition {
	int64_t drive;         /* drives up to this row key have been looked at */
	int64_t lease;         /* in a walk through the leases: chunks up to this row key */
	int64_t leases_due_us; /* when the next walk begins */
} SweepPosition;

typedef struct Sweep {
	Sql *sql;
	Batch *batch;
	TablesKeys *keys;
	const JournalRetention *retention;
	int64_t now_us;
	SweepPosition *position;
} Sweep;

/* journal_sweep() */
bool sweep_step(const Sweep *sweep, bool *ret_more, GError **error);
