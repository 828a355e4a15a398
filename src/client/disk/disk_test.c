/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every disk promises: run against a real folder, in memory, and in memory as a poor file
 * system; with --old-kernel against a real folder on a system that lacks the newer calls.
 */
#include "client/disk/disk.h"

#include "base/error.h"
#include "base/limits.h"
#include "client/disk/old_kernel.h"
#include "client/disk/world.h"

#include <string.h>

#define MTIME_NS (1600000000 * G_GINT64_CONSTANT(1000000000) + 123456789)
#define HOUR_US (G_GINT64_CONSTANT(3600) * G_USEC_PER_SEC)

static DiskInfo look(World *world, const char *path)
{
	g_autoptr(GError) error = NULL;
	DiskInfo info;
	disk_look(world->disk, path, &info, &error);
	g_assert_no_error(error);
	return info;
}

static bool exists(World *world, const char *path)
{
	g_autoptr(GError) error = NULL;
	DiskInfo info;
	bool found = disk_look(world->disk, path, &info, &error);
	g_assert(found || g_error_matches(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND));
	return found;
}

static DiskFile *stage(World *world, const char *text)
{
	g_autoptr(GError) error = NULL;
	DiskFile *file = disk_stage(world->disk, &error);
	g_assert_no_error(error);
	disk_file_write(file, 0, text, strlen(text), &error);
	g_assert_no_error(error);
	disk_file_set(file, MTIME_NS, false, &error);
	g_assert_no_error(error);
	return file;
}

static DiskInfo place(World *world, const char *path, const char *text, const DiskInfo *expected)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(DiskFile) file = stage(world, text);
	DiskInfo info;
	disk_place(world->disk, file, path, expected, &info, &error);
	g_assert_no_error(error);
	return info;
}

static void assert_text(World *world, const char *path, const char *text)
{
	g_autofree char *found = world_user_read(world, path);
	g_assert_cmpstr(found, ==, text);
}

static void assert_code(GError **error, DriveError code)
{
	g_assert_error(*error, DRIVE_ERROR, (int)code);
	g_clear_error(error);
}

static void count_entry(const char *name, const DiskInfo *info, void *data)
{
	(*(unsigned *)data)++;
}

static unsigned count_entries(World *world, const char *folder)
{
	g_autoptr(GError) error = NULL;
	unsigned count = 0;
	disk_list(world->disk, folder, count_entry, &count, &error);
	g_assert_no_error(error);
	return count;
}

/* Entries of a folder within the reserved one. */
static unsigned count_reserved(World *world, const char *folder)
{
	g_autoptr(GError) error = NULL;
	unsigned count = 0;
	world->disk->class->list(world->disk, folder, count_entry, &count, &error);
	g_assert_no_error(error);
	return count;
}

static void tidy(World *world, int64_t later_us)
{
	g_autoptr(GError) error = NULL;
	disk_tidy(world->disk, world_now_us(world) + later_us, &error);
	g_assert_no_error(error);
}

/* ---- opening ---------------------------------------------------------------------------- */

static void test_marker(World *world)
{
	g_autoptr(GError) error = NULL;
	g_assert_true(disk_is_present(world->disk, &error));
	g_assert_false(disk_start(world->disk, "another", true, &error));
	assert_code(&error, DRIVE_ERROR_CONFLICT);
	g_assert_true(disk_start(world->disk, WORLD_MARKER, false, &error));
	world_user_remove(world, DISK_MARKER);
	g_assert_false(disk_is_present(world->disk, &error));
	assert_code(&error, DRIVE_ERROR_NOT_FOUND);
	g_assert_false(disk_start(world->disk, WORLD_MARKER, false, &error));
	assert_code(&error, DRIVE_ERROR_NOT_FOUND);
	g_assert_true(disk_start(world->disk, WORLD_MARKER, true, &error));
	g_assert_true(disk_is_present(world->disk, &error));
}

static void test_start_clears_the_stage_alone(World *world)
{
	world_user_write(world, DISK_STAGE "/00000007", "half");
	world_user_write(world, DISK_PARK "/parked", "kept");
	world_reopen(world);
	g_assert_cmpuint(count_reserved(world, DISK_STAGE), ==, 0);
	assert_text(world, DISK_PARK "/parked", "kept");
}

static void test_reserved_folder_is_private(World *world)
{
	DiskInfo info;
	g_assert_true(world->disk->class->look(world->disk, DISK_RESERVED, &info, NULL, NULL));
	g_assert_cmpuint(info.mode, ==, 0700);
}

static void test_paths_stay_inside(World *world)
{
	static const char *wrong[] = { "/etc/passwd", "..",           "a/../b",   "a//b",
				       "a/",          "./a",          ".imdrive", ".imdrive/marker",
				       ".IMDRIVE/x",  ".imdrive/park" };
	g_autoptr(DiskFile) file = stage(world, "x");
	for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autoptr(GError) error = NULL;
		DiskInfo info;
		bool hidden = strcmp(wrong[i], DISK_RESERVED) == 0;
		g_assert_false(disk_look(world->disk, wrong[i], &info, &error));
		assert_code(&error, hidden ? DRIVE_ERROR_NOT_FOUND : DRIVE_ERROR_INVALID);
		g_assert_false(disk_place(world->disk, file, wrong[i], NULL, &info, &error));
		assert_code(&error, DRIVE_ERROR_INVALID);
		g_assert_false(disk_make_folder(world->disk, wrong[i], &info, &error));
		assert_code(&error, DRIVE_ERROR_INVALID);
	}
}

/* ---- looking ---------------------------------------------------------------------------- */

static void note_entry(const char *name, const DiskInfo *info, void *data)
{
	g_autofree char *text = g_strdup_printf("%s:%d:%d", name, info->kind, (int)info->size);
	g_ptr_array_add(data, g_steal_pointer(&text));
}

static int compare_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void test_list(World *world)
{
	g_autoptr(GError) error = NULL;
	world_user_write(world, "a.txt", "12345");
	world_user_make_folder(world, "folder");
	world_user_write(world, "folder/inside", "1");
	world_user_make_link(world, "link", "a.txt");
	g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
	g_assert_true(disk_list(world->disk, "", note_entry, found, &error));
	g_ptr_array_sort(found, compare_text);
	g_ptr_array_add(found, NULL);
	g_autofree char *text = g_strjoinv(" ", (char **)found->pdata);
	g_assert_cmpstr(text, ==, "a.txt:1:5 folder:2:0 link:3:5");
	g_assert_cmpuint(count_entries(world, "folder"), ==, 1);
	g_assert_false(disk_list(world->disk, "nowhere", note_entry, found, &error));
	assert_code(&error, DRIVE_ERROR_NOT_FOUND);
	g_assert_false(disk_list(world->disk, "a.txt", note_entry, found, &error));
	assert_code(&error, DRIVE_ERROR_NOT_FOUND);
}

static void test_list_of_many(World *world)
{
	world_user_make_folder(world, "many");
	for (unsigned i = 0; i < 2000; i++) {
		g_autofree char *path = g_strdup_printf("many/%0100u", i);
		world_user_write(world, path, "");
	}
	g_assert_cmpuint(count_entries(world, "many"), ==, 2000);
}

static void test_links_are_never_followed(World *world)
{
	g_autoptr(GError) error = NULL;
	DiskInfo info;
	world_user_make_folder(world, "folder");
	world_user_write(world, "folder/file", "text");
	world_user_make_link(world, "link", "folder");
	world_user_make_link(world, "to-file", "folder/file");
	g_autofree char *target = disk_read_link(world->disk, "link", &error);
	g_assert_cmpstr(target, ==, "folder");
	g_assert_null(disk_read_link(world->disk, "folder/file", &error));
	assert_code(&error, DRIVE_ERROR_CHANGED);
	g_assert_false(disk_look(world->disk, "link/file", &info, &error));
	assert_code(&error, DRIVE_ERROR_NOT_FOUND);
	unsigned count = 0;
	g_assert_false(disk_list(world->disk, "link", count_entry, &count, &error));
	assert_code(&error, DRIVE_ERROR_NOT_FOUND);
	g_assert_null(disk_open(world->disk, "to-file", &error));
	assert_code(&error, DRIVE_ERROR_CHANGED);
	g_autoptr(DiskFile) file = stage(world, "x");
	g_assert_false(disk_place(world->disk, file, "link/new", NULL, &info, &error));
	assert_code(&error, DRIVE_ERROR_NOT_FOUND);
	g_assert_false(exists(world, "folder/new"));
}

static void test_a_change_shows_in_the_stamp(World *world)
{
	world_user_write(world, "a", "12345");
	DiskInfo before = look(world, "a");
	DiskInfo again = look(world, "a");
	g_assert_true(disk_info_equal(&before, &again));
	world_pass_tick(world);
	world_user_append(world, "a", "6");
	DiskInfo after = look(world, "a");
	g_assert_false(disk_info_equal(&before, &after));
	g_assert_cmpuint(before.stamp.inode, ==, after.stamp.inode);
	g_assert_cmpint(before.stamp.birth_ns, ==, after.stamp.birth_ns);
	g_assert_cmpint(before.stamp.change_ns, <, after.stamp.change_ns);
}

/* ---- reading and staging ---------------------------------------------------------------- */

static void test_read(World *world)
{
	g_autoptr(GError) error = NULL;
	world_user_write(world, "a", "0123456789");
	disk_faulty_set_transfer_max(world->disk, 3);
	g_autoptr(DiskFile) file = disk_open(world->disk, "a", &error);
	char bytes[20];
	size_t count;
	g_assert_true(disk_file_read(file, 2, bytes, 5, &count, &error));
	g_assert_cmpmem(bytes, count, "23456", 5);
	g_assert_true(disk_file_read(file, 8, bytes, 20, &count, &error));
	g_assert_cmpmem(bytes, count, "89", 2);
	g_assert_true(disk_file_read(file, 10, bytes, 20, &count, &error));
	g_assert_cmpuint(count, ==, 0);
	DiskInfo by_file, by_path = look(world, "a");
	g_assert_true(disk_file_look(file, &by_file, &error));
	g_assert_true(disk_info_equal(&by_file, &by_path));
	g_assert_null(disk_open(world->disk, "b", &error));
	assert_code(&error, DRIVE_ERROR_NOT_FOUND);
	world_user_make_folder(world, "folder");
	g_assert_null(disk_open(world->disk, "folder", &error));
	assert_code(&error, DRIVE_ERROR_CHANGED);
}

static void test_copy(World *world)
{
	g_autoptr(GError) error = NULL;
	world_user_write(world, "a", "0123456789");
	g_autoptr(DiskFile) from = disk_open(world->disk, "a", &error);
	g_autoptr(DiskFile) file = disk_stage(world->disk, &error);
	disk_faulty_set_transfer_max(world->disk, 4);
	g_assert_true(disk_file_write(file, 0, "abcdefgh", 8, &error));
	g_assert_true(disk_file_copy(file, 2, from, 1, 9, &error));
	char bytes[20];
	size_t count;
	g_assert_true(disk_file_read(file, 0, bytes, sizeof bytes, &count, &error));
	g_assert_cmpmem(bytes, count, "ab123456789", 11);
	g_assert_false(disk_file_copy(file, 0, from, 5, 6, &error));
	assert_code(&error, DRIVE_ERROR_CHANGED);
	g_assert_false(disk_file_write(file, FILE_SIZE_MAX, "x", 1, &error));
	assert_code(&error, DRIVE_ERROR_TOO_LARGE);
}

static void test_what_is_not_placed_vanishes(World *world)
{
	DiskFile *file = stage(world, "x");
	g_assert_cmpuint(count_reserved(world, DISK_STAGE), ==, 1);
	disk_file_close(file);
	g_assert_cmpuint(count_reserved(world, DISK_STAGE), ==, 0);
}

/* ---- placing ---------------------------------------------------------------------------- */

static void test_place_new(World *world)
{
	g_autoptr(GError) error = NULL;
	world_user_make_folder(world, "folder");
	DiskInfo info = place(world, "folder/a", "text", NULL), now = look(world, "folder/a");
	g_assert_true(disk_info_equal(&info, &now));
	g_assert_cmpint(info.mtime_ns, ==, MTIME_NS);
	g_assert_cmpuint(info.size, ==, 4);
	g_assert_false(info.executable);
	assert_text(world, "folder/a", "text");
	g_autoptr(DiskFile) second = stage(world, "other");
	g_assert_false(disk_place(world->disk, second, "folder/a", NULL, &info, &error));
	assert_code(&error, DRIVE_ERROR_CONFLICT);
	g_assert_false(disk_place(world->disk, second, "nowhere/a", NULL, &info, &error));
	assert_code(&error, DRIVE_ERROR_NOT_FOUND);
	assert_text(world, "folder/a", "text");
	g_assert_true(disk_place(world->disk, second, "folder/b", NULL, &info, &error));
	g_assert_cmpuint(count_reserved(world, DISK_STAGE), ==, 0);
}

static void test_place_executable(World *world)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(DiskFile) file = stage(world, "#!");
	DiskInfo info;
	g_assert_true(disk_file_set(file, -1, true, &error));
	g_assert_true(disk_place(world->disk, file, "run", NULL, &info, &error));
	g_assert_true(info.executable);
	g_assert_cmpint(info.mtime_ns, ==, -1);
	/* Who may read may execute, nobody else. */
	g_assert_cmphex(info.mode & 0111, ==, (info.mode & 0444) >> 2);
}

static void test_place_over(World *world)
{
	world_user_write(world, "a", "old");
	world_user_set_mode(world, "a", 0640);
	DiskInfo old = look(world, "a");
	DiskInfo info = place(world, "a", "new", &old), now = look(world, "a");
	g_assert_true(disk_info_equal(&info, &now));
	g_assert_cmpuint(info.mode, ==, 0640);
	assert_text(world, "a", "new");
	g_assert_cmpuint(count_entries(world, ""), ==, 1);
	g_assert_cmpuint(count_reserved(world, DISK_REMOVED), ==, 1);
	tidy(world, HOUR_US / 2);
	g_assert_cmpuint(count_reserved(world, DISK_REMOVED), ==, 1);
	tidy(world, HOUR_US + 1000000);
	g_assert_cmpuint(count_reserved(world, DISK_REMOVED), ==, 0);
	g_assert_cmpuint(count_entries(world, ""), ==, 1);
}

static void test_place_over_something_else(World *world)
{
	g_autoptr(GError) error = NULL;
	world_user_write(world, "a", "old");
	DiskInfo old = look(world, "a"), info;
	world_pass_tick(world);
	world_user_append(world, "a", "er");
	g_autoptr(DiskFile) file = stage(world, "new");
	g_assert_false(disk_place(world->disk, file, "a", &old, &info, &error));
	assert_code(&error, DRIVE_ERROR_CHANGED);
	assert_text(world, "a", "older");
	world_user_remove(world, "a");
	g_assert_false(disk_place(world->disk, file, "a", &old, &info, &error));
	assert_code(&error, DRIVE_ERROR_CHANGED);
	world_user_make_folder(world, "a");
	g_assert_false(disk_place(world->disk, file, "a", &old, &info, &error));
	assert_code(&error, DRIVE_ERROR_CHANGED);
	/* The staged file is still good. */
	DiskInfo placed;
	g_assert_true(disk_place(world->disk, file, "b", NULL, &placed, &error));
	assert_text(world, "b", "new");
}

static void test_writes_to_what_came_out_come_back(World *world)
{
	world_user_make_folder(world, "folder");
	world_user_write(world, "folder/a.txt", "old");
	DiskInfo old = look(world, "folder/a.txt");
	void *held = world_user_hold_open(world, "folder/a.txt");
	place(world, "folder/a.txt", "new", &old);
	/* Open, but not written to: kept for as long as it is. */
	bool can_hold = world->kind != WORLD_PLAIN && !old_kernel_is_active();
	if (can_hold) {
		tidy(world, 2 * HOUR_US);
		g_assert_cmpuint(count_reserved(world, DISK_REMOVED), ==, 1);
	}
	world_pass_tick(world);
	world_user_write_open(world, held, "precious");
	tidy(world, 0);
	world_user_let_go(world, held);
	assert_text(world, "folder/a.txt", "new");
	assert_text(world, "folder/a (recovered).txt", "precious");
	g_assert_cmpuint(count_reserved(world, DISK_REMOVED), ==, 0);
}

static void test_what_comes_back_finds_a_free_name(World *world)
{
	g_autofree char *name = g_strnfill(NAME_SIZE_MAX - 5, 'n');
	g_autofree char *path = g_strconcat("folder/", name, ".text", NULL);
	world_user_make_folder(world, "folder");
	for (unsigned i = 0; i < 3; i++) {
		world_user_write(world, path, "old");
		DiskInfo old = look(world, path);
		void *held = world_user_hold_open(world, path);
		place(world, path, "new", &old);
		world_pass_tick(world);
		world_user_write_open(world, held, "precious");
		world_user_let_go(world, held);
		world_user_remove(world, path);
	}
	tidy(world, 0);
	g_assert_cmpuint(count_entries(world, "folder"), ==, 3);
	world_user_write(world, path, "old");
	DiskInfo old = look(world, path);
	void *held = world_user_hold_open(world, path);
	place(world, path, "new", &old);
	world_pass_tick(world);
	world_user_write_open(world, held, "precious");
	world_user_let_go(world, held);
	/* Its folder has another name by now. */
	world_user_rename(world, "folder", "renamed");
	tidy(world, 0);
	g_assert_cmpuint(count_entries(world, ""), ==, 2);
}

static void test_place_in_deep_folders(World *world)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *name = g_strnfill(200, 'd');
	g_autoptr(GString) path = g_string_new(name);
	DiskInfo info;
	/* Longer than a path may be for the kernel. */
	for (unsigned depth = 0; depth < 50; depth++) {
		g_assert_true(disk_make_folder(world->disk, path->str, &info, &error));
		g_string_append_printf(path, "/%s", name);
	}
	DiskInfo old = place(world, path->str, "deep", NULL), now = look(world, path->str);
	g_assert_true(disk_info_equal(&old, &now));
	place(world, path->str, "deeper", &old);
	g_assert_cmpuint(look(world, path->str).size, ==, 6);
	DiskFile *file = disk_open(world->disk, path->str, &error);
	g_assert_no_error(error);
	disk_file_close(file);
	for (char *slash; (slash = strrchr(path->str, '/'));) {
		now = look(world, path->str);
		const DiskInfo *expected = now.kind == DISK_FILE ? &now : NULL;
		g_assert_true(disk_remove(world->disk, path->str, expected, &error));
		g_string_truncate(path, (gsize)(slash - path->str));
	}
}

/* ---- other changes ---------------------------------------------------------------------- */

static void test_set(World *world)
{
	g_autoptr(GError) error = NULL;
	world_user_write(world, "a", "text");
	DiskInfo old = look(world, "a"), info;
	g_assert_true(disk_set(world->disk, "a", &old, MTIME_NS, true, &info, &error));
	DiskInfo now = look(world, "a");
	g_assert_cmpint(now.mtime_ns, ==, MTIME_NS);
	g_assert_true(now.executable);
	bool can_hold = world->kind != WORLD_PLAIN && !old_kernel_is_active();
	if (can_hold) {
		g_assert_true(disk_info_equal(&info, &now));
	} else {
		/* Nobody knows whether somebody wrote: to be looked at again. */
		g_assert_cmpint(info.stamp.change_ns, ==, 0);
	}
	world_pass_tick(world);
	world_user_append(world, "a", "!");
	g_assert_false(disk_set(world->disk, "a", &now, MTIME_NS, false, &info, &error));
	assert_code(&error, DRIVE_ERROR_CHANGED);
	if (can_hold) {
		now = look(world, "a");
		void *held = world_user_hold_open(world, "a");
		g_assert_false(disk_set(world->disk, "a", &now, MTIME_NS, false, &info, &error));
		assert_code(&error, DRIVE_ERROR_BUSY);
		world_user_let_go(world, held);
		g_assert_true(disk_set(world->disk, "a", &now, MTIME_NS, false, &info, &error));
	}
}

static void test_make_folder(World *world)
{
	g_autoptr(GError) error = NULL;
	DiskInfo info;
	g_assert_true(disk_make_folder(world->disk, "a", &info, &error));
	g_assert_cmpint(info.kind, ==, DISK_FOLDER);
	g_assert_false(disk_make_folder(world->disk, "a", &info, &error));
	assert_code(&error, DRIVE_ERROR_CONFLICT);
	g_assert_false(disk_make_folder(world->disk, "b/c", &info, &error));
	assert_code(&error, DRIVE_ERROR_NOT_FOUND);
	g_assert_true(disk_make_folder(world->disk, "a/b", &info, &error));
	g_assert_false(disk_remove(world->disk, "a", NULL, &error));
	assert_code(&error, DRIVE_ERROR_CONFLICT);
	g_assert_true(disk_remove(world->disk, "a/b", NULL, &error));
	g_assert_true(disk_remove(world->disk, "a", NULL, &error));
	g_assert_false(exists(world, "a"));
}

static void test_make_link(World *world)
{
	g_autoptr(GError) error = NULL;
	DiskInfo info, next;
	Disk *disk = world->disk;
	g_assert_true(disk_make_link(disk, "a", "../x", MTIME_NS, NULL, &info, &error));
	DiskInfo now = look(world, "a");
	g_assert_true(disk_info_equal(&info, &now));
	g_assert_cmpint(now.mtime_ns, ==, MTIME_NS);
	g_assert_false(disk_make_link(disk, "a", "y", MTIME_NS, NULL, &next, &error));
	assert_code(&error, DRIVE_ERROR_CONFLICT);
	g_assert_true(disk_make_link(disk, "a", "y", MTIME_NS, &info, &next, &error));
	g_autofree char *target = disk_read_link(disk, "a", &error);
	g_assert_cmpstr(target, ==, "y");
	g_assert_false(disk_make_link(disk, "a", "z", MTIME_NS, &info, &next, &error));
	assert_code(&error, DRIVE_ERROR_CHANGED);
	g_assert_false(disk_make_link(disk, "b", "", MTIME_NS, NULL, &next, &error));
	assert_code(&error, DRIVE_ERROR_INVALID);
	g_assert_cmpuint(count_reserved(world, DISK_STAGE), ==, 0);
}

static void test_move(World *world)
{
	g_autoptr(GError) error = NULL;
	DiskInfo info;
	world_user_make_folder(world, "from");
	world_user_make_folder(world, "to");
	world_user_write(world, "from/a", "text");
	DiskInfo a = look(world, "from/a"), folder = look(world, "from");
	g_assert_true(disk_move(world->disk, "from/a", "to/b", &a, &info, &error));
	DiskInfo now = look(world, "to/b");
	g_assert_true(disk_info_equal(&info, &now));
	g_assert_false(exists(world, "from/a"));
	world_user_write(world, "from/a", "other");
	DiskInfo other = look(world, "from/a");
	g_assert_false(disk_move(world->disk, "from/a", "to/b", &other, &info, &error));
	assert_code(&error, DRIVE_ERROR_CONFLICT);
	g_assert_false(disk_move(world->disk, "from/a", "to/c", &now, &info, &error));
	assert_code(&error, DRIVE_ERROR_CHANGED);
	g_assert_false(disk_move(world->disk, "from", "from/sub", &folder, &info, &error));
	assert_code(&error, DRIVE_ERROR_INVALID);
	g_assert_false(disk_move(world->disk, "from", "to", &folder, &info, &error));
	assert_code(&error, DRIVE_ERROR_CONFLICT);
	g_assert_true(disk_move(world->disk, "from", "to/from", &folder, &info, &error));
	assert_text(world, "to/from/a", "other");
}

static void test_moving_a_touched_file_gives_no_stamp(World *world)
{
	g_autoptr(GError) error = NULL;
	DiskInfo info;
	world_user_write(world, "a", "text");
	DiskInfo a = look(world, "a");
	world_pass_tick(world);
	world_user_append(world, "a", "!");
	g_assert_true(disk_move(world->disk, "a", "b", &a, &info, &error));
	g_assert_cmpint(info.stamp.change_ns, ==, 0);
	assert_text(world, "b", "text!");
}

static void test_park(World *world)
{
	g_autoptr(GError) error = NULL;
	DiskInfo info;
	world_user_make_folder(world, "folder");
	world_user_write(world, "folder/a", "text");
	DiskInfo folder = look(world, "folder");
	g_autofree char *parked = disk_park_path(world->disk, "17");
	g_assert_true(disk_move(world->disk, "folder", parked, &folder, &info, &error));
	unsigned count = 0;
	g_assert_true(disk_list_parked(world->disk, count_entry, &count, &error));
	g_assert_cmpuint(count, ==, 1);
	g_assert_cmpuint(count_entries(world, ""), ==, 0);
	world_reopen(world);
	g_assert_true(disk_move(world->disk, parked, "back", &folder, &info, &error));
	assert_text(world, "back/a", "text");
}

static void test_remove(World *world)
{
	g_autoptr(GError) error = NULL;
	world_user_write(world, "a", "text");
	DiskInfo a = look(world, "a");
	world_pass_tick(world);
	world_user_append(world, "a", "!");
	g_assert_false(disk_remove(world->disk, "a", &a, &error));
	assert_code(&error, DRIVE_ERROR_CHANGED);
	assert_text(world, "a", "text!");
	a = look(world, "a");
	void *held = world_user_hold_open(world, "a");
	g_assert_true(disk_remove(world->disk, "a", &a, &error));
	g_assert_false(exists(world, "a"));
	g_assert_false(disk_remove(world->disk, "a", &a, &error));
	assert_code(&error, DRIVE_ERROR_NOT_FOUND);
	world_pass_tick(world);
	world_user_write_open(world, held, "more");
	world_user_let_go(world, held);
	tidy(world, 0);
	assert_text(world, "a (recovered)", "more!");
	world_user_make_link(world, "link", "x");
	DiskInfo link = look(world, "link");
	g_assert_true(disk_remove(world->disk, "link", &link, &error));
	tidy(world, 2 * HOUR_US);
	g_assert_cmpuint(count_reserved(world, DISK_REMOVED), ==, 0);
	g_assert_cmpuint(count_entries(world, ""), ==, 1);
}

static void test_sync(World *world)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(DiskFile) file = stage(world, "text");
	g_assert_true(disk_file_sync(file, &error));
	g_assert_true(disk_sync(world->disk, &error));
}

typedef struct Worker {
	World *world;
	unsigned number;
} Worker;

static void *work(void *data)
{
	const Worker *worker = data;
	Disk *disk = worker->world->disk;
	g_autofree char *path = g_strdup_printf("%u", worker->number);
	g_autofree char *moved = g_strdup_printf("%u/moved", worker->number);
	g_autofree char *placed = g_strdup_printf("%u/placed", worker->number);
	g_autoptr(GError) error = NULL;
	DiskInfo info;
	disk_make_folder(disk, path, &info, &error);
	for (unsigned i = 0; i < 30 && !error; i++) {
		g_autoptr(DiskFile) first = stage(worker->world, "old");
		g_autoptr(DiskFile) second = stage(worker->world, "new!");
		bool done = disk_place(disk, first, placed, NULL, &info, &error) &&
			    disk_place(disk, second, placed, &info, &info, &error) &&
			    disk_move(disk, placed, moved, &info, &info, &error) &&
			    disk_tidy(disk, world_now_us(worker->world), &error) &&
			    (i == 29 || disk_remove(disk, moved, &info, &error));
		g_assert_true(done == !error);
	}
	g_assert_no_error(error);
	return NULL;
}

static void test_threads(World *world)
{
	Worker workers[3];
	GThread *threads[3];
	for (unsigned i = 0; i < 3; i++) {
		workers[i] = (Worker){ world, i };
		threads[i] = g_thread_new("worker", work, &workers[i]);
	}
	for (unsigned i = 0; i < 3; i++) {
		g_thread_join(threads[i]);
	}
	g_autofree char *tree = world_tree(world);
	g_assert_cmpstr(tree, ==, "0/\n0/moved=new!\n1/\n1/moved=new!\n2/\n2/moved=new!\n");
	g_assert_cmpuint(count_reserved(world, DISK_STAGE), ==, 0);
}

/* ---- running ---------------------------------------------------------------------------- */

typedef struct Contract {
	const char *name;
	void (*test)(World *world);
} Contract;

static const Contract contracts[] = {
	{ "marker", test_marker },
	{ "start-clears-the-stage-alone", test_start_clears_the_stage_alone },
	{ "reserved-folder-is-private", test_reserved_folder_is_private },
	{ "paths-stay-inside", test_paths_stay_inside },
	{ "list", test_list },
	{ "list-of-many", test_list_of_many },
	{ "links-are-never-followed", test_links_are_never_followed },
	{ "a-change-shows-in-the-stamp", test_a_change_shows_in_the_stamp },
	{ "read", test_read },
	{ "copy", test_copy },
	{ "what-is-not-placed-vanishes", test_what_is_not_placed_vanishes },
	{ "place-new", test_place_new },
	{ "place-executable", test_place_executable },
	{ "place-over", test_place_over },
	{ "place-over-something-else", test_place_over_something_else },
	{ "writes-to-what-came-out-come-back", test_writes_to_what_came_out_come_back },
	{ "what-comes-back-finds-a-free-name", test_what_comes_back_finds_a_free_name },
	{ "place-in-deep-folders", test_place_in_deep_folders },
	{ "set", test_set },
	{ "make-folder", test_make_folder },
	{ "make-link", test_make_link },
	{ "move", test_move },
	{ "moving-a-touched-file-gives-no-stamp", test_moving_a_touched_file_gives_no_stamp },
	{ "park", test_park },
	{ "remove", test_remove },
	{ "sync", test_sync },
	{ "threads", test_threads },
};

typedef struct Case {
	const Contract *contract;
	WorldKind kind;
} Case;

static void run(const void *data)
{
	const Case *one = data;
	g_autoptr(World) world = world_new(one->kind);
	one->contract->test(world);
}

int main(int argc, char **argv)
{
	bool old_kernel = argc > 1 && strcmp(argv[argc - 1], "--old-kernel") == 0;
	g_test_init(&argc, &argv, NULL);
	if (old_kernel) {
		old_kernel_begin();
	}
	for (unsigned kind = 0; kind < (old_kernel ? 1 : WORLD_KINDS); kind++) {
		for (unsigned i = 0; i < G_N_ELEMENTS(contracts); i++) {
			g_autofree char *path =
				g_strdup_printf("/client/disk/%s/%s",
						old_kernel ? "old-kernel" : world_kind_name(kind),
						contracts[i].name);
			Case *one = g_new(Case, 1);
			*one = (Case){ &contracts[i], kind };
			g_test_add_data_func_full(path, one, run, g_free);
		}
	}
	return g_test_run();
}
