/* SPDX-License-Identifier: Apache-2.0 */
/* Transfers of the engine to and from a volume: what moves, and what need not. */
#include "base/limits.h"
#include "client/transfer/apply.h"
#include "client/transfer/upload.h"
#include "client/virtual/backing.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define FILE_SIZE (700 * KIB)

typedef struct Scene {
	Backing *backing;
	Upload *upload;
	Cache *cache;
	Apply *apply;
	GBytes *bytes;
	uint64_t number;
} Scene;

/* Nothing is so young that it could change unseen. */
static int64_t later(void *data)
{
	return g_get_real_time() + 1000000;
}

static Scene scene_new(void)
{
	Scene scene = { .backing = backing_new(), .bytes = backing_noise(FILE_SIZE, 1) };
	Disk *disk = volume_disk(scene.backing->volume);
	const UploadOptions upload = { .now_us = later };
	const ApplyOptions apply = { 0 };
	scene.upload = upload_new(disk, scene.backing->remote, &upload);
	scene.cache = cache_new(1 * MIB);
	scene.apply = apply_new(disk, scene.backing->remote, scene.cache, &apply);
	return scene;
}

static void scene_clear(Scene *scene)
{
	upload_free(scene->upload);
	apply_free(scene->apply);
	cache_free(scene->cache);
	backing_free(scene->backing);
	g_bytes_unref(scene->bytes);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Scene, scene_clear)

static UploadItem *upload_of(Scene *scene, UploadVerb verb, const UploadItem *before)
{
	UploadItem *item = upload_item_new(verb);
	item->number = ++scene->number;
	item->path = g_strdup("file");
	item->kind = ENTRY_FILE;
	item->expected = backing_look(scene->backing, "file");
	item->node = before ? before->node : node_id_new();
	item->parent = scene->backing->drive->id;
	item->name = g_strdup("file");
	if (before) {
		item->base = before->seq;
		item->same_as = g_bytes_ref(before->content);
		item->same_mtime_ns = before->info.mtime_ns;
		item->same_executable = before->info.executable;
	}
	return item;
}

static void run_upload(Scene *scene, UploadItem *item, UploadOutcome outcome)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) items = g_ptr_array_new();
	g_ptr_array_add(items, item);
	upload_run(scene->upload, items, NULL, &error);
	g_assert_no_error(error);
	g_assert_cmpint(item->outcome, ==, outcome);
}

static ApplyItem *run_apply(Scene *scene, ApplyVerb verb, GBytes *bytes)
{
	ApplyItem *item = apply_item_new(verb);
	item->path = g_strdup("file");
	item->kind = ENTRY_FILE;
	item->size = g_bytes_get_size(bytes);
	item->mtime_ns = BACKING_MTIME_NS;
	item->executable = true;
	item->content = backing_content(scene->backing, bytes);
	if (verb == APPLY_UPDATE) {
		item->has_expected = true;
		item->expected = backing_look(scene->backing, "file");
	}
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) items = g_ptr_array_new();
	bool synced = false;
	g_ptr_array_add(items, item);
	apply_run(scene->apply, items, NULL, &synced, &error);
	g_assert_no_error(error);
	g_assert_cmpint(item->outcome, ==, APPLY_DONE);
	DiskInfo info = backing_look(scene->backing, "file");
	g_assert_true(disk_info_equal(&info, &item->info));
	g_assert_true(info.executable && info.mtime_ns == BACKING_MTIME_NS);
	return item;
}

static void assert_stored(Scene *scene, const UploadItem *item, GBytes *bytes)
{
	const FakeNode *node = fake_drive_node(scene->backing->drive, &item->node);
	g_assert_nonnull(node);
	g_autoptr(Bulk) stored = fake_drive_read(scene->backing->drive, node->content);
	g_assert_nonnull(stored);
	g_assert_cmpmem(stored->data, stored->len, g_bytes_get_data(bytes, NULL),
			g_bytes_get_size(bytes));
}

static void test_apply(void)
{
	g_auto(Scene) scene = scene_new();
	g_autoptr(GBytes) newer = backing_noise(FILE_SIZE, 2);
	g_autoptr(ApplyItem) created = run_apply(&scene, APPLY_CREATE, scene.bytes);
	g_assert_cmpint(scene.backing->drive->exchanges, ==, 0);
	backing_assert_bytes(scene.backing, "file", scene.bytes);
	int exchanges = scene.backing->drive->exchanges;
	g_autoptr(ApplyItem) updated = run_apply(&scene, APPLY_UPDATE, newer);
	g_assert_cmpint(scene.backing->drive->exchanges, ==, exchanges);
	g_assert_cmpuint(apply_progress(scene.apply), ==, 0);
	g_assert_cmpint(backing_state(scene.backing, "file"), ==, VOLUME_ONLINE_ONLY);
	backing_assert_bytes(scene.backing, "file", newer);
}

/* What was written is cached once the drive has it. */
static void test_upload(void)
{
	g_auto(Scene) scene = scene_new();
	backing_write(scene.backing, "file", scene.bytes);
	g_autoptr(UploadItem) item = upload_of(&scene, UPLOAD_CREATE, NULL);
	run_upload(&scene, item, UPLOAD_DONE);
	assert_stored(&scene, item, scene.bytes);
	g_assert_cmpint(backing_state(scene.backing, "file"), ==, VOLUME_CACHED);
	DiskInfo info = backing_look(scene.backing, "file");
	g_assert_true(disk_info_equal(&info, &item->info));
}

/* Hashed, sent as a new file (a conflict copy), changed in its mode: without its bytes. */
static void test_promised(void)
{
	g_auto(Scene) scene = scene_new();
	FakeDrive *drive = scene.backing->drive;
	g_autoptr(ApplyItem) placed = run_apply(&scene, APPLY_CREATE, scene.bytes);
	g_autoptr(UploadItem) hashed = upload_of(&scene, UPLOAD_HASH, NULL);
	run_upload(&scene, hashed, UPLOAD_DONE);
	g_assert_true(g_bytes_equal(hashed->content, placed->content));
	g_autoptr(UploadItem) created = upload_of(&scene, UPLOAD_CREATE, NULL);
	run_upload(&scene, created, UPLOAD_DONE);
	assert_stored(&scene, created, scene.bytes);
	int fd = backing_open(scene.backing, "file", O_RDONLY);
	VolumeFile *file = backing_open_file(scene.backing, fd);
	g_assert_cmpint(volume_file_alter(file, NULL, 0644), ==, 0);
	volume_file_close(file);
	close(fd);
	g_autoptr(UploadItem) altered = upload_of(&scene, UPLOAD_UPDATE, created);
	run_upload(&scene, altered, UPLOAD_DONE);
	g_assert_false(fake_drive_node(drive, &altered->node)->executable);
	assert_stored(&scene, altered, scene.bytes);
	g_assert_cmpint(drive->fetches, ==, 0);
	g_assert_cmpint(drive->chunks_received, ==, 0);
	g_assert_cmpint(backing_state(scene.backing, "file"), ==, VOLUME_ONLINE_ONLY);
}

/* The drive lost what it promised: then what is here is sent. */
static void test_promised_in_vain(void)
{
	g_auto(Scene) scene = scene_new();
	FakeDrive *drive = scene.backing->drive;
	g_autoptr(ApplyItem) placed = run_apply(&scene, APPLY_CREATE, scene.bytes);
	backing_assert_bytes(scene.backing, "file", scene.bytes);
	g_hash_table_remove_all(drive->chunks);
	g_autoptr(UploadItem) created = upload_of(&scene, UPLOAD_CREATE, NULL);
	run_upload(&scene, created, UPLOAD_DONE);
	assert_stored(&scene, created, scene.bytes);
}

static void test_append(void)
{
	g_auto(Scene) scene = scene_new();
	g_autoptr(ApplyItem) placed = run_apply(&scene, APPLY_CREATE, scene.bytes);
	g_autoptr(UploadItem) created = upload_of(&scene, UPLOAD_CREATE, NULL);
	run_upload(&scene, created, UPLOAD_DONE);
	g_autoptr(GBytes) tail = g_bytes_new_static("tail", 4);
	g_assert_cmpint(backing_try_write(scene.backing, "file", FILE_SIZE, tail), ==, 0);
	g_autoptr(UploadItem) appended = upload_of(&scene, UPLOAD_UPDATE, created);
	run_upload(&scene, appended, UPLOAD_DONE);
	g_autoptr(GByteArray) wanted = g_byte_array_new();
	g_byte_array_append(wanted, g_bytes_get_data(scene.bytes, NULL), FILE_SIZE);
	g_byte_array_append(wanted, (const uint8_t *)"tail", 4);
	g_autoptr(GBytes) all = g_bytes_new(wanted->data, wanted->len);
	assert_stored(&scene, appended, all);
	g_assert_cmpint(backing_state(scene.backing, "file"), ==, VOLUME_CACHED);
}

/* What was hashed and is what the server has is known to be so. */
static void test_hashed(void)
{
	g_auto(Scene) scene = scene_new();
	backing_write(scene.backing, "file", scene.bytes);
	g_autoptr(UploadItem) alone = upload_of(&scene, UPLOAD_HASH, NULL);
	run_upload(&scene, alone, UPLOAD_DONE);
	g_assert_cmpint(backing_state(scene.backing, "file"), ==, VOLUME_DIRTY);
	g_autoptr(UploadItem) known = upload_of(&scene, UPLOAD_HASH, NULL);
	known->same_as = backing_content(scene.backing, scene.bytes);
	run_upload(&scene, known, UPLOAD_DONE);
	g_assert_cmpint(backing_state(scene.backing, "file"), ==, VOLUME_CACHED);
}

/* Somebody writes between the look of the engine and the upload. */
static void test_changed(void)
{
	g_auto(Scene) scene = scene_new();
	g_autoptr(ApplyItem) placed = run_apply(&scene, APPLY_CREATE, scene.bytes);
	g_autoptr(UploadItem) item = upload_of(&scene, UPLOAD_CREATE, NULL);
	g_autoptr(GBytes) by = g_bytes_new_static("x", 1);
	g_assert_cmpint(backing_try_write(scene.backing, "file", 0, by), ==, 0);
	run_upload(&scene, item, UPLOAD_CHANGED);
	g_assert_cmpint(backing_state(scene.backing, "file"), ==, VOLUME_DIRTY);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, function) g_test_add_func("/client/virtual/transfer/" name, function)
	ADD("apply-fetches-nothing", test_apply);
	ADD("uploaded-is-cached", test_upload);
	ADD("hashed-and-known-is-cached", test_hashed);
	ADD("promised-content-is-not-read", test_promised);
	ADD("promised-in-vain", test_promised_in_vain);
	ADD("append-to-online-only", test_append);
	ADD("changed-before-upload", test_changed);
	return g_test_run();
}
