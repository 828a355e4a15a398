/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/journal/ledger_internal.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Coming back from below a tombstone. What is deleted with a folder has no tombstone of its own, so
 * a folder that comes back would bring everything along; these see to it that only what is meant
 * comes back, and that devices are shown it.
 */

/*
 * Brings a dead folder and the dead ones above it back, alone: their other children get tombstones.
 * The child `except` (0: none) of the folder stays as it is. *ret_taken: nothing was done, since
 * the name of the first of them is in use again. Forgets the ledger's ancestry.
 */
bool revive_folder(Ledger *ledger, int64_t folder, int64_t except, bool *ret_taken, GError **error);
/* Would it find the name in use? */
bool revive_is_taken(Ledger *ledger, int64_t folder, bool *ret_taken, GError **error);

/*
 * Shows all that lies below a folder that is live again, and what got its tombstone under the seq
 * `with` (0: none).
 */
bool revive_below(Ledger *ledger, int64_t folder, uint64_t with, GError **error);

/* journal_restore() inside its transaction. */
bool revive_restore(Ledger *ledger, const NodeId *id, int64_t number, GError **error);
