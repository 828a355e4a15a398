/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/daemon/drive_calls.h"

/*
 * Methods of the control socket about what is left alone: the person's own rules, which lie in the
 * bound folder as a file (client/observe/ignore.h). Each on any thread.
 */
json_t *rule_calls_get(const DriveCalls *calls, const json_t *params, GError **error);
json_t *rule_calls_set(const DriveCalls *calls, const json_t *params, GError **error);
