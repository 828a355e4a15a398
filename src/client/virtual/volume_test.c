/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/limits.h"
#include "chunk/content.h"
#include "client/virtual/backing.h"
#include "client/virtual/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FILE_SIZE (300 * KIB)

static DiskInfo place(Backing *backing, const char *path)
{
	g_autoptr(GBytes) bytes = backing_noise(FILE_SIZE, g_str_hash(path));
	return backing_place(backing, path, bytes);
}

static void read_whole(Backing *backing, const char *path)
{
	g_autoptr(GBytes) bytes = backing_noise(FILE_SIZE, g_str_hash(path));
	backing_assert_bytes(backing, path, bytes);
}

/* ---- how it looks ------------------------------------------------------------------------- */

static void find_file(const char *name, const DiskInfo *info, void *data)
{
	DiskInfo *found = data;
	g_assert_cmpstr(name, ==, "file");
	g_assert_cmpint(found->kind, ==, 0);
	*found = *info;
}

static void test_looks_true(void)
{
	g_autoptr(Backing) backing = backing_new();
	DiskInfo info = place(backing, "file"), listed = { 0 };
	g_assert_cmpint(info.kind, ==, DISK_FILE);
	g_assert_cmpuint(info.size, ==, FILE_SIZE);
	g_assert_cmpint(info.mtime_ns, ==, BACKING_MTIME_NS);
	DiskInfo looked = backing_look(backing, "file");
	g_assert_true(disk_list(volume_disk(backing->volume), "", find_file, &listed, NULL));
	g_assert_true(disk_info_equal(&info, &looked) && disk_info_equal(&info, &listed));
	struct stat found;
	g_assert_cmpint(fstatat(volume_root(backing->volume), "file", &found, 0), ==, 0);
	g_assert_cmpint(found.st_size, ==, FILE_SIZE);
	g_assert_cmpint(found.st_mtim.tv_sec, ==, BACKING_MTIME_NS / 1000000000);
	g_assert_cmpuint(backing_blocks(backing, "file"), <=, 4096);
	g_assert_cmpint(backing_state(backing, "file"), ==, VOLUME_ONLINE_ONLY);
	backing_reopen(backing);
	looked = backing_look(backing, "file");
	g_assert_true(disk_info_equal(&info, &looked));
}

static void count_files(const char *name, const DiskInfo *info, void *data)
{
	unsigned *count = data;
	*count += info->kind == DISK_FILE;
}

static unsigned listed_files(Backing *backing)
{
	unsigned count = 0;
	g_assert_true(disk_list(volume_disk(backing->volume), "", count_files, &count, NULL));
	return count;
}

/* Makes a file as a mount does. Returns its inode. */
static uint64_t make_file(Backing *backing, const char *path)
{
	struct stat found;
	volume_make_begin(backing->volume);
	int fd = openat(volume_root(backing->volume), path, O_RDWR | O_CREAT | O_EXCL, 0600);
	g_assert_cmpint(fd, >=, 0);
	g_assert_cmpint(fstat(fd, &found), ==, 0);
	volume_make_end(backing->volume, found.st_ino);
	close(fd);
	return found.st_ino;
}

/* Neither half nor, once somebody saw it, gone. */
static void test_half_file_is_not_listed(void)
{
	g_autoptr(Backing) backing = backing_new();
	place(backing, "file");
	uint64_t one = make_file(backing, "one"), two = make_file(backing, "two");
	g_assert_cmpuint(listed_files(backing), ==, 1);
	g_assert_true(volume_is_half(backing->volume, one));
	volume_made(backing->volume, one);
	g_assert_false(volume_is_half(backing->volume, one));
	g_assert_cmpuint(listed_files(backing), ==, 2);
	volume_made(backing->volume, one);
	backing_look(backing, "two");
	g_assert_false(volume_is_half(backing->volume, two));
	g_assert_cmpuint(listed_files(backing), ==, 3);
	make_file(backing, "three");
	backing_reopen(backing);
	g_assert_cmpuint(listed_files(backing), ==, 4);
}

static void test_damaged_record(void)
{
	g_autoptr(Backing) backing = backing_new();
	place(backing, "file");
	int fd = backing_open(backing, "file", O_RDONLY);
	g_assert_cmpint(record_put(fd, RECORD_ATTRIBUTE, "abc", 3), ==, 0);
	DiskInfo info = { 0 };
	g_autoptr(GError) looking = NULL;
	g_autoptr(GError) listing = NULL;
	Disk *disk = volume_disk(backing->volume);
	g_assert_false(disk_look(disk, "file", &info, &looking));
	g_assert_error(looking, DRIVE_ERROR, DRIVE_ERROR_CORRUPT);
	/* Nobody may think that it is gone. */
	g_assert_false(disk_list(disk, "", find_file, &info, &listing));
	g_assert_error(listing, DRIVE_ERROR, DRIVE_ERROR_CORRUPT);
	int errnum = 0;
	g_assert_null(volume_file_open(backing->volume, fd, &errnum));
	g_assert_cmpint(errnum, ==, EIO);
	close(fd);
}

static void test_hidden(void)
{
	g_assert_true(volume_is_hidden("user.imdrive"));
	g_assert_true(volume_is_hidden("user.imdrive.parts"));
	g_assert_false(volume_is_hidden("user.imdriver"));
	g_assert_false(volume_is_hidden("user.mime_type"));
}

/* A new version takes the place of the old one; who has that open still reads it. */
static void test_replaced(void)
{
	g_autoptr(Backing) backing = backing_new();
	place(backing, "file");
	int fd = backing_open(backing, "file", O_RDONLY);
	VolumeFile *file = backing_open_file(backing, fd);
	g_autoptr(GBytes) newer = backing_noise(1000, 99);
	backing_place(backing, "file", newer);
	backing_assert_bytes(backing, "file", newer);
	g_assert_cmpint(volume_file_need(file, 0, FILE_SIZE, NULL), ==, 0);
	g_autoptr(GBytes) older = backing_noise(FILE_SIZE, g_str_hash("file"));
	g_autofree char *found = g_malloc(FILE_SIZE);
	g_assert_cmpint(pread(fd, found, FILE_SIZE, 0), ==, FILE_SIZE);
	g_assert_cmpmem(found, FILE_SIZE, g_bytes_get_data(older, NULL), FILE_SIZE);
	volume_file_close(file);
	close(fd);
}

/* ---- attributes --------------------------------------------------------------------------- */

static int alter(Backing *backing, const struct timespec times[2], mode_t mode)
{
	int fd = backing_open(backing, "file", O_RDONLY);
	VolumeFile *file = backing_open_file(backing, fd);
	int errnum = volume_file_alter(file, times, mode);
	volume_file_close(file);
	close(fd);
	return errnum;
}

static GBytes *promised(Backing *backing, const DiskInfo *expected)
{
	g_autoptr(DiskFile) file = disk_open(volume_disk(backing->volume), "file", NULL);
	g_assert_nonnull(file);
	return disk_file_promised(file, expected);
}

static void test_alter(void)
{
	g_autoptr(Backing) backing = backing_new();
	DiskInfo before = place(backing, "file");
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { 77, 5 } };
	g_assert_cmpint(alter(backing, times, 0755), ==, 0);
	DiskInfo after = backing_look(backing, "file");
	g_assert_cmpint(after.stamp.change_ns, !=, before.stamp.change_ns);
	g_assert_cmpint(after.mtime_ns, ==, 77000000005);
	g_assert_true(after.executable);
	g_assert_cmpint(backing_state(backing, "file"), ==, VOLUME_ONLINE_ONLY);
	g_autoptr(GBytes) content = promised(backing, &after);
	g_assert_nonnull(content);
	g_assert_null(promised(backing, &before));
	read_whole(backing, "file");
	DiskInfo read = backing_look(backing, "file");
	g_assert_true(disk_info_equal(&read, &after));
	/* What no other device sees is no edit. */
	const struct timespec read_times[2] = { { 99, 0 }, { .tv_nsec = UTIME_OMIT } };
	g_assert_cmpint(alter(backing, read_times, 0700), ==, 0);
	DiskInfo same = backing_look(backing, "file");
	g_assert_true(disk_info_equal(&same, &after));
}

static void test_correct(void)
{
	g_autoptr(Backing) backing = backing_new();
	place(backing, "file");
	struct statx info;
	int root = volume_root(backing->volume);
	int fd = backing_open(backing, "file", O_RDONLY);
	VolumeFile *file = backing_open_file(backing, fd);
	/* As in the moment after bytes were written. */
	g_assert_cmpint(utimensat(root, "file", NULL, 0), ==, 0);
	g_assert_cmpint(statx(root, "file", 0, STATX_BASIC_STATS, &info), ==, 0);
	volume_correct(backing->volume, root, "file", &info);
	g_assert_cmpint(info.stx_mtime.tv_sec, ==, BACKING_MTIME_NS / 1000000000);
	g_assert_cmpint(info.stx_mtime.tv_nsec, ==, BACKING_MTIME_NS % 1000000000);
	volume_file_close(file);
	close(fd);
}

static int64_t shown_change_ns(Backing *backing, const char *path)
{
	struct statx info;
	int root = volume_root(backing->volume);
	g_assert_cmpint(statx(root, path, 0, STATX_BASIC_STATS, &info), ==, 0);
	volume_correct(backing->volume, root, path, &info);
	return info.stx_ctime.tv_sec * G_GINT64_CONSTANT(1000000000) + info.stx_ctime.tv_nsec;
}

static void test_change_is_an_edit(void)
{
	g_autoptr(Backing) backing = backing_new();
	place(backing, "file");
	int64_t before_ns = shown_change_ns(backing, "file");
	DiskInfo found = backing_look(backing, "file");
	g_assert_cmpint(before_ns, ==, found.stamp.change_ns);
	/* What was fetched, recorded and given free again is the file that it was. */
	read_whole(backing, "file");
	g_assert_cmpint(shown_change_ns(backing, "file"), ==, before_ns);
	volume_settle(backing->volume);
	int fd = backing_open(backing, "file", O_RDONLY);
	g_assert_cmpint(volume_free(backing->volume, fd), ==, 0);
	g_assert_cmpint(shown_change_ns(backing, "file"), ==, before_ns);
	VolumeFile *file = backing_open_file(backing, fd);
	g_assert_cmpint(shown_change_ns(backing, "file"), ==, before_ns);
	volume_file_close(file);
	close(fd);
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { 77, 5 } };
	g_assert_cmpint(alter(backing, times, VOLUME_MODE_KEEP), ==, 0);
	g_assert_cmpint(shown_change_ns(backing, "file"), >, before_ns);
}

/* ---- promises ----------------------------------------------------------------------------- */

typedef struct Written {
	Backing *backing;
	GBytes *bytes;
	GBytes *content;
	DiskInfo info;
} Written;

static Written written_new(void)
{
	Written written = { .backing = backing_new(), .bytes = backing_noise(FILE_SIZE, 3) };
	backing_write(written.backing, "file", written.bytes);
	written.content = backing_content(written.backing, written.bytes);
	written.info = backing_look(written.backing, "file");
	return written;
}

static void written_clear(Written *written)
{
	backing_free(written->backing);
	g_bytes_unref(written->bytes);
	g_bytes_unref(written->content);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Written, written_clear)

static void promise(const Written *written, int code)
{
	g_autoptr(GError) error = NULL;
	bool done = disk_promise(volume_disk(written->backing->volume), "file", &written->info,
				 written->content, &error);
	g_assert_cmpint(done, ==, code < 0);
	g_assert_cmpint(error ? error->code : -1, ==, code);
}

static void test_promise(void)
{
	g_auto(Written) written = written_new();
	g_assert_cmpint(backing_state(written.backing, "file"), ==, VOLUME_DIRTY);
	int64_t change_ns = shown_change_ns(written.backing, "file");
	promise(&written, -1);
	promise(&written, -1);
	g_assert_cmpint(shown_change_ns(written.backing, "file"), ==, change_ns);
	DiskInfo now = backing_look(written.backing, "file");
	g_assert_true(disk_info_equal(&now, &written.info));
	g_assert_cmpint(backing_state(written.backing, "file"), ==, VOLUME_CACHED);
	volume_settle(written.backing->volume);
	backing_reopen(written.backing);
	g_assert_cmpint(backing_state(written.backing, "file"), ==, VOLUME_CACHED);
	backing_assert_bytes(written.backing, "file", written.bytes);
	g_assert_cmpint(written.backing->drive->fetches, ==, 0);
}

static void test_promise_changed(void)
{
	g_auto(Written) written = written_new();
	g_autoptr(GBytes) by = g_bytes_new_static("x", 1);
	g_assert_cmpint(backing_try_write(written.backing, "file", 0, by), ==, 0);
	promise(&written, DRIVE_ERROR_CHANGED);
	g_assert_cmpint(backing_state(written.backing, "file"), ==, VOLUME_DIRTY);
}

/* While a program may write no promise is taken; when it closes without having done so it is. */
static void promise_beside_writer(bool writes)
{
	g_auto(Written) written = written_new();
	Backing *backing = written.backing;
	int fd = backing_open(backing, "file", O_RDWR);
	VolumeFile *file = backing_open_file(backing, fd);
	g_assert_cmpint(volume_file_touch(file, VOLUME_KEEP_ALL, NULL), ==, 0);
	promise(&written, DRIVE_ERROR_BUSY);
	g_assert_cmpint(backing_state(backing, "file"), ==, VOLUME_DIRTY);
	if (writes) {
		g_assert_cmpint(volume_file_touch(file, VOLUME_KEEP_ALL, NULL), ==, 0);
		g_assert_cmpint(pwrite(fd, "xy", 2, 0), ==, 2);
	}
	volume_file_close(file);
	close(fd);
	g_assert_cmpint(backing_state(backing, "file"), ==, writes ? VOLUME_DIRTY : VOLUME_CACHED);
}

static void test_promise_busy(void)
{
	promise_beside_writer(false);
	promise_beside_writer(true);
}

/* The folder was moved meanwhile: it is known when the file is found. */
static void test_promise_moved(void)
{
	g_auto(Written) written = written_new();
	int root = volume_root(written.backing->volume);
	g_assert_cmpint(mkdirat(root, "one", 0755), ==, 0);
	g_assert_cmpint(renameat(root, "file", root, "one/file"), ==, 0);
	written.info = backing_look(written.backing, "one/file");
	g_assert_cmpint(renameat(root, "one", root, "two"), ==, 0);
	promise(&written, DRIVE_ERROR_NOT_FOUND);
	g_assert_cmpint(backing_state(written.backing, "two/file"), ==, VOLUME_DIRTY);
	backing_assert_bytes(written.backing, "two/file", written.bytes);
	g_assert_cmpint(backing_state(written.backing, "two/file"), ==, VOLUME_CACHED);
}

static void test_set_held(void)
{
	g_autoptr(Backing) backing = backing_new();
	DiskInfo before = place(backing, "file"), after = { 0 };
	Disk *disk = volume_disk(backing->volume);
	g_autoptr(GError) busy = NULL;
	g_assert_true(disk_set(disk, "file", &before, 5, true, &after, NULL));
	DiskInfo now = backing_look(backing, "file");
	g_assert_true(disk_info_equal(&now, &after) && now.executable && now.mtime_ns == 5);
	g_assert_cmpint(backing_state(backing, "file"), ==, VOLUME_ONLINE_ONLY);
	int fd = backing_open(backing, "file", O_RDWR);
	VolumeFile *file = backing_open_file(backing, fd);
	g_assert_cmpint(volume_file_touch(file, 0, NULL), ==, 0);
	g_assert_false(disk_set(disk, "file", &after, 6, true, &now, &busy));
	g_assert_error(busy, DRIVE_ERROR, DRIVE_ERROR_BUSY);
	volume_file_close(file);
	close(fd);
}

/* ---- giving free -------------------------------------------------------------------------- */

static int free_content(Backing *backing, const char *path)
{
	int fd = backing_open(backing, path, O_PATH);
	int errnum = volume_free(backing->volume, fd);
	close(fd);
	return errnum;
}

static void pin(Backing *backing, const char *path, bool pinned)
{
	int fd = backing_open(backing, path, O_PATH);
	g_assert_cmpint(volume_pin(backing->volume, fd, pinned), ==, 0);
	close(fd);
	volume_settle(backing->volume);
}

static void test_free(void)
{
	g_autoptr(Backing) backing = backing_new();
	DiskInfo before = place(backing, "file");
	read_whole(backing, "file");
	g_assert_cmpuint(backing_blocks(backing, "file"), >=, FILE_SIZE);
	g_assert_cmpint(free_content(backing, "file"), ==, 0);
	g_assert_cmpuint(backing_blocks(backing, "file"), <=, 4096);
	g_assert_cmpint(backing_state(backing, "file"), ==, VOLUME_ONLINE_ONLY);
	DiskInfo after = backing_look(backing, "file");
	g_assert_true(disk_info_equal(&before, &after));
	read_whole(backing, "file");
}

static void test_free_spares(void)
{
	g_autoptr(Backing) backing = backing_new();
	g_autoptr(GBytes) bytes = backing_noise(FILE_SIZE, 4);
	backing_write(backing, "dirty", bytes);
	g_assert_cmpint(free_content(backing, "dirty"), ==, EBUSY);
	backing_assert_bytes(backing, "dirty", bytes);
	place(backing, "open");
	int fd = backing_open(backing, "open", O_RDONLY);
	VolumeFile *file = backing_open_file(backing, fd);
	g_assert_cmpint(volume_file_need(file, 0, FILE_SIZE, NULL), ==, 0);
	int fetched = backing->drive->chunks_fetched;
	g_assert_cmpint(free_content(backing, "open"), ==, EBUSY);
	g_assert_cmpint(volume_file_need(file, 0, FILE_SIZE, NULL), ==, 0);
	volume_file_close(file);
	close(fd);
	read_whole(backing, "open");
	g_assert_cmpint(backing->drive->chunks_fetched, ==, fetched);
}

static void test_limit(void)
{
	g_autoptr(Backing) backing = backing_new();
	static const char *const paths[] = { "a", "folder/b", "c", "d", "pinned/e" };
	g_autoptr(GBytes) bytes = backing_noise(FILE_SIZE, 5);
	int root = volume_root(backing->volume);
	g_assert_cmpint(mkdirat(root, "folder", 0755), ==, 0);
	g_assert_cmpint(mkdirat(root, "pinned", 0755), ==, 0);
	pin(backing, "pinned", true);
	backing_write(backing, "dirty", bytes);
	backing_set_atime(backing, "dirty", 500);
	for (unsigned i = 0; i < G_N_ELEMENTS(paths); i++) {
		place(backing, paths[i]);
		read_whole(backing, paths[i]);
		volume_settle(backing->volume);
		backing_set_atime(backing, paths[i], 1000 + 100 * (time_t)i);
	}
	backing_set_atime(backing, "pinned/e", 10);
	/* Room for the two that were used last, and what may not go. */
	volume_set_cache_size(backing->volume, 3 * FILE_SIZE + FILE_SIZE / 2 + 64 * KIB);
	volume_settle(backing->volume);
	g_assert_cmpint(backing_state(backing, "a"), ==, VOLUME_ONLINE_ONLY);
	g_assert_cmpint(backing_state(backing, "folder/b"), ==, VOLUME_ONLINE_ONLY);
	g_assert_cmpint(backing_state(backing, "c"), ==, VOLUME_CACHED);
	g_assert_cmpint(backing_state(backing, "d"), ==, VOLUME_CACHED);
	g_assert_cmpint(backing_state(backing, "pinned/e"), ==, VOLUME_CACHED);
	g_assert_cmpint(backing_state(backing, "dirty"), ==, VOLUME_DIRTY);
	backing_assert_bytes(backing, "dirty", bytes);
	read_whole(backing, "a");
}

static void test_pins(void)
{
	g_autoptr(Backing) backing = backing_new();
	g_assert_cmpint(mkdirat(volume_root(backing->volume), "folder", 0755), ==, 0);
	place(backing, "folder/a");
	place(backing, "b");
	pin(backing, "folder", true);
	g_assert_cmpint(backing_state(backing, "folder/a"), ==, VOLUME_CACHED);
	g_assert_cmpint(backing_state(backing, "b"), ==, VOLUME_ONLINE_ONLY);
	/* What comes there later, and what takes the place of a pinned file. */
	place(backing, "folder/c");
	pin(backing, "b", true);
	g_autoptr(GBytes) newer = backing_noise(1000, 99);
	backing_place(backing, "b", newer);
	volume_settle(backing->volume);
	g_assert_cmpint(backing_state(backing, "folder/c"), ==, VOLUME_CACHED);
	g_assert_cmpint(backing_state(backing, "b"), ==, VOLUME_CACHED);
	pin(backing, "b", false);
	g_assert_cmpint(free_content(backing, "folder"), ==, 0);
	g_assert_cmpint(backing_state(backing, "folder/a"), ==, VOLUME_ONLINE_ONLY);
	place(backing, "folder/d");
	volume_settle(backing->volume);
	g_assert_cmpint(backing_state(backing, "folder/d"), ==, VOLUME_ONLINE_ONLY);
}

/* What is pinned and could not be had comes when the server is back. */
static void test_pins_offline(void)
{
	g_autoptr(Backing) backing = backing_new();
	place(backing, "file");
	volume_set_online(backing->volume, false);
	pin(backing, "file", true);
	g_assert_cmpint(backing_state(backing, "file"), ==, VOLUME_ONLINE_ONLY);
	volume_set_online(backing->volume, true);
	volume_settle(backing->volume);
	g_assert_cmpint(backing_state(backing, "file"), ==, VOLUME_CACHED);
}

/* ---- contents aside ----------------------------------------------------------------------- */

static void test_aside(void)
{
	g_autoptr(Backing) backing = backing_new();
	/* A list of lists is too long for an attribute. */
	g_autoptr(GArray) refs = g_array_new(FALSE, FALSE, sizeof(ContentRef));
	uint64_t size = 0;
	g_autoptr(GPtrArray) lists = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	for (uint32_t i = 0; i < 400000; i++) {
		ContentRef ref = { chunk_id_of(&i, sizeof i), 128 * KIB };
		g_array_append_val(refs, ref);
		size += ref.length;
	}
	g_autoptr(GBytes) content = content_encode((void *)refs->data, refs->len, lists);
	g_assert_cmpuint(g_bytes_get_size(content), >, RECORD_CONTENT_SIZE_MAX);
	Disk *disk = volume_disk(backing->volume);
	g_autoptr(GError) error = NULL;
	g_autoptr(DiskFile) file = disk_stage(disk, &error);
	DiskInfo info = { 0 };
	g_assert_true(disk_file_promise(file, content, size, &error));
	g_assert_true(disk_file_set(file, BACKING_MTIME_NS, false, &error));
	g_assert_true(disk_place(disk, file, "file", NULL, &info, &error));
	g_clear_pointer(&file, disk_file_close);
	backing_reopen(backing);
	g_autoptr(GBytes) found = promised(backing, &info);
	g_assert_true(g_bytes_equal(found, content));
	/* Swept with the last record that names it. */
	int root = volume_root(backing->volume);
	g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
	g_checksum_update(checksum, g_bytes_get_data(content, NULL),
			  (gssize)g_bytes_get_size(content));
	g_autofree char *path =
		g_build_filename(RECORD_CONTENTS, g_checksum_get_string(checksum), NULL);
	g_assert_cmpint(faccessat(root, path, F_OK, 0), ==, 0);
	g_assert_cmpint(unlinkat(root, "file", 0), ==, 0);
	backing_reopen(backing);
	g_assert_cmpint(faccessat(volume_root(backing->volume), path, F_OK, 0), ==, -1);
}

/* ---- who is told -------------------------------------------------------------------------- */

typedef struct Heard {
	unsigned count;
	int64_t key;
	char *name;
	WatchWhat what;
} Heard;

static void hear(const WatchEvent *events, size_t count, void *data)
{
	Heard *heard = data;
	g_assert_cmpuint(count, ==, 1);
	heard->count++;
	heard->key = events[0].key;
	heard->what = events[0].what;
	g_free(heard->name);
	heard->name = g_strdup(events[0].name);
}

static void test_watch(void)
{
	g_autoptr(Backing) backing = backing_new();
	Heard heard = { 0 };
	Watch *watch = volume_watch_new(backing->volume, hear, &heard);
	g_assert_cmpint(mkdirat(volume_root(backing->volume), "folder", 0755), ==, 0);
	DiskInfo folder = backing_look(backing, "folder");
	const WatchEvent event = { .name = "x", .what = WATCH_CREATED };
	volume_notice(backing->volume, &folder.stamp, &event);
	g_assert_cmpuint(heard.count, ==, 0);
	EntryStamp other = folder.stamp;
	other.birth_ns++;
	g_autoptr(GError) error = NULL;
	g_assert_false(watch_add(watch, "folder", &other, 7, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_CHANGED);
	g_assert_true(watch_add(watch, "folder", &folder.stamp, 7, NULL));
	volume_notice(backing->volume, &other, &event);
	g_assert_cmpuint(heard.count, ==, 0);
	volume_notice(backing->volume, &folder.stamp, &event);
	g_assert_cmpuint(heard.count, ==, 1);
	g_assert_cmpint(heard.key, ==, 7);
	g_assert_cmpstr(heard.name, ==, "x");
	watch_rekey(watch, 7, 8);
	volume_notice(backing->volume, &folder.stamp, &event);
	g_assert_cmpint(heard.key, ==, 8);
	g_assert_cmpuint(watch_totals(watch).folders, ==, 1);
	watch_remove(watch, 8);
	volume_notice(backing->volume, &folder.stamp, &event);
	g_assert_cmpuint(heard.count, ==, 2);
	watch_free(watch);
	volume_notice(backing->volume, &folder.stamp, &event);
	g_free(heard.name);
}

typedef struct Told {
	GString *entries;
	unsigned bodies;
} Told;

static void told_entry(const EntryStamp *folder, const char *name, const char *path, void *data)
{
	Told *told = data;
	g_assert_true(g_str_has_suffix(path, name));
	g_assert_cmpuint(folder->inode, >, 0);
	g_string_append_printf(told->entries, "%s ", name);
}

static void told_body(const EntryStamp *file, void *data)
{
	((Told *)data)->bodies++;
}

static void test_listener(void)
{
	g_autoptr(Backing) backing = backing_new();
	static const VolumeListener listener = { told_entry, told_body };
	Told told = { .entries = g_string_new(NULL) };
	volume_set_listener(backing->volume, &listener, &told);
	Disk *disk = volume_disk(backing->volume);
	DiskInfo info = { 0 };
	g_assert_true(disk_make_folder(disk, "folder", &info, NULL));
	DiskInfo file = place(backing, "file");
	g_assert_true(disk_move(disk, "file", "folder/moved", &file, &file, NULL));
	g_assert_cmpuint(told.bodies, ==, 0);
	g_assert_true(disk_set(disk, "folder/moved", &file, 5, false, &file, NULL));
	g_assert_cmpuint(told.bodies, ==, 1);
	g_assert_true(disk_remove(disk, "folder/moved", &file, NULL));
	g_assert_cmpstr(told.entries->str, ==, "folder file file moved moved ");
	/* Nor of what the mount does. */
	read_whole(backing, (place(backing, "other"), "other"));
	volume_set_listener(backing->volume, NULL, NULL);
	place(backing, "unheard");
	g_assert_cmpstr(told.entries->str, ==, "folder file file moved moved other ");
	g_string_free(told.entries, TRUE);
}

static void test_count_is_kept(void)
{
	g_autoptr(Backing) backing = backing_new();
	/* The first count is of what was there when it began. */
	volume_settle(backing->volume);
	place(backing, "file");
	read_whole(backing, "file");
	volume_settle(backing->volume);
	uint64_t cached = volume_totals(backing->volume).cached;
	g_assert_cmpuint(cached, >, 0);
	/* Whoever counted anew would find nothing. */
	g_assert_cmpint(unlinkat(volume_root(backing->volume), "file", 0), ==, 0);
	for (unsigned i = 0; i < 2; i++) {
		backing_reopen(backing);
		volume_settle(backing->volume);
		g_assert_cmpuint(volume_totals(backing->volume).cached, ==, cached);
		/* After a crash it would not be believed. */
		char none[1];
		size_t size;
		g_assert_cmpint(record_get(volume_root(backing->volume), NULL,
					   RECORD_COUNT_ATTRIBUTE, none, 0, &size),
				==, ENODATA);
	}
	/* Nor is anything evicted by it. */
	volume_set_cache_size(backing->volume, 1);
	volume_settle(backing->volume);
	g_assert_cmpuint(volume_totals(backing->volume).cached, ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, function) g_test_add_func("/client/virtual/volume/" name, function)
	ADD("placeholder-looks-true", test_looks_true);
	ADD("half-file-is-not-listed", test_half_file_is_not_listed);
	ADD("damaged-record-is-no-absence", test_damaged_record);
	ADD("own-attributes-are-hidden", test_hidden);
	ADD("replaced-while-open", test_replaced);
	ADD("attributes-are-an-edit-without-bytes", test_alter);
	ADD("times-are-put-right", test_correct);
	ADD("only-edits-move-the-time-of-change", test_change_is_an_edit);
	ADD("promise", test_promise);
	ADD("promise-of-what-changed", test_promise_changed);
	ADD("promise-waits-for-writers", test_promise_busy);
	ADD("promise-of-what-moved", test_promise_moved);
	ADD("set-keeps-writers-out", test_set_held);
	ADD("free", test_free);
	ADD("free-spares-dirty-and-open", test_free_spares);
	ADD("limit-evicts-the-oldest", test_limit);
	ADD("pinned", test_pins);
	ADD("pinned-while-offline", test_pins_offline);
	ADD("contents-aside", test_aside);
	ADD("watch", test_watch);
	ADD("listener", test_listener);
	ADD("count-is-kept", test_count_is_kept);
	return g_test_run();
}
