/* SPDX-License-Identifier: Apache-2.0 */
#include "client/transfer/upload_world.h"

UploadWorld *upload_world_new(void)
{
	UploadWorld *world = g_new0(UploadWorld, 1);
	world->device = device_new();
	world->memory = world->device->memory;
	world->drive = world->device->drive;
	UploadOptions options = { .now_us = device_now_us, .now_data = world->device };
	world->upload = upload_new(world->device->disk, world->device->remote, &options);
	return world;
}

void upload_world_free(UploadWorld *world)
{
	upload_free(world->upload);
	device_free(world->device);
	g_free(world);
}
UploadItem *upload_world_item(UploadWorld *world, UploadVerb verb, const char *path)
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

UploadItem *upload_world_item_plain(UploadWorld *world, UploadVerb verb, const UploadItem *of)
{
	UploadItem *item = upload_item_new(verb);
	item->number = ++world->number;
	item->node = of->node;
	item->base = of->seq;
	item->kind = of->kind;
	return item;
}

UploadItem *upload_world_item_update(UploadWorld *world, const UploadItem *of)
{
	UploadItem *item = upload_world_item(world, UPLOAD_UPDATE, of->path);
	item->node = of->node;
	item->base = of->seq;
	item->same_as = g_bytes_ref(of->content);
	item->same_mtime_ns = of->info.mtime_ns;
	item->same_executable = of->info.executable;
	return item;
}

GPtrArray *upload_world_items(void)
{
	return g_ptr_array_new_with_free_func((GDestroyNotify)upload_item_free);
}

void upload_world_run(UploadWorld *world, GPtrArray *items)
{
	g_autoptr(GError) error = NULL;
	upload_run(world->upload, items, NULL, &error);
	g_assert_no_error(error);
}

void upload_world_run_one(UploadWorld *world, GPtrArray *items, UploadItem *item)
{
	g_autoptr(GPtrArray) one = g_ptr_array_new();
	g_ptr_array_add(items, item);
	g_ptr_array_add(one, item);
	upload_world_run(world, one);
}

void upload_world_assert_stored(UploadWorld *world, const UploadItem *item, GBytes *bytes)
{
	g_assert_cmpint(item->outcome, ==, UPLOAD_DONE);
	const FakeNode *node = fake_drive_node(world->drive, &item->node);
	g_assert_nonnull(node);
	g_assert_cmpuint(node->seq, ==, item->seq);
	g_assert_true(g_bytes_equal(node->content, item->content));
	g_assert_cmpuint(node->size, ==, g_bytes_get_size(bytes));
	g_assert_cmpint(node->mtime_ns, ==, item->info.mtime_ns);
	g_autoptr(GByteArray) stored = fake_drive_read(world->drive, node->content);
	g_assert_nonnull(stored);
	g_assert_cmpmem(stored->data, stored->len, g_bytes_get_data(bytes, NULL),
			g_bytes_get_size(bytes));
}
