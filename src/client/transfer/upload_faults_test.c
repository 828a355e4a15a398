/* SPDX-License-Identifier: Apache-2.0 */
#include "client/transfer/upload.h"

#include "base/error.h"
#include "base/limits.h"
#include "client/transfer/fixture.h"

/* ---- what the server says ----------------------------------------------------------------- */

static void test_refusals(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_upload_items();
	device_write_text(world->device, "file", "hello");
	UploadItem *first = fixture_upload_item(world, UPLOAD_CREATE, "file");
	fixture_upload_one(world, items, first);
	device_write_text(world->device, "file", "world");
	UploadItem *stale = fixture_upload_update(world, first);
	stale->base = 99;
	UploadItem *taken = fixture_upload_item(world, UPLOAD_CREATE, "file");
	UploadItem *orphan = fixture_upload_item(world, UPLOAD_CREATE, "file");
	orphan->parent = node_id_random();
	UploadItem *exists = fixture_upload_item(world, UPLOAD_CREATE, "file");
	exists->node = first->node;
	UploadItem *lost = fixture_upload_plain(world, UPLOAD_DELETE, first);
	lost->node = node_id_random();
	UploadItem *good = fixture_upload_update(world, first);
	UploadItem *const all[] = { stale, taken, orphan, exists, lost, good };
	const RemoteOutcome refusals[] = { REMOTE_STALE, REMOTE_NAME_TAKEN, REMOTE_NO_PARENT,
					   REMOTE_EXISTS, REMOTE_NOT_FOUND };
	g_autoptr(GPtrArray) batch = g_ptr_array_new();
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
		g_ptr_array_add(items, all[i]);
		g_ptr_array_add(batch, all[i]);
	}
	fixture_upload(world, batch);
	for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++) {
		g_assert_cmpint(all[i]->outcome, ==, UPLOAD_REFUSED);
		g_assert_cmpint(all[i]->refusal, ==, refusals[i]);
	}
	g_autoptr(GBytes) bytes = g_bytes_new_static("world", 5);
	fixture_assert_stored(world, good, bytes);
}

static void test_full_server(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_upload_items();
	device_write_text(world->device, "old", "hello");
	UploadItem *old = fixture_upload_item(world, UPLOAD_CREATE, "old");
	fixture_upload_one(world, items, old);
	world->drive->full = true;
	device_write_text(world->device, "small", "world");
	g_autoptr(GBytes) large = device_write_noise(world->device, "large", 40 * MIB, 1);
	g_autoptr(GBytes) middle = device_write_noise(world->device, "middle", 512 * KIB, 2);
	g_assert_true(disk_memory_user_make_folder(world->memory, "folder", NULL));
	UploadItem *const all[] = {
		fixture_upload_item(world, UPLOAD_CREATE, "small"),
		fixture_upload_item(world, UPLOAD_CREATE, "large"),
		fixture_upload_item(world, UPLOAD_CREATE, "middle"),
		fixture_upload_item(world, UPLOAD_CREATE, "folder"),
		fixture_upload_plain(world, UPLOAD_DELETE, old),
	};
	g_autoptr(GPtrArray) batch = g_ptr_array_new();
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
		g_ptr_array_add(items, all[i]);
		g_ptr_array_add(batch, all[i]);
	}
	fixture_upload(world, batch);
	for (size_t i = 0; i < 3; i++) {
		g_assert_cmpint(all[i]->outcome, ==, UPLOAD_REFUSED);
		g_assert_cmpint(all[i]->refusal, ==, REMOTE_QUOTA);
	}
	g_assert_cmpint(all[3]->outcome, ==, UPLOAD_DONE);
	g_assert_cmpint(all[4]->outcome, ==, UPLOAD_DONE);
	g_assert_null(fake_drive_node(world->drive, &old->node));
	world->drive->full = false;
	all[1]->outcome = UPLOAD_PENDING;
	fixture_upload_one(world, items, g_ptr_array_steal_index(items, 2));
	fixture_assert_stored(world, all[1], large);
}

static void add_item(GPtrArray *items, UploadItem *item)
{
	g_ptr_array_add(items, item);
}

/* Content of any length, the deletion in one commit with it or in a later one. */
static void test_full_disk_there(const void *data)
{
	size_t size = *(const size_t *)data;
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) before = fixture_upload_items();
	g_autoptr(GPtrArray) items = fixture_upload_items();
	device_write_text(world->device, "old", "hello");
	UploadItem *old = fixture_upload_item(world, UPLOAD_CREATE, "old");
	fixture_upload_one(world, before, old);
	device_write_text(world->device, "moved", "hello");
	UploadItem *moved = fixture_upload_item(world, UPLOAD_CREATE, "moved");
	fixture_upload_one(world, before, moved);
	world->drive->disk_full = true;
	g_autoptr(GBytes) bytes = device_write_noise(world->device, "file", size, 1);
	g_assert_true(disk_memory_user_make_folder(world->memory, "folder", NULL));
	g_assert_true(disk_memory_user_make_link(world->memory, "link", "target", NULL));
	UploadItem *file = fixture_upload_item(world, UPLOAD_CREATE, "file");
	add_item(items, file);
	add_item(items, fixture_upload_item(world, UPLOAD_CREATE, "folder"));
	add_item(items, fixture_upload_item(world, UPLOAD_CREATE, "link"));
	UploadItem *move = fixture_upload_plain(world, UPLOAD_MOVE, moved);
	move->parent = world->drive->id;
	move->name = g_strdup("moved away");
	add_item(items, move);
	add_item(items, fixture_upload_plain(world, UPLOAD_DELETE, old));
	g_autoptr(GError) error = NULL;
	g_assert_false(upload_run(world->upload, items, NULL, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NO_SPACE);
	g_assert_cmpint(file->outcome, ==, UPLOAD_PENDING);
	g_assert_null(fake_drive_node(world->drive, &file->node));
	for (unsigned i = 1; i < items->len; i++) {
		const UploadItem *item = g_ptr_array_index(items, i);
		g_assert_cmpint(item->outcome, ==, UPLOAD_DONE);
	}
	g_assert_null(fake_drive_node(world->drive, &old->node));
	world->drive->disk_full = false;
	g_ptr_array_remove_range(items, 1, items->len - 1);
	fixture_upload(world, items);
	fixture_assert_stored(world, file, bytes);
}

static UploadItem *add_stored_only(Fixture *world, GPtrArray *items, const char *path)
{
	UploadItem *item = fixture_upload_item(world, UPLOAD_CREATE, path);
	item->stored_only = true;
	add_item(items, item);
	return item;
}

/* What the server has needs no room; of the rest it is sent nothing, and no more is read. */
static void test_only_what_is_stored(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) before = fixture_upload_items();
	g_autoptr(GPtrArray) items = fixture_upload_items();
	g_autoptr(GBytes) large = device_write_noise(world->device, "large", 20 * MIB, 1);
	device_write_text(world->device, "small", "hello");
	add_item(before, fixture_upload_item(world, UPLOAD_CREATE, "large"));
	add_item(before, fixture_upload_item(world, UPLOAD_CREATE, "small"));
	fixture_upload(world, before);
	g_autoptr(GBytes) copy = device_write_noise(world->device, "large copy", 20 * MIB, 1);
	device_write_text(world->device, "small copy", "hello");
	device_write_text(world->device, "new", "world");
	device_write_text(world->device, "new copy", "world");
	g_autoptr(GBytes) unknown = device_write_noise(world->device, "large new", 40 * MIB, 2);
	UploadItem *stored = add_stored_only(world, items, "large copy");
	add_stored_only(world, items, "small copy");
	add_stored_only(world, items, "new");
	add_stored_only(world, items, "new copy");
	add_stored_only(world, items, "large new");
	world->drive->disk_full = true;
	int received = world->drive->chunks_received;
	fixture_upload(world, items);
	for (unsigned i = 0; i < items->len; i++) {
		const UploadItem *item = g_ptr_array_index(items, i);
		g_assert_cmpint(item->outcome, ==, i < 2 ? UPLOAD_DONE : UPLOAD_LACKING);
	}
	g_assert_cmpint(world->drive->chunks_received, ==, received);
	fixture_assert_stored(world, stored, large);
}

/* An account that is used up is asked, too. */
static void test_asks_for_what_is_stored(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_upload_items();
	g_autoptr(GBytes) bytes = device_write_noise(world->device, "new", 2 * MIB, 2);
	UploadItem *item = add_stored_only(world, items, "new");
	world->drive->full = true;
	fixture_upload(world, items);
	g_assert_cmpint(item->outcome, ==, UPLOAD_LACKING);
	g_assert_cmpint(world->drive->missings, ==, 1);
	g_assert_cmpint(world->drive->uploads, ==, 0);
	g_assert_cmpint(world->drive->commits, ==, 0);
}

/* What stops the deletions, too, is what is told. */
static void test_full_disk_and_no_server(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_upload_items();
	world->drive->disk_full = true;
	device_write_text(world->device, "file", "hello");
	g_assert_true(disk_memory_user_make_folder(world->memory, "folder", NULL));
	add_item(items, fixture_upload_item(world, UPLOAD_CREATE, "file"));
	add_item(items, fixture_upload_item(world, UPLOAD_CREATE, "folder"));
	world->drive->fail_before = 2;
	g_autoptr(GError) error = NULL;
	g_assert_false(upload_run(world->upload, items, NULL, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_OFFLINE);
	for (unsigned i = 0; i < items->len; i++) {
		const UploadItem *item = g_ptr_array_index(items, i);
		g_assert_cmpint(item->outcome, ==, UPLOAD_PENDING);
	}
}

static void test_content_that_was_forgotten(void)
{
	for (int i = 0; i < 2; i++) {
		g_autoptr(Fixture) world = fixture_new();
		g_autoptr(GPtrArray) items = fixture_upload_items();
		g_autoptr(GBytes) bytes =
			device_write_noise(world->device, "file", i ? 24 * MIB : 1000, 1);
		UploadItem *first = fixture_upload_item(world, UPLOAD_CREATE, "file");
		fixture_upload_one(world, items, first);
		/* Touched only; but the server lost what it had. */
		g_assert_true(disk_memory_user_set_mtime(world->memory, "file", 77, NULL));
		g_hash_table_remove_all(world->drive->chunks);
		device_write_text(world->device, "other", "other");
		UploadItem *second = fixture_upload_update(world, first);
		UploadItem *other = fixture_upload_item(world, UPLOAD_CREATE, "other");
		g_ptr_array_add(items, second);
		g_ptr_array_add(items, other);
		g_autoptr(GPtrArray) batch = g_ptr_array_new();
		g_ptr_array_add(batch, second);
		g_ptr_array_add(batch, other);
		fixture_upload(world, batch);
		fixture_assert_stored(world, second, bytes);
		g_assert_cmpint(other->outcome, ==, UPLOAD_DONE);
	}
}

static void test_lost_answer(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_upload_items();
	device_write_text(world->device, "file", "hello");
	UploadItem *item = fixture_upload_item(world, UPLOAD_CREATE, "file");
	g_ptr_array_add(items, item);
	world->drive->fail_after = 1;
	g_autoptr(GError) error = NULL;
	g_assert_false(upload_run(world->upload, items, NULL, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_OFFLINE);
	g_assert_cmpint(item->outcome, ==, UPLOAD_PENDING);
	fixture_upload(world, items);
	g_autoptr(GBytes) bytes = g_bytes_new_static("hello", 5);
	fixture_assert_stored(world, item, bytes);
}

static void test_cancelled(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_upload_items();
	g_autoptr(GBytes) bytes = device_write_noise(world->device, "file", 40 * MIB, 1);
	UploadItem *item = fixture_upload_item(world, UPLOAD_CREATE, "file");
	g_ptr_array_add(items, item);
	g_autoptr(GCancellable) cancellable = g_cancellable_new();
	world->drive->cancel_at_next = cancellable;
	g_autoptr(GError) error = NULL;
	g_assert_false(upload_run(world->upload, items, cancellable, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_CANCELLED);
	g_assert_cmpint(item->outcome, ==, UPLOAD_PENDING);
	g_assert_cmpint(world->drive->exchanges, <=, 3);
}

/* ---- everything that can fail -------------------------------------------------------------- */

static GPtrArray *mixed_items(Fixture *world)
{
	GPtrArray *items = fixture_upload_items();
	g_assert_true(disk_memory_user_make_folder(world->memory, "folder", NULL));
	g_assert_true(disk_memory_user_make_link(world->memory, "link", "target", NULL));
	device_write_text(world->device, "small", "hello");
	g_bytes_unref(device_write_noise(world->device, "large", 9 * MIB, 1));
	g_bytes_unref(device_write_noise(world->device, "last", 3 * MIB, 2));
	const char *const paths[] = { "folder", "small", "large", "link", "last" };
	for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
		g_ptr_array_add(items, fixture_upload_item(world, UPLOAD_CREATE, paths[i]));
	}
	return items;
}

static GPtrArray *not_done(GPtrArray *items)
{
	GPtrArray *rest = g_ptr_array_new();
	for (unsigned i = 0; i < items->len; i++) {
		UploadItem *item = g_ptr_array_index(items, i);
		if (item->outcome != UPLOAD_DONE) {
			g_assert_cmpint(item->outcome, !=, UPLOAD_REFUSED);
			g_clear_error(&item->error);
			item->outcome = UPLOAD_PENDING;
			g_ptr_array_add(rest, item);
		}
	}
	return rest;
}

static void check_mixed(Fixture *world, GPtrArray *items)
{
	for (unsigned i = 0; i < items->len; i++) {
		const UploadItem *item = g_ptr_array_index(items, i);
		g_assert_cmpint(item->outcome, ==, UPLOAD_DONE);
		if (item->kind == ENTRY_FILE) {
			g_autoptr(GBytes) bytes = disk_memory_read(world->memory, item->path);
			fixture_assert_stored(world, item, bytes);
		}
	}
	g_assert_cmpuint(g_hash_table_size(world->drive->nodes), ==, items->len);
}

typedef void (*Fault)(Fixture *world, int n);

static void fault_before(Fixture *world, int n)
{
	world->drive->fail_before = n;
}

static void fault_after(Fixture *world, int n)
{
	world->drive->fail_after = n;
}

static void fault_disk(Fixture *world, int n)
{
	world->device->any = true;
	world->device->countdown = n;
}

/* The n-th call fails, n = 1, 2, 3 … until none does; what was not done is tried once more. */
static void test_fault_walk(const void *data)
{
	Fault fault = *(const Fault *)data;
	bool hit = true;
	for (int n = 1; hit; n++) {
		g_autoptr(Fixture) world = fixture_new();
		g_autoptr(GPtrArray) items = mixed_items(world);
		fault(world, n);
		g_autoptr(GError) error = NULL;
		bool ok = upload_run(world->upload, items, NULL, &error);
		g_assert_true(ok == !error);
		hit = world->drive->fail_before + world->drive->fail_after +
			      world->device->countdown ==
		      0;
		fault(world, 0);
		g_autoptr(GPtrArray) rest = not_done(items);
		g_assert_true(hit || rest->len == 0);
		fixture_upload(world, rest);
		check_mixed(world, items);
	}
}

/* ---- limits -------------------------------------------------------------------------------- */

/* Nine batches of 7 MiB, the first larger, and three requests: below 100 MiB. The file has 256. */
static void test_memory_is_bounded(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_upload_items();
	g_autoptr(GBytes) bytes = device_write_noise(world->device, "file", 256 * MIB, 1);
	UploadItem *item = fixture_upload_item(world, UPLOAD_CREATE, "file");
	size_t before = fake_drive_memory(world->drive);
	fixture_upload_one(world, items, item);
	g_assert_cmpint(item->outcome, ==, UPLOAD_DONE);
	g_test_message("%zu MiB beside the file",
		       (world->drive->memory_max - before) / (size_t)MIB);
	g_assert_cmpuint(world->drive->memory_max, <, before + 128 * MIB);
	g_assert_cmpuint(world->drive->body_size_max, <, 12 * MIB);
}

typedef struct Runner {
	Fixture *world;
	GPtrArray *items;
} Runner;

static void *run_in_thread(void *data)
{
	Runner *runner = data;
	fixture_upload(runner->world, runner->items);
	return NULL;
}

static void test_several_runs_at_once(void)
{
	g_autoptr(Fixture) world = fixture_new();
	Runner runners[3];
	GThread *threads[3];
	for (size_t i = 0; i < G_N_ELEMENTS(runners); i++) {
		runners[i] = (Runner){ world, fixture_upload_items() };
		for (unsigned k = 0; k < 20; k++) {
			g_autofree char *name = g_strdup_printf("%zu-%u", i, k);
			g_bytes_unref(
				device_write_noise(world->device, name, (k + 1) * 100 * KIB, k));
			g_ptr_array_add(runners[i].items,
					fixture_upload_item(world, UPLOAD_CREATE, name));
		}
	}
	for (size_t i = 0; i < G_N_ELEMENTS(runners); i++) {
		threads[i] = g_thread_new("runner", run_in_thread, &runners[i]);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(runners); i++) {
		g_thread_join(threads[i]);
		for (unsigned k = 0; k < runners[i].items->len; k++) {
			const UploadItem *item = g_ptr_array_index(runners[i].items, k);
			g_autoptr(GBytes) bytes = disk_memory_read(world->memory, item->path);
			fixture_assert_stored(world, item, bytes);
		}
		g_ptr_array_unref(runners[i].items);
	}
}

int main(int argc, char **argv)
{
	static const size_t sizes[] = { 1000, 40 * MIB };
	static const Fault faults[] = { fault_before, fault_after, fault_disk };
	g_test_init(&argc, &argv, NULL);
#define ADD(name, function) g_test_add_func("/client/transfer/upload_faults/" name, function)
	ADD("refusals", test_refusals);
	ADD("full-server", test_full_server);
	g_test_add_data_func("/client/transfer/upload_faults/full-disk-there-takes-deletions/small",
			     &sizes[0], test_full_disk_there);
	g_test_add_data_func("/client/transfer/upload_faults/full-disk-there-takes-deletions/large",
			     &sizes[1], test_full_disk_there);
	ADD("sends-nothing-of-what-must-be-stored", test_only_what_is_stored);
	ADD("asks-a-full-account-for-what-is-stored", test_asks_for_what_is_stored);
	ADD("full-disk-and-no-server", test_full_disk_and_no_server);
	ADD("content-that-was-forgotten", test_content_that_was_forgotten);
	ADD("lost-answer", test_lost_answer);
	ADD("cancelled", test_cancelled);
	ADD("memory-is-bounded", test_memory_is_bounded);
	ADD("several-runs-at-once", test_several_runs_at_once);
	g_test_add_data_func("/client/transfer/upload_faults/survives-unheard-requests", &faults[0],
			     test_fault_walk);
	g_test_add_data_func("/client/transfer/upload_faults/survives-lost-answers", &faults[1],
			     test_fault_walk);
	g_test_add_data_func("/client/transfer/upload_faults/survives-disk-failures", &faults[2],
			     test_fault_walk);
	return g_test_run();
}
