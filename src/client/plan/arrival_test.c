/* SPDX-License-Identifier: Apache-2.0 */
/* Names that two want, folders that are not there yet, and paths that change under way. */
#include "client/plan/scene.h"

#include "base/limits.h"

#include <string.h>

#define HERE SIDE_LOCAL
#define THERE SIDE_REMOTE
#define ROOT ENTRY_KEY_ROOT

static void test_moved_to_a_name_that_is_new_there(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_file(scene, 20, ROOT, "x", "1");
	scene_move(scene, HERE, 20, ROOT, "y");
	scene_new_file(scene, THERE, 30, ROOT, "y", "2");
	scene_ends_as(scene, "y (conflict, bob)=1 y=2 ");
	/* It stays a move: nothing is sent again. */
	g_assert_cmpuint(scene->done[ACTION_CREATE_REMOTE], ==, 0);
}

static void test_moved_there_to_a_name_that_is_new_here(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_file(scene, 20, ROOT, "x", "1");
	scene_move(scene, THERE, 20, ROOT, "y");
	scene_new_file(scene, HERE, 30, ROOT, "y", "2");
	scene_ends_as(scene, "y (conflict, bob)=2 y=1 ");
}

static void test_two_moved_to_one_name(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_file(scene, 20, ROOT, "x", "1");
	scene_file(scene, 21, ROOT, "y", "2");
	scene_move(scene, HERE, 20, ROOT, "z");
	scene_move(scene, THERE, 21, ROOT, "z");
	scene_ends_as(scene, "z (conflict, bob)=1 z=2 ");
}

static void test_a_name_that_is_left_is_waited_for(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_file(scene, 20, ROOT, "x", "1");
	scene_move(scene, HERE, 20, ROOT, "y");
	scene_new_file(scene, HERE, 30, ROOT, "x", "2");
	scene_plan(scene);
	g_assert_cmpint(scene_blocked_on(scene, 30), ==, 20);
	scene_ends_as(scene, "x=2 y=1 ");
	g_assert_cmpuint(scene->conflicts, ==, 0);
}

/* Names whose ends differ become equal when they are cut to make room. */
static void test_conflict_copies_of_one_plan_have_names_of_their_own(void)
{
	enum { COUNT = 12 };
	g_autoptr(Scene) scene = scene_new();
	for (int i = 0; i < COUNT; i++) {
		char name[NAME_SIZE_MAX + 1];
		memset(name, 'a', NAME_SIZE_MAX);
		name[NAME_SIZE_MAX - 1] = (char)('a' + i);
		name[NAME_SIZE_MAX] = '\0';
		scene_new_file(scene, HERE, 100 + i, ROOT, name, "1");
		scene_new_file(scene, THERE, 200 + i, ROOT, name, "2");
	}
	scene_plan(scene);
	g_assert_cmpuint(scene->plan.actions->len, ==, COUNT);
	scene_sync(scene);
	g_assert_cmpuint(scene->conflicts, ==, COUNT);
	g_assert_cmpuint(tree_size(scene->world->server), ==, 1 + 2 * COUNT);
}

static void test_a_conflict_name_is_free_on_both_sides(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_new_file(scene, HERE, 20, ROOT, "x", "1");
	scene_new_file(scene, HERE, 21, ROOT, "x (conflict, bob)", "2");
	scene_new_file(scene, THERE, 30, ROOT, "x", "3");
	scene_new_file(scene, THERE, 31, ROOT, "x (conflict, bob, 2)", "4");
	scene_ends_as(scene,
		      "x (conflict, bob)=2 x (conflict, bob, 2)=4 x (conflict, bob, 3)=1 x=3 ");
}

/* a goes into b while c, in which b lies, goes into another folder. */
static void test_a_folder_waits_for_those_above_its_place(void)
{
	for (Side side = SIDE_LOCAL; side <= SIDE_REMOTE; side += SIDE_REMOTE - SIDE_LOCAL) {
		g_autoptr(Scene) scene = scene_new();
		scene_folder(scene, 20, ROOT, "a");
		scene_folder(scene, 21, ROOT, "c");
		scene_folder(scene, 22, 21, "b");
		scene_folder(scene, 23, ROOT, "d");
		scene_move(scene, side, 21, 23, "c");
		scene_move(scene, side, 20, 22, "a");
		scene_plan(scene);
		g_assert_cmpint(scene_blocked_on(scene, 20), ==, 21);
		scene_ends_as(scene, "d/ d/c/ d/c/b/ d/c/b/a/ ");
	}
}

/* Whoever carries out a plan may look up all paths first. */
static void test_no_path_changes_under_way(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_folder(scene, 20, ROOT, "a");
	scene_file(scene, 21, 20, "edited here", "0");
	scene_file(scene, 22, 20, "edited there", "0");
	scene_file(scene, 23, 20, "deleted there", "0");
	scene_file(scene, 24, 20, "leaves", "0");
	scene_file(scene, 25, ROOT, "comes", "0");
	scene_move(scene, THERE, 20, ROOT, "b");
	scene_edit(scene, HERE, 21, "1");
	scene_edit(scene, THERE, 22, "1");
	scene_delete(scene, THERE, 23);
	scene_move(scene, THERE, 24, ROOT, "left");
	scene_move(scene, THERE, 25, 20, "came");
	scene_new_file(scene, THERE, 26, 20, "new", "2");
	scene_plan(scene);
	g_assert_cmpuint(scene->plan.actions->len, ==, 1);
	g_assert_cmpint(scene_kind(scene, 20), ==, ACTION_MOVE_LOCAL);
	for (int64_t key = 21; key <= 26; key++) {
		g_assert_cmpint(scene_blocked_on(scene, key), ==, 20);
	}
	scene_ends_as(scene, "b/ b/came=0 b/edited here=1 b/edited there=1 b/new=2 left=0 ");
}

/* What cannot go to its place yet does not hold back its content. */
static void test_content_goes_on_while_the_place_waits(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_file(scene, 20, ROOT, "x", "0");
	scene_file(scene, 21, ROOT, "y", "0");
	scene_move(scene, THERE, 21, ROOT, "z");
	scene_move(scene, THERE, 20, ROOT, "y");
	scene_edit(scene, HERE, 20, "1");
	scene_plan(scene);
	g_assert_cmpint(scene_kind(scene, 20), ==, ACTION_UPDATE_REMOTE);
	scene_ends_as(scene, "y=1 z=0 ");
}

/* One node becomes two only where it is to lie; else the copy would not lie beside it. */
static void test_a_conflict_waits_for_the_place(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_file(scene, 20, ROOT, "x", "0");
	scene_file(scene, 21, ROOT, "y", "0");
	scene_move(scene, HERE, 21, ROOT, "z");
	scene_move(scene, HERE, 20, ROOT, "y");
	scene_edit(scene, HERE, 20, "1");
	scene_edit(scene, THERE, 20, "2");
	scene_plan(scene);
	g_assert_cmpint(scene_blocked_on(scene, 20), ==, 21);
	scene_ends_as(scene, "y (conflict, bob)=1 y=2 z=0 ");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/client/plan/arrival/moved-to-a-name-that-is-new-there",
			test_moved_to_a_name_that_is_new_there);
	g_test_add_func("/client/plan/arrival/moved-there-to-a-name-that-is-new-here",
			test_moved_there_to_a_name_that_is_new_here);
	g_test_add_func("/client/plan/arrival/two-moved-to-one-name", test_two_moved_to_one_name);
	g_test_add_func("/client/plan/arrival/a-name-that-is-left-is-waited-for",
			test_a_name_that_is_left_is_waited_for);
	g_test_add_func("/client/plan/arrival/conflict-copies-of-one-plan-have-names-of-their-own",
			test_conflict_copies_of_one_plan_have_names_of_their_own);
	g_test_add_func("/client/plan/arrival/a-conflict-name-is-free-on-both-sides",
			test_a_conflict_name_is_free_on_both_sides);
	g_test_add_func("/client/plan/arrival/a-folder-waits-for-those-above-its-place",
			test_a_folder_waits_for_those_above_its_place);
	g_test_add_func("/client/plan/arrival/no-path-changes-under-way",
			test_no_path_changes_under_way);
	g_test_add_func("/client/plan/arrival/content-goes-on-while-the-place-waits",
			test_content_goes_on_while_the_place_waits);
	g_test_add_func("/client/plan/arrival/a-conflict-waits-for-the-place",
			test_a_conflict_waits_for_the_place);
	return g_test_run();
}
