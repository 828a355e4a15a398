/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One device alone writes: nothing is a conflict, and nothing deleted comes back.
 */
#include "base/log.h"
#include "scene.h"

#include <string.h>

/* Names change hands: what is a file is a link or a folder a moment later. */
static void change_hands(Scene *scene, DiskMemory *disk)
{
	static const char *const names[] = { "a", "b", "a/c", "b/c" };
	const char *name = names[sim_world_draw(scene->world, G_N_ELEMENTS(names))];
	const char *other = names[sim_world_draw(scene->world, G_N_ELEMENTS(names))];
	g_autofree char *text = g_strdup_printf("%u", sim_world_draw(scene->world, 1000));
	switch (sim_world_draw(scene->world, 6)) {
	case 0:
		disk_memory_user_make_folder(disk, name, NULL);
		break;
	case 1:
		disk_memory_user_make_link(disk, name, text, NULL);
		break;
	case 2:
		disk_memory_user_rename(disk, name, other, NULL);
		break;
	case 3:
		disk_memory_user_write(disk, name, text, strlen(text), NULL);
		break;
	default:
		disk_memory_user_remove(disk, name, NULL);
	}
}

static void run_alone(uint64_t seed)
{
	g_autoptr(Scene) scene = scene_new_with(seed, seed % 2);
	if (seed % 4 > 1) {
		/* Then its own changes come back as news before it knows that they were made. */
		sim_device_set_lag(scene->laptop);
	}
	for (unsigned i = 0; i < 600; i++) {
		SimDevice *device =
			sim_world_draw(scene->world, 3) ? scene->laptop : scene->desktop;
		unsigned draw = sim_world_draw(scene->world, 10);
		if (draw < 2) {
			change_hands(scene, sim_device_disk(scene->laptop));
		} else if (draw < 6) {
			sim_device_step(device);
		} else {
			sim_device_run_job(device);
		}
		scene_pass(scene, sim_world_draw(scene->world,
						 sim_world_draw(scene->world, 4) ? 3000 : 200000));
	}
	g_autofree char *wanted = scene_tree(scene->laptop);
	scene_settle(scene);
	g_autofree char *laptop = scene_tree(scene->laptop), *desktop = scene_tree(scene->desktop);
	if (strcmp(laptop, wanted) != 0 || strcmp(desktop, wanted) != 0) {
		g_printerr("seed %u\n", (unsigned)seed);
	}
	g_assert_cmpstr(laptop, ==, wanted);
	g_assert_cmpstr(desktop, ==, wanted);
}

/* Nobody else has touched anything: nothing is a conflict, and nothing deleted comes back. */
static void test_alone_without_conflicts(void)
{
	for (uint64_t seed = 1; seed <= 150; seed++) {
		run_alone(seed);
	}
}

int main(int argc, char **argv)
{
	g_setenv("TZ", "UTC", TRUE);
	g_test_init(&argc, &argv, NULL);
	log_set_level(LOG_ERROR);
#define ADD(name, function) g_test_add_func("/sim/alone/" name, function)
	ADD("has-no-conflicts", test_alone_without_conflicts);
	return g_test_run();
}
