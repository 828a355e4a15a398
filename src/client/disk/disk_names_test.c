/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A disk that refuses names, takes "a" for "A" and has no executable bit: in memory, and a real
 * one where it can be mounted. IMDRIVE_NAMES_FOLDER may name a folder on a disk that is mounted
 * already.
 */
#include "base/error.h"
#include "client/disk/disk_impl.h"
#include "client/disk/disk_memory.h"
#include "client/disk/world.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define MTIME_NS (1700000000 * G_GINT64_CONSTANT(1000000000))

typedef struct Narrow {
	Disk *disk;
	DiskMemory *memory;
	char *folder;
	char *mount; /* to be unmounted */
} Narrow;

static bool run(const char *command, const char *a, const char *b)
{
	const char *argv[] = { "sh", "-c", command, "sh", a, b, NULL };
	int status = -1;
	return g_spawn_sync(NULL, (char **)argv, NULL,
			    G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL |
				    G_SPAWN_STDERR_TO_DEV_NULL,
			    NULL, NULL, NULL, NULL, &status, NULL) &&
	       g_spawn_check_wait_status(status, NULL);
}

/* The kernel's vfat, or exFAT through FUSE. */
static bool mount_narrow(Narrow *narrow)
{
	narrow->mount = g_dir_make_tmp("imdrive-names-XXXXXX", NULL);
	g_autofree char *image = g_strconcat(narrow->mount, ".img", NULL);
	bool mounted = run("truncate -s 32M \"$1\" && mkfs.vfat \"$1\" && "
			   "mount -t vfat -o loop,utf8 \"$1\" \"$2\"",
			   image, narrow->mount) ||
		       run("device=$(losetup -f --show \"$1\") && mkfs.exfat \"$1\" && "
			   "mount.exfat-fuse \"$device\" \"$2\"; result=$?; "
			   "losetup -d \"$device\"; exit $result",
			   image, narrow->mount);
	g_unlink(image);
	if (!mounted) {
		g_rmdir(narrow->mount);
		g_clear_pointer(&narrow->mount, g_free);
	}
	return mounted;
}

static bool open_real(Narrow *narrow, GError **error)
{
	const char *given = g_getenv("IMDRIVE_NAMES_FOLDER");
	if (!given && !mount_narrow(narrow)) {
		g_test_skip("neither vfat (mkfs.vfat, loop devices, the kernel's vfat) nor exFAT "
			    "(mkfs.exfat, mount.exfat-fuse, /dev/fuse) can be mounted here");
		return false;
	}
	narrow->folder = g_build_filename(given ? given : narrow->mount, "bound", NULL);
	g_mkdir(narrow->folder, 0700);
	narrow->disk = disk_posix_open(narrow->folder, WORLD_MARKER, true, error);
	return true;
}

/* False: skipped. */
static bool open_narrow(Narrow *narrow, bool real)
{
	g_autoptr(GError) error = NULL;
	*narrow = (Narrow){ 0 };
	if (!real) {
		const DiskMemoryOptions options = { .vfat = true };
		narrow->memory = disk_memory_new(&options);
		narrow->disk = disk_memory_open(narrow->memory, WORLD_MARKER, true, &error);
	} else if (!open_real(narrow, &error)) {
		return false;
	}
	g_assert_no_error(error);
	return true;
}

static void narrow_clear(Narrow *narrow)
{
	disk_close(narrow->disk);
	if (narrow->memory) {
		disk_memory_check(narrow->memory);
		disk_memory_free(narrow->memory);
	}
	if (narrow->folder) {
		world_remove_folder(narrow->folder);
	}
	if (narrow->mount) {
		g_assert_true(run("umount \"$1\"", narrow->mount, ""));
		g_rmdir(narrow->mount);
	}
	g_free(narrow->folder);
	g_free(narrow->mount);
}

static bool place(Disk *disk, const char *path, const char *text, bool executable,
		  const DiskInfo *expected, DiskInfo *ret_info, GError **error)
{
	g_autoptr(DiskFile) file = disk_stage(disk, error);
	return file && disk_file_write(file, 0, text, strlen(text), error) &&
	       disk_file_set(file, MTIME_NS, executable, error) &&
	       disk_place(disk, file, path, expected, ret_info, error);
}

static void must_place(Disk *disk, const char *path, DiskInfo *ret_info)
{
	g_autoptr(GError) error = NULL;
	place(disk, path, path, false, NULL, ret_info, &error);
	g_assert_no_error(error);
}

static char *read_all(Disk *disk, const char *path)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(DiskFile) file = disk_open(disk, path, &error);
	char bytes[256];
	size_t size;
	g_assert_no_error(error);
	g_assert_true(disk_file_read(file, 0, bytes, sizeof bytes, &size, &error));
	return g_strndup(bytes, size);
}

static void collect(const char *name, const DiskInfo *info, void *data)
{
	g_assert_true(info->kind == DISK_FILE || info->kind == DISK_FOLDER);
	g_hash_table_insert(data, g_strdup(name), GINT_TO_POINTER(info->spelled));
}

/* name -> is it spelled otherwise? */
static GHashTable *list(Disk *disk, const char *folder)
{
	g_autoptr(GError) error = NULL;
	GHashTable *names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	disk_list(disk, folder, collect, names, &error);
	g_assert_no_error(error);
	return names;
}

static const char *const refused[] = {
	"a:b", "what?", "a\\b", "end.", "end ", "\xff\xfe", "\n", "..x..", "\xef\x80\xba", "\"*<>|",
};

static void keeps_names(Narrow *narrow)
{
	g_autoptr(GError) error = NULL;
	DiskInfo info;
	Disk *disk = narrow->disk;
	must_place(disk, "plain", &info);
	for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
		must_place(disk, refused[i], &info);
		g_assert_true(disk_look(disk, refused[i], &info, &error));
		g_autofree char *text = read_all(disk, refused[i]);
		g_assert_cmpstr(text, ==, refused[i]);
	}
	g_autoptr(GHashTable) names = list(disk, "");
	g_assert_cmpuint(g_hash_table_size(names), ==, G_N_ELEMENTS(refused) + 1);
	for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
		void *spelled = NULL;
		g_assert_true(g_hash_table_lookup_extended(names, refused[i], NULL, &spelled));
		g_autofree char *here = disk_spell(disk, refused[i]);
		g_assert_cmpint(GPOINTER_TO_INT(spelled), ==, here != NULL);
		g_autofree char *again = disk_name_of(disk, here ? here : refused[i]);
		g_assert_cmpstr(again, ==, refused[i]);
	}
	g_assert_null(g_hash_table_lookup(names, "plain"));
	g_autofree char *spelled = disk_spell(disk, "a:b");
	g_assert_cmpstr(spelled, ==,
			"a\xef\x80\xba"
			"b");
}

static void changes_by_true_names(Narrow *narrow)
{
	g_autoptr(GError) error = NULL;
	Disk *disk = narrow->disk;
	DiskInfo folder, file, moved;
	g_assert_true(disk_make_folder(disk, "f: 1.", &folder, &error));
	must_place(disk, "f: 1./x?", &file);
	/* NTFS rounds times once they are written. */
	g_assert_true(disk_look(disk, "f: 1./x?", &file, &error));
	place(disk, "f: 1./x?", "new", false, &file, &file, &error);
	g_assert_no_error(error);
	g_assert_true(disk_look(disk, "f: 1./x?", &file, &error));
	g_assert_true(disk_move(disk, "f: 1./x?", "y*", &file, &moved, &error));
	g_assert_no_error(error);
	g_autofree char *text = read_all(disk, "y*");
	g_assert_cmpstr(text, ==, "new");
	g_assert_true(disk_look(disk, "y*", &moved, &error));
	g_assert_true(disk_remove(disk, "y*", &moved, &error));
	g_assert_true(disk_remove(disk, "f: 1.", NULL, &error));
	g_assert_no_error(error);
	g_autoptr(GHashTable) names = list(disk, "");
	g_assert_cmpuint(g_hash_table_size(names), ==, 0);
}

static bool is_caseless(Disk *disk)
{
	return disk->spelling.caseless;
}

static void tells_case(Narrow *narrow)
{
	g_autoptr(GError) error = NULL;
	Disk *disk = narrow->disk;
	DiskInfo info;
	if (!is_caseless(disk)) {
		g_test_skip("this disk tells capital letters from small ones");
		return;
	}
	must_place(disk, "Read me", &info);
	/* Nothing has that name, although the file system says so. */
	g_assert_false(disk_look(disk, "READ ME", &info, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
	g_clear_error(&error);
	g_assert_null(disk_open(disk, "READ ME", &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
	g_clear_error(&error);
	g_assert_false(place(disk, "READ ME", "other", false, NULL, &info, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_UNSUPPORTED);
	g_assert_nonnull(strstr(error->message, "'Read me'"));
	g_clear_error(&error);
	g_assert_false(disk_make_folder(disk, "READ ME", &info, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_UNSUPPORTED);
	g_clear_error(&error);
	g_autofree char *text = read_all(disk, "Read me");
	g_assert_cmpstr(text, ==, "Read me");
}

static void renames_case(Narrow *narrow)
{
	g_autoptr(GError) error = NULL;
	Disk *disk = narrow->disk;
	DiskInfo info;
	must_place(disk, "name", &info);
	g_assert_true(disk_move(disk, "name", "NAME", &info, &info, &error));
	g_assert_no_error(error);
	g_autoptr(GHashTable) names = list(disk, "");
	g_assert_true(g_hash_table_contains(names, "NAME"));
	g_assert_cmpuint(g_hash_table_size(names), ==, 1);
}

static void agrees_on_the_bit(Narrow *narrow)
{
	g_autoptr(GError) error = NULL;
	Disk *disk = narrow->disk;
	DiskInfo info;
	if (!disk->no_bits) {
		g_test_skip("this disk has executable bits");
		return;
	}
	for (int executable = 0; executable < 2; executable++) {
		const char *path = executable ? "tool" : "text";
		g_assert_true(place(disk, path, "1", executable, NULL, &info, &error));
		g_assert_cmpint(info.executable, ==, executable);
		g_assert_true(place(disk, path, "2", executable, &info, &info, &error));
		g_assert_cmpint(info.executable, ==, executable);
		g_assert_true(disk_set(disk, path, &info, MTIME_NS + 10 * G_TIME_SPAN_SECOND * 1000,
				       !executable, &info, &error));
		g_assert_no_error(error);
		g_assert_cmpint(info.executable, ==, !executable);
		g_assert_true(disk_look(disk, path, &info, &error));
		g_assert_true(info.executable_unknown);
		g_assert_false(info.executable);
	}
}

static void agrees_on_the_time(Narrow *narrow)
{
	g_autoptr(GError) error = NULL;
	Disk *disk = narrow->disk;
	DiskInfo info, now;
	int64_t mtime_ns = MTIME_NS + 1987654321;
	DiskFile *file = disk_stage(disk, &error);
	g_assert_true(disk_file_write(file, 0, "x", 1, &error));
	g_assert_true(disk_file_set(file, mtime_ns, false, &error));
	g_assert_true(disk_place(disk, file, "x", NULL, &info, &error));
	disk_file_close(file);
	g_assert_no_error(error);
	g_assert_cmpint(info.mtime_ns, ==, mtime_ns);
	g_assert_true(disk_look(disk, "x", &now, &error));
	g_assert_true(disk_info_equal(&now, &info));
	g_assert_true(disk_set(disk, "x", &info, mtime_ns + 10, false, &info, &error));
	g_assert_no_error(error);
	g_assert_cmpint(info.mtime_ns, ==, mtime_ns + 10);
	g_assert_cmpint(info.stamp.change_ns, !=, 0);
}

typedef void (*Check)(Narrow *narrow);

static const struct {
	const char *name;
	Check check;
} checks[] = {
	{ "keeps-names-that-are-refused", keeps_names },
	{ "changes-by-true-names", changes_by_true_names },
	{ "holds-one-of-two-names-that-differ-in-case", tells_case },
	{ "renames-in-case-only", renames_case },
	{ "agrees-on-the-executable-bit", agrees_on_the_bit },
	{ "agrees-on-the-time", agrees_on_the_time },
};

static void test_check(gconstpointer data, bool real)
{
	Narrow narrow;
	if (open_narrow(&narrow, real)) {
		checks[GPOINTER_TO_INT(data)].check(&narrow);
		narrow_clear(&narrow);
	}
}

static void test_in_memory(gconstpointer data)
{
	test_check(data, false);
}

static void test_on_a_real_disk(gconstpointer data)
{
	test_check(data, true);
}

/* A full disk says nothing about names. */
static void test_refusal_is_not_taken_from_a_full_disk(void)
{
	g_autoptr(GError) error = NULL;
	const DiskMemoryOptions options = { .capacity = 6 * 4096 };
	g_autoptr(DiskMemory) memory = disk_memory_new(&options);
	Disk *disk = disk_memory_open(memory, WORLD_MARKER, true, &error);
	if (disk) {
		g_assert_null(disk_spell(disk, "a:b"));
		disk_close(disk);
	} else {
		g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NO_SPACE);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(checks); i++) {
		g_autofree char *memory =
			g_strdup_printf("/client/disk/names/memory/%s", checks[i].name);
		g_autofree char *real =
			g_strdup_printf("/client/disk/names/real/%s", checks[i].name);
		g_test_add_data_func(memory, GINT_TO_POINTER((int)i), test_in_memory);
		g_test_add_data_func(real, GINT_TO_POINTER((int)i), test_on_a_real_disk);
	}
	g_test_add_func("/client/disk/names/refusal-is-not-taken-from-a-full-disk",
			test_refusal_is_not_taken_from_a_full_disk);
	return g_test_run();
}
