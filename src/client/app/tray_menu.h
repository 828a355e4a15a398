/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

/*
 * The menu of the tray icon, as com.canonical.dbusmenu: the desktop draws it, and says what was
 * pressed.
 */
#define TRAY_MENU_PATH "/MenuBar"

typedef struct TrayMenuItem {
	const char *action; /* of the application, "show"; NULL: text, or a separator */
	char *label;        /* NULL: a separator */
} TrayMenuItem;

typedef struct TrayMenu TrayMenu;

/* actions: activated when an item is pressed; borrowed. NULL if it cannot be exported. */
TrayMenu *tray_menu_new(GDBusConnection *bus, GActionGroup *actions);
void tray_menu_free(TrayMenu *menu);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TrayMenu, tray_menu_free)

/* What it shows from now on; copied. The desktop is told if that is something else. */
void tray_menu_set(TrayMenu *menu, const TrayMenuItem *items, size_t count);
