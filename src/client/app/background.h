/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/*
 * The daemon, for an app that finds none: the user service where it is installed and this is the
 * default profile, else 'imdrive daemon' beside this program. It outlives the app.
 */
#define BACKGROUND_AGAIN_US 2000000

/* Blocks until it answers. */
bool background_start(const char *profile, GError **error);
