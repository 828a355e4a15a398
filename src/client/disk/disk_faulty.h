/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/disk/disk.h"

/*
 * A disk in front of another one that asks a hook before each plain call (disk_impl.h): the hook
 * may let the call fail, or let people act in between, so that every race and every failure can be
 * brought about on purpose, on a real disk as in a simulator.
 */
typedef enum DiskCall {
	DISK_CALL_LIST,
	DISK_CALL_LOOK,
	DISK_CALL_OPEN,
	DISK_CALL_MAKE,
	DISK_CALL_RENAME,
	DISK_CALL_REMOVE,
	DISK_CALL_SYNC,
	DISK_CALL_FILE_READ,
	DISK_CALL_FILE_WRITE,
	DISK_CALL_FILE_COPY,
	DISK_CALL_FILE_LOOK,
	DISK_CALL_FILE_SET,
	DISK_CALL_FILE_SYNC,
	DISK_CALL_FILE_HOLD,
} DiskCall;

/*
 * path: what the call is about; RENAME: where to; FILE_*: as it was opened. False: the call is not
 * made and fails with *error.
 */
typedef bool (*DiskHook)(DiskCall call, const char *path, void *data, GError **error);

/* Takes inner, as attached (to be started through this one) or as opened. */
Disk *disk_faulty_new(Disk *inner, DiskHook hook, void *data);

/* Reads and writes do at most this many bytes per plain call; 0: no limit. */
void disk_faulty_set_transfer_max(Disk *disk, size_t size);
