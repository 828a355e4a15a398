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
	unsigned count = (unsigned)g_atomic_int_add(&world->count, 1) + 1;
	return !world->hook || world->hook(world, count, call, path, error);
}

static Disk *attach(World *world)
{
	g_autoptr(GError) error = NULL;
	Disk *inner = world->memory ? disk_memory_attach(world->memory)
				    : disk_posix_attach(world->folder, &error);
	g_assert_no_error(error);
	return disk_faulty_new(inner, hook, world);
}

static void start(World *world, bool create_marker)
{
	g_autoptr(GError) error = NULL;
	world->disk = attach(world);
	disk_start(world->disk, WORLD_MARKER, create_marker, &error);
	g_assert_no_error(error);
}

static DiskMemory *new_memory(WorldKind kind)
{
	bool plain = kind == WORLD_PLAIN;
	DiskMemoryOptions options = {
		.no_exchange = plain,
		.no_birth = plain,
		.no_hold = plain,
	};
	return disk_memory_new(&options);
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
		world->memory = new_memory(kind);
	}
	start(world, true);
	return world;
}

/* The folder itself stays, and in it what is called `but`, or is on the way there. */
static void empty_folder(const char *path, const char *but)
{
	g_chmod(path, 0700);
	g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
	for (const char *name; folder && (name = g_dir_read_name(folder));) {
		g_autofree char *below = g_build_filename(path, name, NULL);
		struct stat info;
		if (lstat(below, &info) == 0 && S_ISDIR(info.st_mode)) {
			empty_folder(below, but);
			g_rmdir(below);
		} else if (!but || strcmp(name, but) != 0) {
			g_unlink(below);
		}
	}
}

void world_remove_folder(const char *path)
{
	empty_folder(path, NULL);
	g_rmdir(path);
}

void world_reset(World *world)
{
	disk_close(world->disk);
	if (world->memory) {
		disk_memory_check(world->memory);
		disk_memory_free(world->memory);
		world->memory = new_memory(world->kind);
	} else {
		empty_folder(world->folder, "marker");
	}
	world_set_hook(world, NULL, NULL);
	start(world, world->memory);
}

void world_free(World *world)
{
	if (!world) {
		return;
	}
	disk_close(world->disk);
	if (world->memory) {
		disk_memory_check(world->memory);
		disk_memory_free(world->memory);
	} else {
		world_remove_folder(world->folder);
	}
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
	disk_close(world->disk);
	start(world, false);
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

void world_user_set_mtime(World *world, const char *path, int64_t mtime_ns)
{
	g_autoptr(GError) error = NULL;
	if (world->memory) {
		disk_memory_user_set_mtime(world->memory, path, mtime_ns, &error);
		g_assert_no_error(error);
	} else {
		g_autofree char *name = real(world, path);
		struct timespec times[2] = {
			{ .tv_nsec = UTIME_OMIT },
			{ .tv_sec = mtime_ns / 1000000000, .tv_nsec = mtime_ns % 1000000000 },
		};
		g_assert_cmpint(utimensat(AT_FDCWD, name, times, 0), ==, 0);
	}
}

bool world_user_has(World *world, const char *path)
{
	if (world->memory) {
		g_autoptr(GBytes) bytes = disk_memory_read(world->memory, path);
		return bytes;
	}
	g_autofree char *name = real(world, path);
	struct stat info;
	return lstat(name, &info) == 0 && !S_ISDIR(info.st_mode);
}

bool world_user_can_write(World *world, const char *path)
{
	if (world->memory) {
		DiskMemoryHandle *handle = disk_memory_user_open(world->memory, path, NULL);
		disk_memory_user_close(handle);
		return handle;
	}
	g_autofree char *name = real(world, path);
	int fd = open(name, O_WRONLY | O_NONBLOCK);
	if (fd >= 0) {
		close(fd);
	}
	return fd >= 0;
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

typedef struct Tree {
	World *world;
	const char *folder;
	GPtrArray *lines;
} Tree;

static void list_tree(World *world, const char *folder, GPtrArray *ret_lines);

static void add_line(const char *name, const DiskInfo *info, void *data)
{
	const Tree *tree = data;
	g_autofree char *path =
		*tree->folder ? g_strconcat(tree->folder, "/", name, NULL) : g_strdup(name);
	if (info->kind == DISK_FOLDER) {
		g_ptr_array_add(tree->lines, g_strconcat(path, "/\n", NULL));
		list_tree(tree->world, path, tree->lines);
	} else if (info->kind == DISK_LINK) {
		g_autofree char *target = disk_read_link(tree->world->disk, path, NULL);
		g_ptr_array_add(tree->lines, g_strdup_printf("%s->%s\n", path, target));
	} else {
		g_autofree char *text = world_user_read(tree->world, path);
		g_ptr_array_add(tree->lines, g_strdup_printf("%s=%s\n", path, text));
	}
}

static void list_tree(World *world, const char *folder, GPtrArray *ret_lines)
{
	g_autoptr(GError) error = NULL;
	Tree tree = { world, folder, ret_lines };
	disk_list(world->disk, folder, add_line, &tree, &error);
	g_assert_no_error(error);
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char *world_tree(World *world)
{
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
	list_tree(world, "", lines);
	g_ptr_array_sort(lines, compare_lines);
	g_ptr_array_add(lines, NULL);
	return g_strjoinv("", (char **)lines->pdata);
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
