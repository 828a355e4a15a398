/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/daemon/daemon_internal.h"

/*
 * Methods of the control socket about folders that this device leaves out. Each on the daemon's
 * thread.
 */
json_t *choice_calls_exclude(Daemon *daemon, json_t *params, GError **error);
json_t *choice_calls_include(Daemon *daemon, json_t *params, GError **error);
json_t *choice_calls_folders(Daemon *daemon, json_t *params, GError **error);
