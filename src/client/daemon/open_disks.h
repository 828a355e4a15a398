/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/disk/disk.h"

#include <gio/gio.h>
#include <glib.h>

/*
 * The disks of all open bindings, for calls that work on them on threads of their own: none is
 * closed under such a call. Any thread.
 */
typedef struct OpenDisks OpenDisks;
typedef struct OpenDisk OpenDisk;

OpenDisks *open_disks_new(void);
void open_disks_free(OpenDisks *disks);

/* folder: of the binding, absolute. disk is borrowed until open_disks_remove(). */
void open_disks_add(OpenDisks *disks, const char *folder, Disk *disk);
/* Cancels whoever works on it, and waits for them. Nothing if it is not there. */
void open_disks_remove(OpenDisks *disks, const char *folder);

/*
 * The disk on which this absolute path lies; NOT_FOUND if none. *ret_path: the path on it, in path.
 * To be given back by open_disks_return().
 */
OpenDisk *open_disks_borrow(OpenDisks *disks, const char *path, const char **ret_path,
			    GError **error);
void open_disks_return(OpenDisks *disks, OpenDisk *disk);
Disk *open_disks_disk(OpenDisk *disk);
/* Ends what is done with it when the binding closes. Borrowed. */
GCancellable *open_disks_cancellable(OpenDisk *disk);

/* These paths were changed behind the engine's back. */
void open_disks_touch(OpenDisks *disks, OpenDisk *disk, const char *path);
/* Which ones; free with g_ptr_array_unref(). */
GPtrArray *open_disks_take_touched(OpenDisks *disks, const char *folder);
