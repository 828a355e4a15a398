/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/* The drive's part of the menu of files: what is offered, and what is done when it is chosen. */

/* One of the chosen files, as the menu needs to know it. */
typedef struct FileMenuItem {
	char *path;
	const char *kept;  /* "", or of a mounted disk: as of "keep"; or FILE_MENU_UNKNOWN */
	const char *state; /* of "files"; or FILE_MENU_UNKNOWN */
	gboolean folder;
	gboolean top; /* the whole bound folder, or disk */
} FileMenuItem;
#define FILE_MENU_UNKNOWN "?"

void file_menu_item_clear(void *item);

/* One line. The texts are static, in the person's language. */
typedef struct FileMenuEntry {
	const char *name; /* "imdrive::pin" */
	const char *label;
	const char *tip; /* "": none */
	struct FileMenuDeed *deed;
} FileMenuEntry;

/* For these (FileMenuItem): FileMenuEntry, or empty. profile: of the daemon that is told. */
GPtrArray *file_menu_entries(const char *profile, const GArray *items);

/*
 * Does it, on a thread, when the file manager's item (signal "activate") is chosen; a failure is
 * said by the desktop. Takes entry.
 */
void file_menu_connect(void *item, FileMenuEntry *entry);

/* Once, before all else: where texts are. */
void file_menu_speak(void);
