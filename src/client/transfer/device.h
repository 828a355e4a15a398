/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/disk/disk_faulty.h"
#include "client/disk/disk_memory.h"
#include "client/transfer/fake_drive.h"

/*
 * For tests: one device, with a disk in memory behind a hook, and the drive it talks to.
 */
typedef struct Device {
	DiskMemory *memory;
	Disk *disk;
	FakeDrive *drive;
	Remote *remote;
	/* the hook: acts before the n-th disk call of this kind, or of any */
	int countdown; /* 0: never */
	bool any;
	DiskCall call;
	void (*act)(struct Device *device); /* NULL: the call fails … */
	DriveError fail_code;               /* … with this; IO at first */
	int calls[DISK_CALL_FILE_HOLD + 1]; /* how many of each kind there were */
} Device;

Device *device_new(void);
void device_free(Device *device);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Device, device_free)

/* The clock that stamps files, in microseconds; data is the Device. */
int64_t device_now_us(void *data);
/* A second later. */
void device_pass_time(Device *device);

/* What people do. Time passes afterwards. */
void device_write(Device *device, const char *path, const void *bytes, size_t size);
void device_write_text(Device *device, const char *path, const char *text);
/* Writes device_noise(); yours to unref. */
GBytes *device_write_noise(Device *device, const char *path, size_t size, uint64_t seed);

/* Bytes that no one can compress, the same for the same seed. */
GBytes *device_noise(size_t size, uint64_t seed);

DiskInfo device_look(Device *device, const char *path);
