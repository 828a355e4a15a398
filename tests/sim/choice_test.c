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

/* Both wait, since something is new in the outer one; the inner one goes without it after all. */
static void test_inner_folder_goes_by_itself(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_make(scene->laptop, "a");
	scene_make(scene->laptop, "a/b");
	scene_make(scene->laptop, "a/b/c");
	scene_settle(scene);
	sim_device_set_online(scene->laptop, false);
	scene_save(scene->laptop, "a/1", "one");
	scene_work_now(scene->laptop);
	Engine *engine = sim_device_engine(scene->laptop);
	g_assert_true(engine_choice_leave_out(engine, "a", NULL));
	g_assert_true(engine_choice_leave_out(engine, "a/b/c", NULL));
	scene_work_now(scene->laptop);
	g_assert_true(engine_choice_take_in(engine, "a", NULL));
	sim_device_set_online(scene->laptop, true);
	scene_settle(scene);
	scene_assert_tree(scene->laptop, "a/\na/1=one\na/b/\n");
	scene_assert_tree(scene->desktop, "a/\na/1=one\na/b/\na/b/c/\n");
}

int main(int argc, char **argv)
{
	g_setenv("TZ", "UTC", TRUE);
	g_test_init(&argc, &argv, NULL);
	log_set_level(LOG_ERROR);
#define ADD(name, function) g_test_add_func("/sim/choice/" name, function)
	ADD("saved-under-a-name-that-was-taken", test_saved_under_a_name_that_was_taken);
	ADD("folder-goes-once-it-is-empty", test_folder_goes_once_it_is_empty);
	ADD("inner-folder-goes-by-itself", test_inner_folder_goes_by_itself);
	return g_test_run();
}
