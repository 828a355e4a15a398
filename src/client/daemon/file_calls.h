/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/daemon/daemon_internal.h"

/* How the files stand that somebody looks at ("files"). On the daemon's thread. */
json_t *file_calls_look(Daemon *daemon, json_t *params, GError **error);
