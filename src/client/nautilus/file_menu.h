/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <nautilus-extension.h>

/* One of the chosen files, as the menu needs to know it. */
typedef struct FileMenuItem {
	char *path;
	const char *kept; /* "", or of a mounted disk: as of "keep" */
	const char *state;
	gboolean folder;
} FileMenuItem;

void file_menu_item_clear(void *item);

/*
 * The drive's part of the menu for these (FileMenuItem): a list of one NautilusMenuItem, or of
 * none. profile: of the daemon that is told what was chosen.
 */
GList *file_menu_new(const char *profile, const GArray *items);
