/* SPDX-License-Identifier: Apache-2.0 */
/* Deletions against new content. */
#include "client/plan/scene.h"

#define HERE SIDE_LOCAL
#define THERE SIDE_REMOTE
#define ROOT ENTRY_KEY_ROOT

static void test_a_deletion_reaches_the_other_side(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_file(scene, 20, ROOT, "x", "1");
	scene_file(scene, 21, ROOT, "y", "1");
	scene_delete(scene, HERE, 20);
	scene_delete(scene, THERE, 21);
	scene_plan(scene);
	g_assert_cmpint(scene_kind(scene, 20), ==, ACTION_DELETE_REMOTE);
	g_assert_cmpint(scene_kind(scene, 21), ==, ACTION_DELETE_LOCAL);
	scene_ends_as(scene, "");
}

static void fill(Scene *scene, int64_t folder, int64_t first, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		g_autofree char *name = g_strdup_printf("%u", i);
		scene_file(scene, first + i, folder, name, "1");
	}
}

static void check_folder_goes_at_once(Side side, ActionKind kind)
{
	g_autoptr(Scene) scene = scene_new();
	scene_folder(scene, 20, ROOT, "a");
	scene_folder(scene, 21, 20, "b");
	fill(scene, 20, 100, 50);
	fill(scene, 21, 200, 50);
	scene_delete(scene, side, 20);
	scene_plan(scene);
	g_assert_cmpuint(scene->plan.actions->len, ==, 1);
	g_assert_cmpint(scene_kind(scene, 20), ==, kind);
	g_assert_cmpint(scene_blocked_on(scene, 149), ==, 20);
	g_assert_cmpint(scene_blocked_on(scene, 249), ==, 21);
	scene_ends_as(scene, "");
	g_assert_cmpuint(scene->done[kind], ==, 1);
}

static void test_a_folder_goes_at_once(void)
{
	check_folder_goes_at_once(HERE, ACTION_DELETE_REMOTE);
	check_folder_goes_at_once(THERE, ACTION_DELETE_LOCAL);
}

static void test_an_edit_beats_a_deletion(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_file(scene, 20, ROOT, "x", "0");
	scene_file(scene, 21, ROOT, "y", "0");
	scene_edit(scene, HERE, 20, "1");
	scene_delete(scene, THERE, 20);
	scene_edit(scene, THERE, 21, "2");
	scene_delete(scene, HERE, 21);
	scene_ends_as(scene, "x=1 y=2 ");
}

static void test_a_deletion_beats_attributes_and_moves(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_file(scene, 20, ROOT, "a", "0");
	scene_file(scene, 21, ROOT, "b", "0");
	scene_file(scene, 22, ROOT, "c", "0");
	scene_file(scene, 23, ROOT, "d", "0");
	world_touch(scene->world, HERE, 20, true);
	scene_delete(scene, THERE, 20);
	world_touch(scene->world, THERE, 21, true);
	scene_delete(scene, HERE, 21);
	scene_move(scene, HERE, 22, ROOT, "moved");
	scene_delete(scene, THERE, 22);
	scene_move(scene, THERE, 23, ROOT, "gone");
	scene_delete(scene, HERE, 23);
	scene_ends_as(scene, "");
}

/* What stays of a deleted folder is what is new in it, and no more. */
static void test_a_file_added_to_a_deleted_folder_stays(void)
{
	for (Side side = SIDE_LOCAL; side <= SIDE_REMOTE; side += SIDE_REMOTE - SIDE_LOCAL) {
		g_autoptr(Scene) scene = scene_new();
		scene_folder(scene, 20, ROOT, "a");
		scene_folder(scene, 21, 20, "b");
		scene_file(scene, 22, 20, "old", "0");
		scene_file(scene, 23, 21, "old", "0");
		scene_folder(scene, 24, 20, "c");
		scene_delete(scene, side == HERE ? THERE : HERE, 20);
		scene_new_file(scene, side, 30, 21, "new", "1");
		scene_ends_as(scene, "a/ a/b/ a/b/new=1 ");
	}
}

static void test_a_file_edited_in_a_deleted_folder_stays(void)
{
	for (Side side = SIDE_LOCAL; side <= SIDE_REMOTE; side += SIDE_REMOTE - SIDE_LOCAL) {
		g_autoptr(Scene) scene = scene_new();
		scene_folder(scene, 20, ROOT, "a");
		scene_file(scene, 21, 20, "x", "0");
		scene_file(scene, 22, 20, "y", "0");
		scene_delete(scene, side == HERE ? THERE : HERE, 20);
		scene_edit(scene, side, 21, "1");
		scene_ends_as(scene, "a/ a/x=1 ");
	}
}

static void test_what_moved_out_before_the_deletion_stays(void)
{
	for (Side side = SIDE_LOCAL; side <= SIDE_REMOTE; side += SIDE_REMOTE - SIDE_LOCAL) {
		g_autoptr(Scene) scene = scene_new();
		scene_folder(scene, 20, ROOT, "a");
		scene_folder(scene, 21, 20, "b");
		scene_file(scene, 22, 21, "x", "0");
		scene_move(scene, side, 22, ROOT, "x");
		scene_delete(scene, side, 20);
		scene_plan(scene);
		g_assert_cmpint(scene_blocked_on(scene, 20), ==, 22);
		scene_ends_as(scene, "x=0 ");
		g_assert_cmpuint(scene->done[ACTION_CREATE_LOCAL], ==, 0);
		g_assert_cmpuint(scene->done[ACTION_CREATE_REMOTE], ==, 0);
	}
}

static void test_what_moved_into_a_deleted_folder_keeps_it(void)
{
	for (Side side = SIDE_LOCAL; side <= SIDE_REMOTE; side += SIDE_REMOTE - SIDE_LOCAL) {
		g_autoptr(Scene) scene = scene_new();
		scene_folder(scene, 20, ROOT, "a");
		scene_file(scene, 21, 20, "old", "0");
		scene_file(scene, 22, ROOT, "x", "1");
		scene_move(scene, side, 22, 20, "x");
		scene_delete(scene, side == HERE ? THERE : HERE, 20);
		scene_ends_as(scene, "a/ a/x=1 ");
	}
}

/* Renamed by one, filled by the other: nothing is deleted. */
static void test_a_renamed_folder_takes_what_is_added(void)
{
	for (Side side = SIDE_LOCAL; side <= SIDE_REMOTE; side += SIDE_REMOTE - SIDE_LOCAL) {
		g_autoptr(Scene) scene = scene_new();
		scene_folder(scene, 20, ROOT, "a");
		scene_file(scene, 21, 20, "old", "0");
		scene_move(scene, side, 20, ROOT, "b");
		scene_new_file(scene, side == HERE ? THERE : HERE, 30, 20, "new", "1");
		scene_ends_as(scene, "b/ b/new=1 b/old=0 ");
		g_assert_cmpuint(scene->done[ACTION_DELETE_LOCAL], ==, 0);
		g_assert_cmpuint(scene->done[ACTION_DELETE_REMOTE], ==, 0);
	}
}

static void test_what_may_be_an_edit_is_hashed_first(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_folder(scene, 20, ROOT, "a");
	scene_file(scene, 21, 20, "touched", "0");
	scene_file(scene, 22, 20, "edited", "0");
	world_unhash(scene->world, 21);
	scene_edit(scene, HERE, 22, "3"); /* of the same size, in this world */
	world_unhash(scene->world, 22);
	scene_delete(scene, THERE, 20);
	scene_plan(scene);
	g_assert_cmpint(scene_kind(scene, 21), ==, ACTION_HASH);
	g_assert_cmpint(scene_kind(scene, 22), ==, ACTION_HASH);
	g_assert_cmpint(scene_blocked_on(scene, 20), ==, 22);
	scene_ends_as(scene, "a/ a/edited=3 ");
}

/* ---- cost -------------------------------------------------------------------------------------
 */

typedef struct Counter {
	PlanView view;
	unsigned calls;
} Counter;

static const Entry *count_get(void *data, Side side, int64_t key)
{
	Counter *counter = data;
	counter->calls++;
	return counter->view.get(counter->view.data, side, key);
}

static int64_t count_find(void *data, Side side, int64_t parent, const char *name)
{
	Counter *counter = data;
	counter->calls++;
	return counter->view.find(counter->view.data, side, parent, name);
}

static void count_children(void *data, Side side, int64_t parent, GArray *ret_keys)
{
	Counter *counter = data;
	counter->calls++;
	counter->view.children(counter->view.data, side, parent, ret_keys);
}

/* Folders in folders, each with a file. */
static void make_deep(Scene *scene, unsigned depth)
{
	int64_t parent = ROOT;
	for (int64_t key = 1000; key < 1000 + depth; key++) {
		scene_folder(scene, key, parent, "a");
		scene_file(scene, key + depth, key, "x", "0");
		parent = key;
	}
}

/* Plans these keys, so many at a time. Returns how often the trees were asked. */
static unsigned count_calls(Scene *scene, const GArray *keys, unsigned batch)
{
	Counter counter = { .view = world_view(scene->world) };
	PlanView view = {
		.get = count_get, .find = count_find, .children = count_children, .data = &counter
	};
	PlanOptions options = { .remote_at_head = true, .conflict_label = "bob" };
	unsigned actions = 0;
	for (unsigned i = 0; i < keys->len; i += batch) {
		g_auto(Plan) plan = { 0 };
		plan_make(&view, &options, &g_array_index(keys, int64_t, i),
			  MIN(batch, keys->len - i), &plan);
		actions += plan.actions->len;
	}
	g_assert_cmpuint(actions, ==, 1);
	return counter.calls;
}

/* However it is planned, a deleted folder is walked once, not once for each node in it. */
static void test_a_deleted_folder_is_walked_once(void)
{
	for (Side side = SIDE_LOCAL; side <= SIDE_REMOTE; side += SIDE_REMOTE - SIDE_LOCAL) {
		g_autoptr(Scene) scene = scene_new();
		make_deep(scene, 500);
		scene_delete(scene, side, 1000);
		world_hear(scene->world, scene->world->seq);
		g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
		world_divergent(scene->world, keys);
		g_assert_cmpuint(keys->len, ==, 1000);
		g_assert_cmpuint(count_calls(scene, keys, 1000), <, 10 * keys->len);
		g_assert_cmpuint(count_calls(scene, keys, 16), <, 15 * keys->len);
	}
}

/* ---- what is left out -------------------------------------------------------------------- */

/* a/ with a/x, which this device leaves out. */
static Scene *scene_new_left_out(void)
{
	Scene *scene = scene_new();
	scene_folder(scene, 20, ROOT, "a");
	scene_file(scene, 21, 20, "x", "1");
	g_assert_true(world_leave_out(scene->world, 20, true));
	return scene;
}

static void check(Scene *scene, const char *here, const char *there)
{
	World *world = scene->world;
	scene_sync(scene);
	g_autofree char *local = world_print(world, world->trees[SIDE_LOCAL], false);
	g_autofree char *server = world_print(world, world->server, false);
	g_assert_cmpstr(local, ==, here);
	g_assert_cmpstr(server, ==, there);
}

static void test_what_is_left_out_goes_here_alone(void)
{
	g_autoptr(Scene) scene = scene_new_left_out();
	scene_plan(scene);
	g_assert_cmpuint(scene->plan.actions->len, ==, 1);
	g_assert_cmpint(scene_kind(scene, 20), ==, ACTION_DELETE_LOCAL);
	check(scene, "", "a/ a/x=1 ");
	scene_edit(scene, THERE, 21, "2");
	scene_new_file(scene, THERE, 22, 20, "y", "1");
	check(scene, "", "a/ a/x=2 a/y=1 ");
	g_assert_true(world_leave_out(scene->world, 20, false));
	scene_ends_as(scene, "a/ a/x=2 a/y=1 ");
}

static void test_what_is_new_goes_to_the_server_first(void)
{
	g_autoptr(Scene) scene = scene_new_left_out();
	scene_edit(scene, HERE, 21, "2");
	scene_new_file(scene, HERE, 22, 20, "y", "1");
	scene_plan(scene);
	g_assert_cmpint(scene_kind(scene, 21), ==, ACTION_UPDATE_REMOTE);
	g_assert_cmpint(scene_kind(scene, 22), ==, ACTION_CREATE_REMOTE);
	g_assert_cmpint(scene_kind(scene, 20), ==, ACTION_NONE);
	check(scene, "", "a/ a/x=2 a/y=1 ");
}

static void test_moves_into_it_and_out_of_it_cross_the_border(void)
{
	g_autoptr(Scene) scene = scene_new_left_out();
	scene_file(scene, 30, ROOT, "z", "3");
	scene_folder(scene, 31, 20, "b");
	scene_file(scene, 32, 31, "w", "4");
	check(scene, "z=3 ", "a/ a/b/ a/b/w=4 a/x=1 z=3 ");
	scene_move(scene, THERE, 30, 20, "z");
	scene_move(scene, THERE, 31, ROOT, "b");
	check(scene, "b/ b/w=4 ", "a/ a/x=1 a/z=3 b/ b/w=4 ");
}

static void test_missing_after_a_crash_is_not_deleted(void)
{
	g_autoptr(Scene) scene = scene_new_left_out();
	scene->world->crashes = true;
	scene_plan(scene);
	scene_carry_out(scene);
	g_assert_nonnull(tree_get(scene->world->trees[SIDE_SYNCED], 21));
	scene_move(scene, THERE, 21, ROOT, "x");
	scene_plan(scene);
	g_assert_cmpint(scene_kind(scene, 20), ==, ACTION_FORGET);
	g_assert_cmpint(scene_kind(scene, 21), ==, ACTION_FORGET);
	check(scene, "x=1 ", "a/ x=1 ");
}

static void test_a_new_folder_of_its_name_steps_aside(void)
{
	g_autoptr(Scene) scene = scene_new_left_out();
	check(scene, "", "a/ a/x=1 ");
	scene_new_folder(scene, HERE, 30, ROOT, "a");
	scene_new_file(scene, HERE, 31, 30, "x", "2");
	check(scene, "a (conflict, bob)/ a (conflict, bob)/x=2 ",
	      "a (conflict, bob)/ a (conflict, bob)/x=2 a/ a/x=1 ");
}

static void test_it_outlives_the_folder_that_it_lies_in(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_folder(scene, 19, ROOT, "p");
	scene_folder(scene, 20, 19, "a");
	scene_file(scene, 21, 20, "x", "1");
	scene_file(scene, 22, 19, "y", "1");
	g_assert_true(world_leave_out(scene->world, 20, true));
	check(scene, "p/ p/y=1 ", "p/ p/a/ p/a/x=1 p/y=1 ");
	scene_delete(scene, HERE, 19);
	check(scene, "p/ ", "p/ p/a/ p/a/x=1 ");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/client/plan/fate/a-deletion-reaches-the-other-side",
			test_a_deletion_reaches_the_other_side);
	g_test_add_func("/client/plan/fate/a-folder-goes-at-once", test_a_folder_goes_at_once);
	g_test_add_func("/client/plan/fate/an-edit-beats-a-deletion",
			test_an_edit_beats_a_deletion);
	g_test_add_func("/client/plan/fate/a-deletion-beats-attributes-and-moves",
			test_a_deletion_beats_attributes_and_moves);
	g_test_add_func("/client/plan/fate/a-file-added-to-a-deleted-folder-stays",
			test_a_file_added_to_a_deleted_folder_stays);
	g_test_add_func("/client/plan/fate/a-file-edited-in-a-deleted-folder-stays",
			test_a_file_edited_in_a_deleted_folder_stays);
	g_test_add_func("/client/plan/fate/what-moved-out-before-the-deletion-stays",
			test_what_moved_out_before_the_deletion_stays);
	g_test_add_func("/client/plan/fate/what-moved-into-a-deleted-folder-keeps-it",
			test_what_moved_into_a_deleted_folder_keeps_it);
	g_test_add_func("/client/plan/fate/a-renamed-folder-takes-what-is-added",
			test_a_renamed_folder_takes_what_is_added);
	g_test_add_func("/client/plan/fate/what-may-be-an-edit-is-hashed-first",
			test_what_may_be_an_edit_is_hashed_first);
	g_test_add_func("/client/plan/fate/a-deleted-folder-is-walked-once",
			test_a_deleted_folder_is_walked_once);
	g_test_add_func("/client/plan/fate/what-is-left-out-goes-here-alone",
			test_what_is_left_out_goes_here_alone);
	g_test_add_func("/client/plan/fate/what-is-new-goes-to-the-server-first",
			test_what_is_new_goes_to_the_server_first);
	g_test_add_func("/client/plan/fate/moves-into-it-and-out-of-it-cross-the-border",
			test_moves_into_it_and_out_of_it_cross_the_border);
	g_test_add_func("/client/plan/fate/missing-after-a-crash-is-not-deleted",
			test_missing_after_a_crash_is_not_deleted);
	g_test_add_func("/client/plan/fate/a-new-folder-of-its-name-steps-aside",
			test_a_new_folder_of_its_name_steps_aside);
	g_test_add_func("/client/plan/fate/it-outlives-the-folder-that-it-lies-in",
			test_it_outlives_the_folder_that_it_lies_in);
	return g_test_run();
}
