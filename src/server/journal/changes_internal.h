/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/journal/journal.h"
#include "server/journal/ledger_internal.h"

#include <glib.h>
#include <stdbool.h>

/* journal_changes() inside its transaction. */
bool changes_read(Ledger *ledger, GBytes *cursor, unsigned nodes_max, JournalPage *ret_page,
		  GError **error);
