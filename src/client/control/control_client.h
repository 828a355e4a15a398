/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

/*
 * Asks the daemon that runs with this profile folder, and waits for the answer. Returns the result;
 * DRIVE_ERROR_OFFLINE if none is running. params may be NULL and is not taken.
 */
json_t *control_client_call(const char *folder, const char *method, json_t *params, GError **error);

/* Takes the newest status; false to stop watching. status is borrowed. */
typedef bool (*ControlWatcher)(json_t *status, void *data);

/*
 * Calls watcher with the status of the daemon, now and each time that it changes, until watcher
 * returns false. DRIVE_ERROR_OFFLINE if none is running, or when it ends.
 */
bool control_client_watch(const char *folder, ControlWatcher watcher, void *data, GError **error);
