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
 * emblems has only the first two, never looks, and its menu offers what may be done by where files
 * lie.
 */
typedef struct FileViewShell {
	GFile *(*location)(GObject *file); /* a reference, or NULL */
	gboolean (*is_folder)(GObject *file);
	void (*add_emblem)(GObject *file, const char *name);
	/* The file manager shall look at it anew. */
	void (*invalidate)(GObject *file);
	/* The file that question is about has been looked at. */
	void (*complete)(GClosure *closure, void *provider, InquiryQuestion *question);
} FileViewShell;

FileView *file_view_new(const FileViewShell *shell);
void file_view_free(FileView *view);

/*
 * The file gets its emblem, after which the shell completes this closure, unless the question is
 * taken back before (inquiry_take_back()). NULL: there is nothing to wait for.
 */
InquiryQuestion *file_view_look(FileView *view, GObject *file, GClosure *closure, void *provider);

/* The menu for these files (GObject): FileMenuEntry, or empty. Nothing is asked for it. */
GPtrArray *file_view_menu(FileView *view, GList *files);
