/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/daemon/daemon_internal.h"

/* How the files stand that somebody looks at ("files"). On the daemon's thread. */
json_t *file_calls_look(Daemon *daemon, json_t *params, GError **error);

/* The call's "paths": strings that params own. NULL with DRIVE_ERROR_INVALID if there are none, or
 * too many. Any thread. */
GPtrArray *file_calls_paths(const json_t *params, GError **error);
