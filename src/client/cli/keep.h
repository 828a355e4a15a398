/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/*
 * Which bytes of a mounted drive are on this device.
 */

/* Prints the state of a file, or of all files in a folder, of a mounted drive. */
bool keep_show(const char *path, bool as_json, GError **error);
