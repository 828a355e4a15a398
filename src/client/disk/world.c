/* SPDX-License-Identifier: Apache-2.0 */
/* For tests; see the header. */
#include "client/disk/world.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

const char *world_kind_name(WorldKind kind)
{
	static const char *names[] = { "posix", "memory", "plain" };
	return names[kind];
}

static bool hook(DiskCall call, const char *path, void *data, GError **error)
{
	World *world = data;
	world->count++;
	return !world->hook || world->hook(world, world->count, call, path, error);
}

static Disk *attach(World *world)
{
	g_autoptr(GError) error = NULL;
	Disk *inner = world->memory ? disk_memory_attach(world->memory)
				    : disk_posix_attach(world->folder, &error);
	g_assert_no_error(error);
	return disk_faulty_new(inner, hook, world);
}

World *world_new(WorldKind kind)
{
	g_autoptr(GError) error = NULL;
	World *world = g_new0(World, 1);
	world->kind = kind;
	if (kind == WORLD_POSIX) {
		world->folder = g_dir_make_tmp("imdrive-disk-XXXXXX", &error);
		g_assert_no_error(error);
	} else {
		bool plain = kind == WORLD_PLAIN;
		DiskMemoryOptions options = {
			.no_exchange = plain,
			.no_birth = plain,
			.no_hold = plain,
		};
		world->memory = disk_memory_new(&options);
	}
	world->disk = attach(world);
	disk_start(world->disk, WORLD_MARKER, true, &error);
	g_assert_no_error(error);
	return world;
}

static void remove_tree(const char *path)
{
	g_chmod(path, 0700);
	g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
	for (const char *name; folder && (name = g_dir_read_name(folder));) {
		g_autofree char *below = g_build_filename(path, name, NULL);
		struct stat info;
		if (lstat(below, &info) == 0 && S_ISDIR(info.st_mode)) {
			remove_tree(below);
		} else {
			g_unlink(below);
		}
	}
	g_rmdir(path);
}

void world_free(World *world)
{
	if (!world) {
		return;
	}
	disk_close(world->disk);
	if (world->memory) {
		disk_memory_check(world->memory);
	} else {
		remove_tree(world->folder);
	}
	disk_memory_free(world->memory);
	g_free(world->folder);
	g_free(world);
}

void world_set_hook(World *world, WorldHook new_hook, void *data)
{
	world->hook = new_hook;
	world->hook_data = data;
	world->count = 0;
}

void world_reopen(World *world)
{
	g_autoptr(GError) error = NULL;
	disk_close(world->disk);
	world->disk = attach(world);
	disk_start(world->disk, WORLD_MARKER, false, &error);
	g_assert_no_error(error);
}

/* ---- people ----------------------------------------------------------------------------- */

static char *real(World *world, const char *path)
{
	return g_build_filename(world->folder, path, NULL);
}

static void write_real(World *world, const char *path, int flags, const char *text)
{
	g_autofree char *name = real(world, path);
	int fd = open(name, O_WRONLY | O_CREAT | flags, 0666);
	g_assert_cmpint(fd, >=, 0);
	g_assert_cmpint(write(fd, text, strlen(text)), ==, strlen(text));
	close(fd);
}

void world_user_write(World *world, const char *path, const char *text)
{
	g_autoptr(GError) error = NULL;
	if (world->memory) {
		disk_memory_user_write(world->memory, path, text, strlen(text), &error);
		g_assert_no_error(error);
	} else {
		write_real(world, path, O_TRUNC, text);
	}
}

void world_user_append(World *world, const char *path, const char *text)
{
	g_autoptr(GError) error = NULL;
	if (world->memory) {
		disk_memory_user_append(world->memory, path, text, strlen(text), &error);
		g_assert_no_error(error);
	} else {
		write_real(world, path, O_APPEND, text);
	}
}

void world_user_make_folder(World *world, const char *path)
{
	g_autoptr(GError) error = NULL;
	if (world->memory) {
		disk_memory_user_make_folder(world->memory, path, &error);
		g_assert_no_error(error);
	} else {
		g_autofree char *name = real(world, path);
		g_assert_cmpint(g_mkdir(name, 0777), ==, 0);
	}
}

void world_user_make_link(World *world, const char *path, const char *target)
{
	g_autoptr(GError) error = NULL;
	if (world->memory) {
		disk_memory_user_make_link(world->memory, path, target, &error);
		g_assert_no_error(error);
	} else {
		g_autofree char *name = real(world, path);
		g_assert_cmpint(symlink(target, name), ==, 0);
	}
}

void world_user_rename(World *world, const char *from, const char *to)
{
	g_autoptr(GError) error = NULL;
	if (world->memory) {
		disk_memory_user_rename(world->memory, from, to, &error);
		g_assert_no_error(error);
	} else {
		g_autofree char *name = real(world, from);
		g_autofree char *to_name = real(world, to);
		g_assert_cmpint(g_rename(name, to_name), ==, 0);
	}
}

void world_user_remove(World *world, const char *path)
{
	g_autoptr(GError) error = NULL;
	if (world->memory) {
		disk_memory_user_remove(world->memory, path, &error);
		g_assert_no_error(error);
	} else {
		g_autofree char *name = real(world, path);
		g_assert_cmpint(g_remove(name), ==, 0);
	}
}

void world_user_set_mode(World *world, const char *path, unsigned mode)
{
	g_autoptr(GError) error = NULL;
	if (world->memory) {
		disk_memory_user_set_mode(world->memory, path, mode, &error);
		g_assert_no_error(error);
	} else {
		g_autofree char *name = real(world, path);
		g_assert_cmpint(g_chmod(name, (int)mode), ==, 0);
	}
}

char *world_user_read(World *world, const char *path)
{
	char *text = NULL;
	if (world->memory) {
		g_autoptr(GBytes) bytes = disk_memory_read(world->memory, path);
		return bytes ? g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes))
			     : NULL;
	}
	g_autofree char *name = real(world, path);
	g_file_get_contents(name, &text, NULL, NULL);
	return text;
}

void *world_user_hold_open(World *world, const char *path)
{
	g_autoptr(GError) error = NULL;
	if (world->memory) {
		void *handle = disk_memory_user_open(world->memory, path, &error);
		g_assert_no_error(error);
		return handle;
	}
	g_autofree char *name = real(world, path);
	int fd = open(name, O_WRONLY);
	g_assert_cmpint(fd, >=, 0);
	return GINT_TO_POINTER(fd);
}

void world_user_write_open(World *world, void *held, const char *text)
{
	g_autoptr(GError) error = NULL;
	if (world->memory) {
		disk_memory_user_write_handle(held, 0, text, strlen(text), &error);
		g_assert_no_error(error);
	} else {
		g_assert_cmpint(pwrite(GPOINTER_TO_INT(held), text, strlen(text), 0), ==,
				strlen(text));
	}
}

void world_user_let_go(World *world, void *held)
{
	if (world->memory) {
		disk_memory_user_close(held);
	} else {
		close(GPOINTER_TO_INT(held));
	}
}

void world_pass_tick(World *world)
{
	if (world->memory) {
		disk_memory_set_time(world->memory, disk_memory_time(world->memory) + 20000000);
		return;
	}
	struct timespec before, now;
	clock_gettime(CLOCK_REALTIME_COARSE, &before);
	do {
		g_thread_yield();
		clock_gettime(CLOCK_REALTIME_COARSE, &now);
	} while (before.tv_sec == now.tv_sec && before.tv_nsec == now.tv_nsec);
}

int64_t world_now_us(World *world)
{
	return world->memory ? disk_memory_time(world->memory) / 1000 : g_get_real_time();
}
