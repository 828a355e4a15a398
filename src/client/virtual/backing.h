/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/transfer/fake_drive.h"
#include "client/virtual/volume.h"

/*
 * For tests: a volume in a folder of its own, a drive in memory, and what a mount does with them.
 * Functions abort on what must not happen.
 */
typedef struct Backing {
	char *folder;
	FakeDrive *drive;
	Remote *remote;
	Volume *volume;
	uint64_t cache_size_max;
} Backing;

Backing *backing_new(void);
void backing_free(Backing *backing);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Backing, backing_free)

/* As another process would, after the last one ended. */
void backing_reopen(Backing *backing);

/* Bytes that no one can compress, the same for the same seed. */
GBytes *backing_noise(size_t size, uint64_t seed);

#define BACKING_MTIME_NS 1234567890123456789

/* What the engine does: a file that is on the drive comes to the disk, at path. */
DiskInfo backing_place(Backing *backing, const char *path, GBytes *bytes);
/* The same, of which the drive says that it has this content and size. */
DiskInfo backing_place_content(Backing *backing, const char *path, GBytes *content, uint64_t size);
/* Its content, of the drive. */
GBytes *backing_content(Backing *backing, GBytes *bytes);
DiskInfo backing_look(Backing *backing, const char *path);

/* ---- programs ----------------------------------------------------------------------------- */

/* Descriptor of a file in the folder. */
int backing_open(Backing *backing, const char *path, int flags);
VolumeFile *backing_open_file(Backing *backing, int fd);

/* An errno; *ret_bytes (may be NULL) is what was read. */
int backing_try_read(Backing *backing, const char *path, uint64_t offset, size_t size,
		     GBytes **ret_bytes);
/* All of it is these bytes. */
void backing_assert_bytes(Backing *backing, const char *path, GBytes *bytes);
/* Writes into the file, which is made if it is not there. */
int backing_try_write(Backing *backing, const char *path, uint64_t offset, GBytes *bytes);
void backing_write(Backing *backing, const char *path, GBytes *bytes);
int backing_try_truncate(Backing *backing, const char *path, uint64_t size);

VolumeState backing_state(Backing *backing, const char *path);
/* Bytes that it takes on the disk. */
uint64_t backing_blocks(Backing *backing, const char *path);
void backing_set_atime(Backing *backing, const char *path, time_t seconds);
