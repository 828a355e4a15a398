/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <jansson.h>

/*
 * Asks the daemon that runs with this profile folder, and waits for the answer. Returns the result;
 * DRIVE_ERROR_OFFLINE if none is running. params may be NULL and is not taken.
 */
json_t *control_client_call(const char *folder, const char *method, json_t *params, GError **error);
