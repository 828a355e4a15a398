/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/disk/disk_impl.h"

/*
 * What was replaced or removed: kept for an hour in case a program still has it open, so that
 * nothing is ever overwritten unseen. For disk.c only; paths have been checked.
 */

/*
 * Takes away what is at path, if it is `expected` (as just looked at). Otherwise puts it back and
 * fails with CHANGED.
 */
bool removed_take(Disk *disk, const char *path, const DiskInfo *expected, GError **error);

/*
 * Puts the entry at *staged in the reserved folder (`ours` says what it is) at path, and takes away
 * what was there, if it is `expected` (as just looked at). *staged follows the entry: it is NULL
 * once people have seen it at path. CHANGED: nothing was done, or undone.
 */
bool removed_exchange(Disk *disk, char **staged, const DiskInfo *ours, const char *path,
		      const DiskInfo *expected, GError **error);

/* Undoes what an earlier process left half done. To be called before anybody looks. */
bool removed_repair(Disk *disk, GError **error);

/* As disk_tidy(). */
bool removed_tidy(Disk *disk, int64_t now_us, GError **error);
