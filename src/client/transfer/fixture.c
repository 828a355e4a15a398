/* SPDX-License-Identifier: Apache-2.0 */
#include "client/transfer/fixture.h"

#include "base/limits.h"

#include <string.h>

static uint64_t room(void *data)
{
	return ((Fixture *)data)->room;
}

Fixture *fixture_new(void)
{
	Fixture *world = g_new0(Fixture, 1);
	world->device = device_new();
	world->memory = world->device->memory;
	world->drive = world->device->drive;
	UploadOptions options = { .now_us = device_now_us, .now_data = world->device };
	world->upload = upload_new(world->device->disk, world->device->remote, &options);
	world->cache = cache_new(8 * MIB);
	ApplyOptions apply_options = { .room = room, .room_data = world };
	world->room = UINT64_MAX;
	world->apply =
		apply_new(world->device->disk, world->device->remote, world->cache, &apply_options);
	return world;
}

void fixture_free(Fixture *world)
{
	apply_free(world->apply);
	cache_free(world->cache);
	upload_free(world->upload);
	device_free(world->device);
	g_free(world);
}
UploadItem *fixture_upload_item(Fixture *world, UploadVerb verb, const char *path)
{
	UploadItem *item = upload_item_new(verb);
	item->expected = device_look(world->device, path);
	item->path = g_strdup(path);
	item->kind = (EntryKind)item->expected.kind;
	item->number = ++world->number;
	if (verb == UPLOAD_CREATE) {
		item->node = node_id_random();
		item->parent = world->drive->id;
		item->name = g_strdup(path);
	}
	return item;
}

UploadItem *fixture_upload_plain(Fixture *world, UploadVerb verb, const UploadItem *of)
{
	UploadItem *item = upload_item_new(verb);
	item->number = ++world->number;
	item->node = of->node;
	item->base = of->seq;
	item->kind = of->kind;
	return item;
}

UploadItem *fixture_upload_update(Fixture *world, const UploadItem *of)
{
	UploadItem *item = fixture_upload_item(world, UPLOAD_UPDATE, of->path);
	item->node = of->node;
	item->base = of->seq;
	item->same_as = g_bytes_ref(of->content);
	item->same_mtime_ns = of->info.mtime_ns;
	item->same_executable = of->info.executable;
	return item;
}

GPtrArray *fixture_upload_items(void)
{
	return g_ptr_array_new_with_free_func((GDestroyNotify)upload_item_free);
}

void fixture_upload(Fixture *world, GPtrArray *items)
{
	g_autoptr(GError) error = NULL;
	upload_run(world->upload, items, NULL, &error);
	g_assert_no_error(error);
}

void fixture_upload_one(Fixture *world, GPtrArray *items, UploadItem *item)
{
	g_autoptr(GPtrArray) one = g_ptr_array_new();
	g_ptr_array_add(items, item);
	g_ptr_array_add(one, item);
	fixture_upload(world, one);
}

void fixture_assert_stored(Fixture *world, const UploadItem *item, GBytes *bytes)
{
	g_assert_cmpint(item->outcome, ==, UPLOAD_DONE);
	const FakeNode *node = fake_drive_node(world->drive, &item->node);
	g_assert_nonnull(node);
	g_assert_cmpuint(node->seq, ==, item->seq);
	g_assert_true(g_bytes_equal(node->content, item->content));
	g_assert_cmpuint(node->size, ==, g_bytes_get_size(bytes));
	g_assert_cmpint(node->mtime_ns, ==, item->info.mtime_ns);
	g_autoptr(Bulk) stored = fake_drive_read(world->drive, node->content);
	g_assert_nonnull(stored);
	g_assert_cmpmem(stored->data, stored->len, g_bytes_get_data(bytes, NULL),
			g_bytes_get_size(bytes));
}

/* ---- apply -------------------------------------------------------------------------------- */

ApplyItem *fixture_apply_file(Fixture *world, ApplyVerb verb, const char *path, GBytes *bytes)
{
	ApplyItem *item = apply_item_new(verb);
	size_t size = 0;
	const void *data = g_bytes_get_data(bytes, &size);
	item->path = g_strdup(path);
	item->kind = ENTRY_FILE;
	item->size = size;
	item->mtime_ns = FIXTURE_MTIME_NS;
	item->executable = true;
	item->content = fake_drive_store(world->drive, data, size);
	if (verb == APPLY_UPDATE) {
		item->has_expected = true;
		item->expected = device_look(world->device, path);
	}
	return item;
}

ApplyItem *fixture_apply_text(Fixture *world, ApplyVerb verb, const char *path, const char *text)
{
	g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
	return fixture_apply_file(world, verb, path, bytes);
}

ApplyItem *fixture_apply_plain(Fixture *world, ApplyVerb verb, const char *path)
{
	ApplyItem *item = apply_item_new(verb);
	item->path = g_strdup(path);
	item->has_expected = true;
	item->expected = device_look(world->device, path);
	item->kind = (EntryKind)item->expected.kind;
	return item;
}

ApplyItem *fixture_apply_move(Fixture *world, const char *from, const char *to)
{
	ApplyItem *item = fixture_apply_plain(world, APPLY_MOVE, from);
	item->from = g_steal_pointer(&item->path);
	item->path = g_strdup(to);
	return item;
}

ApplyItem *fixture_apply_folder(const char *path)
{
	ApplyItem *item = apply_item_new(APPLY_CREATE);
	item->path = g_strdup(path);
	item->kind = ENTRY_FOLDER;
	return item;
}

ApplyItem *fixture_apply_link(const char *path, const char *target)
{
	ApplyItem *item = apply_item_new(APPLY_CREATE);
	item->path = g_strdup(path);
	item->kind = ENTRY_LINK;
	item->mtime_ns = FIXTURE_MTIME_NS;
	item->content = g_bytes_new(target, strlen(target));
	return item;
}

GPtrArray *fixture_apply_items(void)
{
	return g_ptr_array_new_with_free_func((GDestroyNotify)apply_item_free);
}

void fixture_apply(Fixture *world, GPtrArray *items)
{
	g_autoptr(GError) error = NULL;
	device_pass_time(world->device);
	apply_run(world->apply, items, NULL, &world->synced, &error);
	g_assert_no_error(error);
	device_pass_time(world->device);
	disk_memory_check(world->memory);
}

void fixture_apply_one(Fixture *world, GPtrArray *items, ApplyItem *item)
{
	g_autoptr(GPtrArray) one = g_ptr_array_new();
	g_ptr_array_add(items, item);
	g_ptr_array_add(one, item);
	fixture_apply(world, one);
}

void fixture_assert_bytes(Fixture *world, const char *path, GBytes *bytes)
{
	g_autoptr(GBytes) found = disk_memory_read(world->memory, path);
	g_assert_nonnull(found);
	g_assert_cmpmem(g_bytes_get_data(found, NULL), g_bytes_get_size(found),
			g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
}

void fixture_assert_text(Fixture *world, const char *path, const char *text)
{
	g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
	fixture_assert_bytes(world, path, bytes);
}

bool fixture_exists(Fixture *world, const char *path)
{
	DiskInfo info;
	return disk_look(world->device->disk, path, &info, NULL);
}

void fixture_assert_applied(Fixture *world, const ApplyItem *item)
{
	g_assert_no_error(item->error);
	g_assert_cmpint(item->outcome, ==, APPLY_DONE);
	if (item->verb == APPLY_DELETE) {
		return;
	}
	DiskInfo info = device_look(world->device, item->path);
	g_assert_cmpuint(info.stamp.inode, ==, item->info.stamp.inode);
	/* What lies in a folder moves its times. */
	g_assert_true(item->kind == ENTRY_FOLDER || disk_info_equal(&info, &item->info));
	if (item->kind == ENTRY_FILE && item->verb != APPLY_MOVE) {
		g_assert_cmpint(info.mtime_ns, ==, item->mtime_ns);
		g_assert_cmpint(info.executable, ==, item->executable);
		g_assert_cmpuint(info.size, ==, item->size);
	}
}

static void count_staged(const char *name, const DiskInfo *info, void *data)
{
	(*(unsigned *)data)++;
}

void fixture_assert_stage_empty(Fixture *world)
{
	unsigned count = 0;
	apply_free(g_steal_pointer(&world->apply));
	disk_list(world->device->disk, DISK_RESERVED "/stage", count_staged, &count, NULL);
	g_assert_cmpuint(count, ==, 0);
}
