/* SPDX-License-Identifier: Apache-2.0 */
#include "client/transfer/apply.h"

#include "base/error.h"
#include "base/limits.h"
#include "client/transfer/fixture.h"

#include <string.h>

/* What came beside a page of changes. */
static void cache_bytes(Fixture *world, GBytes *bytes, bool corrupt)
{
	g_autoptr(RemotePage) page = remote_page_new();
	size_t size = 0;
	const uint8_t *data = g_bytes_get_data(bytes, &size);
	EncodedChunk chunk = { chunk_id_of(data, size), CODEC_RAW, (uint32_t)size, (uint32_t)size,
			       NULL };
	uint8_t *copy = g_memdup2(data, size);
	copy[0] ^= corrupt;
	page->body = g_bytes_new_take(copy, size);
	chunk.bytes = copy;
	g_array_append_val(page->chunks, chunk);
	cache_add(world->cache, page);
}

/* ---- what is done ------------------------------------------------------------------------- */

static void test_kinds(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_apply_items();
	g_ptr_array_add(items, fixture_apply_folder("folder"));
	g_ptr_array_add(items, fixture_apply_text(world, APPLY_CREATE, "folder/file", "hello"));
	g_ptr_array_add(items, fixture_apply_text(world, APPLY_CREATE, "folder/empty", ""));
	g_ptr_array_add(items, fixture_apply_link("folder/link", "../target"));
	fixture_apply(world, items);
	for (unsigned i = 0; i < items->len; i++) {
		fixture_assert_applied(world, g_ptr_array_index(items, i));
	}
	fixture_assert_text(world, "folder/file", "hello");
	fixture_assert_text(world, "folder/empty", "");
	fixture_assert_text(world, "folder/link", "../target");
	g_assert_cmpint(world->drive->exchanges, ==, 1);
	g_assert_cmpuint(apply_progress(world->apply), ==, 5);
	g_assert_cmpint(device_look(world->device, "folder/link").mtime_ns, ==, FIXTURE_MTIME_NS);
	fixture_assert_stage_empty(world);
}

static void test_sizes(void)
{
	const size_t sizes[] = {
		1, CHUNK_SIZE_MIN, CHUNK_SIZE_MAX + 1, 5 * MIB, 17 * MIB, 30 * MIB
	};
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		g_autoptr(Fixture) world = fixture_new();
		g_autoptr(GPtrArray) items = fixture_apply_items();
		g_autoptr(GBytes) bytes = device_noise(sizes[i], i);
		ApplyItem *item = fixture_apply_file(world, APPLY_CREATE, "file", bytes);
		fixture_apply_one(world, items, item);
		fixture_assert_applied(world, item);
		fixture_assert_bytes(world, "file", bytes);
		fixture_assert_stage_empty(world);
	}
}

static void test_update(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_apply_items();
	device_write_text(world->device, "file", "hello");
	ApplyItem *item = fixture_apply_text(world, APPLY_UPDATE, "file", "world!");
	fixture_apply_one(world, items, item);
	fixture_assert_applied(world, item);
	fixture_assert_text(world, "file", "world!");
}

static void test_attributes_alone(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_apply_items();
	device_write_text(world->device, "file", "hello");
	ApplyItem *item = fixture_apply_text(world, APPLY_UPDATE, "file", "hello");
	item->base_content = g_bytes_ref(item->content);
	uint64_t inode = item->expected.stamp.inode;
	fixture_apply_one(world, items, item);
	fixture_assert_applied(world, item);
	g_assert_cmpuint(item->info.stamp.inode, ==, inode);
	g_assert_cmpint(world->drive->exchanges, ==, 0);
}

static void test_link_update(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_apply_items();
	g_assert_true(disk_memory_user_make_link(world->memory, "link", "old", NULL));
	ApplyItem *item = fixture_apply_plain(world, APPLY_UPDATE, "link");
	item->content = g_bytes_new_static("new", 3);
	item->mtime_ns = FIXTURE_MTIME_NS;
	fixture_apply_one(world, items, item);
	fixture_assert_applied(world, item);
	fixture_assert_text(world, "link", "new");
}

static void test_moves(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_apply_items();
	device_write_text(world->device, "a", "hello");
	g_assert_true(disk_memory_user_make_folder(world->memory, "folder", NULL));
	device_write_text(world->device, "folder/b", "world");
	g_ptr_array_add(items, fixture_apply_move(world, "folder", "moved"));
	g_ptr_array_add(items, fixture_apply_move(world, "a", "moved/a"));
	fixture_apply(world, items);
	fixture_assert_applied(world, g_ptr_array_index(items, 0));
	fixture_assert_applied(world, g_ptr_array_index(items, 1));
	fixture_assert_text(world, "moved/a", "hello");
	fixture_assert_text(world, "moved/b", "world");
}

static void add_inside(Fixture *world, ApplyItem *item, const char *path)
{
	ApplyInside inside = { g_strdup(path), device_look(world->device, path) };
	g_array_append_val(item->inside, inside);
}

/* A folder with a folder and files in it. */
static ApplyItem *delete_of_folder(Fixture *world)
{
	g_assert_true(disk_memory_user_make_folder(world->memory, "folder", NULL));
	g_assert_true(disk_memory_user_make_folder(world->memory, "folder/inner", NULL));
	device_write_text(world->device, "folder/inner/file", "hello");
	device_write_text(world->device, "folder/file", "hello");
	ApplyItem *item = fixture_apply_plain(world, APPLY_DELETE, "folder");
	add_inside(world, item, "folder/inner/file");
	add_inside(world, item, "folder/inner");
	add_inside(world, item, "folder/file");
	return item;
}

static void test_deletions(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_apply_items();
	g_ptr_array_add(items, delete_of_folder(world));
	device_write_text(world->device, "file", "hello");
	g_ptr_array_add(items, fixture_apply_plain(world, APPLY_DELETE, "file"));
	g_assert_true(disk_memory_user_remove(world->memory, "folder/inner/file", NULL));
	fixture_apply(world, items);
	for (unsigned i = 0; i < items->len; i++) {
		fixture_assert_applied(world, g_ptr_array_index(items, i));
	}
	g_assert_false(fixture_exists(world, "folder"));
	g_assert_false(fixture_exists(world, "file"));
}

/* What is not where it was may have been moved, by itself or with its folder. */
static void test_moved_is_not_deleted(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_apply_items();
	device_write_text(world->device, "file", "hello");
	ApplyItem *item = fixture_apply_plain(world, APPLY_DELETE, "file");
	g_ptr_array_add(items, item);
	g_assert_true(disk_memory_user_rename(world->memory, "file", "elsewhere", NULL));
	fixture_apply(world, items);
	g_assert_cmpint(item->outcome, ==, APPLY_CHANGED);
	g_assert_true(fixture_exists(world, "elsewhere"));
}

/* ---- where the bytes come from ------------------------------------------------------------- */

static void test_from_cache(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_apply_items();
	g_autoptr(GBytes) bytes = device_noise(10 * KIB, 1);
	cache_bytes(world, bytes, false);
	ApplyItem *item = fixture_apply_file(world, APPLY_CREATE, "file", bytes);
	fixture_apply_one(world, items, item);
	fixture_assert_applied(world, item);
	fixture_assert_bytes(world, "file", bytes);
	g_assert_cmpint(world->drive->exchanges, ==, 0);
}

static void test_from_corrupt_cache(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_apply_items();
	g_autoptr(GBytes) bytes = device_noise(10 * KIB, 1);
	cache_bytes(world, bytes, true);
	ApplyItem *item = fixture_apply_file(world, APPLY_CREATE, "file", bytes);
	fixture_apply_one(world, items, item);
	fixture_assert_applied(world, item);
	fixture_assert_bytes(world, "file", bytes);
	g_assert_cmpint(world->drive->chunks_fetched, ==, 1);
}

/* A byte inserted in the middle of a file that is here. */
static GBytes *inserted(GBytes *bytes)
{
	size_t size = 0;
	const uint8_t *data = g_bytes_get_data(bytes, &size);
	Bulk *more = bulk_new(0);
	bulk_append(more, data, size / 2);
	bulk_append(more, "!", 1);
	bulk_append(more, data + size / 2, size - size / 2);
	return bulk_free_to_bytes(more);
}

static void test_from_base(void)
{
	for (size_t size = 6 * MIB; size <= 24 * MIB; size += 18 * MIB) {
		g_autoptr(Fixture) world = fixture_new();
		g_autoptr(GPtrArray) items = fixture_apply_items();
		g_autoptr(GBytes) bytes = device_write_noise(world->device, "file", size, 1);
		g_autoptr(GBytes) changed = inserted(bytes);
		ApplyItem *item = fixture_apply_file(world, APPLY_UPDATE, "file", changed);
		item->base_content =
			fake_drive_store(world->drive, g_bytes_get_data(bytes, NULL), size);
		fixture_apply_one(world, items, item);
		fixture_assert_applied(world, item);
		fixture_assert_bytes(world, "file", changed);
		/* Some data chunks and, of the long one, lists. */
		g_assert_cmpint(world->drive->chunks_fetched, <=, 6);
	}
}

/* The base says to have what it has not: what its bytes are decides. */
static void test_from_wrong_base(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_apply_items();
	g_autoptr(GBytes) other = device_write_noise(world->device, "file", 6 * MIB, 9);
	g_autoptr(GBytes) bytes = device_noise(6 * MIB, 1);
	g_autoptr(GBytes) changed = inserted(bytes);
	ApplyItem *item = fixture_apply_file(world, APPLY_UPDATE, "file", changed);
	item->base_content = fake_drive_store(world->drive, g_bytes_get_data(bytes, NULL), 6 * MIB);
	fixture_apply_one(world, items, item);
	fixture_assert_applied(world, item);
	fixture_assert_bytes(world, "file", changed);
}

static void test_small_answers(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_apply_items();
	world->drive->fetch_max = 1;
	g_autoptr(GBytes) bytes = device_noise(20 * MIB, 1);
	ApplyItem *item = fixture_apply_file(world, APPLY_CREATE, "file", bytes);
	fixture_apply_one(world, items, item);
	fixture_assert_applied(world, item);
	fixture_assert_bytes(world, "file", bytes);
}

static void test_two_are_fetched_at_a_time(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_apply_items();
	/* Three loads, and no list of their chunks, which would be fetched alone. */
	g_autoptr(GBytes) bytes = device_noise(12 * MIB, 1);
	ApplyItem *item = fixture_apply_file(world, APPLY_CREATE, "file", bytes);
	world->drive->meet = 2;
	fixture_apply_one(world, items, item);
	g_assert_cmpint(world->drive->moving_max, ==, 2);
	fixture_assert_bytes(world, "file", bytes);
}

static void test_equal_chunks_are_fetched_once(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_apply_items();
	g_autoptr(GBytes) zeros = g_bytes_new_take(g_malloc0(4 * MIB), 4 * MIB);
	g_ptr_array_add(items, fixture_apply_text(world, APPLY_CREATE, "a", "the same"));
	g_ptr_array_add(items, fixture_apply_text(world, APPLY_CREATE, "b", "the same"));
	g_ptr_array_add(items, fixture_apply_file(world, APPLY_CREATE, "zeros", zeros));
	fixture_apply(world, items);
	for (unsigned i = 0; i < items->len; i++) {
		fixture_assert_applied(world, g_ptr_array_index(items, i));
	}
	fixture_assert_bytes(world, "zeros", zeros);
	g_assert_cmpint(world->drive->chunks_fetched, ==, 2);
}

static void test_goes_on_after_loss(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_apply_items();
	g_autoptr(GBytes) bytes = device_noise(80 * MIB, 1);
	ApplyItem *item = fixture_apply_file(world, APPLY_CREATE, "file", bytes);
	g_ptr_array_add(items, item);
	world->drive->fail_before = 19;
	g_autoptr(GError) error = NULL;
	g_assert_false(apply_run(world->apply, items, NULL, &world->synced, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_OFFLINE);
	g_assert_cmpint(item->outcome, ==, APPLY_PENDING);
	int before = world->drive->chunks_fetched;
	world->drive->chunks_fetched = 0;
	fixture_apply(world, items);
	fixture_assert_applied(world, item);
	fixture_assert_bytes(world, "file", bytes);
	/* All that was written is not fetched again; what was under way may be: a load at each step
	 * and between two, 8 of the 18 that came. */
	g_assert_cmpint(before, >, 40);
	int all = (int)g_hash_table_size(world->drive->chunks);
	g_assert_cmpint(world->drive->chunks_fetched, <, all - before / 2);
	fixture_assert_stage_empty(world);
}

/* ---- durability ---------------------------------------------------------------------------- */

static void test_few_small_files_are_synced_alone(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_apply_items();
	for (int i = 0; i < 8; i++) {
		g_autofree char *name = g_strdup_printf("%d", i);
		g_ptr_array_add(items, fixture_apply_text(world, APPLY_CREATE, name, name));
	}
	fixture_apply(world, items);
	g_assert_cmpint(world->device->calls[DISK_CALL_SYNC], ==, 0);
	g_assert_cmpint(world->device->calls[DISK_CALL_FILE_SYNC], ==, 8);
	g_assert_false(world->synced);
}

static void test_more_are_synced_together(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_apply_items();
	for (int i = 0; i < 9; i++) {
		g_autofree char *name = g_strdup_printf("%d", i);
		g_ptr_array_add(items, fixture_apply_text(world, APPLY_CREATE, name, name));
	}
	fixture_apply(world, items);
	g_assert_cmpint(world->device->calls[DISK_CALL_SYNC], ==, 1);
	g_assert_cmpint(world->device->calls[DISK_CALL_FILE_SYNC], ==, 0);
	g_assert_true(world->synced);
}

static void test_names_alone_need_no_sync(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_apply_items();
	device_write_text(world->device, "a", "hello");
	g_ptr_array_add(items, fixture_apply_move(world, "a", "b"));
	g_ptr_array_add(items, fixture_apply_folder("folder"));
	fixture_apply(world, items);
	g_assert_cmpint(world->device->calls[DISK_CALL_SYNC], ==, 0);
	g_assert_false(world->synced);
}

/* Whatever is lost with the power: a name that is there has its content. */
static void test_power_loss(void)
{
	for (int n = 1; n <= 60; n++) {
		g_autoptr(Fixture) world = fixture_new();
		g_autoptr(GPtrArray) items = fixture_apply_items();
		unsigned files = n % 2 ? 4 : 12;
		device_write_text(world->device, "0", "the old content");
		g_assert_true(disk_sync(world->device->disk, NULL));
		for (unsigned i = 0; i < files; i++) {
			g_autofree char *name = g_strdup_printf("%u", i);
			g_autofree char *text = g_strdup_printf("the new content of %u", i);
			g_ptr_array_add(items,
					fixture_apply_text(world, i ? APPLY_CREATE : APPLY_UPDATE,
							   name, text));
		}
		world->device->any = true;
		world->device->countdown = n;
		g_autoptr(GError) error = NULL;
		apply_run(world->apply, items, NULL, &world->synced, &error);
		apply_free(g_steal_pointer(&world->apply));
		disk_memory_crash(world->memory, (uint32_t)n);
		for (unsigned i = 0; i < files; i++) {
			g_autofree char *name = g_strdup_printf("%u", i);
			g_autofree char *text = g_strdup_printf("the new content of %u", i);
			g_autoptr(GBytes) bytes = disk_memory_read(world->memory, name);
			if (!bytes) {
				g_assert_cmpuint(i, >, 0);
				continue;
			}
			const char *data = g_bytes_get_data(bytes, NULL);
			size_t size = g_bytes_get_size(bytes);
			bool new = size == strlen(text) && memcmp(data, text, size) == 0;
			bool old = i == 0 && size == 15 && memcmp(data, "the old content", 15) == 0;
			g_assert_true(new || old);
		}
	}
}

/* ---- what is in the way -------------------------------------------------------------------- */

static void test_changed(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_apply_items();
	device_write_text(world->device, "updated", "old");
	device_write_text(world->device, "touched", "old");
	device_write_text(world->device, "deleted", "old");
	device_write_text(world->device, "moved", "old");
	g_ptr_array_add(items, fixture_apply_text(world, APPLY_UPDATE, "updated", "new"));
	ApplyItem *touched = fixture_apply_text(world, APPLY_UPDATE, "touched", "old");
	touched->base_content = g_bytes_ref(touched->content);
	g_ptr_array_add(items, touched);
	g_ptr_array_add(items, fixture_apply_plain(world, APPLY_DELETE, "deleted"));
	g_ptr_array_add(items, fixture_apply_text(world, APPLY_CREATE, "created", "new"));
	g_ptr_array_add(items, fixture_apply_folder("folder"));
	g_ptr_array_add(items, fixture_apply_link("link", "new"));
	g_ptr_array_add(items, fixture_apply_move(world, "moved", "target"));
	g_ptr_array_add(items, fixture_apply_text(world, APPLY_CREATE, "nowhere/file", "new"));
	ApplyItem *good = fixture_apply_text(world, APPLY_CREATE, "good", "good");
	g_ptr_array_add(items, good);
	const char *const mine[] = { "updated", "touched", "deleted", "created",
				     "folder",  "link",    "target" };
	for (size_t i = 0; i < G_N_ELEMENTS(mine); i++) {
		device_write_text(world->device, mine[i], "mine");
	}
	fixture_apply(world, items);
	for (unsigned i = 0; i < items->len - 1; i++) {
		const ApplyItem *item = g_ptr_array_index(items, i);
		g_assert_cmpint(item->outcome, ==, APPLY_CHANGED);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(mine); i++) {
		fixture_assert_text(world, mine[i], "mine");
	}
	fixture_assert_text(world, "moved", "old");
	fixture_assert_applied(world, good);
	fixture_assert_stage_empty(world);
}

static void test_deleted_folder_with_news(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_apply_items();
	ApplyItem *item = delete_of_folder(world);
	device_write_text(world->device, "folder/inner/new", "mine");
	fixture_apply_one(world, items, item);
	g_assert_cmpint(item->outcome, ==, APPLY_HOLLOW);
	fixture_assert_text(world, "folder/inner/new", "mine");
	g_assert_false(fixture_exists(world, "folder/file"));
	g_autoptr(Fixture) second = fixture_new();
	ApplyItem *edited = delete_of_folder(second);
	device_write_text(second->device, "folder/file", "mine");
	fixture_apply_one(second, items, edited);
	g_assert_cmpint(edited->outcome, ==, APPLY_CHANGED);
	fixture_assert_text(second, "folder/file", "mine");
}

static void edit_file(Device *device)
{
	device_write_text(device, "file", "mine");
}

/* The file changes between any two calls: what a person wrote is there afterwards, or kept. */
static void test_changed_meanwhile(void)
{
	for (int n = 1; n < 40; n++) {
		g_autoptr(Fixture) world = fixture_new();
		g_autoptr(GPtrArray) items = fixture_apply_items();
		device_write_text(world->device, "file", "old");
		ApplyItem *item = fixture_apply_text(world, APPLY_UPDATE, "file", "new");
		world->device->any = true;
		world->device->act = edit_file;
		world->device->countdown = n;
		fixture_apply_one(world, items, item);
		if (world->device->countdown > 0) {
			fixture_assert_text(world, "file", "new");
			return;
		}
		if (item->outcome == APPLY_CHANGED) {
			fixture_assert_text(world, "file", "mine");
		} else {
			g_assert_cmpint(item->outcome, ==, APPLY_DONE);
		}
	}
	g_assert_not_reached();
}

static void test_wrong_bytes(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_apply_items();
	g_autoptr(GBytes) bytes = device_noise(6 * MIB, 1);
	g_autoptr(GBytes) large = device_noise(20 * MIB, 2);
	device_write_text(world->device, "updated", "old");
	world->drive->corrupt = true;
	g_ptr_array_add(items, fixture_apply_file(world, APPLY_CREATE, "file", bytes));
	g_ptr_array_add(items, fixture_apply_file(world, APPLY_CREATE, "large", large));
	g_ptr_array_add(items, fixture_apply_text(world, APPLY_UPDATE, "updated", "new"));
	ApplyItem *folder = fixture_apply_folder("folder");
	g_ptr_array_add(items, folder);
	fixture_apply(world, items);
	for (unsigned i = 0; i < 3; i++) {
		const ApplyItem *item = g_ptr_array_index(items, i);
		g_assert_cmpint(item->outcome, ==, APPLY_FAILED);
		g_assert_error(item->error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT);
	}
	g_assert_false(fixture_exists(world, "file"));
	g_assert_false(fixture_exists(world, "large"));
	fixture_assert_text(world, "updated", "old");
	fixture_assert_applied(world, folder);
	fixture_assert_stage_empty(world);
}

static void test_missing_bytes(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_apply_items();
	g_autoptr(GBytes) large = device_noise(20 * MIB, 2);
	ApplyItem *lost = fixture_apply_text(world, APPLY_CREATE, "lost", "lost");
	ApplyItem *lost_list = fixture_apply_file(world, APPLY_CREATE, "large", large);
	g_hash_table_remove_all(world->drive->chunks);
	ApplyItem *good = fixture_apply_text(world, APPLY_CREATE, "good", "good");
	g_ptr_array_add(items, lost);
	g_ptr_array_add(items, lost_list);
	g_ptr_array_add(items, good);
	fixture_apply(world, items);
	g_assert_cmpint(lost->outcome, ==, APPLY_FAILED);
	g_assert_error(lost->error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
	g_assert_cmpint(lost_list->outcome, ==, APPLY_FAILED);
	g_assert_error(lost_list->error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
	fixture_assert_applied(world, good);
}

static void test_wrong_size(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_apply_items();
	g_autoptr(GBytes) large = device_noise(20 * MIB, 2);
	for (int i = 0; i < 4; i++) {
		ApplyItem *item = i < 2 ? fixture_apply_text(world, APPLY_CREATE, "small", "hello")
					: fixture_apply_file(world, APPLY_CREATE, "large", large);
		item->size += i % 2 ? 1 : -1;
		fixture_apply_one(world, items, item);
		g_assert_cmpint(item->outcome, ==, APPLY_FAILED);
		g_assert_error(item->error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT);
	}
	g_assert_false(fixture_exists(world, "small"));
	g_assert_false(fixture_exists(world, "large"));
}

static void test_full_disk(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_apply_items();
	g_ptr_array_add(items, fixture_apply_text(world, APPLY_CREATE, "file", "hello"));
	world->device->call = DISK_CALL_FILE_WRITE;
	world->device->countdown = 1;
	world->device->fail_code = DRIVE_ERROR_NO_SPACE;
	g_autoptr(GError) error = NULL;
	g_assert_false(apply_run(world->apply, items, NULL, &world->synced, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NO_SPACE);
	g_assert_false(fixture_exists(world, "file"));
	fixture_apply(world, items);
	fixture_assert_applied(world, g_ptr_array_index(items, 0));
}

/* Nothing of it is fetched. */
static void test_no_room_for_a_long_file(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_apply_items();
	ApplyItem *item = fixture_apply_text(world, APPLY_CREATE, "file", "hello");
	uint64_t size = item->size;
	g_ptr_array_add(items, item);
	item->size = 100 * MIB;
	world->room = 99 * MIB;
	g_autoptr(GError) error = NULL;
	g_assert_false(apply_run(world->apply, items, NULL, &world->synced, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NO_SPACE);
	g_assert_nonnull(strstr(error->message, "'file' needs 104.9"));
	g_assert_cmpint(item->outcome, ==, APPLY_PENDING);
	g_assert_cmpint(world->drive->fetches, ==, 0);
	item->size = size;
	world->room = 0;
	fixture_apply(world, items);
	fixture_assert_applied(world, item);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, function) g_test_add_func("/client/transfer/apply/" name, function)
	ADD("kinds", test_kinds);
	ADD("sizes", test_sizes);
	ADD("update", test_update);
	ADD("attributes-alone", test_attributes_alone);
	ADD("link-update", test_link_update);
	ADD("moves", test_moves);
	ADD("deletions", test_deletions);
	ADD("moved-is-not-deleted", test_moved_is_not_deleted);
	ADD("from-cache", test_from_cache);
	ADD("from-corrupt-cache", test_from_corrupt_cache);
	ADD("from-base", test_from_base);
	ADD("from-wrong-base", test_from_wrong_base);
	ADD("small-answers", test_small_answers);
	ADD("two-are-fetched-at-a-time", test_two_are_fetched_at_a_time);
	ADD("equal-chunks-are-fetched-once", test_equal_chunks_are_fetched_once);
	ADD("goes-on-after-loss", test_goes_on_after_loss);
	ADD("few-small-files-are-synced-alone", test_few_small_files_are_synced_alone);
	ADD("more-are-synced-together", test_more_are_synced_together);
	ADD("names-alone-need-no-sync", test_names_alone_need_no_sync);
	ADD("power-loss", test_power_loss);
	ADD("changed", test_changed);
	ADD("deleted-folder-with-news", test_deleted_folder_with_news);
	ADD("changed-meanwhile", test_changed_meanwhile);
	ADD("wrong-bytes", test_wrong_bytes);
	ADD("missing-bytes", test_missing_bytes);
	ADD("wrong-size", test_wrong_size);
	ADD("full-disk", test_full_disk);
	ADD("no-room-for-a-long-file", test_no_room_for_a_long_file);
	return g_test_run();
}
