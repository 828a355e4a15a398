/* SPDX-License-Identifier: Apache-2.0 */
/* What a file system in memory promises to simulations, besides the contract of every disk. */
#include "client/disk/disk_memory.h"

#include "base/error.h"
#include "client/disk/world.h"

#include <string.h>

#define SEEDS 300

static void user_write(DiskMemory *memory, const char *path, const char *text)
{
	g_autoptr(GError) error = NULL;
	disk_memory_user_write(memory, path, text, strlen(text), &error);
	g_assert_no_error(error);
}

static char *user_read(DiskMemory *memory, const char *path)
{
	g_autoptr(GBytes) bytes = disk_memory_read(memory, path);
	return bytes ? g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)) : NULL;
}

static Disk *open_disk(DiskMemory *memory)
{
	g_autoptr(GError) error = NULL;
	Disk *disk = disk_memory_open(memory, WORLD_MARKER, true, &error);
	g_assert_no_error(error);
	return disk;
}

static void sync_disk(Disk *disk)
{
	g_autoptr(GError) error = NULL;
	disk_sync(disk, &error);
	g_assert_no_error(error);
}

static void describe(const char *path, const DiskInfo *info, GBytes *bytes, void *data)
{
	g_autofree char *sum =
		bytes ? g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes) : NULL;
	g_string_append_printf(data,
			       "%s %d %o %" G_GINT64_FORMAT " %" G_GUINT64_FORMAT
			       " %" G_GINT64_FORMAT " %s\n",
			       path, info->kind, info->mode, info->mtime_ns, info->stamp.inode,
			       info->stamp.change_ns, sum);
}

static char *whole(DiskMemory *memory)
{
	GString *text = g_string_new(NULL);
	disk_memory_each(memory, describe, text);
	return g_string_free(text, FALSE);
}

/* ---- random lives ----------------------------------------------------------------------- */

static char *random_path(GRand *chance)
{
	GString *path = g_string_new(NULL);
	int depth = g_rand_int_range(chance, 1, 5);
	for (int i = 0; i < depth; i++) {
		g_string_append_printf(path, "%s%c", i ? "/" : "",
				       'a' + g_rand_int_range(chance, 0, 4));
	}
	return g_string_free(path, FALSE);
}

static void do_something(DiskMemory *memory, GRand *chance)
{
	g_autofree char *path = random_path(chance);
	g_autofree char *other = random_path(chance);
	g_autofree char *text = g_strnfill((gsize)g_rand_int_range(chance, 0, 20000), 'x');
	g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
	switch (g_rand_int_range(chance, 0, 12)) {
	case 0:
	case 1:
		disk_memory_user_write(memory, path, text, strlen(text), NULL);
		break;
	case 2:
		disk_memory_user_append(memory, path, text, strlen(text), NULL);
		break;
	case 3:
		disk_memory_user_edit(memory, path, strlen(text) / 2, bytes, NULL);
		break;
	case 4:
	case 5:
		disk_memory_user_make_folder(memory, path, NULL);
		break;
	case 6:
		disk_memory_user_make_link(memory, path, other, NULL);
		break;
	case 7:
		disk_memory_user_remove(memory, path, NULL);
		break;
	case 8:
		disk_memory_user_set_mtime(memory, path, (int64_t)strlen(text), NULL);
		break;
	case 9:
		disk_memory_user_link(memory, path, other, NULL);
		break;
	default:
		disk_memory_user_rename(memory, path, other, NULL);
	}
	if (g_rand_boolean(chance)) {
		disk_memory_set_time(memory, disk_memory_time(memory) + 3000000);
	}
}

static void test_power_cuts_leave_a_whole_tree(void)
{
	for (uint32_t seed = 0; seed < SEEDS; seed++) {
		GRand *chance = g_rand_new_with_seed(seed);
		g_autoptr(DiskMemory) memory = disk_memory_new(NULL);
		for (unsigned life = 0; life < 5; life++) {
			Disk *disk = open_disk(memory);
			int count = g_rand_int_range(chance, 0, 100);
			for (int i = 0; i < count; i++) {
				do_something(memory, chance);
				if (g_rand_int_range(chance, 0, 60) == 0) {
					sync_disk(disk);
				}
			}
			disk_memory_check(memory);
			disk_memory_crash(memory, seed + life);
			disk_memory_check(memory);
			disk_close(disk);
		}
		g_rand_free(chance);
	}
}

/* Either half of this alone would put a folder into itself. */
static void test_power_cuts_make_no_cycle(void)
{
	static const char *folders[] = { "x", "x/m", "x/m/p", "x/m/p/q", "y" };
	for (uint32_t seed = 0; seed < SEEDS; seed++) {
		g_autoptr(DiskMemory) memory = disk_memory_new(NULL);
		Disk *disk = open_disk(memory);
		for (unsigned i = 0; i < G_N_ELEMENTS(folders); i++) {
			disk_memory_user_make_folder(memory, folders[i], NULL);
		}
		sync_disk(disk);
		g_assert_true(disk_memory_user_rename(memory, "x/m/p", "y/p", NULL));
		g_assert_true(disk_memory_user_rename(memory, "x", "y/p/q/x", NULL));
		disk_memory_crash(memory, seed);
		disk_memory_check(memory);
		disk_close(disk);
	}
}

static void test_what_was_synced_survives(void)
{
	for (uint32_t seed = 0; seed < SEEDS / 10; seed++) {
		GRand *chance = g_rand_new_with_seed(seed);
		g_autoptr(DiskMemory) memory = disk_memory_new(NULL);
		Disk *disk = open_disk(memory);
		for (unsigned i = 0; i < 200; i++) {
			do_something(memory, chance);
		}
		g_autofree char *before_kill = whole(memory);
		disk_memory_kill(memory);
		disk_close(disk);
		g_autofree char *after_kill = whole(memory);
		g_assert_cmpstr(before_kill, ==, after_kill);
		disk = open_disk(memory);
		sync_disk(disk);
		g_autofree char *before = whole(memory);
		disk_memory_crash(memory, seed);
		disk_close(disk);
		g_autofree char *after = whole(memory);
		g_assert_cmpstr(before, ==, after);
		g_rand_free(chance);
	}
}

static char *live(uint32_t seed)
{
	GRand *chance = g_rand_new_with_seed(seed);
	g_autoptr(DiskMemory) memory = disk_memory_new(NULL);
	for (unsigned i = 0; i < 300; i++) {
		do_something(memory, chance);
	}
	disk_memory_crash(memory, seed);
	g_rand_free(chance);
	return whole(memory);
}

static void test_a_seed_reproduces(void)
{
	g_autofree char *first = live(4711);
	g_autofree char *second = live(4711);
	g_autofree char *other = live(4712);
	g_assert_cmpstr(first, ==, second);
	g_assert_cmpstr(first, !=, other);
}

/* ---- what a power cut takes ------------------------------------------------------------- */

typedef struct Seen {
	unsigned absent;
	unsigned empty;
	unsigned holes;
	unsigned complete;
	unsigned new_name;
} Seen;

static void cut_power_once(uint32_t seed, bool sync_file, Seen *seen)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(DiskMemory) memory = disk_memory_new(NULL);
	Disk *disk = open_disk(memory);
	sync_disk(disk);
	DiskInfo info;
	g_assert_true(disk_make_folder(disk, "folder", &info, &error));
	DiskFile *file = disk_stage(disk, &error);
	g_autofree char *text = g_strnfill(3 * 4096, 'x');
	g_assert_true(disk_file_write(file, 0, text, strlen(text), &error));
	if (sync_file) {
		g_assert_true(disk_file_sync(file, &error));
	}
	g_assert_true(disk_place(disk, file, "folder/a", NULL, &info, &error));
	g_assert_true(disk_move(disk, "folder/a", "folder/b", &info, &info, &error));
	disk_memory_crash(memory, seed);
	disk_file_close(file);
	disk_close(disk);
	g_autofree char *a = user_read(memory, "folder/a");
	g_autofree char *b = user_read(memory, "folder/b");
	g_assert_true(!a || !b);
	const char *found = a ? a : b;
	seen->absent += !found;
	seen->new_name += b != NULL;
	seen->empty += found && *found == '\0';
	seen->complete += found && strlen(found) == strlen(text);
	seen->holes += found && *found == 'x' && strlen(found) < strlen(text);
}

static void test_power_cuts_take_what_was_not_synced(void)
{
	Seen seen = { 0 }, synced = { 0 };
	for (uint32_t seed = 0; seed < SEEDS; seed++) {
		cut_power_once(seed, false, &seen);
		cut_power_once(seed, true, &synced);
	}
	g_assert_cmpuint(seen.absent, >, 0);
	g_assert_cmpuint(seen.empty, >, 0);
	g_assert_cmpuint(seen.holes, >, 0);
	g_assert_cmpuint(seen.complete, >, 0);
	g_assert_cmpuint(seen.new_name, >, 0);
	/* A synced file may lose its name, but no byte. */
	g_assert_cmpuint(synced.absent, >, 0);
	g_assert_cmpuint(synced.complete, >, 0);
	g_assert_cmpuint(synced.empty + synced.holes, ==, 0);
}

/* ---- the rest --------------------------------------------------------------------------- */

static void test_a_dead_process_does_nothing(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(DiskMemory) memory = disk_memory_new(NULL);
	g_autoptr(Disk) disk = open_disk(memory);
	g_autoptr(DiskFile) file = disk_stage(disk, &error);
	disk_memory_kill(memory);
	g_assert_false(disk_file_write(file, 0, "x", 1, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_IO);
	g_clear_error(&error);
	g_assert_false(disk_sync(disk, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_IO);
}

static void test_fills_up(void)
{
	g_autoptr(GError) error = NULL;
	DiskMemoryOptions options = { .capacity = 100000 };
	g_autoptr(DiskMemory) memory = disk_memory_new(&options);
	g_autoptr(Disk) disk = open_disk(memory);
	DiskFile *file = disk_stage(disk, &error);
	char bytes[5000] = { 0 };
	uint64_t offset = 0;
	while (disk_file_write(file, offset, bytes, sizeof bytes, &error)) {
		offset += sizeof bytes;
		g_assert_cmpuint(offset, <, 200000);
	}
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NO_SPACE);
	g_assert_cmpuint(disk_memory_used(memory), <=, 100000);
	disk_file_close(file);
	g_assert_cmpuint(disk_memory_used(memory), <, 20000);
}

static void ignore_entry(const char *name, const DiskInfo *info, void *data)
{
}

static void test_unreadable(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(DiskMemory) memory = disk_memory_new(NULL);
	g_autoptr(Disk) disk = open_disk(memory);
	disk_memory_user_make_folder(memory, "folder", NULL);
	user_write(memory, "folder/a", "text");
	disk_memory_user_set_mode(memory, "folder/a", 0, NULL);
	g_assert_null(disk_open(disk, "folder/a", &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN);
	g_clear_error(&error);
	disk_memory_user_set_mode(memory, "folder", 0300, NULL);
	g_assert_false(disk_list(disk, "folder", ignore_entry, NULL, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN);
}

static void test_unmounted(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(DiskMemory) memory = disk_memory_new(NULL);
	g_autoptr(Disk) disk = open_disk(memory);
	DiskInfo info;
	user_write(memory, "a", "text");
	disk_memory_mount(memory, false);
	g_assert_true(disk_list(disk, "", ignore_entry, NULL, &error));
	g_assert_false(disk_look(disk, "a", &info, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
	g_clear_error(&error);
	g_assert_false(disk_is_present(disk, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
	g_clear_error(&error);
	disk_memory_mount(memory, true);
	g_assert_true(disk_is_present(disk, &error));
	disk_memory_user_make_mount(memory, "usb", NULL);
	g_assert_true(disk_look(disk, "usb", &info, &error));
	g_assert_cmpint(info.kind, ==, DISK_FILE_SYSTEM);
	g_assert_false(disk_look(disk, "usb/a", &info, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_UNSUPPORTED);
}

static void test_inode_numbers_return(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(DiskMemory) memory = disk_memory_new(NULL);
	g_autoptr(Disk) disk = open_disk(memory);
	DiskInfo first, second;
	user_write(memory, "a", "text");
	g_assert_true(disk_look(disk, "a", &first, &error));
	disk_memory_user_remove(memory, "a", NULL);
	disk_memory_set_time(memory, disk_memory_time(memory) + 1000000000);
	user_write(memory, "b", "text");
	g_assert_true(disk_look(disk, "b", &second, &error));
	g_assert_cmpuint(first.stamp.inode, ==, second.stamp.inode);
	g_assert_cmpint(first.stamp.birth_ns, <, second.stamp.birth_ns);
}

static char *take_events(DiskMemory *memory)
{
	static const char *names[] = { "created", "deleted", "changed", "from",
				       "to",      "gone",    "overflow" };
	GString *text = g_string_new(NULL);
	for (;;) {
		g_auto(DiskMemoryEvent) event = { 0 };
		if (!disk_memory_next_event(memory, &event)) {
			break;
		}
		g_string_append_printf(text, "%s%d:%s", text->len ? " " : "", event.watch,
				       names[event.what]);
		if (event.name) {
			g_string_append_printf(text, ":%s%s", event.name, event.folder ? "/" : "");
		}
		if (event.cookie) {
			g_string_append_printf(text, ":%u", event.cookie);
		}
	}
	return g_string_free(text, FALSE);
}

static void assert_events(DiskMemory *memory, const char *expected)
{
	g_autofree char *found = take_events(memory);
	g_assert_cmpstr(found, ==, expected);
}

static void test_events(void)
{
	g_autoptr(DiskMemory) memory = disk_memory_new(NULL);
	disk_memory_user_make_folder(memory, "f", NULL);
	g_assert_cmpint(disk_memory_watch(memory, "", NULL), ==, 1);
	g_assert_cmpint(disk_memory_watch(memory, "f", NULL), ==, 2);
	g_assert_cmpint(disk_memory_watch(memory, "f", NULL), ==, 2);
	user_write(memory, "a", "text");
	assert_events(memory, "1:created:a 1:changed:a");
	disk_memory_user_append(memory, "a", "!", 1, NULL);
	assert_events(memory, "1:changed:a");
	disk_memory_user_rename(memory, "a", "f/b", NULL);
	assert_events(memory, "1:from:a:1 2:to:b:1");
	disk_memory_user_rename(memory, "f", "g", NULL);
	disk_memory_user_set_mode(memory, "g/b", 0600, NULL);
	assert_events(memory, "1:from:f/:2 1:to:g/:2 2:changed:b");
	DiskMemoryHandle *handle = disk_memory_user_open(memory, "g/b", NULL);
	disk_memory_user_write_handle(handle, 0, "x", 1, NULL);
	assert_events(memory, "");
	disk_memory_user_close(handle);
	disk_memory_user_remove(memory, "g/b", NULL);
	disk_memory_user_remove(memory, "g", NULL);
	assert_events(memory, "2:changed:b 2:deleted:b 1:deleted:g/ 2:gone");
	g_assert_cmpint(disk_memory_watch(memory, "g", NULL), ==, -1);
}

static void test_events_overflow(void)
{
	DiskMemoryOptions options = { .events_max = 3, .watches_max = 1 };
	g_autoptr(GError) error = NULL;
	g_autoptr(DiskMemory) memory = disk_memory_new(&options);
	g_assert_cmpint(disk_memory_watch(memory, "", NULL), ==, 1);
	for (unsigned i = 0; i < 5; i++) {
		g_autofree char *name = g_strdup_printf("%u", i);
		disk_memory_user_make_folder(memory, name, NULL);
	}
	assert_events(memory, "1:created:0/ 1:created:1/ 1:created:2/ -1:overflow");
	disk_memory_user_remove(memory, "0", NULL);
	assert_events(memory, "1:deleted:0/");
	g_assert_cmpint(disk_memory_watch(memory, "1", &error), ==, -1);
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NO_SPACE);
}

/* ---- content that is not here ----------------------------------------------------------- */

/* Contents are their own bytes here. */
static GBytes *same(void *data, GBytes *content)
{
	return g_bytes_ref(content);
}

static void assert_reads(Disk *disk, const char *path, const char *wanted)
{
	char bytes[100];
	size_t size = 0;
	g_autoptr(DiskFile) file = disk_open(disk, path, NULL);
	g_assert_true(disk_file_read(file, 0, bytes, sizeof bytes, &size, NULL));
	g_assert_cmpmem(bytes, size, wanted, strlen(wanted));
}

static void test_lazy(void)
{
	g_autoptr(GError) error = NULL;
	DiskMemoryOptions options = { .content = same };
	g_autoptr(DiskMemory) memory = disk_memory_new(&options);
	g_autoptr(Disk) disk = open_disk(memory);
	g_autoptr(GBytes) content = g_bytes_new_static("hello", 5);
	g_autoptr(DiskFile) file = disk_stage(disk, &error);
	DiskInfo info, now;
	g_assert_true(disk_is_lazy(disk));
	g_assert_true(disk_file_promise(file, content, 5, &error));
	g_assert_true(disk_file_set(file, 1000, false, &error));
	g_assert_true(disk_place(disk, file, "a", NULL, &info, &error));
	g_clear_pointer(&file, disk_file_close);
	assert_reads(disk, "a", "hello");
	file = disk_open(disk, "a", NULL);
	g_autoptr(GBytes) promised = disk_file_promised(file, &info);
	g_assert_true(g_bytes_equal(promised, content));
	g_clear_pointer(&file, disk_file_close);
	/* A power cut takes the name, or nothing. */
	g_assert_true(disk_sync(disk, &error));
	disk_memory_crash(memory, 1);
	g_clear_pointer(&disk, disk_close);
	disk = open_disk(memory);
	assert_reads(disk, "a", "hello");
	/* Changed, it is the person's; promised again, the server's. */
	disk_memory_set_time(memory, disk_memory_time(memory) + 1000000000);
	g_assert_true(disk_memory_user_append(memory, "a", "!", 1, &error));
	g_assert_true(disk_look(disk, "a", &now, &error));
	g_assert_false(disk_info_equal(&now, &info));
	assert_reads(disk, "a", "hello!");
	g_autoptr(GBytes) longer = g_bytes_new_static("hello!", 6);
	g_assert_false(disk_promise(disk, "a", &info, longer, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_CHANGED);
	g_assert_true(disk_promise(disk, "a", &now, longer, NULL));
	g_assert_true(disk_look(disk, "a", &info, NULL));
	g_assert_true(disk_info_equal(&now, &info));
	assert_reads(disk, "a", "hello!");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/client/disk/memory/power-cuts-leave-a-whole-tree",
			test_power_cuts_leave_a_whole_tree);
	g_test_add_func("/client/disk/memory/power-cuts-make-no-cycle",
			test_power_cuts_make_no_cycle);
	g_test_add_func("/client/disk/memory/what-was-synced-survives",
			test_what_was_synced_survives);
	g_test_add_func("/client/disk/memory/a-seed-reproduces", test_a_seed_reproduces);
	g_test_add_func("/client/disk/memory/power-cuts-take-what-was-not-synced",
			test_power_cuts_take_what_was_not_synced);
	g_test_add_func("/client/disk/memory/a-dead-process-does-nothing",
			test_a_dead_process_does_nothing);
	g_test_add_func("/client/disk/memory/fills-up", test_fills_up);
	g_test_add_func("/client/disk/memory/unreadable", test_unreadable);
	g_test_add_func("/client/disk/memory/unmounted", test_unmounted);
	g_test_add_func("/client/disk/memory/inode-numbers-return", test_inode_numbers_return);
	g_test_add_func("/client/disk/memory/events", test_events);
	g_test_add_func("/client/disk/memory/events-overflow", test_events_overflow);
	g_test_add_func("/client/disk/memory/lazy", test_lazy);
	return g_test_run();
}
