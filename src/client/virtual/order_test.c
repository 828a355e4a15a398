/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In which order things reach the disk: the calls of the system that matter are wrapped by the
 * linker (see meson.build) and written down, a letter each:
 *
 *	R record, not complete   C record, complete   X no record any more
 *	W bytes   T size   P hole   S all, or this file, synced
 */
#include "base/limits.h"
#include "client/virtual/backing.h"
#include "client/virtual/record.h"
#include "client/virtual/volume_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#define LARGE_SIZE (3 * MIB)

static GMutex mutex;
static GString *calls; /* guarded by mutex */
static int fail_sync;  /* atomic */

static void add(char letter)
{
	g_mutex_lock(&mutex);
	if (calls) {
		g_string_append_c(calls, letter);
	}
	g_mutex_unlock(&mutex);
}

/* ---- the calls ---------------------------------------------------------------------------- */

#define WRAPPED(type, name, ...)         \
	type __real_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__)

static int synced(int result)
{
	if (g_atomic_int_get(&fail_sync)) {
		errno = EIO;
		return -1;
	}
	add('S');
	return result;
}

WRAPPED(int, syncfs, int fd)
{
	return synced(__real_syncfs(fd));
}

WRAPPED(int, fdatasync, int fd)
{
	return synced(__real_fdatasync(fd));
}

WRAPPED(int, fsync, int fd)
{
	return synced(__real_fsync(fd));
}

WRAPPED(ssize_t, pwrite64, int fd, const void *bytes, size_t size, off64_t offset)
{
	add('W');
	return __real_pwrite64(fd, bytes, size, offset);
}

WRAPPED(int, ftruncate64, int fd, off64_t size)
{
	add('T');
	return __real_ftruncate64(fd, size);
}

WRAPPED(int, fallocate64, int fd, int mode, off64_t offset, off64_t size)
{
	add('P');
	return __real_fallocate64(fd, mode, offset, size);
}

WRAPPED(int, setxattr, const char *path, const char *name, const void *bytes, size_t size,
	int flags)
{
	if (strcmp(name, RECORD_ATTRIBUTE) == 0) {
		add(((const uint8_t *)bytes)[1] & 1 ? 'C' : 'R');
	}
	return __real_setxattr(path, name, bytes, size, flags);
}

WRAPPED(int, removexattr, const char *path, const char *name)
{
	if (strcmp(name, RECORD_ATTRIBUTE) == 0) {
		add('X');
	}
	return __real_removexattr(path, name);
}

/* ---- a scene ------------------------------------------------------------------------------ */

typedef struct Scene {
	Backing *backing;
	GBytes *bytes;
} Scene;

static void begin(void)
{
	g_mutex_lock(&mutex);
	if (calls) {
		g_string_free(calls, TRUE);
	}
	calls = g_string_new(NULL);
	g_mutex_unlock(&mutex);
}

/* What was written down, each letter once where it follows itself. Free with g_free(). */
static char *end(void)
{
	GString *squeezed = g_string_new(NULL);
	g_mutex_lock(&mutex);
	for (const char *at = calls->str; *at; at++) {
		if (squeezed->len == 0 || squeezed->str[squeezed->len - 1] != *at) {
			g_string_append_c(squeezed, *at);
		}
	}
	g_string_free(calls, TRUE);
	calls = NULL;
	g_mutex_unlock(&mutex);
	return g_string_free(squeezed, FALSE);
}

static Scene scene_new(void)
{
	Scene scene = { .backing = backing_new(), .bytes = backing_noise(LARGE_SIZE, 1) };
	volume_settle(scene.backing->volume);
	return scene;
}

static Scene scene_placed(void)
{
	Scene scene = scene_new();
	backing_place(scene.backing, "file", scene.bytes);
	begin();
	return scene;
}

static void scene_clear(Scene *scene)
{
	g_atomic_int_set(&fail_sync, 0);
	backing_free(scene->backing);
	g_bytes_unref(scene->bytes);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Scene, scene_clear)

static void assert_order(Backing *backing, const char *wanted)
{
	volume_settle(backing->volume);
	g_autofree char *found = end();
	g_assert_cmpstr(found, ==, wanted);
}

static void free_content(Backing *backing, int errnum)
{
	int fd = backing_open(backing, "file", O_PATH);
	g_assert_cmpint(volume_free(backing->volume, fd), ==, errnum);
	close(fd);
}

/* ---- orders ------------------------------------------------------------------------------- */

static void test_place(void)
{
	g_auto(Scene) scene = scene_new();
	begin();
	backing_place(scene.backing, "file", scene.bytes);
	/* The second is of its mtime. */
	assert_order(scene.backing, "RTR");
}

static void test_fetch(void)
{
	g_auto(Scene) scene = scene_placed();
	backing_assert_bytes(scene.backing, "file", scene.bytes);
	assert_order(scene.backing, "WSC");
}

static void test_fetch_told_twice(void)
{
	g_auto(Scene) scene = scene_placed();
	int fd = backing_open(scene.backing, "file", O_RDONLY);
	VolumeFile *file = backing_open_file(scene.backing, fd);
	backing_assert_bytes(scene.backing, "file", scene.bytes);
	assert_order(scene.backing, "WSC");
	begin();
	g_mutex_lock(&file->body->mutex);
	g_assert_cmpint(file->body->fd, >=, 0);
	keeper_add(file->body);
	g_mutex_unlock(&file->body->mutex);
	assert_order(scene.backing, "");
	volume_file_close(file);
	close(fd);
}

static void test_fetch_unsynced(void)
{
	g_auto(Scene) scene = scene_placed();
	g_atomic_int_set(&fail_sync, 1);
	backing_assert_bytes(scene.backing, "file", scene.bytes);
	assert_order(scene.backing, "W");
	backing_reopen(scene.backing);
	g_assert_cmpint(backing_state(scene.backing, "file"), ==, VOLUME_ONLINE_ONLY);
	backing_assert_bytes(scene.backing, "file", scene.bytes);
}

static void test_touch(void)
{
	g_auto(Scene) scene = scene_placed();
	int fd = backing_open(scene.backing, "file", O_RDWR);
	VolumeFile *file = backing_open_file(scene.backing, fd);
	g_assert_cmpint(volume_file_touch(file, VOLUME_KEEP_ALL, NULL), ==, 0);
	g_autofree char *found = end();
	g_assert_cmpstr(found, ==, "WSXS");
	volume_file_close(file);
	close(fd);
}

static void test_touch_unsynced(void)
{
	g_auto(Scene) scene = scene_placed();
	g_atomic_int_set(&fail_sync, 1);
	g_autoptr(GBytes) by = g_bytes_new_static("x", 1);
	g_assert_cmpint(backing_try_write(scene.backing, "file", 0, by), ==, EIO);
	assert_order(scene.backing, "W");
	g_assert_cmpint(backing_state(scene.backing, "file"), !=, VOLUME_DIRTY);
}

static void test_truncate(void)
{
	g_auto(Scene) scene = scene_placed();
	int fd = backing_open(scene.backing, "file", O_RDWR);
	VolumeFile *file = backing_open_file(scene.backing, fd);
	g_assert_cmpint(volume_file_touch(file, 1000, NULL), ==, 0);
	g_autofree char *found = end();
	g_assert_cmpstr(found, ==, "WSTXS");
	volume_file_close(file);
	close(fd);
}

static void test_truncate_all(void)
{
	g_auto(Scene) scene = scene_placed();
	int fd = backing_open(scene.backing, "file", O_RDWR);
	VolumeFile *file = backing_open_file(scene.backing, fd);
	g_assert_cmpint(volume_file_touch(file, 0, NULL), ==, 0);
	g_autofree char *found = end();
	g_assert_cmpstr(found, ==, "TX");
	volume_file_close(file);
	close(fd);
}

static void test_touch_complete(void)
{
	g_auto(Scene) scene = scene_placed();
	backing_assert_bytes(scene.backing, "file", scene.bytes);
	volume_settle(scene.backing->volume);
	begin();
	g_autoptr(GBytes) by = g_bytes_new_static("x", 1);
	g_assert_cmpint(backing_try_write(scene.backing, "file", 0, by), ==, 0);
	assert_order(scene.backing, "XSW");
}

static void test_promise(void)
{
	g_auto(Scene) scene = scene_new();
	backing_write(scene.backing, "file", scene.bytes);
	DiskInfo info = backing_look(scene.backing, "file");
	g_autoptr(GBytes) content = backing_content(scene.backing, scene.bytes);
	begin();
	g_assert_true(
		disk_promise(volume_disk(scene.backing->volume), "file", &info, content, NULL));
	assert_order(scene.backing, "RSC");
}

static void test_evict(void)
{
	g_auto(Scene) scene = scene_placed();
	backing_assert_bytes(scene.backing, "file", scene.bytes);
	volume_settle(scene.backing->volume);
	begin();
	free_content(scene.backing, 0);
	assert_order(scene.backing, "RSP");
	g_assert_cmpint(backing_state(scene.backing, "file"), ==, VOLUME_ONLINE_ONLY);
}

static void test_evict_unsynced(void)
{
	g_auto(Scene) scene = scene_placed();
	backing_assert_bytes(scene.backing, "file", scene.bytes);
	volume_settle(scene.backing->volume);
	begin();
	g_atomic_int_set(&fail_sync, 1);
	free_content(scene.backing, EBUSY);
	assert_order(scene.backing, "R");
	backing_assert_bytes(scene.backing, "file", scene.bytes);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, function) g_test_add_func("/client/virtual/order/" name, function)
	ADD("record-before-size", test_place);
	ADD("complete-only-after-sync", test_fetch);
	ADD("told-twice-is-synced-once", test_fetch_told_twice);
	ADD("failed-sync-completes-nothing", test_fetch_unsynced);
	ADD("dirty-only-after-sync", test_touch);
	ADD("failed-sync-stays-clean", test_touch_unsynced);
	ADD("truncated-before-dirty", test_truncate);
	ADD("truncated-to-nothing", test_truncate_all);
	ADD("complete-is-synced-already", test_touch_complete);
	ADD("promised-is-complete-after-sync", test_promise);
	ADD("hole-only-after-record", test_evict);
	ADD("failed-sync-evicts-nothing", test_evict_unsynced);
	return g_test_run();
}
