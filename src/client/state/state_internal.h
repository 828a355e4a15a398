/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/state/state.h"
#include "sql/sql.h"

/* For tests: the database, to make it fail. Borrowed. */
Sql *state_sql(State *state);
/* For tests: how many rows beside the cursor are few. */
void state_set_kept_few(State *state, size_t kept_few);
