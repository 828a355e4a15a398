/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/file_view/file_menu.h"
#include "client/file_view/inquiry.h"

#include <gio/gio.h>
#include <glib.h>

/*
 * What a file manager shows of the drive's files: an emblem on each, and a menu. Of the default
 * profile. All functions on the main thread.
 */
typedef struct FileView FileView;

/*
 * What differs between file managers. file is an object of the file manager's. One that shows no
 * emblems has neither, never looks, and its menu offers what may be done by where files lie.
 */
typedef struct FileViewShell {
	void (*add_emblem)(GObject *file, const char *name);
	/* The file manager shall look at it anew. */
	void (*invalidate)(GObject *file);
} FileViewShell;

FileView *file_view_new(const FileViewShell *shell);
void file_view_free(FileView *view);

/*
 * The file gets its emblem, after which done is called, once; then, or when the question is taken
 * back (inquiry_take_back()), freed. location is taken.
 */
typedef struct FileViewLook {
	GObject *file;
	GFile *location;
	void (*done)(InquiryQuestion *question, void *data);
	void *data;
	GDestroyNotify freed;
} FileViewLook;

/* NULL: there is nothing to wait for, and nobody is called but freed. */
InquiryQuestion *file_view_look(FileView *view, const FileViewLook *look);

/* One of the files that a menu is for. */
typedef struct FileViewChosen {
	GFile *location; /* may be NULL */
	gboolean folder;
} FileViewChosen;

void file_view_chosen_clear(void *chosen);

/* The menu for these (FileViewChosen): FileMenuEntry, or empty. Nothing is asked for it. */
GPtrArray *file_view_menu(FileView *view, const GArray *chosen);
