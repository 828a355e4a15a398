/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scenes around folders that are left out on a device, as scenes_test.c tells them.
 */
#include "base/log.h"
#include "scene.h"

#include <string.h>

typedef struct Leaving {
	SimDevice *device;
	const char *path; /* of a file in the folder, which is "a" */
	bool stays;
	unsigned calls; /* since the folder itself was about to be removed */
} Leaving;

/* What was in the folder has been taken; before it goes itself, a file is saved in it. */
static bool save_in_what_goes(DiskCall call, const char *path, void *data, GError **error)
{
	Leaving *leaving = data;
	(void)error;
	if (leaving->calls > 0) {
		if (leaving->calls++ == 1 && !leaving->stays) {
			scene_remove(leaving->device, leaving->path);
		}
	} else if (call == DISK_CALL_REMOVE && strcmp(path, "a") == 0) {
		leaving->calls = 1;
		scene_save(leaving->device, leaving->path, "new");
	}
	return true;
}

static void leave_out(Scene *scene, Leaving *leaving)
{
	scene_make(scene->laptop, "a");
	scene_save(scene->laptop, "a/1", "one");
	scene_settle(scene);
	scene_pass(scene, 1000000);
	sim_device_set_lag(scene->laptop);
	sim_device_set_hook(scene->laptop, save_in_what_goes, leaving);
	g_assert_true(engine_choice_leave_out(sim_device_engine(scene->laptop), "a", NULL));
	scene_settle(scene);
	g_assert_cmpuint(leaving->calls, >, 0);
	scene_assert_tree(scene->laptop, "");
}

/* It is another file: who saved it has seen nothing of the one that was taken. */
static void test_saved_under_a_name_that_was_taken(void)
{
	for (uint64_t seed = 1; seed <= 20; seed++) {
		g_autoptr(Scene) scene = scene_new_of(seed);
		Leaving leaving = { .device = scene->laptop, .path = "a/1", .stays = true };
		leave_out(scene, &leaving);
		scene_assert_tree(scene->desktop,
				  "a/\na/1=one\na/1 (conflict, laptop, 2023-11-14 22.13)=new\n");
	}
}

/* It is seen to come and go before it is heard that the folder could not be removed. */
static void test_folder_goes_once_it_is_empty(void)
{
	for (uint64_t seed = 1; seed <= 20; seed++) {
		g_autoptr(Scene) scene = scene_new_of(seed);
		Leaving leaving = { .device = scene->laptop, .path = "a/2" };
		leave_out(scene, &leaving);
		scene_assert_tree(scene->desktop, "a/\na/1=one\n");
	}
}

int main(int argc, char **argv)
{
	g_setenv("TZ", "UTC", TRUE);
	g_test_init(&argc, &argv, NULL);
	log_set_level(LOG_ERROR);
#define ADD(name, function) g_test_add_func("/sim/choice/" name, function)
	ADD("saved-under-a-name-that-was-taken", test_saved_under_a_name_that_was_taken);
	ADD("folder-goes-once-it-is-empty", test_folder_goes_once_it_is_empty);
	return g_test_run();
}
