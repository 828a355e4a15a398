/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/journal/holding_internal.h"
#include "server/journal/journal.h"
#include "server/journal/ledger_internal.h"

#include <glib.h>
#include <stdbool.h>

/* Applies the operations of a commit in order: journal_commit() inside its transaction. */
bool apply_operations(Ledger *ledger, Holding *holding, const JournalCommit *commit,
		      JournalResult *ret_results, GError **error);
