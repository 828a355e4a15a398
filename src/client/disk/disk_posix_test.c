/* SPDX-License-Identifier: Apache-2.0 */
/* What only a real folder can show. */
#include "base/error.h"
#include "client/disk/beneath.h"
#include "client/disk/world.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

static void note_kind(const char *name, const DiskInfo *info, void *data)
{
	if (strcmp(name, "pipe") == 0) {
		*(DiskKind *)data = info->kind;
	}
}

static void test_pipes_are_other(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(World) world = world_new(WORLD_POSIX);
	g_autofree char *path = g_build_filename(world->folder, "pipe", NULL);
	g_assert_cmpint(mkfifo(path, 0600), ==, 0);
	DiskKind kind = 0;
	g_assert_true(disk_list(world->disk, "", note_kind, &kind, &error));
	g_assert_cmpint(kind, ==, DISK_OTHER);
	/* And opening it waits for nobody. */
	g_assert_null(disk_open(world->disk, "pipe", &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_CHANGED);
}

static void test_another_folder_at_its_place(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(World) world = world_new(WORLD_POSIX);
	g_autofree char *aside = g_strconcat(world->folder, "-aside", NULL);
	g_assert_cmpint(g_rename(world->folder, aside), ==, 0);
	g_assert_false(disk_is_present(world->disk, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
	g_clear_error(&error);
	g_assert_cmpint(g_mkdir(world->folder, 0700), ==, 0);
	g_assert_false(disk_is_present(world->disk, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
	g_clear_error(&error);
	g_assert_cmpint(g_rmdir(world->folder), ==, 0);
	g_assert_cmpint(g_rename(aside, world->folder), ==, 0);
	g_assert_true(disk_is_present(world->disk, &error));
}

static void test_a_missing_folder(void)
{
	g_autoptr(GError) error = NULL;
	g_assert_null(disk_posix_open("/nonexistent/folder", "x", true, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
}

/* /proc is one, if nothing else can be mounted here. */
static void test_other_file_systems_are_not_entered(void)
{
	g_autoptr(GError) error = NULL;
	int root = open("/", O_PATH | O_DIRECTORY);
	for (unsigned i = 0; i < 2; i++) {
		int fd = i ? beneath_open_stepwise(root, "proc/self/status", O_RDONLY)
			   : beneath_open(root, "proc/self/status", O_RDONLY);
		int errnum = errno;
		g_assert_cmpint(fd, ==, -1);
		g_assert_cmpint(errnum, ==, EXDEV);
		g_assert_false(beneath_fail(&error, errnum, "open", "proc"));
		g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_UNSUPPORTED);
		g_clear_error(&error);
	}
	close(root);
	g_autoptr(Disk) disk = disk_posix_attach("/", &error);
	DiskInfo info;
	g_assert_true(disk_look(disk, "proc", &info, &error));
	g_assert_cmpint(info.kind, ==, DISK_FILE_SYSTEM);
	g_assert_false(disk_look(disk, "proc/self", &info, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_UNSUPPORTED);
}

static void test_stepwise_is_as_strict(void)
{
	g_autoptr(World) world = world_new(WORLD_POSIX);
	world_user_make_folder(world, "a");
	world_user_make_folder(world, "a/b");
	world_user_write(world, "a/b/file", "text");
	world_user_make_link(world, "link", "a");
	world_user_make_link(world, "a/b/end", "file");
	static const struct {
		const char *path;
		int flags;
		bool opens;
	} cases[] = {
		{ "", O_RDONLY | O_DIRECTORY, true },  { "a/b/file", O_RDONLY, true },
		{ "a/b", O_PATH | O_DIRECTORY, true }, { "link/b/file", O_RDONLY, false },
		{ "a/b/end", O_RDONLY, false },        { "a/b/end", O_PATH, false },
		{ "a/none", O_RDONLY, false },         { "a/b/file/x", O_RDONLY, false },
	};
	int root = open(world->folder, O_PATH | O_DIRECTORY);
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		int at_once = beneath_open(root, cases[i].path, cases[i].flags);
		int stepwise = beneath_open_stepwise(root, cases[i].path, cases[i].flags);
		g_assert_cmpint(at_once >= 0, ==, cases[i].opens);
		g_assert_cmpint(stepwise >= 0, ==, cases[i].opens);
		if (at_once >= 0) {
			close(at_once);
			close(stepwise);
		}
	}
	close(root);
}

static void test_reading_leaves_no_trace(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(World) world = world_new(WORLD_POSIX);
	world_user_write(world, "a", "text");
	g_autofree char *path = g_build_filename(world->folder, "a", NULL);
	struct timespec times[2] = { { .tv_sec = 1000 }, { .tv_sec = 2000 } };
	g_assert_cmpint(utimensat(AT_FDCWD, path, times, 0), ==, 0);
	g_autoptr(DiskFile) file = disk_open(world->disk, "a", &error);
	char bytes[4];
	size_t count;
	g_assert_true(disk_file_read(file, 0, bytes, sizeof bytes, &count, &error));
	struct stat info;
	g_assert_cmpint(stat(path, &info), ==, 0);
	g_assert_cmpint(info.st_atime, ==, 1000);
}

/* A group's folder stays the group's. */
/* Or each would be looked at once more. */
static void test_a_new_file_is_told_of_once(void)
{
	g_autoptr(World) world = world_new(WORLD_POSIX);
	int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	g_assert_cmpint(inotify_add_watch(watch, world->folder, IN_ALL_EVENTS), >, 0);
	DiskFile *file = disk_stage(world->disk, NULL);
	DiskInfo info;
	g_assert_nonnull(file);
	g_assert_true(disk_file_write(file, 0, "content", 7, NULL));
	g_assert_true(disk_file_set(file, 1000000000, false, NULL));
	g_assert_true(disk_place(world->disk, file, "new", NULL, &info, NULL));
	disk_file_close(file);
	uint32_t told = 0;
	union {
		struct inotify_event event;
		char bytes[4096];
	} buffer;
	ssize_t size = read(watch, &buffer, sizeof buffer);
	for (ssize_t at = 0; at < size;) {
		const struct inotify_event *event = (const void *)(buffer.bytes + at);
		if (event->len > 0 && strcmp(event->name, "new") == 0) {
			told |= event->mask;
		}
		at += (ssize_t)(sizeof *event + event->len);
	}
	g_assert_cmphex(told, ==, IN_MOVED_TO);
	close(watch);
}

static void test_group_folders(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *folder = g_dir_make_tmp("imdrive-disk-XXXXXX", &error);
	g_assert_no_error(error);
	bool shared = chmod(folder, 02770) == 0;
	struct stat info;
	if (shared && geteuid() == 0) {
		g_assert_cmpint(chown(folder, (uid_t)-1, 4711), ==, 0);
		g_assert_cmpint(chmod(folder, 02770), ==, 0);
	}
	g_autoptr(Disk) disk = disk_posix_open(folder, "x", true, &error);
	g_assert_no_error(error);
	g_autoptr(DiskFile) file = disk_stage(disk, &error);
	DiskInfo placed;
	g_assert_true(disk_place(disk, file, "a", NULL, &placed, &error));
	struct stat root;
	g_autofree char *path = g_build_filename(folder, "a", NULL);
	g_assert_cmpint(stat(folder, &root), ==, 0);
	g_assert_cmpint(stat(path, &info), ==, 0);
	g_assert_cmpuint(info.st_gid, ==, root.st_gid);
	world_remove_folder(folder);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/client/disk/posix/pipes-are-other", test_pipes_are_other);
	g_test_add_func("/client/disk/posix/another-folder-at-its-place",
			test_another_folder_at_its_place);
	g_test_add_func("/client/disk/posix/a-missing-folder", test_a_missing_folder);
	g_test_add_func("/client/disk/posix/other-file-systems-are-not-entered",
			test_other_file_systems_are_not_entered);
	g_test_add_func("/client/disk/posix/stepwise-is-as-strict", test_stepwise_is_as_strict);
	g_test_add_func("/client/disk/posix/reading-leaves-no-trace", test_reading_leaves_no_trace);
	g_test_add_func("/client/disk/posix/a-new-file-is-told-of-once",
			test_a_new_file_is_told_of_once);
	g_test_add_func("/client/disk/posix/group-folders", test_group_folders);
	return g_test_run();
}
