/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "sql/sql.h"

#include <glib.h>
#include <stdbool.h>

/* journal_check() in one snapshot. */
bool check_all(SqlSession *session, GPtrArray *ret_problems, GError **error);
