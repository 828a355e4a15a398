/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include <glib/gstdio.h>
#include <string.h>

Scene *scene_new_with(uint64_t seed, bool lazy)
{
	g_autoptr(GError) error = NULL;
	Scene *scene = g_new0(Scene, 1);
	scene->folder = g_dir_make_tmp("imdrive-scene-XXXXXX", &error);
	g_assert_no_error(error);
	scene->world = sim_world_new(seed, false);
	scene->world->calm = true;
	scene->laptop = sim_device_new(scene->world, "laptop", scene->folder, lazy);
	scene->desktop = sim_device_new(scene->world, "desktop", scene->folder, false);
	return scene;
}

Scene *scene_new_of(uint64_t seed)
{
	return scene_new_with(seed, false);
}

Scene *scene_new(void)
{
	return scene_new_of(1);
}

void scene_free(Scene *scene)
{
	sim_device_free(scene->laptop);
	sim_device_free(scene->desktop);
	g_clear_pointer(&scene->phone, sim_device_free);
	sim_world_free(scene->world);
	g_rmdir(scene->folder);
	g_free(scene->folder);
	g_free(scene);
}

/* ---- people ----------------------------------------------------------------------------- */

void scene_pass(Scene *scene, int64_t time_us)
{
	scene->world->now_us += time_us;
	disk_memory_set_time(sim_device_disk(scene->laptop), scene->world->now_us * 1000);
	disk_memory_set_time(sim_device_disk(scene->desktop), scene->world->now_us * 1000);
	if (scene->phone) {
		disk_memory_set_time(sim_device_disk(scene->phone), scene->world->now_us * 1000);
	}
}

void scene_save(SimDevice *device, const char *path, const char *text)
{
	g_assert_true(
		disk_memory_user_write(sim_device_disk(device), path, text, strlen(text), NULL));
}

void scene_make(SimDevice *device, const char *path)
{
	g_assert_true(disk_memory_user_make_folder(sim_device_disk(device), path, NULL));
}

void scene_rename(SimDevice *device, const char *from, const char *to)
{
	g_assert_true(disk_memory_user_rename(sim_device_disk(device), from, to, NULL));
}

void scene_remove(SimDevice *device, const char *path)
{
	g_assert_true(disk_memory_user_remove(sim_device_disk(device), path, NULL));
}

static void show(const char *path, const char *kind, const void *bytes, size_t size, void *data)
{
	g_string_append_printf(data, "%s%s%.*s\n", path, strcmp(kind, "folder") ? "=" : "/",
			       (int)size, (const char *)bytes);
}

char *scene_tree(SimDevice *device)
{
	GString *text = g_string_new(NULL);
	sim_device_each(device, show, text);
	return g_string_free(text, FALSE);
}

void scene_assert_tree(SimDevice *device, const char *expected)
{
	g_autofree char *text = scene_tree(device);
	g_assert_cmpstr(text, ==, expected);
}

/* ---- time ------------------------------------------------------------------------------- */

bool scene_work(SimDevice *device)
{
	sim_device_step(device);
	return sim_device_run_job(device);
}

static bool is_settled(Scene *scene)
{
	return sim_device_is_settled(scene->laptop) && sim_device_is_settled(scene->desktop) &&
	       (!scene->phone || sim_device_is_settled(scene->phone));
}

bool scene_try_settle(Scene *scene)
{
	unsigned quiet = 0, idle = 0;
	for (unsigned i = 0; i < 20000 && quiet < 50 && idle < 300; i++) {
		bool worked = scene_work(scene->laptop);
		worked |= scene_work(scene->desktop);
		worked |= scene->phone && scene_work(scene->phone);
		idle = worked ? 0 : idle + 1;
		scene->world->now_us += 100ll << MIN(idle, 13);
		quiet = is_settled(scene) ? quiet + 1 : 0;
	}
	return quiet == 50;
}

void scene_settle(Scene *scene)
{
	if (!scene_try_settle(scene)) {
		g_autofree char *laptop = sim_device_describe(scene->laptop);
		g_autofree char *desktop = sim_device_describe(scene->desktop);
		g_error("does not come to rest:\n%s\n%s", laptop, desktop);
	}
	sim_server_check(scene->world->server);
}

void scene_settle_as(Scene *scene, const char *expected)
{
	scene_settle(scene);
	scene_assert_tree(scene->laptop, expected);
	scene_assert_tree(scene->desktop, expected);
}

void scene_work_now(SimDevice *device)
{
	for (unsigned i = 0; i < 200; i++) {
		scene_work(device);
	}
}

void scene_work_for(Scene *scene, SimDevice *device, unsigned steps, int64_t time_us)
{
	for (unsigned i = 0; i < steps; i++) {
		scene_work(device);
		scene_pass(scene, time_us);
	}
}
