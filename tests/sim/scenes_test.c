/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small scenes between two devices and the server, for the real engine, each told step by step:
 * what the simulator found once, and what it cannot bring about.
 */
#include "base/error.h"
#include "base/log.h"
#include "sim_device.h"
#include "sim_world.h"

#include <glib/gstdio.h>
#include <string.h>

typedef struct Scene {
	SimWorld *world;
	SimDevice *laptop;
	SimDevice *desktop;
	SimDevice *phone; /* NULL: none */
	char *folder;
} Scene;

static Scene *scene_new_with(uint64_t seed, bool lazy)
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

static Scene *scene_new_of(uint64_t seed)
{
	return scene_new_with(seed, false);
}

static Scene *scene_new(void)
{
	return scene_new_of(1);
}

static void scene_free(Scene *scene)
{
	sim_device_free(scene->laptop);
	sim_device_free(scene->desktop);
	g_clear_pointer(&scene->phone, sim_device_free);
	sim_world_free(scene->world);
	g_rmdir(scene->folder);
	g_free(scene->folder);
	g_free(scene);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Scene, scene_free)

/* ---- people ----------------------------------------------------------------------------- */

static void pass(Scene *scene, int64_t time_us)
{
	scene->world->now_us += time_us;
	disk_memory_set_time(sim_device_disk(scene->laptop), scene->world->now_us * 1000);
	disk_memory_set_time(sim_device_disk(scene->desktop), scene->world->now_us * 1000);
	if (scene->phone) {
		disk_memory_set_time(sim_device_disk(scene->phone), scene->world->now_us * 1000);
	}
}

static void save(SimDevice *device, const char *path, const char *text)
{
	g_assert_true(
		disk_memory_user_write(sim_device_disk(device), path, text, strlen(text), NULL));
}

static void make(SimDevice *device, const char *path)
{
	g_assert_true(disk_memory_user_make_folder(sim_device_disk(device), path, NULL));
}

static void rename_to(SimDevice *device, const char *from, const char *to)
{
	g_assert_true(disk_memory_user_rename(sim_device_disk(device), from, to, NULL));
}

static void remove_one(SimDevice *device, const char *path)
{
	g_assert_true(disk_memory_user_remove(sim_device_disk(device), path, NULL));
}

static void show(const char *path, const char *kind, const void *bytes, size_t size, void *data)
{
	g_string_append_printf(data, "%s%s%.*s\n", path, strcmp(kind, "folder") ? "=" : "/",
			       (int)size, (const char *)bytes);
}

static char *tree(SimDevice *device)
{
	GString *text = g_string_new(NULL);
	sim_device_each(device, show, text);
	return g_string_free(text, FALSE);
}

static void assert_tree(SimDevice *device, const char *expected)
{
	g_autofree char *text = tree(device);
	g_assert_cmpstr(text, ==, expected);
}

/* ---- time ------------------------------------------------------------------------------- */

static bool work(SimDevice *device)
{
	sim_device_step(device);
	return sim_device_run_job(device);
}

static bool is_settled(Scene *scene)
{
	return sim_device_is_settled(scene->laptop) && sim_device_is_settled(scene->desktop) &&
	       (!scene->phone || sim_device_is_settled(scene->phone));
}

/* False if it does not come to rest, though nothing is left to do but to wait for minutes. */
static bool try_settle(Scene *scene)
{
	unsigned quiet = 0, idle = 0;
	for (unsigned i = 0; i < 20000 && quiet < 50 && idle < 300; i++) {
		bool worked = work(scene->laptop);
		worked |= work(scene->desktop);
		worked |= scene->phone && work(scene->phone);
		idle = worked ? 0 : idle + 1;
		scene->world->now_us += 100ll << MIN(idle, 13);
		quiet = is_settled(scene) ? quiet + 1 : 0;
	}
	return quiet == 50;
}

static void settle(Scene *scene)
{
	if (!try_settle(scene)) {
		g_autofree char *laptop = sim_device_describe(scene->laptop);
		g_autofree char *desktop = sim_device_describe(scene->desktop);
		g_error("does not come to rest:\n%s\n%s", laptop, desktop);
	}
	sim_server_check(scene->world->server);
}

/* Settles, and both have this. */
static void settle_as(Scene *scene, const char *expected)
{
	settle(scene);
	assert_tree(scene->laptop, expected);
	assert_tree(scene->desktop, expected);
}

/* As much as can be done while no time passes. */
static void work_now(SimDevice *device)
{
	for (unsigned i = 0; i < 200; i++) {
		work(device);
	}
}

/* ---- scenes ----------------------------------------------------------------------------- */

/* The new folder and what moves into it go to the server as one group. */
static void test_folder_is_wrapped(void)
{
	g_autoptr(Scene) scene = scene_new();
	make(scene->laptop, "c");
	save(scene->laptop, "c/a", "text");
	settle(scene);
	make(scene->laptop, "new");
	rename_to(scene->laptop, "c", "new/A");
	rename_to(scene->laptop, "new", "c");
	settle_as(scene, "c/\nc/A/\nc/A/a=text\n");
}

/* To where another write would leave the same stamp. */
static void save_and_upload(Scene *scene)
{
	save(scene->laptop, "a", "first.");
	settle(scene);
	pass(scene, 1000000);
	save(scene->laptop, "a", "second");
	work_now(scene->laptop);
	save(scene->laptop, "a", "third.");
}

static void test_written_again_within_a_tick(void)
{
	g_autoptr(Scene) scene = scene_new();
	save_and_upload(scene);
	settle_as(scene, "a=third.\n");
}

static void test_written_again_within_a_tick_and_killed(void)
{
	g_autoptr(Scene) scene = scene_new();
	save_and_upload(scene);
	sim_device_kill(scene->laptop);
	settle_as(scene, "a=third.\n");
}

/* What comes from the server in the same moment does not replace what nobody has seen. */
static void test_written_again_while_another_writes(void)
{
	g_autoptr(Scene) scene = scene_new();
	save_and_upload(scene);
	work_now(scene->desktop);
	assert_tree(scene->desktop, "a=second\n");
	pass(scene, 5000);
	save(scene->desktop, "a", "fourth");
	work_now(scene->desktop);
	work_now(scene->laptop);
	settle(scene);
	g_autofree char *laptop = tree(scene->laptop), *desktop = tree(scene->desktop);
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
	save(placing->device, "a", "third.");
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_IO, "the disk failed");
	return false;
}

/* In the very tick in which it was written elsewhere, and with as many bytes. */
static void test_written_while_it_is_taken_back(void)
{
	for (unsigned lazy = 0; lazy < 2; lazy++) {
		g_autoptr(Scene) scene = scene_new_with(1, lazy);
		save(scene->laptop, "a", "first");
		settle(scene);
		pass(scene, 1000000);
		save(scene->desktop, "a", "second");
		work_now(scene->desktop);
		Placing placing = { .device = scene->laptop };
		sim_device_set_hook(scene->laptop, save_when_placed, &placing);
		work_now(scene->laptop);
		g_assert_true(placing.over);
		settle(scene);
		g_autofree char *laptop = tree(scene->laptop), *desktop = tree(scene->desktop);
		g_assert_cmpstr(laptop, ==, desktop);
		g_assert_nonnull(strstr(laptop, "=second\n"));
		g_assert_nonnull(strstr(laptop, "=third.\n"));
	}
}

static void swap(SimDevice *device, const char *one, const char *other)
{
	rename_to(device, one, "between");
	rename_to(device, other, one);
	rename_to(device, "between", other);
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
		rename_to(placing->device, "mine", "a/new");
	} else if (call == DISK_CALL_RENAME && strcmp(path, "a/new") == 0) {
		placing->exchanged = true;
		swap(placing->device, "a", "b");
	}
	return true;
}

static void test_folders_swapped_around_what_is_put_in(void)
{
	g_autoptr(Scene) scene = scene_new();
	make(scene->laptop, "a");
	make(scene->laptop, "b");
	save(scene->laptop, "mine", "mine");
	settle(scene);
	pass(scene, 1000000);
	save(scene->desktop, "a/new", "new");
	work_now(scene->desktop);
	Placing placing = { .device = scene->laptop };
	sim_device_set_hook(scene->laptop, swap_around_placed, &placing);
	work_now(scene->laptop);
	g_assert_true(placing.over);
	settle(scene);
	g_autofree char *laptop = tree(scene->laptop), *desktop = tree(scene->desktop);
	g_assert_cmpstr(laptop, ==, desktop);
	g_assert_cmpstr(laptop, ==, "a/\na/new=mine\nb/\n");
}

/* One of the two is parked for a moment; the process ends at any of them. */
static void run_swap(unsigned steps)
{
	g_autoptr(Scene) scene = scene_new();
	make(scene->laptop, "a");
	save(scene->laptop, "a/1", "one");
	make(scene->laptop, "b");
	save(scene->laptop, "b/2", "two");
	settle(scene);
	swap(scene->desktop, "a", "b");
	for (unsigned i = 0; i < 100; i++) {
		work(scene->desktop);
		pass(scene, 1000);
	}
	for (unsigned i = 0; i < steps; i++) {
		if (i % 2) {
			sim_device_run_job(scene->laptop);
		} else {
			sim_device_step(scene->laptop);
			pass(scene, 1000);
		}
	}
	sim_device_kill(scene->laptop);
	settle_as(scene, "a/\na/2=two\nb/\nb/1=one\n");
	save(scene->laptop, "a/new", "new");
	save(scene->laptop, "b/new", "new");
	settle_as(scene, "a/\na/2=two\na/new=new\nb/\nb/1=one\nb/new=new\n");
}

static void test_swap_with_a_kill_at_any_step(void)
{
	for (unsigned steps = 0; steps < 40; steps++) {
		run_swap(steps);
	}
}

/* In any order of what the three do. */
static void run_create_and_delete(uint64_t seed)
{
	g_autoptr(Scene) scene = scene_new_of(seed);
	scene->phone = sim_device_new(scene->world, "phone", scene->folder, false);
	make(scene->laptop, "a");
	save(scene->laptop, "a/old", "old");
	settle(scene);
	remove_one(scene->desktop, "a/old");
	remove_one(scene->desktop, "a");
	save(scene->phone, "a/new", "new");
	SimDevice *const devices[] = { scene->laptop, scene->desktop, scene->phone };
	for (unsigned i = 0; i < 300; i++) {
		SimDevice *device = devices[sim_world_draw(scene->world, 3)];
		if (sim_world_draw(scene->world, 2)) {
			sim_device_step(device);
		} else {
			sim_device_run_job(device);
		}
		pass(scene, sim_world_draw(scene->world, 3000));
	}
	settle_as(scene, "a/\na/new=new\n");
	assert_tree(scene->phone, "a/\na/new=new\n");
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
	make(scene->laptop, "r");
	make(scene->laptop, "r/a");
	save(scene->laptop, "r/a/1", "one");
	make(scene->laptop, "c");
	save(scene->laptop, "c/2", "two");
	settle(scene);
	save(scene->laptop, "r/a/new", "new");
	sim_device_kill(scene->laptop);
	swap(scene->desktop, "r/a", "c");
	work_now(scene->desktop);
	for (unsigned i = 0; i < 300; i++) {
		SimDevice *device =
			sim_world_draw(scene->world, 2) ? scene->laptop : scene->desktop;
		if (sim_world_draw(scene->world, 2)) {
			sim_device_step(device);
		} else {
			sim_device_run_job(device);
		}
		pass(scene, sim_world_draw(scene->world, 3000));
	}
	settle_as(scene, "c/\nc/1=one\nc/new=new\nr/\nr/a/\nr/a/2=two\n");
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
		make(scene->laptop, folders[i]);
		save(scene->laptop, file, folders[i]);
	}
	settle(scene);
	rename_to(scene->desktop, "x", "a/x");
	work_now(scene->desktop);
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
		pass(scene, sim_world_draw(scene->world, 3000));
	}
	settle(scene);
	g_autofree char *laptop = tree(scene->laptop), *desktop = tree(scene->desktop);
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

/* ---- one person alone ------------------------------------------------------------------ */

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
		pass(scene,
		     sim_world_draw(scene->world, sim_world_draw(scene->world, 4) ? 3000 : 200000));
	}
	g_autofree char *wanted = tree(scene->laptop);
	settle(scene);
	g_autofree char *laptop = tree(scene->laptop), *desktop = tree(scene->desktop);
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

static void work_for(Scene *scene, SimDevice *device, unsigned steps, int64_t time_us)
{
	for (unsigned i = 0; i < steps; i++) {
		work(device);
		pass(scene, time_us);
	}
}

/*
 * The feed tells of the new file before the answer to its creation does, when it is gone already,
 * or another has its place: it is no news.
 */
static void run_gone_while_it_is_sent(unsigned steps, bool lazy, bool again)
{
	g_autoptr(Scene) scene = scene_new_with(1, lazy);
	save(scene->laptop, "a", "first");
	work_for(scene, scene->laptop, steps, 1000);
	sim_device_step(scene->laptop);
	sim_device_hold_first(scene->laptop, true);
	sim_device_run_job(scene->laptop);
	sim_device_set_online(scene->laptop, false);
	remove_one(scene->laptop, "a");
	if (again) {
		make(scene->laptop, "a");
	}
	work_for(scene, scene->laptop, 30, 40000);
	sim_device_set_online(scene->laptop, true);
	work_for(scene, scene->laptop, 100, 200000);
	assert_tree(scene->laptop, again ? "a/\n" : "");
	sim_device_hold_first(scene->laptop, false);
	settle_as(scene, again ? "a/\n" : "");
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

/* ---- what is out of reach --------------------------------------------------------------- */

static void get_status(SimDevice *device, EngineStatus *ret_status)
{
	engine_status_get(sim_device_engine(device), ret_status);
}

/* It is neither deleted elsewhere nor in the way of anything else, and heals by itself. */
static void test_unreadable_folder_is_not_deleted(void)
{
	g_autoptr(Scene) scene = scene_new();
	make(scene->laptop, "a");
	save(scene->laptop, "a/1", "one");
	settle(scene);
	disk_memory_user_set_mode(sim_device_disk(scene->laptop), "a", 0, NULL);
	sim_device_kill(scene->laptop);
	save(scene->desktop, "b", "two");
	g_assert_false(try_settle(scene));
	assert_tree(scene->desktop, "a/\na/1=one\nb=two\n");
	g_auto(EngineStatus) status = { 0 };
	get_status(scene->laptop, &status);
	g_assert_cmpint(status.state, ==, ENGINE_ATTENTION);
	g_assert_cmpuint(status.problems->len, ==, 1);
	const EngineProblem *problem = status.problems->pdata[0];
	g_assert_cmpstr(problem->path, ==, "a");
	disk_memory_user_set_mode(sim_device_disk(scene->laptop), "a", 0700, NULL);
	settle_as(scene, "a/\na/1=one\nb=two\n");
}

static void test_unmounted_folder_is_not_deleted(void)
{
	g_autoptr(Scene) scene = scene_new();
	save(scene->laptop, "a", "one");
	settle(scene);
	disk_memory_mount(sim_device_disk(scene->laptop), false);
	/* Leads to a listing of everything. */
	engine_set_ignore(sim_device_engine(scene->laptop), NULL);
	g_assert_false(try_settle(scene));
	assert_tree(scene->desktop, "a=one\n");
	disk_memory_mount(sim_device_disk(scene->laptop), true);
	settle_as(scene, "a=one\n");
}

/* ---- the brake -------------------------------------------------------------------------- */

#define MANY 1100

static void make_many(Scene *scene)
{
	for (unsigned i = 0; i < MANY; i++) {
		g_autofree char *path = g_strdup_printf("%u", i);
		save(scene->laptop, path, path);
	}
	save(scene->laptop, "rest", "text");
	settle(scene);
}

static void remove_many(SimDevice *device)
{
	for (unsigned i = 0; i < MANY; i++) {
		g_autofree char *path = g_strdup_printf("%u", i);
		remove_one(device, path);
	}
}

static unsigned count_files(SimDevice *device)
{
	g_autofree char *text = tree(device);
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
	save(scene->laptop, "rest", "more text");
	g_assert_false(try_settle(scene));
	g_assert_cmpuint(count_files(scene->desktop), ==, MANY + 1);
	g_auto(EngineStatus) status = { 0 };
	get_status(scene->laptop, &status);
	g_assert_cmpint(status.state, ==, ENGINE_ATTENTION);
	g_assert_nonnull(status.reason);
	g_assert_true(engine_is_stuck(sim_device_engine(scene->laptop)));
	/* All the rest goes on, and a restart does not release it. */
	g_autofree char *text = tree(scene->desktop);
	g_assert_nonnull(strstr(text, "rest=more text\n"));
	sim_device_kill(scene->laptop);
	g_assert_false(try_settle(scene));
	g_assert_cmpuint(count_files(scene->desktop), ==, MANY + 1);
	engine_accept_deletions(sim_device_engine(scene->laptop));
	settle_as(scene, "rest=more text\n");
}

/* Deleted elsewhere, where it was judged: no second question. */
static void test_brake_asks_once(void)
{
	g_autoptr(Scene) scene = scene_new();
	make_many(scene);
	remove_many(scene->laptop);
	g_assert_false(try_settle(scene));
	engine_accept_deletions(sim_device_engine(scene->laptop));
	settle_as(scene, "rest=text\n");
	/* It holds the next time, too. */
	make_many(scene);
	remove_many(scene->laptop);
	g_assert_false(try_settle(scene));
	g_assert_cmpuint(count_files(scene->desktop), ==, MANY + 1);
}

/* What vanished and came back was not deleted: the brake is off again. */
static void test_brake_ends_when_all_is_back(void)
{
	g_autoptr(Scene) scene = scene_new();
	make(scene->laptop, "all");
	for (unsigned i = 0; i < MANY; i++) {
		g_autofree char *path = g_strdup_printf("all/%u", i);
		save(scene->laptop, path, path);
	}
	settle(scene);
	g_autofree char *before = tree(scene->desktop);
	/* Out of the bound folder, and back: by names alone. */
	rename_to(scene->laptop, "all", ".imdrive/away");
	g_assert_false(try_settle(scene));
	rename_to(scene->laptop, ".imdrive/away", "all");
	settle_as(scene, before);
}

/* ---- a rename that this disk cannot follow ---------------------------------------------- */

/* The name is taken here by what cannot be synced; the file stays where it is, and so it is there.
 */
static void test_rename_that_cannot_be_held_waits(void)
{
	g_autoptr(Scene) scene = scene_new();
	save(scene->laptop, "a", "text");
	settle(scene);
	g_assert_true(disk_memory_user_make_other(sim_device_disk(scene->laptop), "taken", NULL));
	settle(scene);
	rename_to(scene->desktop, "a", "taken");
	g_assert_false(try_settle(scene));
	g_autofree char *text = tree(scene->laptop);
	g_assert_nonnull(strstr(text, "a=text\n"));
	assert_tree(scene->desktop, "taken=text\n");
	save(scene->laptop, "a", "more text");
	remove_one(scene->laptop, "taken");
	settle_as(scene, "taken=more text\n");
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
	ADD("created-in-what-another-deletes", test_created_in_what_another_deletes);
	ADD("swapped-while-everything-is-listed", test_swapped_while_everything_is_listed);
	ADD("alone-without-conflicts", test_alone_without_conflicts);
	ADD("gone-while-it-is-sent", test_gone_while_it_is_sent);
	ADD("unreadable-folder-is-not-deleted", test_unreadable_folder_is_not_deleted);
	ADD("unmounted-folder-is-not-deleted", test_unmounted_folder_is_not_deleted);
	ADD("brake-holds-many-deletions", test_brake_holds_many_deletions);
	ADD("brake-asks-once", test_brake_asks_once);
	ADD("brake-ends-when-all-is-back", test_brake_ends_when_all_is_back);
	ADD("rename-that-cannot-be-held-waits", test_rename_that_cannot_be_held_waits);
	return g_test_run();
}
