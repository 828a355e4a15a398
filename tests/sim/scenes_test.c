/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small scenes between two devices and the server, for the real engine, each told step by step:
 * what the simulator found once, and what it cannot bring about.
 */
#include "base/error.h"
#include "base/log.h"
#include "scene.h"

#include <string.h>

/* ---- scenes ----------------------------------------------------------------------------- */

/* The new folder and what moves into it go to the server as one group. */
static void test_folder_is_wrapped(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_make(scene->laptop, "c");
	scene_save(scene->laptop, "c/a", "text");
	scene_settle(scene);
	scene_make(scene->laptop, "new");
	scene_rename(scene->laptop, "c", "new/A");
	scene_rename(scene->laptop, "new", "c");
	scene_settle_as(scene, "c/\nc/A/\nc/A/a=text\n");
}

/* To where another write would leave the same stamp. */
static void save_and_upload(Scene *scene)
{
	scene_save(scene->laptop, "a", "first.");
	scene_settle(scene);
	scene_pass(scene, 1000000);
	scene_save(scene->laptop, "a", "second");
	scene_work_now(scene->laptop);
	scene_save(scene->laptop, "a", "third.");
}

static void test_written_again_within_a_tick(void)
{
	g_autoptr(Scene) scene = scene_new();
	save_and_upload(scene);
	scene_settle_as(scene, "a=third.\n");
}

static void test_written_again_within_a_tick_and_killed(void)
{
	g_autoptr(Scene) scene = scene_new();
	save_and_upload(scene);
	sim_device_kill(scene->laptop);
	scene_settle_as(scene, "a=third.\n");
}

/* What comes from the server in the same moment does not replace what nobody has seen. */
static void test_written_again_while_another_writes(void)
{
	g_autoptr(Scene) scene = scene_new();
	save_and_upload(scene);
	scene_work_now(scene->desktop);
	scene_assert_tree(scene->desktop, "a=second\n");
	scene_pass(scene, 5000);
	scene_save(scene->desktop, "a", "fourth");
	scene_work_now(scene->desktop);
	scene_work_now(scene->laptop);
	scene_settle(scene);
	g_autofree char *laptop = scene_tree(scene->laptop), *desktop = scene_tree(scene->desktop);
	g_assert_cmpstr(laptop, ==, desktop);
	g_assert_nonnull(strstr(laptop, "=third.\n"));
	g_assert_nonnull(strstr(laptop, "=fourth\n"));
}

/* What the laptop's engine does to the disk, until it has put something in the place of "a". */
typedef struct Placing {
	SimDevice *device;
	bool exchanged;
	bool over;
} Placing;

/* Just when a new "a" is there the look at the old one fails, and somebody saves. */
static bool save_when_placed(DiskCall call, const char *path, void *data, GError **error)
{
	Placing *placing = data;
	if (placing->over || !placing->exchanged || call != DISK_CALL_LOOK) {
		placing->exchanged |= call == DISK_CALL_RENAME && strcmp(path, "a") == 0;
		return true;
	}
	placing->over = true;
	scene_save(placing->device, "a", "third.");
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_IO, "the disk failed");
	return false;
}

/* In the very tick in which it was written elsewhere, and with as many bytes. */
static void test_written_while_it_is_taken_back(void)
{
	for (unsigned lazy = 0; lazy < 2; lazy++) {
		g_autoptr(Scene) scene = scene_new_with(1, lazy);
		scene_save(scene->laptop, "a", "first");
		scene_settle(scene);
		scene_pass(scene, 1000000);
		scene_save(scene->desktop, "a", "second");
		scene_work_now(scene->desktop);
		Placing placing = { .device = scene->laptop };
		sim_device_set_hook(scene->laptop, save_when_placed, &placing);
		scene_work_now(scene->laptop);
		g_assert_true(placing.over);
		scene_settle(scene);
		g_autofree char *laptop = scene_tree(scene->laptop),
				*desktop = scene_tree(scene->desktop);
		g_assert_cmpstr(laptop, ==, desktop);
		g_assert_nonnull(strstr(laptop, "=second\n"));
		g_assert_nonnull(strstr(laptop, "=third.\n"));
	}
}

static void swap(SimDevice *device, const char *one, const char *other)
{
	scene_rename(device, one, "between");
	scene_rename(device, other, one);
	scene_rename(device, "between", other);
}

/* Just before a file is put into "a", "a" and "b" are swapped; just after, it is replaced. */
static bool swap_around_placed(DiskCall call, const char *path, void *data, GError **error)
{
	Placing *placing = data;
	(void)error;
	if (placing->over) {
		return true;
	}
	if (placing->exchanged) {
		placing->over = true;
		scene_rename(placing->device, "mine", "a/new");
	} else if (call == DISK_CALL_RENAME && strcmp(path, "a/new") == 0) {
		placing->exchanged = true;
		swap(placing->device, "a", "b");
	}
	return true;
}

static void test_folders_swapped_around_what_is_put_in(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_make(scene->laptop, "a");
	scene_make(scene->laptop, "b");
	scene_save(scene->laptop, "mine", "mine");
	scene_settle(scene);
	scene_pass(scene, 1000000);
	scene_save(scene->desktop, "a/new", "new");
	scene_work_now(scene->desktop);
	Placing placing = { .device = scene->laptop };
	sim_device_set_hook(scene->laptop, swap_around_placed, &placing);
	scene_work_now(scene->laptop);
	g_assert_true(placing.over);
	scene_settle(scene);
	g_autofree char *laptop = scene_tree(scene->laptop), *desktop = scene_tree(scene->desktop);
	g_assert_cmpstr(laptop, ==, desktop);
	g_assert_cmpstr(laptop, ==, "a/\na/new=mine\nb/\n");
}

/* One of the two is parked for a moment; the process ends at any of them. */
static void run_swap(unsigned steps)
{
	g_autoptr(Scene) scene = scene_new();
	scene_make(scene->laptop, "a");
	scene_save(scene->laptop, "a/1", "one");
	scene_make(scene->laptop, "b");
	scene_save(scene->laptop, "b/2", "two");
	scene_settle(scene);
	swap(scene->desktop, "a", "b");
	for (unsigned i = 0; i < 100; i++) {
		scene_work(scene->desktop);
		scene_pass(scene, 1000);
	}
	for (unsigned i = 0; i < steps; i++) {
		if (i % 2) {
			sim_device_run_job(scene->laptop);
		} else {
			sim_device_step(scene->laptop);
			scene_pass(scene, 1000);
		}
	}
	sim_device_kill(scene->laptop);
	scene_settle_as(scene, "a/\na/2=two\nb/\nb/1=one\n");
	scene_save(scene->laptop, "a/new", "new");
	scene_save(scene->laptop, "b/new", "new");
	scene_settle_as(scene, "a/\na/2=two\na/new=new\nb/\nb/1=one\nb/new=new\n");
}

static void test_swap_with_a_kill_at_any_step(void)
{
	for (unsigned steps = 0; steps < 40; steps++) {
		run_swap(steps);
	}
}

/* Just before "a" is parked it is saved in place. */
static bool save_before_parking(DiskCall call, const char *path, void *data, GError **error)
{
	Placing *placing = data;
	(void)error;
	if (!placing->over && call == DISK_CALL_RENAME &&
	    g_str_has_prefix(path, ".imdrive/park/")) {
		placing->over = true;
		scene_save(placing->device, "a", "longer");
	}
	return true;
}

/* On its way to "b", where another file may come first. */
static void run_saved_while_it_is_parked(uint64_t seed)
{
	g_autoptr(Scene) scene = scene_new_of(seed);
	scene_save(scene->laptop, "a", "one");
	scene_save(scene->laptop, "b", "two");
	scene_settle(scene);
	scene_pass(scene, 1000000);
	sim_device_set_online(scene->laptop, false);
	scene_save(scene->laptop, "a", "long");
	scene_work_for(scene, scene->laptop, 100, 1000);
	swap(scene->desktop, "a", "b");
	scene_work_now(scene->desktop);
	Placing placing = { .device = scene->laptop };
	sim_device_set_hook(scene->laptop, save_before_parking, &placing);
	sim_device_set_online(scene->laptop, true);
	scene_pass(scene, 10000000);
	DiskMemory *disk = sim_device_disk(scene->laptop);
	bool free = false;
	unsigned moment = sim_world_draw(scene->world, 10);
	for (unsigned left = 200; left > 0; left -= placing.over) {
		g_autoptr(GBytes) b = disk_memory_read(disk, "b");
		free |= placing.over && !b;
		if (free && !b && moment-- == 0) {
			scene_save(scene->laptop, "b", "new");
		}
		if (sim_world_draw(scene->world, 2)) {
			sim_device_step(scene->laptop);
		} else {
			sim_device_run_job(scene->laptop);
		}
		scene_pass(scene, sim_world_draw(scene->world, 3000));
	}
	g_assert_true(placing.over);
	scene_settle(scene);
	g_autofree char *laptop = scene_tree(scene->laptop), *desktop = scene_tree(scene->desktop);
	g_assert_cmpstr(laptop, ==, desktop);
	g_assert_nonnull(strstr(laptop, "b=longer\n"));
}

static void test_saved_while_it_is_parked(void)
{
	for (uint64_t seed = 1; seed <= 100; seed++) {
		run_saved_while_it_is_parked(seed);
	}
}

/* While a change of one of them is on its way, of which the watch tells nothing yet. */
static void run_swapped_while_one_changes(uint64_t seed)
{
	g_autoptr(Scene) scene = scene_new_of(seed);
	scene_save(scene->laptop, "a", "one");
	scene_save(scene->laptop, "b", "two");
	scene_settle(scene);
	scene_pass(scene, 1000000);
	scene_save(scene->desktop, "a", "three");
	scene_work_now(scene->desktop);
	scene_work_for(scene, scene->laptop, sim_world_draw(scene->world, 8), 100);
	swap(scene->laptop, "a", "b");
	for (unsigned i = 0; i < 100; i++) {
		if (sim_world_draw(scene->world, 2)) {
			sim_device_step(scene->laptop);
		} else {
			sim_device_run_job(scene->laptop);
		}
		scene_pass(scene, 100);
	}
	scene_settle_as(scene, "a=two\nb=three\n");
}

static void test_swapped_while_one_changes(void)
{
	for (uint64_t seed = 1; seed <= 100; seed++) {
		run_swapped_while_one_changes(seed);
	}
}

/* In any order of what the three do. */
static void run_create_and_delete(uint64_t seed)
{
	g_autoptr(Scene) scene = scene_new_of(seed);
	scene->phone = sim_device_new(scene->world, "phone", scene->folder, false);
	scene_make(scene->laptop, "a");
	scene_save(scene->laptop, "a/old", "old");
	scene_settle(scene);
	scene_remove(scene->desktop, "a/old");
	scene_remove(scene->desktop, "a");
	scene_save(scene->phone, "a/new", "new");
	SimDevice *const devices[] = { scene->laptop, scene->desktop, scene->phone };
	for (unsigned i = 0; i < 300; i++) {
		SimDevice *device = devices[sim_world_draw(scene->world, 3)];
		if (sim_world_draw(scene->world, 2)) {
			sim_device_step(device);
		} else {
			sim_device_run_job(device);
		}
		scene_pass(scene, sim_world_draw(scene->world, 3000));
	}
	scene_settle_as(scene, "a/\na/new=new\n");
	scene_assert_tree(scene->phone, "a/\na/new=new\n");
}

static void test_created_in_what_another_deletes(void)
{
	for (uint64_t seed = 1; seed <= 150; seed++) {
		run_create_and_delete(seed);
	}
}

/* It starts again; a swap arrives while everything is listed, in any order of the two's steps. */
static void run_swap_while_listing(uint64_t seed)
{
	g_autoptr(Scene) scene = scene_new_of(seed);
	scene_make(scene->laptop, "r");
	scene_make(scene->laptop, "r/a");
	scene_save(scene->laptop, "r/a/1", "one");
	scene_make(scene->laptop, "c");
	scene_save(scene->laptop, "c/2", "two");
	scene_settle(scene);
	scene_save(scene->laptop, "r/a/new", "new");
	sim_device_kill(scene->laptop);
	swap(scene->desktop, "r/a", "c");
	scene_work_now(scene->desktop);
	for (unsigned i = 0; i < 300; i++) {
		SimDevice *device =
			sim_world_draw(scene->world, 2) ? scene->laptop : scene->desktop;
		if (sim_world_draw(scene->world, 2)) {
			sim_device_step(device);
		} else {
			sim_device_run_job(device);
		}
		scene_pass(scene, sim_world_draw(scene->world, 3000));
	}
	scene_settle_as(scene, "c/\nc/1=one\nc/new=new\nr/\nr/a/\nr/a/2=two\n");
}

static void test_swapped_while_everything_is_listed(void)
{
	for (uint64_t seed = 1; seed <= 150; seed++) {
		run_swap_while_listing(seed);
	}
}

/* "x" is put into "a", which is another by then: that one lies in "x", and not the reverse. */
static void run_moved_into_what_moves_into_it(uint64_t seed)
{
	g_autoptr(Scene) scene = scene_new_of(seed);
	static const char *const folders[] = { "a", "b", "x" };
	for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
		g_autofree char *file = g_strconcat(folders[i], "/", folders[i], NULL);
		scene_make(scene->laptop, folders[i]);
		scene_save(scene->laptop, file, folders[i]);
	}
	scene_settle(scene);
	scene_rename(scene->desktop, "x", "a/x");
	scene_work_now(scene->desktop);
	unsigned moment = sim_world_draw(scene->world, 20);
	for (unsigned i = 0; i < 100; i++) {
		if (i == moment) {
			swap(scene->laptop, "a", "b");
			/* Only if "x" is still where it was. */
			disk_memory_user_rename(sim_device_disk(scene->laptop), "b", "x/in", NULL);
		}
		if (sim_world_draw(scene->world, 2)) {
			sim_device_step(scene->laptop);
		} else {
			sim_device_run_job(scene->laptop);
		}
		scene_pass(scene, sim_world_draw(scene->world, 3000));
	}
	scene_settle(scene);
	g_autofree char *laptop = scene_tree(scene->laptop), *desktop = scene_tree(scene->desktop);
	g_assert_cmpstr(laptop, ==, desktop);
	for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
		g_autofree char *kept = g_strdup_printf("=%s\n", folders[i]);
		g_assert_nonnull(strstr(laptop, kept));
	}
}

static void test_moved_into_what_moves_into_it(void)
{
	for (uint64_t seed = 1; seed <= 200; seed++) {
		run_moved_into_what_moves_into_it(seed);
	}
}

/*
 * The feed tells of the new file before the answer to its creation does, when it is gone already,
 * or another has its place: it is no news.
 */
static void run_gone_while_it_is_sent(unsigned steps, bool lazy, bool again)
{
	g_autoptr(Scene) scene = scene_new_with(1, lazy);
	scene_save(scene->laptop, "a", "first");
	scene_work_for(scene, scene->laptop, steps, 1000);
	sim_device_step(scene->laptop);
	sim_device_hold_first(scene->laptop, true);
	sim_device_run_job(scene->laptop);
	sim_device_set_online(scene->laptop, false);
	scene_remove(scene->laptop, "a");
	if (again) {
		scene_make(scene->laptop, "a");
	}
	scene_work_for(scene, scene->laptop, 30, 40000);
	sim_device_set_online(scene->laptop, true);
	scene_work_for(scene, scene->laptop, 100, 200000);
	scene_assert_tree(scene->laptop, again ? "a/\n" : "");
	sim_device_hold_first(scene->laptop, false);
	scene_settle_as(scene, again ? "a/\n" : "");
}

static void test_gone_while_it_is_sent(void)
{
	/* Some of them when the server has it, and nobody has heard of that. */
	for (unsigned steps = 0; steps < 20; steps++) {
		for (unsigned kind = 0; kind < 4; kind++) {
			run_gone_while_it_is_sent(steps, kind & 1, kind & 2);
		}
	}
}

/* What can be done while no time passes. */
static unsigned count_work(SimDevice *device)
{
	unsigned count = 0;
	for (unsigned i = 0; i < 200; i++) {
		count += scene_work(device);
	}
	return count;
}

/* The file may come back: until then, or until it is believed to be gone, nobody asks for it. */
static void run_gone_before_it_is_sent(unsigned steps, bool with_folder)
{
	g_autoptr(Scene) scene = scene_new();
	scene_make(scene->laptop, "a");
	scene_save(scene->laptop, "a/1", "first");
	scene_settle(scene);
	scene_pass(scene, 1000000);
	scene_save(scene->laptop, "a/1", "second");
	scene_save(scene->laptop, "a/2", "new");
	scene_work_for(scene, scene->laptop, steps, 0);
	if (with_folder) {
		scene_rename(scene->laptop, "a", ".imdrive/away");
	} else {
		scene_remove(scene->laptop, "a/1");
		scene_remove(scene->laptop, "a/2");
	}
	g_assert_cmpuint(count_work(scene->laptop), <, 30);
	if (with_folder) {
		scene_rename(scene->laptop, ".imdrive/away", "a");
	}
	scene_settle_as(scene, with_folder ? "a/\na/1=second\na/2=new\n" : "a/\n");
}

static void test_gone_before_it_is_sent(void)
{
	for (unsigned steps = 0; steps < 20; steps++) {
		run_gone_before_it_is_sent(steps, false);
		run_gone_before_it_is_sent(steps, true);
	}
}

/* ---- what is out of reach --------------------------------------------------------------- */

static void get_status(SimDevice *device, EngineStatus *ret_status)
{
	engine_status_get(sim_device_engine(device), ret_status);
}

/* It is neither deleted elsewhere nor in the way of anything else, and heals by itself. */
static void test_unreadable_folder_is_not_deleted(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_make(scene->laptop, "a");
	scene_save(scene->laptop, "a/1", "one");
	scene_settle(scene);
	disk_memory_user_set_mode(sim_device_disk(scene->laptop), "a", 0, NULL);
	sim_device_kill(scene->laptop);
	scene_save(scene->desktop, "b", "two");
	g_assert_false(scene_try_settle(scene));
	scene_assert_tree(scene->desktop, "a/\na/1=one\nb=two\n");
	g_auto(EngineStatus) status = { 0 };
	get_status(scene->laptop, &status);
	g_assert_cmpint(status.state, ==, ENGINE_ATTENTION);
	g_assert_cmpuint(status.problems->len, ==, 1);
	const EngineProblem *problem = status.problems->pdata[0];
	g_assert_cmpstr(problem->path, ==, "a");
	disk_memory_user_set_mode(sim_device_disk(scene->laptop), "a", 0700, NULL);
	scene_settle_as(scene, "a/\na/1=one\nb=two\n");
}

static void test_unmounted_folder_is_not_deleted(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_save(scene->laptop, "a", "one");
	scene_settle(scene);
	disk_memory_mount(sim_device_disk(scene->laptop), false);
	/* Leads to a listing of everything. */
	engine_set_ignore(sim_device_engine(scene->laptop), NULL);
	g_assert_false(scene_try_settle(scene));
	scene_assert_tree(scene->desktop, "a=one\n");
	disk_memory_mount(sim_device_disk(scene->laptop), true);
	scene_settle_as(scene, "a=one\n");
}

/* ---- the brake -------------------------------------------------------------------------- */

#define MANY 1100

static void make_many(Scene *scene)
{
	for (unsigned i = 0; i < MANY; i++) {
		g_autofree char *path = g_strdup_printf("%u", i);
		scene_save(scene->laptop, path, path);
	}
	scene_save(scene->laptop, "rest", "text");
	scene_settle(scene);
}

static void remove_many(SimDevice *device)
{
	for (unsigned i = 0; i < MANY; i++) {
		g_autofree char *path = g_strdup_printf("%u", i);
		scene_remove(device, path);
	}
}

static unsigned count_files(SimDevice *device)
{
	g_autofree char *text = scene_tree(device);
	unsigned count = 0;
	for (const char *at = text; (at = strchr(at, '\n')); at++) {
		count++;
	}
	return count;
}

static void test_brake_holds_many_deletions(void)
{
	g_autoptr(Scene) scene = scene_new();
	make_many(scene);
	remove_many(scene->laptop);
	scene_save(scene->laptop, "rest", "more text");
	g_assert_false(scene_try_settle(scene));
	g_assert_cmpuint(count_files(scene->desktop), ==, MANY + 1);
	g_auto(EngineStatus) status = { 0 };
	get_status(scene->laptop, &status);
	g_assert_cmpint(status.state, ==, ENGINE_ATTENTION);
	g_assert_nonnull(status.reason);
	g_assert_true(engine_is_stuck(sim_device_engine(scene->laptop)));
	/* All the rest goes on, and a restart does not release it. */
	g_autofree char *text = scene_tree(scene->desktop);
	g_assert_nonnull(strstr(text, "rest=more text\n"));
	sim_device_kill(scene->laptop);
	g_assert_false(scene_try_settle(scene));
	g_assert_cmpuint(count_files(scene->desktop), ==, MANY + 1);
	engine_accept_deletions(sim_device_engine(scene->laptop));
	scene_settle_as(scene, "rest=more text\n");
}

/* Deleted elsewhere, where it was judged: no second question. */
static void test_brake_asks_once(void)
{
	g_autoptr(Scene) scene = scene_new();
	make_many(scene);
	remove_many(scene->laptop);
	g_assert_false(scene_try_settle(scene));
	engine_accept_deletions(sim_device_engine(scene->laptop));
	scene_settle_as(scene, "rest=text\n");
	/* It holds the next time, too. */
	make_many(scene);
	remove_many(scene->laptop);
	g_assert_false(scene_try_settle(scene));
	g_assert_cmpuint(count_files(scene->desktop), ==, MANY + 1);
}

/* What vanished and came back was not deleted: the brake is off again. */
static void test_brake_ends_when_all_is_back(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_make(scene->laptop, "all");
	for (unsigned i = 0; i < MANY; i++) {
		g_autofree char *path = g_strdup_printf("all/%u", i);
		scene_save(scene->laptop, path, path);
	}
	scene_settle(scene);
	g_autofree char *before = scene_tree(scene->desktop);
	/* Out of the bound folder, and back: by names alone. */
	scene_rename(scene->laptop, "all", ".imdrive/away");
	g_assert_false(scene_try_settle(scene));
	scene_rename(scene->laptop, ".imdrive/away", "all");
	scene_settle_as(scene, before);
}

/* ---- a rename that this disk cannot follow ---------------------------------------------- */

/* The name is taken here by what cannot be synced; the file stays where it is, and so it is there.
 */
static void test_rename_that_cannot_be_held_waits(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_save(scene->laptop, "a", "text");
	scene_settle(scene);
	g_assert_true(disk_memory_user_make_other(sim_device_disk(scene->laptop), "taken", NULL));
	scene_settle(scene);
	scene_rename(scene->desktop, "a", "taken");
	g_assert_false(scene_try_settle(scene));
	g_autofree char *text = scene_tree(scene->laptop);
	g_assert_nonnull(strstr(text, "a=text\n"));
	scene_assert_tree(scene->desktop, "taken=text\n");
	scene_save(scene->laptop, "a", "more text");
	scene_remove(scene->laptop, "taken");
	scene_settle_as(scene, "taken=more text\n");
}

int main(int argc, char **argv)
{
	g_setenv("TZ", "UTC", TRUE);
	g_test_init(&argc, &argv, NULL);
	log_set_level(LOG_ERROR);
#define ADD(name, function) g_test_add_func("/sim/scenes/" name, function)
	ADD("folder-is-wrapped", test_folder_is_wrapped);
	ADD("written-again-within-a-tick", test_written_again_within_a_tick);
	ADD("written-again-within-a-tick-and-killed", test_written_again_within_a_tick_and_killed);
	ADD("written-again-while-another-writes", test_written_again_while_another_writes);
	ADD("written-while-it-is-taken-back", test_written_while_it_is_taken_back);
	ADD("folders-swapped-around-what-is-put-in", test_folders_swapped_around_what_is_put_in);
	ADD("moved-into-what-moves-into-it", test_moved_into_what_moves_into_it);
	ADD("swap-with-a-kill-at-any-step", test_swap_with_a_kill_at_any_step);
	ADD("saved-while-it-is-parked", test_saved_while_it_is_parked);
	ADD("swapped-while-one-changes", test_swapped_while_one_changes);
	ADD("created-in-what-another-deletes", test_created_in_what_another_deletes);
	ADD("swapped-while-everything-is-listed", test_swapped_while_everything_is_listed);
	ADD("gone-while-it-is-sent", test_gone_while_it_is_sent);
	ADD("gone-before-it-is-sent", test_gone_before_it_is_sent);
	ADD("unreadable-folder-is-not-deleted", test_unreadable_folder_is_not_deleted);
	ADD("unmounted-folder-is-not-deleted", test_unmounted_folder_is_not_deleted);
	ADD("brake-holds-many-deletions", test_brake_holds_many_deletions);
	ADD("brake-asks-once", test_brake_asks_once);
	ADD("brake-ends-when-all-is-back", test_brake_ends_when_all_is_back);
	ADD("rename-that-cannot-be-held-waits", test_rename_that_cannot_be_held_waits);
	return g_test_run();
}
