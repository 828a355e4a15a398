/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/disk/disk_impl.h"

/*
 * The plain calls of disk_impl.h, with names as this file system can hold them: a name that it
 * refuses is spelled otherwise there (spelling.h), and read again. Where it takes "a" for "A", a
 * path leads only to what is spelled exactly so.
 */
bool plain_list(Disk *disk, const char *folder, DiskVisitor visit, void *data, GError **error);
bool plain_look(Disk *disk, const char *path, DiskInfo *ret_info, char **ret_target,
		GError **error);
DiskFile *plain_open(Disk *disk, const char *path, bool create, GError **error);
/* As for rename: UNSUPPORTED if only a name that differs in case stands in the way. */
bool plain_make(Disk *disk, const char *path, const char *target, int64_t mtime_ns, GError **error);
bool plain_rename(Disk *disk, const char *from, const char *to, bool exchange, GError **error);
bool plain_remove(Disk *disk, const char *path, bool folder, GError **error);
/* As DiskFileClass.place, whether it is there or not. */
bool plain_place(DiskFile *staged, const char *path, DiskInfo *ret_info, GError **error);
bool plain_file_look(DiskFile *file, DiskInfo *ret_info, GError **error);

/* The same under any name, touched or not. */
bool plain_is_same(const DiskInfo *a, const DiskInfo *b);

/*
 * Could it have been written to between from_ns and to_ns, by the clock that stamps files, without
 * a trace in its mtime? Only if it had the mtime before that such a write gives.
 */
bool plain_may_hide(const Disk *disk, const DiskInfo *info, int64_t from_ns, int64_t to_ns);

/*
 * Has nobody written to it since it was looked at, with a content that was known by then? A write
 * shows in mtime or size; it does not if the mtime was just the time of this moment, ahead of the
 * last change. Whatever has changed the ctime since, a rename for one, is none.
 */
bool plain_is_unwritten(const Disk *disk, const DiskInfo *now, const DiskInfo *before);

/* A staged file was shown to people at this time or later. */
int64_t plain_shown_from(const Disk *disk, const DiskInfo *ours);

/*
 * Is a file that was staged, and shown since, what it was (`ours`) when its mtime was set, as far
 * as bytes go?
 */
bool plain_is_ours(const Disk *disk, const DiskInfo *info, const DiskInfo *ours);

/*
 * Finds out by trying, in the stage, which names this file system refuses, whether it tells "a"
 * from "A", keeps executable bits and times of last changes, and what permissions a new file gets.
 */
bool plain_learn(Disk *disk, GError **error);
