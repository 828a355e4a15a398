/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One device alone writes: nothing is a conflict, and nothing deleted comes back, also if it is
 * killed in the midst of it.
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

/* All have what the laptop has now. */
static void assert_alone(Scene *scene, uint64_t seed)
{
	g_autofree char *wanted = scene_tree(scene->laptop);
	scene_settle(scene);
	g_autofree char *laptop = scene_tree(scene->laptop), *desktop = scene_tree(scene->desktop);
	if (strcmp(laptop, wanted) != 0 || strcmp(desktop, wanted) != 0) {
		g_printerr("seed %u\n", (unsigned)seed);
	}
	g_assert_cmpstr(laptop, ==, wanted);
	g_assert_cmpstr(desktop, ==, wanted);
	g_assert_null(strstr(wanted, ENTRY_CONFLICT_MARK));
}

static SimDevice *somebody(Scene *scene)
{
	return sim_world_draw(scene->world, 3) ? scene->laptop : scene->desktop;
}

static void pass_a_while(Scene *scene)
{
	scene_pass(scene,
		   sim_world_draw(scene->world, sim_world_draw(scene->world, 4) ? 3000 : 200000));
}

static void run_alone(uint64_t seed)
{
	g_autoptr(Scene) scene = scene_new_with(seed, seed % 2);
	if (seed % 4 > 1) {
		/* Then its own changes come back as news before it knows that they were made. */
		sim_device_set_lag(scene->laptop);
	}
	for (unsigned i = 0; i < 600; i++) {
		SimDevice *device = somebody(scene);
		unsigned draw = sim_world_draw(scene->world, 10);
		if (draw < 2) {
			change_hands(scene, sim_device_disk(scene->laptop));
		} else if (draw < 6) {
			sim_device_step(device);
		} else {
			sim_device_run_job(device);
		}
		pass_a_while(scene);
	}
	assert_alone(scene, seed);
}

/* Nobody else has touched anything: nothing is a conflict, and nothing deleted comes back. */
static void test_alone_without_conflicts(void)
{
	for (uint64_t seed = 1; seed <= 150; seed++) {
		run_alone(seed);
	}
}

/* Nothing is deleted, but for what a rename replaces. Files hold one of so many texts. */
static void save_or_move(Scene *scene, DiskMemory *disk, unsigned texts)
{
	static const char *const names[] = { "a", "b", "c/a", "d/b" };
	const char *name = names[sim_world_draw(scene->world, G_N_ELEMENTS(names))];
	const char *other = names[sim_world_draw(scene->world, G_N_ELEMENTS(names))];
	g_autofree char *text = g_strdup_printf("%u", sim_world_draw(scene->world, texts));
	switch (sim_world_draw(scene->world, 12)) {
	case 0:
		disk_memory_user_rename(disk, name, other, NULL);
		break;
	case 1:
		disk_memory_user_make_folder(disk, sim_world_draw(scene->world, 2) ? "c" : "d",
					     NULL);
		break;
	case 2:
		disk_memory_user_rename(disk, "c", "d", NULL);
		break;
	case 3:
		disk_memory_user_remove(disk, name, NULL);
		break;
	default:
		disk_memory_user_write(disk, name, text, strlen(text), NULL);
	}
}

static void save_and_work(Scene *scene, unsigned texts, bool kills)
{
	for (unsigned i = 0; i < 600; i++) {
		SimDevice *device = somebody(scene);
		unsigned draw = sim_world_draw(scene->world, 100);
		if (draw < 15) {
			save_or_move(scene, sim_device_disk(scene->laptop), texts);
		} else if (draw < 17 && kills) {
			sim_device_kill(scene->laptop);
		} else if (draw < 60) {
			sim_device_step(device);
		} else {
			sim_device_run_job(device);
		}
		pass_a_while(scene);
	}
}

static void run_alone_and_killed(uint64_t seed)
{
	g_autoptr(Scene) scene = scene_new_with(seed, seed % 2);
	save_and_work(scene, 100000, true);
	assert_alone(scene, seed);
}

/*
 * "b" is sent, and what became of "a" just before is recorded: so that of "b" is not, for a second.
 */
static void send_unrecorded(Scene *scene, const char *text)
{
	scene_save(scene->laptop, "a", "first");
	scene_save(scene->laptop, "b", "first");
	scene_settle(scene);
	scene_pass(scene, 10000000);
	scene_save(scene->laptop, "a", "second");
	scene_work_now(scene->laptop);
	scene_pass(scene, 1000);
	scene_save(scene->laptop, "b", text);
	scene_work_now(scene->laptop);
	scene_pass(scene, 1000);
}

static void test_changed_after_it_was_sent_and_killed(void)
{
	for (unsigned lazy = 0; lazy < 2; lazy++) {
		g_autoptr(Scene) scene = scene_new_with(1, lazy);
		send_unrecorded(scene, "second");
		scene_save(scene->laptop, "b", "third");
		sim_device_kill(scene->laptop);
		scene_settle_as(scene, "a=second\nb=third\n");
	}
}

static void test_deleted_after_it_was_sent_and_killed(void)
{
	for (unsigned lazy = 0; lazy < 2; lazy++) {
		g_autoptr(Scene) scene = scene_new_with(1, lazy);
		send_unrecorded(scene, "second");
		scene_remove(scene->laptop, "b");
		sim_device_kill(scene->laptop);
		scene_settle_as(scene, "a=second\n");
	}
}

/* What another did meanwhile meets what is here, as ever. */
static void test_changed_by_another_after_it_was_sent_and_killed(void)
{
	g_autoptr(Scene) scene = scene_new();
	send_unrecorded(scene, "second");
	scene_save(scene->laptop, "b", "third");
	scene_work_now(scene->desktop);
	scene_assert_tree(scene->desktop, "a=second\nb=second\n");
	scene_pass(scene, 5000);
	scene_save(scene->desktop, "b", "fourth");
	scene_work_for(scene, scene->desktop, 50, 5000);
	sim_device_kill(scene->laptop);
	scene_settle(scene);
	g_autofree char *laptop = scene_tree(scene->laptop), *desktop = scene_tree(scene->desktop);
	g_assert_cmpstr(laptop, ==, desktop);
	g_assert_nonnull(strstr(laptop, "=third\n"));
	g_assert_nonnull(strstr(laptop, "b=fourth\n"));
}

/* The disk may be older than what was sent: that does not come over it. */
static void test_older_after_a_loss_of_power(void)
{
	unsigned older = 0;
	for (uint64_t seed = 1; seed <= 40; seed++) {
		g_autoptr(Scene) scene = scene_new_of(seed);
		send_unrecorded(scene, "second");
		sim_device_cut_power(scene->laptop);
		g_autofree char *left = scene_tree(scene->laptop);
		older += strstr(left, "b=second\n") == NULL;
		scene_settle(scene);
		g_autofree char *laptop = scene_tree(scene->laptop);
		g_assert_nonnull(strstr(laptop, "b=second\n"));
	}
	g_assert_cmpuint(older, >, 0);
}

/* What it sent and had no time to record is nobody else's, whatever happened since. */
static void test_alone_and_killed_without_conflicts(void)
{
	for (uint64_t seed = 1; seed <= 150; seed++) {
		run_alone_and_killed(seed);
	}
}

/* A file gets back what it held before, while it is not known whether the server has the newer. */
static void test_back_to_what_it_was_while_no_answer_comes(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_save(scene->laptop, "a", "first");
	scene_settle(scene);
	sim_device_set_deaf(scene->laptop, 100);
	scene_save(scene->laptop, "a", "second");
	scene_work_now(scene->laptop);
	scene_work_now(scene->desktop);
	scene_assert_tree(scene->desktop, "a=second\n");
	scene_save(scene->laptop, "a", "first");
	scene_work_for(scene, scene->laptop, 20, 100000);
	sim_device_set_deaf(scene->laptop, 0);
	scene_settle_as(scene, "a=first\n");
}

static void run_alone_and_deaf(uint64_t seed)
{
	g_autoptr(Scene) scene = scene_new_with(seed, seed % 2);
	sim_device_set_deaf(scene->laptop, 20);
	save_and_work(scene, 3, false);
	sim_device_set_deaf(scene->laptop, 0);
	assert_alone(scene, seed);
}

/* What it sent is its own, whether it has heard so or not. */
static void test_alone_and_deaf_without_conflicts(void)
{
	for (uint64_t seed = 1; seed <= 150; seed++) {
		run_alone_and_deaf(seed);
	}
}

int main(int argc, char **argv)
{
	g_setenv("TZ", "UTC", TRUE);
	g_test_init(&argc, &argv, NULL);
	log_set_level(LOG_ERROR);
#define ADD(name, function) g_test_add_func("/sim/alone/" name, function)
	ADD("has-no-conflicts", test_alone_without_conflicts);
	ADD("changed-after-it-was-sent-and-killed", test_changed_after_it_was_sent_and_killed);
	ADD("deleted-after-it-was-sent-and-killed", test_deleted_after_it_was_sent_and_killed);
	ADD("changed-by-another-after-it-was-sent-and-killed",
	    test_changed_by_another_after_it_was_sent_and_killed);
	ADD("older-after-a-loss-of-power", test_older_after_a_loss_of_power);
	ADD("has-no-conflicts-when-killed", test_alone_and_killed_without_conflicts);
	ADD("back-to-what-it-was-while-no-answer-comes",
	    test_back_to_what_it_was_while_no_answer_comes);
	ADD("has-no-conflicts-when-deaf", test_alone_and_deaf_without_conflicts);
	return g_test_run();
}
