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
bool plain_file_look(DiskFile *file, DiskInfo *ret_info, GError **error);

/*
 * Finds out by trying, in the stage, which names this file system refuses, whether it tells "a"
 * from "A" and keeps executable bits, and what permissions a new file gets.
 */
bool plain_learn(Disk *disk, GError **error);
