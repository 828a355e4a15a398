/* SPDX-License-Identifier: Apache-2.0 */
#include "client/virtual/backing.h"

#include "client/disk/world.h"
#include "client/virtual/record.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define MARKER "5f9c1c3ab2b34d8c"

static void open_volume(Backing *backing, bool is_new)
{
	g_autoptr(GError) error = NULL;
	const VolumeOptions options = {
		.folder = backing->folder,
		.marker = MARKER,
		.is_new = is_new,
		.remote = backing->remote,
		.cache_size_max = backing->cache_size_max,
	};
	backing->volume = volume_open(&options, &error);
	g_assert_no_error(error);
}

Backing *backing_new(void)
{
	g_autoptr(GError) error = NULL;
	Backing *backing = g_new0(Backing, 1);
	backing->folder = g_dir_make_tmp("imdrive-volume-XXXXXX", &error);
	g_assert_no_error(error);
	backing->drive = fake_drive_new();
	backing->remote = fake_drive_remote(backing->drive);
	open_volume(backing, true);
	return backing;
}

void backing_free(Backing *backing)
{
	if (!backing) {
		return;
	}
	volume_close(backing->volume);
	remote_free(backing->remote);
	fake_drive_free(backing->drive);
	world_remove_folder(backing->folder);
	g_free(backing->folder);
	g_free(backing);
}

void backing_reopen(Backing *backing)
{
	volume_close(backing->volume);
	open_volume(backing, false);
}

GBytes *backing_noise(size_t size, uint64_t seed)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed((uint32_t)seed);
	size_t words = (size + 3) / 4;
	uint32_t *bytes = g_new(uint32_t, MAX(words, 1));
	for (size_t i = 0; i < words; i++) {
		bytes[i] = g_rand_int(rand);
	}
	return g_bytes_new_take(bytes, size);
}

GBytes *backing_content(Backing *backing, GBytes *bytes)
{
	size_t size = 0;
	const void *data = g_bytes_get_data(bytes, &size);
	g_mutex_lock(&backing->drive->mutex);
	GBytes *content = fake_drive_store(backing->drive, data, size);
	g_mutex_unlock(&backing->drive->mutex);
	return content;
}

DiskInfo backing_look(Backing *backing, const char *path)
{
	g_autoptr(GError) error = NULL;
	DiskInfo info = { 0 };
	disk_look(volume_disk(backing->volume), path, &info, &error);
	g_assert_no_error(error);
	return info;
}

DiskInfo backing_place(Backing *backing, const char *path, GBytes *bytes)
{
	g_autoptr(GBytes) content = backing_content(backing, bytes);
	return backing_place_content(backing, path, content, g_bytes_get_size(bytes));
}

DiskInfo backing_place_content(Backing *backing, const char *path, GBytes *content, uint64_t size)
{
	g_autoptr(GError) error = NULL;
	Disk *disk = volume_disk(backing->volume);
	g_autoptr(DiskFile) file = disk_stage(disk, &error);
	g_assert_no_error(error);
	DiskInfo expected, info = { 0 };
	bool there = disk_look(disk, path, &expected, NULL);
	bool placed = disk_file_promise(file, content, size, &error) &&
		      disk_file_set(file, BACKING_MTIME_NS, false, &error) &&
		      disk_place(disk, file, path, there ? &expected : NULL, &info, &error);
	g_assert_no_error(error);
	g_assert_true(placed);
	return info;
}

/* ---- programs ----------------------------------------------------------------------------- */

int backing_open(Backing *backing, const char *path, int flags)
{
	int fd = openat(volume_root(backing->volume), path, flags | O_CLOEXEC, 0644);
	g_assert_cmpint(fd, >=, 0);
	return fd;
}

VolumeFile *backing_open_file(Backing *backing, int fd)
{
	int errnum = 0;
	VolumeFile *file = volume_file_open(backing->volume, fd, &errnum);
	g_assert_cmpint(errnum, ==, 0);
	g_assert_nonnull(file);
	return file;
}

int backing_try_read(Backing *backing, const char *path, uint64_t offset, size_t size,
		     GBytes **ret_bytes)
{
	int fd = backing_open(backing, path, O_RDONLY);
	VolumeFile *file = backing_open_file(backing, fd);
	int errnum = volume_file_need(file, offset, size, NULL);
	if (!errnum && ret_bytes) {
		char *bytes = g_malloc(MAX(size, 1));
		ssize_t got = pread(fd, bytes, size, (off_t)offset);
		g_assert_cmpint(got, >=, 0);
		*ret_bytes = g_bytes_new_take(bytes, (size_t)got);
	}
	volume_file_close(file);
	close(fd);
	return errnum;
}

void backing_assert_bytes(Backing *backing, const char *path, GBytes *bytes)
{
	g_autoptr(GBytes) found = NULL;
	size_t size = g_bytes_get_size(bytes) + 1;
	g_assert_cmpint(backing_try_read(backing, path, 0, size, &found), ==, 0);
	g_assert_cmpuint(g_bytes_get_size(found), ==, g_bytes_get_size(bytes));
	g_assert_true(g_bytes_equal(found, bytes));
}

int backing_try_write(Backing *backing, const char *path, uint64_t offset, GBytes *bytes)
{
	int fd = backing_open(backing, path, O_RDWR | O_CREAT);
	VolumeFile *file = backing_open_file(backing, fd);
	int errnum = volume_file_touch(file, VOLUME_KEEP_ALL, NULL);
	if (!errnum) {
		size_t size = 0;
		const void *data = g_bytes_get_data(bytes, &size);
		g_assert_cmpint(pwrite(fd, data, size, (off_t)offset), ==, (ssize_t)size);
	}
	volume_file_close(file);
	close(fd);
	return errnum;
}

void backing_write(Backing *backing, const char *path, GBytes *bytes)
{
	g_assert_cmpint(backing_try_truncate(backing, path, 0), ==, 0);
	g_assert_cmpint(backing_try_write(backing, path, 0, bytes), ==, 0);
}

int backing_try_truncate(Backing *backing, const char *path, uint64_t size)
{
	int fd = backing_open(backing, path, O_RDWR | O_CREAT);
	VolumeFile *file = backing_open_file(backing, fd);
	int errnum = volume_file_touch(file, size, NULL);
	if (!errnum) {
		g_assert_cmpint(ftruncate(fd, (off_t)size), ==, 0);
	}
	volume_file_close(file);
	close(fd);
	return errnum;
}

VolumeState backing_state(Backing *backing, const char *path)
{
	VolumeState state = VOLUME_DIRTY;
	bool pinned = false;
	int fd = backing_open(backing, path, O_PATH);
	g_assert_cmpint(volume_state(backing->volume, fd, &state, &pinned), ==, 0);
	close(fd);
	return state;
}

uint64_t backing_blocks(Backing *backing, const char *path)
{
	struct stat info;
	g_assert_cmpint(fstatat(volume_root(backing->volume), path, &info, 0), ==, 0);
	return (uint64_t)info.st_blocks * 512;
}

void backing_set_atime(Backing *backing, const char *path, time_t seconds)
{
	const struct timespec times[2] = { { .tv_sec = seconds }, { .tv_nsec = UTIME_OMIT } };
	g_assert_cmpint(utimensat(volume_root(backing->volume), path, times, 0), ==, 0);
}
