/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/daemon/drive_calls.h"

/*
 * Methods of the control socket about files and what they were, each on any thread; "path" in
 * params is absolute, in a bound folder.
 */
json_t *history_calls_resolve(const DriveCalls *calls, const json_t *params, GError **error);
json_t *history_calls_versions(const DriveCalls *calls, const json_t *params, GError **error);
json_t *history_calls_restore(const DriveCalls *calls, const json_t *params, GError **error);
