/* SPDX-License-Identifier: Apache-2.0 */
#include "client/transfer/apply.h"

#include "base/error.h"
#include "base/limits.h"
#include "client/transfer/fixture.h"

#include <stdio.h>

/* ---- everything that can fail -------------------------------------------------------------- */

typedef struct Mixed {
	GBytes *large; /* of which the disk has an earlier state */
	GBytes *small;
	GPtrArray *items;
} Mixed;

static void mixed_clear(Mixed *mixed)
{
	g_bytes_unref(mixed->large);
	g_bytes_unref(mixed->small);
	g_ptr_array_unref(mixed->items);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Mixed, mixed_clear)

static GBytes *edited(GBytes *bytes)
{
	size_t size = 0;
	const uint8_t *data = g_bytes_get_data(bytes, &size);
	uint8_t *copy = g_memdup2(data, size);
	copy[size / 3] ^= 1;
	return g_bytes_new_take(copy, size);
}

static void mixed_init(Mixed *mixed, Fixture *world)
{
	g_autoptr(GBytes) before = device_write_noise(world->device, "large", 5 * MIB, 1);
	device_write_text(world->device, "moved", "hello");
	device_write_text(world->device, "deleted", "hello");
	mixed->large = edited(before);
	mixed->small = device_noise(200 * KIB, 2);
	mixed->items = fixture_apply_items();
	ApplyItem *large = fixture_apply_file(world, APPLY_UPDATE, "large", mixed->large);
	large->base_content = fake_drive_store(world->drive, g_bytes_get_data(before, NULL),
					       g_bytes_get_size(before));
	ApplyItem *const all[] = {
		fixture_apply_folder("folder"),
		fixture_apply_file(world, APPLY_CREATE, "folder/small", mixed->small),
		large,
		fixture_apply_link("link", "target"),
		fixture_apply_move(world, "moved", "folder/moved"),
		fixture_apply_plain(world, APPLY_DELETE, "deleted"),
	};
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
		g_ptr_array_add(mixed->items, all[i]);
	}
}

/* What is to be tried once more, after a look at what is there now, as the engine does. */
static GPtrArray *not_done(Fixture *world, GPtrArray *items, bool completed)
{
	GPtrArray *rest = g_ptr_array_new();
	for (unsigned i = 0; i < items->len; i++) {
		ApplyItem *item = g_ptr_array_index(items, i);
		g_assert_true(!completed || item->outcome != APPLY_PENDING);
		if (item->outcome != APPLY_DONE) {
			g_clear_error(&item->error);
			item->outcome = APPLY_PENDING;
			disk_look(world->device->disk, item->from ? item->from : item->path,
				  &item->expected, NULL);
			g_ptr_array_add(rest, item);
		}
	}
	return rest;
}

/* A file that is there has all of its bytes, before and after. */
static void check_whole(Fixture *world, const Mixed *mixed)
{
	g_autoptr(GBytes) small = disk_memory_read(world->memory, "folder/small");
	g_assert_true(!small || g_bytes_equal(small, mixed->small));
	g_autoptr(GBytes) large = disk_memory_read(world->memory, "large");
	g_assert_nonnull(large);
	g_autoptr(GBytes) other = edited(large);
	g_assert_true(g_bytes_equal(large, mixed->large) || g_bytes_equal(other, mixed->large));
}

static void check_mixed(Fixture *world, const Mixed *mixed)
{
	fixture_assert_bytes(world, "large", mixed->large);
	fixture_assert_bytes(world, "folder/small", mixed->small);
	fixture_assert_text(world, "folder/moved", "hello");
	fixture_assert_text(world, "link", "target");
	g_assert_false(fixture_exists(world, "deleted"));
	g_assert_false(fixture_exists(world, "moved"));
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
		g_auto(Mixed) mixed = { 0 };
		mixed_init(&mixed, world);
		fault(world, n);
		g_autoptr(GError) error = NULL;
		bool ok = apply_run(world->apply, mixed.items, NULL, &world->synced, &error);
		g_assert_true(ok == !error);
		hit = world->drive->fail_before + world->drive->fail_after +
			      world->device->countdown ==
		      0;
		fault(world, 0);
		check_whole(world, &mixed);
		g_autoptr(GPtrArray) rest = not_done(world, mixed.items, ok);
		g_assert_true(hit || rest->len == 0);
		fixture_apply(world, rest);
		check_mixed(world, &mixed);
		fixture_assert_stage_empty(world);
	}
}

static void test_cancelled(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_apply_items();
	g_autoptr(GBytes) bytes = device_noise(20 * MIB, 1);
	ApplyItem *item = fixture_apply_file(world, APPLY_CREATE, "file", bytes);
	g_ptr_array_add(items, item);
	g_autoptr(GCancellable) cancellable = g_cancellable_new();
	world->drive->cancel_at_next = cancellable;
	g_autoptr(GError) error = NULL;
	g_assert_false(apply_run(world->apply, items, cancellable, &world->synced, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_CANCELLED);
	g_assert_cmpint(item->outcome, ==, APPLY_PENDING);
	g_assert_cmpint(world->drive->exchanges, ==, 1);
	g_assert_false(fixture_exists(world, "file"));
}

/* ---- limits -------------------------------------------------------------------------------- */

static void test_many_files(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_apply_items();
	for (unsigned i = 0; i < 5000; i++) {
		g_autofree char *name = g_strdup_printf("%u", i);
		g_ptr_array_add(items, fixture_apply_text(world, APPLY_CREATE, name, name));
	}
	fixture_apply(world, items);
	for (unsigned i = 0; i < items->len; i++) {
		const ApplyItem *item = g_ptr_array_index(items, i);
		fixture_assert_applied(world, item);
		fixture_assert_text(world, item->path, item->path);
	}
	g_assert_true(world->synced);
	/* Not more files are open at once than the system allows. */
	g_assert_cmpint(world->device->calls[DISK_CALL_SYNC], >=, 2);
	g_assert_cmpint(world->device->calls[DISK_CALL_SYNC], <=, 25);
	g_assert_cmpint(world->drive->fetches, <=, 25);
}

static void remove_folder(const char *path)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name = NULL;
	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *inner = g_build_filename(path, name, NULL);
		remove_folder(inner);
	}
	g_assert_cmpint(remove(path), ==, 0);
}

/* On a real disk: one in memory would count. */
static void test_memory_is_bounded(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GPtrArray) items = fixture_apply_items();
	g_autofree char *folder = g_dir_make_tmp("imdrive-apply-XXXXXX", NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(Disk) disk = disk_posix_open(folder, "marker", true, &error);
	g_assert_no_error(error);
	ApplyOptions options = { 0 };
	g_autoptr(Apply) apply = apply_new(disk, world->device->remote, world->cache, &options);
	g_autoptr(GBytes) bytes = device_noise(96 * MIB, 1);
	ApplyItem *item = fixture_apply_file(world, APPLY_CREATE, "file", bytes);
	g_ptr_array_add(items, item);
	size_t before = fake_drive_memory(world->drive);
	apply_run(apply, items, NULL, &world->synced, &error);
	g_assert_no_error(error);
	g_assert_cmpint(item->outcome, ==, APPLY_DONE);
	g_test_message("%zu MiB", (world->drive->memory_max - before) / (size_t)MIB);
	g_assert_cmpuint(world->drive->memory_max, <, before + 48 * MIB);
	g_assert_true(disk_remove(disk, "file", &item->info, NULL));
	remove_folder(folder);
}

typedef struct Runner {
	Fixture *world;
	GPtrArray *items;
	GError *error;
} Runner;

static void *run_in_thread(void *data)
{
	Runner *runner = data;
	bool synced = false;
	apply_run(runner->world->apply, runner->items, NULL, &synced, &runner->error);
	return NULL;
}

static void test_several_runs_at_once(void)
{
	g_autoptr(Fixture) world = fixture_new();
	g_autoptr(GBytes) bytes = device_noise(6 * MIB, 1);
	Runner runners[3];
	GThread *threads[3];
	for (size_t i = 0; i < G_N_ELEMENTS(runners); i++) {
		runners[i] = (Runner){ world, fixture_apply_items(), NULL };
		for (unsigned k = 0; k < 20; k++) {
			g_autofree char *name = g_strdup_printf("%zu-%u", i, k);
			g_autoptr(GBytes) part =
				g_bytes_new_from_bytes(bytes, k, (k + 1) * 300 * KIB - k);
			g_ptr_array_add(runners[i].items,
					fixture_apply_file(world, APPLY_CREATE, name, part));
		}
	}
	for (size_t i = 0; i < G_N_ELEMENTS(runners); i++) {
		threads[i] = g_thread_new("runner", run_in_thread, &runners[i]);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(runners); i++) {
		g_thread_join(threads[i]);
		g_assert_no_error(runners[i].error);
		for (unsigned k = 0; k < runners[i].items->len; k++) {
			const ApplyItem *item = g_ptr_array_index(runners[i].items, k);
			g_autoptr(GBytes) part =
				g_bytes_new_from_bytes(bytes, k, (k + 1) * 300 * KIB - k);
			fixture_assert_applied(world, item);
			fixture_assert_bytes(world, item->path, part);
		}
		g_ptr_array_unref(runners[i].items);
	}
}

int main(int argc, char **argv)
{
	static const Fault faults[] = { fault_before, fault_after, fault_disk };
	g_test_init(&argc, &argv, NULL);
#define ADD(name, function) g_test_add_func("/client/transfer/apply_faults/" name, function)
	g_test_add_data_func("/client/transfer/apply_faults/unheard-requests", &faults[0],
			     test_fault_walk);
	g_test_add_data_func("/client/transfer/apply_faults/lost-answers", &faults[1],
			     test_fault_walk);
	g_test_add_data_func("/client/transfer/apply_faults/disk-failures", &faults[2],
			     test_fault_walk);
	ADD("cancelled", test_cancelled);
	ADD("many-files", test_many_files);
	ADD("memory-is-bounded", test_memory_is_bounded);
	ADD("several-runs-at-once", test_several_runs_at_once);
	return g_test_run();
}
