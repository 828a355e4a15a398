/* SPDX-License-Identifier: Apache-2.0 */
#include "client/transfer/upload.h"

#include "base/error.h"
#include "base/limits.h"
#include "chunk/cutter.h"
#include "client/transfer/fixture.h"
#include "client/transfer/upload_internal.h"

#include <string.h>

/* ---- what is sent ------------------------------------------------------------------------- */

static void test_kinds(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_upload_items();
	device_write_text(world->device, "file", "hello");
	device_write_text(world->device, "empty", "");
	disk_memory_user_set_mode(world->memory, "file", 0755, NULL);
	g_assert_true(disk_memory_user_make_folder(world->memory, "folder", NULL));
	g_assert_true(disk_memory_user_make_link(world->memory, "link", "../target", NULL));
	const char *const paths[] = { "folder", "file", "empty", "link" };
	for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
		g_ptr_array_add(items, fixture_upload_item(world, UPLOAD_CREATE, paths[i]));
	}
	device_pass_time(world->device);
	fixture_upload(world, items);
	g_assert_cmpint(world->drive->exchanges, ==, 1);
	g_autoptr(GBytes) hello = g_bytes_new_static("hello", 5);
	g_autoptr(GBytes) nothing = g_bytes_new_static("", 0);
	fixture_assert_stored(world, g_ptr_array_index(items, 1), hello);
	fixture_assert_stored(world, g_ptr_array_index(items, 2), nothing);
	const UploadItem *folder = g_ptr_array_index(items, 0);
	const UploadItem *file = g_ptr_array_index(items, 1);
	const UploadItem *link = g_ptr_array_index(items, 3);
	g_assert_cmpint(fake_drive_node(world->drive, &folder->node)->kind, ==, REMOTE_FOLDER);
	g_assert_true(fake_drive_node(world->drive, &file->node)->executable);
	const FakeNode *node = fake_drive_node(world->drive, &link->node);
	g_assert_cmpint(node->kind, ==, REMOTE_LINK);
	g_assert_cmpmem(g_bytes_get_data(node->content, NULL), g_bytes_get_size(node->content),
			"../target", 9);
	g_assert_true(disk_info_equal(&file->info, &file->expected));
	g_assert_false(file->young);
	g_assert_cmpuint(upload_progress(world->upload), ==, 5);
}

static void test_sizes(void)
{
	const size_t sizes[] = { 1,
				 INLINE_SIZE_MAX,
				 INLINE_SIZE_MAX + 1,
				 CHUNK_SIZE_MAX,
				 3 * MIB,
				 8 * MIB + 1,
				 11 * MIB,
				 30 * MIB };
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		g_autoptr(Fixture) world = fixture_new();
		g_autoptr(GPtrArray) items = fixture_upload_items();
		g_autoptr(GBytes) bytes = device_write_noise(world->device, "file", sizes[i], i);
		UploadItem *item = fixture_upload_item(world, UPLOAD_CREATE, "file");
		fixture_upload_one(world, items, item);
		fixture_assert_stored(world, item, bytes);
		g_autoptr(GBytes) content =
			fake_drive_store(world->drive, g_bytes_get_data(bytes, NULL), sizes[i]);
		g_assert_true(g_bytes_equal(content, item->content));
	}
}

static void test_short_reads(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_upload_items();
	g_autoptr(GBytes) bytes = device_write_noise(world->device, "file", 5 * MIB, 1);
	disk_faulty_set_transfer_max(world->device->disk, 4099);
	UploadItem *item = fixture_upload_item(world, UPLOAD_CREATE, "file");
	fixture_upload_one(world, items, item);
	fixture_assert_stored(world, item, bytes);
}

static void test_only_the_difference(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_upload_items();
	for (size_t size = 6 * MIB; size <= 24 * MIB; size += 18 * MIB) {
		g_autoptr(GBytes) bytes = device_write_noise(world->device, "file", size, size);
		UploadItem *first = fixture_upload_item(world, UPLOAD_CREATE, "file");
		first->name[0] = (char)('0' + items->len);
		fixture_upload_one(world, items, first);
		fixture_assert_stored(world, first, bytes);
		/* A byte inserted: everything behind it moves. */
		g_autoptr(Bulk) more = bulk_new(0);
		const uint8_t *data = g_bytes_get_data(bytes, NULL);
		bulk_append(more, data, 3 * MIB);
		bulk_append(more, "!", 1);
		bulk_append(more, data + 3 * MIB, size - 3 * MIB);
		device_write(world->device, "file", more->data, more->len);
		g_autoptr(GBytes) changed = bulk_free_to_bytes(g_steal_pointer(&more));
		world->drive->chunks_received = 0;
		UploadItem *second = fixture_upload_update(world, first);
		fixture_upload_one(world, items, second);
		fixture_assert_stored(world, second, changed);
		g_assert_cmpint(world->drive->chunks_received, <=, 4);
	}
}

static void test_edit_takes_one_request(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_upload_items();
	g_autoptr(GBytes) bytes = device_write_noise(world->device, "file", 6 * MIB, 1);
	UploadItem *first = fixture_upload_item(world, UPLOAD_CREATE, "file");
	fixture_upload_one(world, items, first);
	g_autoptr(GBytes) patch = g_bytes_new_static("patched", 7);
	g_assert_true(disk_memory_user_edit(world->memory, "file", 100, patch, NULL));
	device_pass_time(world->device);
	world->drive->exchanges = 0;
	UploadItem *second = fixture_upload_update(world, first);
	fixture_upload_one(world, items, second);
	g_assert_cmpint(second->outcome, ==, UPLOAD_DONE);
	g_assert_cmpint(world->drive->exchanges, ==, 1);
}

static void test_same(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_upload_items();
	device_write_text(world->device, "file", "hello");
	UploadItem *first = fixture_upload_item(world, UPLOAD_CREATE, "file");
	fixture_upload_one(world, items, first);
	device_write_text(world->device, "file", "hello");
	g_assert_true(
		disk_memory_user_set_mtime(world->memory, "file", first->info.mtime_ns, NULL));
	world->drive->exchanges = 0;
	UploadItem *same = fixture_upload_update(world, first);
	fixture_upload_one(world, items, same);
	g_assert_cmpint(same->outcome, ==, UPLOAD_SAME);
	g_assert_true(g_bytes_equal(same->content, first->content));
	g_assert_true(disk_info_equal(&same->info, &same->expected));
	g_assert_cmpint(world->drive->exchanges, ==, 0);
}

static void test_attributes_alone(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_upload_items();
	g_autoptr(GBytes) bytes = device_write_noise(world->device, "file", 3 * MIB, 1);
	UploadItem *first = fixture_upload_item(world, UPLOAD_CREATE, "file");
	fixture_upload_one(world, items, first);
	g_assert_true(disk_memory_user_set_mtime(world->memory, "file", 77, NULL));
	world->drive->chunks_received = 0;
	UploadItem *second = fixture_upload_update(world, first);
	fixture_upload_one(world, items, second);
	fixture_assert_stored(world, second, bytes);
	g_assert_cmpint(fake_drive_node(world->drive, &second->node)->mtime_ns, ==, 77);
	g_assert_cmpint(world->drive->chunks_received, ==, 0);
}

static void test_hash(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_upload_items();
	g_autoptr(GBytes) large = device_write_noise(world->device, "large", 20 * MIB, 1);
	device_write_text(world->device, "small", "hello");
	g_ptr_array_add(items, fixture_upload_item(world, UPLOAD_CREATE, "small"));
	g_ptr_array_add(items, fixture_upload_item(world, UPLOAD_HASH, "large"));
	g_ptr_array_add(items, fixture_upload_item(world, UPLOAD_HASH, "small"));
	fixture_upload(world, items);
	g_assert_cmpint(world->drive->exchanges, ==, 1);
	g_assert_cmpint(world->drive->chunks_received, ==, 1);
	g_autoptr(GBytes) hello = g_bytes_new_static("hello", 5);
	fixture_assert_stored(world, g_ptr_array_index(items, 0), hello);
	const UploadItem *item = g_ptr_array_index(items, 1);
	g_assert_cmpint(item->outcome, ==, UPLOAD_DONE);
	g_autoptr(GBytes) content =
		fake_drive_store(world->drive, g_bytes_get_data(large, NULL), 20 * MIB);
	g_assert_true(g_bytes_equal(item->content, content));
}

static void test_moves_and_deletions(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_upload_items();
	device_write_text(world->device, "a", "hello");
	device_write_text(world->device, "b", "world");
	UploadItem *a = fixture_upload_item(world, UPLOAD_CREATE, "a");
	UploadItem *b = fixture_upload_item(world, UPLOAD_CREATE, "b");
	fixture_upload_one(world, items, a);
	fixture_upload_one(world, items, b);
	UploadItem *move = fixture_upload_plain(world, UPLOAD_MOVE, a);
	move->parent = world->drive->id;
	move->name = g_strdup("c");
	UploadItem *delete = fixture_upload_plain(world, UPLOAD_DELETE, b);
	world->drive->exchanges = 0;
	fixture_upload_one(world, items, move);
	fixture_upload_one(world, items, delete);
	g_assert_cmpint(move->outcome, ==, UPLOAD_DONE);
	g_assert_cmpint(delete->outcome, ==, UPLOAD_DONE);
	g_assert_cmpstr(fake_drive_node(world->drive, &a->node)->name, ==, "c");
	g_assert_null(fake_drive_node(world->drive, &b->node));
}

static void test_many_files_few_requests(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_upload_items();
	for (unsigned i = 0; i < 5000; i++) {
		g_autofree char *name = g_strdup_printf("%u", i);
		g_assert_true(
			disk_memory_user_write(world->memory, name, name, strlen(name), NULL));
		g_ptr_array_add(items, fixture_upload_item(world, UPLOAD_CREATE, name));
	}
	device_pass_time(world->device);
	/* Names are not checked against each other: that would take the fake drive too long. */
	fixture_upload(world, items);
	g_assert_cmpint(world->drive->exchanges, ==, 2);
	for (unsigned i = 0; i < items->len; i++) {
		const UploadItem *item = g_ptr_array_index(items, i);
		g_autoptr(GBytes) bytes = g_bytes_new(item->path, strlen(item->path));
		fixture_assert_stored(world, item, bytes);
	}
}

static void test_equal_files_are_sent_once(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_upload_items();
	for (unsigned i = 0; i < 10; i++) {
		g_autofree char *name = g_strdup_printf("%u", i);
		device_write_text(world->device, name, "the same");
		g_ptr_array_add(items, fixture_upload_item(world, UPLOAD_CREATE, name));
	}
	fixture_upload(world, items);
	g_assert_cmpint(world->drive->chunks_received, ==, 1);
}

static void test_long_file_is_sent_side_by_side(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_upload_items();
	g_autoptr(GBytes) bytes = device_write_noise(world->device, "file", 40 * MIB, 1);
	UploadItem *item = fixture_upload_item(world, UPLOAD_CREATE, "file");
	world->drive->meet = SENDERS_MAX;
	fixture_upload_one(world, items, item);
	g_assert_cmpint(world->drive->moving_max, ==, SENDERS_MAX);
	fixture_assert_stored(world, item, bytes);
}

static void test_groups_stay_whole(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_upload_items();
	for (unsigned i = 0; i < 4100; i++) {
		UploadItem *item = upload_item_new(UPLOAD_MOVE);
		item->number = ++world->number;
		item->node = node_id_random();
		item->parent = world->drive->id;
		item->name = g_strdup("x");
		item->group = i < 4000 ? 0 : 7;
		g_ptr_array_add(items, item);
	}
	fixture_upload(world, items);
	g_assert_cmpint(world->drive->commits, ==, 2);
	for (unsigned i = 0; i < items->len; i++) {
		const UploadItem *item = g_ptr_array_index(items, i);
		g_assert_cmpint(item->outcome, ==, UPLOAD_REFUSED);
		g_assert_cmpint(item->refusal, ==, REMOTE_NOT_FOUND);
	}
	for (unsigned i = 0; i < items->len; i++) {
		UploadItem *item = g_ptr_array_index(items, i);
		item->outcome = UPLOAD_PENDING;
		item->group = 3;
	}
	fixture_upload(world, items);
	const UploadItem *item = g_ptr_array_index(items, 0);
	g_assert_cmpint(item->outcome, ==, UPLOAD_FAILED);
	g_assert_error(item->error, DRIVE_ERROR, DRIVE_ERROR_TOO_LARGE);
}

/* ---- what happens meanwhile --------------------------------------------------------------- */

static void touch_file(Device *device)
{
	g_assert_true(disk_memory_user_append(device->memory, "file", "more", 4, NULL));
	device_pass_time(device);
}

static void shrink_file(Device *device)
{
	device_write_text(device, "file", "short");
}

/* The same size and time of modification; only its change time tells. */
static void forge_file(Device *device)
{
	DiskInfo before;
	g_assert_true(disk_look(device->disk, "file", &before, NULL));
	g_autoptr(GBytes) patch = g_bytes_new_static("forged", 6);
	g_assert_true(disk_memory_user_edit(device->memory, "file", 5, patch, NULL));
	g_assert_true(disk_memory_user_set_mtime(device->memory, "file", before.mtime_ns, NULL));
}

static void replace_file(Device *device)
{
	device_write_text(device, "other", "other");
	g_assert_true(disk_memory_user_rename(device->memory, "other", "file", NULL));
}

static void remove_file(Device *device)
{
	g_assert_true(disk_memory_user_remove(device->memory, "file", NULL));
}

static void test_changed_while_read(void)
{
	void (*const acts[])(Device *) = { touch_file, shrink_file, forge_file, replace_file,
					   remove_file };
	const DiskCall calls[] = { DISK_CALL_OPEN, DISK_CALL_FILE_READ, DISK_CALL_FILE_LOOK };
	const size_t sizes[] = { 1000, 9 * MIB };
	for (size_t i = 0; i < G_N_ELEMENTS(acts) * G_N_ELEMENTS(calls) * 2; i++) {
		g_autoptr(Fixture) world = fixture_new();
		g_autoptr(GPtrArray) items = fixture_upload_items();
		g_autoptr(GBytes) bytes =
			device_write_noise(world->device, "file", sizes[i % 2], 1);
		device_write_text(world->device, "good", "good");
		g_ptr_array_add(items, fixture_upload_item(world, UPLOAD_CREATE, "file"));
		g_ptr_array_add(items, fixture_upload_item(world, UPLOAD_CREATE, "good"));
		world->device->act = acts[i / 2 % G_N_ELEMENTS(acts)];
		world->device->call = calls[i / 2 / G_N_ELEMENTS(acts)];
		world->device->countdown = 1;
		fixture_upload(world, items);
		g_assert_cmpint(world->device->countdown, ==, 0);
		const UploadItem *file = g_ptr_array_index(items, 0);
		g_assert_cmpint(file->outcome, ==, UPLOAD_CHANGED);
		g_assert_null(fake_drive_node(world->drive, &file->node));
		const UploadItem *good = g_ptr_array_index(items, 1);
		g_autoptr(GBytes) content = g_bytes_new_static("good", 4);
		fixture_assert_stored(world, good, content);
	}
}

#define CUT_OFF_SIZE (250 * KIB)

static void cut_file_off(Device *device)
{
	g_autofree uint8_t *zeros = g_malloc0(CUT_OFF_SIZE);
	device_write(device, "file", zeros, CUT_OFF_SIZE);
}

/* Other devices cut the same bytes the same way, whatever was looked through before. */
static void test_cut_as_anywhere(void)
{
	const size_t size = CUT_OFF_SIZE + 50 * KIB;
	g_autoptr(GBytes) good = device_noise(size, 1);
	for (uint64_t seed = 2;
	     cutter_next(&cutter_default, g_bytes_get_data(good, NULL), size) >= CUT_OFF_SIZE;
	     seed++) {
		g_bytes_unref(good);
		good = device_noise(size, seed);
	}
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_upload_items();
	g_autofree uint8_t *zeros = g_malloc0(size);
	device_write(world->device, "file", zeros, size);
	device_write(world->device, "good", g_bytes_get_data(good, NULL), size);
	g_ptr_array_add(items, fixture_upload_item(world, UPLOAD_CREATE, "file"));
	g_ptr_array_add(items, fixture_upload_item(world, UPLOAD_CREATE, "good"));
	world->device->act = cut_file_off;
	world->device->call = DISK_CALL_FILE_READ;
	world->device->countdown = 1;
	fixture_upload(world, items);
	const UploadItem *file = g_ptr_array_index(items, 0);
	g_assert_cmpint(file->outcome, ==, UPLOAD_CHANGED);
	const UploadItem *item = g_ptr_array_index(items, 1);
	fixture_assert_stored(world, item, good);
	g_autoptr(GBytes) content =
		fake_drive_store(world->drive, g_bytes_get_data(good, NULL), size);
	g_assert_true(g_bytes_equal(item->content, content));
}

static void test_not_what_was_observed(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_upload_items();
	device_write_text(world->device, "file", "hello");
	device_write_text(world->device, "gone", "hello");
	g_assert_true(disk_memory_user_make_folder(world->memory, "folder", NULL));
	g_assert_true(disk_memory_user_make_link(world->memory, "link", "a", NULL));
	const char *const paths[] = { "file", "gone", "folder", "link" };
	for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
		g_ptr_array_add(items, fixture_upload_item(world, UPLOAD_CREATE, paths[i]));
	}
	device_pass_time(world->device);
	device_write_text(world->device, "file", "world");
	g_assert_true(disk_memory_user_remove(world->memory, "gone", NULL));
	g_assert_true(disk_memory_user_remove(world->memory, "folder", NULL));
	device_write_text(world->device, "folder", "a file now");
	g_assert_true(disk_memory_user_remove(world->memory, "link", NULL));
	g_assert_true(disk_memory_user_make_link(world->memory, "link", "b", NULL));
	fixture_upload(world, items);
	for (unsigned i = 0; i < items->len; i++) {
		const UploadItem *item = g_ptr_array_index(items, i);
		g_assert_cmpint(item->outcome, ==, UPLOAD_CHANGED);
	}
	g_assert_cmpint(world->drive->commits, ==, 0);
}

static void test_folder_that_was_filled(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_upload_items();
	g_assert_true(disk_memory_user_make_folder(world->memory, "folder", NULL));
	UploadItem *item = fixture_upload_item(world, UPLOAD_CREATE, "folder");
	device_pass_time(world->device);
	device_write_text(world->device, "folder/file", "hello");
	fixture_upload_one(world, items, item);
	g_assert_cmpint(item->outcome, ==, UPLOAD_DONE);
}

static void test_young(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_upload_items();
	g_assert_true(disk_memory_user_write(world->memory, "file", "hello", 5, NULL));
	UploadItem *item = fixture_upload_item(world, UPLOAD_CREATE, "file");
	fixture_upload_one(world, items, item);
	g_assert_cmpint(item->outcome, ==, UPLOAD_DONE);
	g_assert_true(item->young);
}

static void test_unreadable(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_upload_items();
	device_write_text(world->device, "secret", "hello");
	device_write_text(world->device, "file", "hello");
	disk_memory_user_set_mode(world->memory, "secret", 0, NULL);
	g_ptr_array_add(items, fixture_upload_item(world, UPLOAD_CREATE, "secret"));
	g_ptr_array_add(items, fixture_upload_item(world, UPLOAD_CREATE, "file"));
	fixture_upload(world, items);
	const UploadItem *secret = g_ptr_array_index(items, 0);
	g_assert_cmpint(secret->outcome, ==, UPLOAD_FAILED);
	g_assert_error(secret->error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN);
	const UploadItem *file = g_ptr_array_index(items, 1);
	g_assert_cmpint(file->outcome, ==, UPLOAD_DONE);
}

static void test_unmounted(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_upload_items();
	device_write_text(world->device, "a", "hello");
	device_write_text(world->device, "b", "hello");
	g_ptr_array_add(items, fixture_upload_item(world, UPLOAD_CREATE, "a"));
	g_ptr_array_add(items, fixture_upload_item(world, UPLOAD_CREATE, "b"));
	world->device->call = DISK_CALL_OPEN;
	world->device->countdown = 2;
	g_autoptr(GError) error = NULL;
	/* An error of the disk, and when looked for it is not there. */
	disk_memory_mount(world->memory, false);
	upload_run(world->upload, items, NULL, &error);
	disk_memory_mount(world->memory, true);
	for (unsigned i = 0; i < items->len; i++) {
		const UploadItem *item = g_ptr_array_index(items, i);
		g_assert_cmpint(item->outcome, !=, UPLOAD_DONE);
		g_assert_cmpint(item->outcome, !=, UPLOAD_FAILED);
	}
	g_assert_cmpint(world->drive->exchanges, ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, function) g_test_add_func("/client/transfer/upload/" name, function)
	ADD("kinds", test_kinds);
	ADD("sizes", test_sizes);
	ADD("short-reads", test_short_reads);
	ADD("only-the-difference", test_only_the_difference);
	ADD("edit-takes-one-request", test_edit_takes_one_request);
	ADD("same", test_same);
	ADD("attributes-alone", test_attributes_alone);
	ADD("hash", test_hash);
	ADD("moves-and-deletions", test_moves_and_deletions);
	ADD("many-files-few-requests", test_many_files_few_requests);
	ADD("equal-files-are-sent-once", test_equal_files_are_sent_once);
	ADD("long-file-is-sent-side-by-side", test_long_file_is_sent_side_by_side);
	ADD("groups-stay-whole", test_groups_stay_whole);
	ADD("changed-while-read", test_changed_while_read);
	ADD("cut-as-anywhere", test_cut_as_anywhere);
	ADD("not-what-was-observed", test_not_what_was_observed);
	ADD("folder-that-was-filled", test_folder_that_was_filled);
	ADD("young", test_young);
	ADD("unreadable", test_unreadable);
	ADD("unmounted", test_unmounted);
	return g_test_run();
}
