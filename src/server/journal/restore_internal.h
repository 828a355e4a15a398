/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/journal/ledger_internal.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* journal_restore() inside its transaction. */
bool restore_node(Ledger *ledger, const NodeId *id, int64_t number, GError **error);
