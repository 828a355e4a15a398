/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "sql/sql.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Who said STOP, and is asked no more: a table of its own, so that a restart forgets nobody. All
 * functions may be called from any thread.
 */

/* Makes the table. */
bool stopped_prepare(Sql *sql, GError **error);

bool stopped_has(Sql *sql, const char *provider, const char *address, bool *ret_has,
		 GError **error);

/* DRIVE_ERROR_QUOTA, if it is not there and so many are. */
bool stopped_add(Sql *sql, const char *provider, const char *address, int64_t count_max,
		 GError **error);

/* Whether CHAT_STOPPED_MAX are there. */
bool stopped_is_full(Sql *sql, bool *ret_full, GError **error);

/* *ret_was: it was there. */
bool stopped_remove(Sql *sql, const char *provider, const char *address, bool *ret_was,
		    GError **error);
