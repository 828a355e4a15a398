/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/app/door.h"

#include <gio/gio.h>

/*
 * An icon among those of running programs, on desktops that show such (StatusNotifierItem): how
 * things stand in one glance, with the window closed. It is there while somebody on the bus watches
 * for such icons.
 */
typedef struct Tray Tray;

/*
 * Actions of the application that it uses: show, open-folder, pause-hour, pause, resume, quit.
 * NULL without a bus. Both borrowed.
 */
Tray *tray_new(GApplication *application, Door *door);
void tray_free(Tray *tray);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Tray, tray_free)
