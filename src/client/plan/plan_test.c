/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of DESIGN.md, each told by a small thing that happens. */
#include "client/plan/scene.h"

#include <string.h>

#define HERE SIDE_LOCAL
#define THERE SIDE_REMOTE
#define ROOT ENTRY_KEY_ROOT

/* ---- new ----------------------------------------------------------------------------------- */

static void test_new_here_is_made_there(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_new_folder(scene, HERE, 20, ROOT, "a");
	scene_new_file(scene, HERE, 21, 20, "x", "1");
	scene_plan(scene);
	g_assert_cmpint(scene_kind(scene, 20), ==, ACTION_CREATE_REMOTE);
	g_assert_cmpint(scene_blocked_on(scene, 21), ==, 20);
	scene_ends_as(scene, "a/ a/x=1 ");
	g_assert_cmpuint(scene->done[ACTION_CREATE_REMOTE], ==, 2);
}

static void test_new_there_is_made_here(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_new_folder(scene, THERE, 20, ROOT, "a");
	scene_new_file(scene, THERE, 21, 20, "x", "1");
	scene_plan(scene);
	g_assert_cmpint(scene_kind(scene, 20), ==, ACTION_CREATE_LOCAL);
	g_assert_cmpint(scene_blocked_on(scene, 21), ==, 20);
	scene_ends_as(scene, "a/ a/x=1 ");
	g_assert_cmpuint(scene->done[ACTION_CREATE_LOCAL], ==, 2);
}

static void test_folders_of_one_name_become_one(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_new_folder(scene, HERE, 20, ROOT, "a");
	scene_new_file(scene, HERE, 21, 20, "x", "1");
	scene_new_folder(scene, THERE, 30, ROOT, "a");
	scene_new_file(scene, THERE, 31, 30, "y", "2");
	scene_plan(scene);
	g_assert_cmpint(scene_kind(scene, 20), ==, ACTION_ADOPT);
	g_assert_cmpint(scene_action(scene, 20)->other, ==, 30);
	scene_ends_as(scene, "a/ a/x=1 a/y=2 ");
	g_assert_cmpuint(scene->conflicts, ==, 0);
}

static void test_files_of_one_name_and_content_become_one(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_new_file(scene, HERE, 20, ROOT, "x", "1");
	scene_new_file(scene, THERE, 30, ROOT, "x", "1");
	scene_ends_as(scene, "x=1 ");
	g_assert_cmpuint(scene->done[ACTION_CREATE_LOCAL], ==, 0);
	g_assert_cmpuint(scene->done[ACTION_CREATE_REMOTE], ==, 0);
}

static void test_files_of_one_name_and_two_contents_become_two(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_new_file(scene, HERE, 20, ROOT, "x.txt", "1");
	scene_new_file(scene, THERE, 30, ROOT, "x.txt", "2");
	scene_ends_as(scene, "x (conflict, bob).txt=1 x.txt=2 ");
}

static void test_a_file_and_a_folder_of_one_name_become_two(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_new_folder(scene, HERE, 20, ROOT, "x");
	scene_new_file(scene, HERE, 21, 20, "in", "1");
	scene_new_file(scene, THERE, 30, ROOT, "x", "2");
	scene_plan(scene);
	/* For whose sake: while that one is on its way, it is not done. */
	g_assert_cmpint(scene_action(scene, 20)->other, ==, 30);
	scene_ends_as(scene, "x (conflict, bob)/ x (conflict, bob)/in=1 x=2 ");
}

static void test_a_new_file_is_read_only_if_it_may_be_the_same(void)
{
	g_autoptr(Scene) scene = scene_new();
	/* "1" and "4" have the same size in this world, "1" and "2" have not. */
	scene_new_file(scene, HERE, 20, ROOT, "same", "1");
	scene_new_file(scene, THERE, 30, ROOT, "same", "1");
	scene_new_file(scene, HERE, 21, ROOT, "other", "1");
	scene_new_file(scene, THERE, 31, ROOT, "other", "4");
	scene_new_file(scene, HERE, 22, ROOT, "longer", "1");
	scene_new_file(scene, THERE, 32, ROOT, "longer", "2");
	for (int64_t key = 20; key <= 22; key++) {
		world_unhash(scene->world, key);
	}
	scene_plan(scene);
	g_assert_cmpint(scene_kind(scene, 20), ==, ACTION_HASH);
	g_assert_cmpint(scene_kind(scene, 21), ==, ACTION_HASH);
	g_assert_cmpint(scene_kind(scene, 22), ==, ACTION_MOVE_LOCAL);
	scene_ends_as(scene, "longer (conflict, bob)=1 longer=2 other (conflict, bob)=1 other=4 "
			     "same=1 ");
}

/* A device that lost its state has everything, and finds everything there. */
static void test_a_lost_state_is_found_again(void)
{
	g_autoptr(Scene) scene = scene_new();
	for (int64_t i = 0; i < 300; i++) {
		g_autofree char *name = g_strdup_printf("%03d", (int)i);
		scene_new_file(scene, HERE, 1000 + i, ROOT, name, name);
		scene_new_file(scene, THERE, 2000 + i, ROOT, name, name);
	}
	scene_sync(scene);
	g_assert_cmpuint(scene->done[ACTION_ADOPT], ==, 300);
	g_assert_cmpuint(scene->conflicts, ==, 0);
	g_assert_cmpuint(tree_size(scene->world->server), ==, 301);
}

/* ---- content --------------------------------------------------------------------------------- */

static void test_the_side_that_edited_wins(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_file(scene, 20, ROOT, "x", "0");
	scene_file(scene, 21, ROOT, "y", "0");
	scene_edit(scene, HERE, 20, "1");
	scene_edit(scene, THERE, 21, "2");
	scene_plan(scene);
	g_assert_cmpint(scene_kind(scene, 20), ==, ACTION_UPDATE_REMOTE);
	g_assert_cmpint(scene_kind(scene, 21), ==, ACTION_UPDATE_LOCAL);
	scene_ends_as(scene, "x=1 y=2 ");
}

static void test_edited_on_both_sides_the_local_one_steps_aside(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_file(scene, 20, ROOT, "x", "0");
	scene_edit(scene, HERE, 20, "1");
	scene_edit(scene, THERE, 20, "2");
	scene_ends_as(scene, "x (conflict, bob)=1 x=2 ");
	/* The node there stays the one that everybody knows. */
	g_assert_cmpint(tree_find(scene->world->server, ROOT, "x")->key, ==, 20);
}

static void test_edited_alike_is_no_conflict(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_file(scene, 20, ROOT, "x", "0");
	scene_edit(scene, HERE, 20, "1");
	scene_edit(scene, THERE, 20, "1");
	world_unhash(scene->world, 20);
	scene_ends_as(scene, "x=1 ");
	g_assert_cmpuint(scene->conflicts + scene->done[ACTION_RENEW], ==, 0);
}

static void test_touched_is_not_edited(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_file(scene, 20, ROOT, "x", "0");
	scene_file(scene, 21, ROOT, "y", "0");
	world_touch(scene->world, HERE, 20, false);
	world_unhash(scene->world, 20);
	scene_edit(scene, THERE, 20, "2");
	world_touch(scene->world, HERE, 21, false);
	world_unhash(scene->world, 21);
	scene_delete(scene, THERE, 21);
	scene_ends_as(scene, "x=2 ");
}

static void test_attributes_follow_who_changed_them(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_file(scene, 20, ROOT, "here", "0");
	scene_file(scene, 21, ROOT, "there", "0");
	scene_file(scene, 22, ROOT, "both", "0");
	world_touch(scene->world, HERE, 20, true);
	world_touch(scene->world, THERE, 21, true);
	world_touch(scene->world, HERE, 22, true);
	world_touch(scene->world, THERE, 22, false);
	scene_ends_as(scene, "both=0 here=0* there=0* ");
}

/* Where a file system keeps whole seconds only, the file is not changed by that. */
static void test_a_coarse_clock_is_no_change(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_file(scene, 20, ROOT, "x", "0");
	Entry fields = *tree_get(scene->world->trees[HERE], 20);
	fields.mtime_ns = 0;
	g_autoptr(Entry) coarse = entry_new(&fields);
	tree_put(scene->world->trees[HERE], coarse);
	scene_plan(scene);
	g_assert_cmpuint(scene->plan.actions->len + scene->plan.blocks->len, ==, 0);
}

/* ---- place ----------------------------------------------------------------------------------- */

static void test_the_side_that_moved_wins(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_folder(scene, 20, ROOT, "a");
	scene_file(scene, 21, ROOT, "x", "1");
	scene_file(scene, 22, ROOT, "y", "2");
	scene_move(scene, HERE, 21, 20, "x");
	scene_move(scene, THERE, 22, ROOT, "Y");
	scene_plan(scene);
	g_assert_cmpint(scene_kind(scene, 21), ==, ACTION_MOVE_REMOTE);
	g_assert_cmpint(scene_kind(scene, 22), ==, ACTION_MOVE_LOCAL);
	scene_ends_as(scene, "Y=2 a/ a/x=1 ");
}

static void test_moved_alike_is_agreed(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_file(scene, 20, ROOT, "x", "1");
	scene_move(scene, HERE, 20, ROOT, "y");
	scene_move(scene, THERE, 20, ROOT, "y");
	scene_plan(scene);
	g_assert_cmpint(scene_kind(scene, 20), ==, ACTION_SETTLE);
	scene_ends_as(scene, "y=1 ");
}

/* What is agreed counts although the rest is not, and is written down before anything else. */
static void test_what_is_agreed_is_written_down_first(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_folder(scene, 20, ROOT, "a");
	scene_file(scene, 21, ROOT, "x", "0");
	scene_file(scene, 22, ROOT, "y", "0");
	scene_move(scene, HERE, 21, ROOT, "z");
	scene_move(scene, THERE, 21, ROOT, "z");
	scene_edit(scene, HERE, 21, "1");
	scene_edit(scene, HERE, 22, "2");
	scene_edit(scene, THERE, 22, "2");
	scene_move(scene, THERE, 22, 20, "y");
	/* The same mtime on both sides. */
	Entry fields = *tree_get(scene->world->trees[HERE], 22);
	fields.mtime_ns = tree_get(scene->world->server, 22)->mtime_ns;
	g_autoptr(Entry) same = entry_new(&fields);
	tree_put(scene->world->trees[HERE], same);
	scene_plan(scene);
	g_assert_cmpint(scene_kind(scene, 21), ==, ACTION_SETTLE);
	g_assert_cmpint(scene_kind(scene, 22), ==, ACTION_SETTLE);
	scene_carry_out(scene);
	scene_plan(scene);
	g_assert_cmpint(scene_kind(scene, 21), ==, ACTION_UPDATE_REMOTE);
	g_assert_cmpint(scene_kind(scene, 22), ==, ACTION_MOVE_LOCAL);
	scene_ends_as(scene, "a/ a/y=2 z=1 ");
}

static void test_moved_apart_the_server_wins(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_folder(scene, 20, ROOT, "a");
	scene_folder(scene, 21, ROOT, "b");
	scene_file(scene, 22, ROOT, "x", "1");
	scene_move(scene, HERE, 22, 20, "x");
	scene_move(scene, THERE, 22, 21, "x");
	scene_ends_as(scene, "a/ b/ b/x=1 ");
}

static void test_a_move_and_an_edit_both_count(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_folder(scene, 20, ROOT, "a");
	scene_file(scene, 21, ROOT, "x", "0");
	scene_file(scene, 22, ROOT, "y", "0");
	scene_move(scene, HERE, 21, 20, "x");
	scene_edit(scene, THERE, 21, "1");
	scene_move(scene, THERE, 22, 20, "y");
	scene_edit(scene, HERE, 22, "2");
	scene_ends_as(scene, "a/ a/x=1 a/y=2 ");
}

/* Moved here, and edited on both sides: the copy lies beside it, where it was moved to. */
static void test_a_moved_file_has_its_conflict_beside_it(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_folder(scene, 20, ROOT, "a");
	scene_file(scene, 21, ROOT, "x", "0");
	scene_move(scene, HERE, 21, 20, "x");
	scene_edit(scene, HERE, 21, "1");
	scene_edit(scene, THERE, 21, "2");
	scene_ends_as(scene, "a/ a/x (conflict, bob)=1 a/x=2 ");
}

/* The first rename is agreed while the content still waits; the second one is no conflict. */
static void test_renamed_again_while_the_content_waits(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_file(scene, 20, ROOT, "a", "0");
	scene_move(scene, HERE, 20, ROOT, "b");
	scene_edit(scene, HERE, 20, "1");
	scene_plan(scene);
	g_assert_cmpint(scene_kind(scene, 20), ==, ACTION_MOVE_REMOTE);
	scene_carry_out(scene);
	scene_move(scene, HERE, 20, ROOT, "c");
	scene_ends_as(scene, "c=1 ");
	g_assert_cmpuint(scene->done[ACTION_MOVE_LOCAL], ==, 0);
}

/* ---- a few classics -----------------------------------------------------------------------------
 */

static void test_renamed_and_made_again_under_the_old_name(void)
{
	for (Side side = SIDE_LOCAL; side <= SIDE_REMOTE; side += SIDE_REMOTE - SIDE_LOCAL) {
		g_autoptr(Scene) scene = scene_new();
		scene_file(scene, 20, ROOT, "report", "old");
		scene_move(scene, side, 20, ROOT, "report.old");
		scene_new_file(scene, side, 21, ROOT, "report", "new");
		scene_ends_as(scene, "report.old=old report=new ");
		g_assert_cmpint(tree_find(scene->world->server, ROOT, "report.old")->key, ==, 20);
	}
}

static void test_only_the_case_of_a_name_changes(void)
{
	for (Side side = SIDE_LOCAL; side <= SIDE_REMOTE; side += SIDE_REMOTE - SIDE_LOCAL) {
		g_autoptr(Scene) scene = scene_new();
		scene_folder(scene, 20, ROOT, "photos");
		scene_file(scene, 21, 20, "x", "1");
		scene_move(scene, side, 20, ROOT, "Photos");
		scene_ends_as(scene, "Photos/ Photos/x=1 ");
		g_assert_cmpuint(scene->done[ACTION_MOVE_LOCAL] + scene->done[ACTION_MOVE_REMOTE],
				 ==, 1);
	}
}

static void test_a_file_becomes_a_folder(void)
{
	for (Side side = SIDE_LOCAL; side <= SIDE_REMOTE; side += SIDE_REMOTE - SIDE_LOCAL) {
		g_autoptr(Scene) scene = scene_new();
		scene_file(scene, 20, ROOT, "x", "1");
		scene_delete(scene, side, 20);
		scene_new_folder(scene, side, 21, ROOT, "x");
		scene_new_file(scene, side, 22, 21, "in", "2");
		scene_ends_as(scene, "x/ x/in=2 ");
	}
}

/* Programs that save by deleting and making anew do not cost a file its history. */
static void test_made_anew_is_the_next_version(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_file(scene, 20, ROOT, "x", "1");
	scene_delete(scene, HERE, 20);
	scene_new_file(scene, HERE, 21, ROOT, "x", "2");
	scene_plan(scene);
	g_assert_cmpint(scene_kind(scene, 21), ==, ACTION_ADOPT);
	g_assert_cmpint(scene_blocked_on(scene, 20), ==, 21);
	scene_ends_as(scene, "x=2 ");
	g_assert_cmpint(tree_find(scene->world->server, ROOT, "x")->key, ==, 20);
	g_assert_cmpuint(scene->done[ACTION_DELETE_REMOTE], ==, 0);
}

static void test_made_anew_and_edited_there_become_two(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_file(scene, 20, ROOT, "x", "1");
	scene_delete(scene, HERE, 20);
	scene_new_file(scene, HERE, 21, ROOT, "x", "2");
	scene_edit(scene, THERE, 20, "3");
	scene_ends_as(scene, "x (conflict, bob)=2 x=3 ");
}

/* A restored old version is no new content. */
static void test_made_anew_as_it_was_gives_way_to_an_edit(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_file(scene, 20, ROOT, "x", "1");
	scene_delete(scene, HERE, 20);
	scene_new_file(scene, HERE, 21, ROOT, "x", "1");
	world_unhash(scene->world, 21);
	scene_edit(scene, THERE, 20, "3");
	scene_ends_as(scene, "x=3 ");
}

static void test_gone_on_both_sides_is_forgotten(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_file(scene, 20, ROOT, "x", "1");
	scene_delete(scene, HERE, 20);
	scene_delete(scene, THERE, 20);
	scene_plan(scene);
	g_assert_cmpint(scene_kind(scene, 20), ==, ACTION_FORGET);
	scene_ends_as(scene, "");
}

/* ---- before all is known ------------------------------------------------------------------------
 */

static void plan_early(Scene *scene)
{
	World *world = scene->world;
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	world_divergent(world, keys);
	plan_clear(&scene->plan);
	PlanView view = world_view(world);
	PlanOptions options = { .remote_at_head = false, .conflict_label = "bob" };
	plan_make(&view, &options, (int64_t *)(void *)keys->data, keys->len, &scene->plan);
}

static void test_before_head_nothing_is_deleted_moved_or_overwritten(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_file(scene, 20, ROOT, "moved here", "0");
	scene_file(scene, 21, ROOT, "moved there", "0");
	scene_file(scene, 22, ROOT, "deleted here", "0");
	scene_file(scene, 23, ROOT, "deleted there", "0");
	scene_file(scene, 24, ROOT, "edited there", "0");
	scene_file(scene, 25, ROOT, "edited twice", "0");
	scene_file(scene, 26, ROOT, "deleted twice", "0");
	scene_move(scene, HERE, 20, ROOT, "moved");
	scene_move(scene, THERE, 21, ROOT, "gone");
	scene_delete(scene, HERE, 22);
	scene_delete(scene, THERE, 23);
	scene_edit(scene, THERE, 24, "1");
	scene_edit(scene, THERE, 25, "1");
	scene_edit(scene, HERE, 25, "2");
	scene_delete(scene, HERE, 26);
	scene_delete(scene, THERE, 26);
	world_hear(scene->world, scene->world->seq);
	plan_early(scene);
	g_assert_cmpuint(scene->plan.actions->len, ==, 0);
	for (int64_t key = 20; key <= 26; key++) {
		g_assert_cmpint(scene_blocked_on(scene, key), ==, ENTRY_KEY_ROOT);
	}
}

static void test_before_head_what_is_right_in_any_case_is_done(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_file(scene, 20, ROOT, "edited", "0");
	scene_edit(scene, HERE, 20, "1");
	scene_new_file(scene, HERE, 21, ROOT, "new here", "1");
	scene_new_file(scene, THERE, 22, ROOT, "new there", "1");
	scene_new_file(scene, HERE, 23, ROOT, "twin", "1");
	scene_new_file(scene, THERE, 24, ROOT, "twin", "1");
	scene_new_file(scene, HERE, 25, ROOT, "rival", "1");
	scene_new_file(scene, THERE, 26, ROOT, "rival", "2");
	world_hear(scene->world, scene->world->seq);
	plan_early(scene);
	g_assert_cmpint(scene_kind(scene, 20), ==, ACTION_UPDATE_REMOTE);
	g_assert_cmpint(scene_kind(scene, 21), ==, ACTION_CREATE_REMOTE);
	g_assert_cmpint(scene_kind(scene, 22), ==, ACTION_CREATE_LOCAL);
	g_assert_cmpint(scene_kind(scene, 23), ==, ACTION_ADOPT);
	g_assert_cmpint(scene_kind(scene, 25), ==, ACTION_NONE);
	g_assert_cmpint(scene_kind(scene, 26), ==, ACTION_NONE);
}

/* Half-read pages: one that has left its name, unheard, and one that took it. */
static void test_before_head_a_name_that_stands_twice_is_made_once(void)
{
	g_autoptr(Scene) scene = scene_new();
	World *world = scene->world;
	scene_new_file(scene, THERE, 20, ROOT, "x", "1");
	world_hear(world, world->seq);
	scene_move(scene, THERE, 20, ROOT, "y");
	scene_new_file(scene, THERE, 21, ROOT, "x", "2");
	scene_edit(scene, THERE, 20, "3");
	world_hear(world, world->seq - 1);
	plan_early(scene);
	g_assert_cmpint(scene_kind(scene, 20), ==, ACTION_CREATE_LOCAL);
	g_assert_cmpint(scene_kind(scene, 21), ==, ACTION_NONE);
	scene_carry_out(scene);
	scene_ends_as(scene, "x=2 y=3 ");
}

static void test_before_head_a_child_waits_for_its_folders(void)
{
	g_autoptr(Scene) scene = scene_new();
	World *world = scene->world;
	scene_new_folder(scene, THERE, 20, ROOT, "a");
	scene_new_file(scene, THERE, 21, 20, "x", "1");
	scene_move(scene, THERE, 20, ROOT, "b");
	/* Heard of the child, not yet of the folder. */
	world_hear(world, world->seq - 1);
	g_assert_null(tree_get(world->trees[SIDE_REMOTE], 20));
	plan_early(scene);
	g_assert_cmpint(scene_blocked_on(scene, 21), ==, ENTRY_KEY_ROOT);
	scene_ends_as(scene, "b/ b/x=1 ");
}

/* ---- what is parked
 * -------------------------------------------------------------------------------- */

static void test_what_was_left_parked_comes_back(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_folder(scene, 20, ROOT, "a");
	scene_file(scene, 21, 20, "x", "1");
	scene_file(scene, 22, ROOT, "y", "2");
	scene_file(scene, 23, ROOT, "z", "3");
	world_park(scene->world, 20);
	world_park(scene->world, 22);
	world_park(scene->world, 23);
	scene_delete(scene, THERE, 23);
	scene_ends_as(scene, "a/ a/x=1 y=2 ");
	g_assert_cmpuint(scene->done[ACTION_MOVE_REMOTE], ==, 0);
}

static void test_a_parked_file_that_was_edited_is_restored(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_file(scene, 20, ROOT, "x", "0");
	scene_edit(scene, HERE, 20, "1");
	world_park(scene->world, 20);
	scene_delete(scene, THERE, 20);
	scene_ends_as(scene, "x (conflict, bob)=1 ");
}

static void test_a_parked_stranger_is_restored(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_new_file(scene, HERE, 20, ROOT, "x", "1");
	world_park(scene->world, 20);
	scene_sync(scene);
	const Entry *entry = tree_get(scene->world->server, 20);
	g_assert_true(g_str_has_suffix(entry->name, " (conflict, bob)"));
	g_assert_cmpint(entry->parent, ==, ROOT);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	static const struct {
		const char *name;
		void (*run)(void);
	} tests[] = {
		{ "new-here-is-made-there", test_new_here_is_made_there },
		{ "new-there-is-made-here", test_new_there_is_made_here },
		{ "folders-of-one-name-become-one", test_folders_of_one_name_become_one },
		{ "files-of-one-name-and-content-become-one",
		  test_files_of_one_name_and_content_become_one },
		{ "files-of-one-name-and-two-contents-become-two",
		  test_files_of_one_name_and_two_contents_become_two },
		{ "a-file-and-a-folder-of-one-name-become-two",
		  test_a_file_and_a_folder_of_one_name_become_two },
		{ "a-new-file-is-read-only-if-it-may-be-the-same",
		  test_a_new_file_is_read_only_if_it_may_be_the_same },
		{ "a-lost-state-is-found-again", test_a_lost_state_is_found_again },
		{ "the-side-that-edited-wins", test_the_side_that_edited_wins },
		{ "edited-on-both-sides-the-local-one-steps-aside",
		  test_edited_on_both_sides_the_local_one_steps_aside },
		{ "edited-alike-is-no-conflict", test_edited_alike_is_no_conflict },
		{ "touched-is-not-edited", test_touched_is_not_edited },
		{ "attributes-follow-who-changed-them", test_attributes_follow_who_changed_them },
		{ "a-coarse-clock-is-no-change", test_a_coarse_clock_is_no_change },
		{ "the-side-that-moved-wins", test_the_side_that_moved_wins },
		{ "moved-alike-is-agreed", test_moved_alike_is_agreed },
		{ "what-is-agreed-is-written-down-first",
		  test_what_is_agreed_is_written_down_first },
		{ "moved-apart-the-server-wins", test_moved_apart_the_server_wins },
		{ "a-move-and-an-edit-both-count", test_a_move_and_an_edit_both_count },
		{ "a-moved-file-has-its-conflict-beside-it",
		  test_a_moved_file_has_its_conflict_beside_it },
		{ "renamed-again-while-the-content-waits",
		  test_renamed_again_while_the_content_waits },
		{ "renamed-and-made-again-under-the-old-name",
		  test_renamed_and_made_again_under_the_old_name },
		{ "only-the-case-of-a-name-changes", test_only_the_case_of_a_name_changes },
		{ "a-file-becomes-a-folder", test_a_file_becomes_a_folder },
		{ "made-anew-is-the-next-version", test_made_anew_is_the_next_version },
		{ "made-anew-and-edited-there-become-two",
		  test_made_anew_and_edited_there_become_two },
		{ "made-anew-as-it-was-gives-way-to-an-edit",
		  test_made_anew_as_it_was_gives_way_to_an_edit },
		{ "gone-on-both-sides-is-forgotten", test_gone_on_both_sides_is_forgotten },
		{ "before-head-nothing-is-deleted-moved-or-overwritten",
		  test_before_head_nothing_is_deleted_moved_or_overwritten },
		{ "before-head-what-is-right-in-any-case-is-done",
		  test_before_head_what_is_right_in_any_case_is_done },
		{ "before-head-a-name-that-stands-twice-is-made-once",
		  test_before_head_a_name_that_stands_twice_is_made_once },
		{ "before-head-a-child-waits-for-its-folders",
		  test_before_head_a_child_waits_for_its_folders },
		{ "what-was-left-parked-comes-back", test_what_was_left_parked_comes_back },
		{ "a-parked-file-that-was-edited-is-restored",
		  test_a_parked_file_that_was_edited_is_restored },
		{ "a-parked-stranger-is-restored", test_a_parked_stranger_is_restored },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
		g_autofree char *path = g_strconcat("/client/plan/plan/", tests[i].name, NULL);
		g_test_add_func(path, tests[i].run);
	}
	return g_test_run();
}
