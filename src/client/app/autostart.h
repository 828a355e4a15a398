/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/*
 * Starting with the person's session, in the background: $XDG_CONFIG_HOME/autostart, as all
 * desktops read it. The app then starts the daemon, or the user service where that is installed.
 */
bool autostart_is_on(void);
bool autostart_set(bool on, GError **error);
