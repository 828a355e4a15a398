/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/state/state.h"

/* Shall the cursor go with a record of the first `items` of the log? */
bool record_takes_cursor(const State *state, size_t items);
/* Records them in one transaction. False: nothing changed, and *error says why. */
bool record_run(State *state, size_t items, bool with_cursor, GError **error);
