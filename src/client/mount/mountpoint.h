/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/*
 * The folder at which a drive is mounted.
 */

/*
 * Takes off what a process that was killed left mounted there, and makes the folder if it is not
 * there: then it can be looked at.
 */
bool mountpoint_revive(const char *path, GError **error);

/* CONFLICT if a drive is mounted there, or if there is something in it. After the former. */
bool mountpoint_prepare(const char *path, GError **error);

/* Is one of our file systems mounted there, alive or not? */
bool mountpoint_is_ours(const char *path);

/* Takes it off at once, whoever still uses it. Does nothing if it is not ours. */
bool mountpoint_detach(const char *path, GError **error);
