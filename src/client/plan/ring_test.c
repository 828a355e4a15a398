/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes that wait for each other; and chains, which only look like that. */
#include "base/limits.h"
#include "client/plan/scene.h"

#define HERE SIDE_LOCAL
#define THERE SIDE_REMOTE
#define ROOT ENTRY_KEY_ROOT

static void rotate(Scene *scene, Side side, const int64_t *keys, size_t count)
{
	bool done = world_rotate(scene->world, side, keys, count);
	g_assert_true(done);
}

static void test_a_swap_here_is_one_group(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_folder(scene, 20, ROOT, "a");
	scene_file(scene, 21, ROOT, "x", "1");
	scene_file(scene, 22, 20, "y", "2");
	rotate(scene, HERE, (int64_t[]){ 21, 22 }, 2);
	scene_plan(scene);
	g_assert_cmpint(scene_kind(scene, 21), ==, ACTION_MOVE_REMOTE);
	g_assert_cmpint(scene_kind(scene, 22), ==, ACTION_MOVE_REMOTE);
	g_assert_cmpuint(scene_action(scene, 21)->group, >, 0);
	g_assert_cmpuint(scene_action(scene, 21)->group, ==, scene_action(scene, 22)->group);
	scene_ends_as(scene, "a/ a/y=1 x=2 ");
	g_assert_cmpuint(scene->done[ACTION_MOVE_LOCAL], ==, 0);
}

static void test_a_swap_there_parks_one(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_folder(scene, 20, ROOT, "a");
	scene_folder(scene, 21, ROOT, "b");
	scene_file(scene, 22, 20, "x", "1");
	rotate(scene, THERE, (int64_t[]){ 20, 21 }, 2);
	scene_ends_as(scene, "a/ b/ b/x=1 ");
	g_assert_cmpuint(scene->parkings, ==, 1);
	g_assert_cmpuint(scene->done[ACTION_MOVE_LOCAL], ==, 3);
}

static void test_two_rings_are_two_groups(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_file(scene, 20, ROOT, "a", "0");
	scene_file(scene, 21, ROOT, "b", "1");
	scene_file(scene, 22, ROOT, "c", "2");
	scene_file(scene, 23, ROOT, "d", "3");
	scene_file(scene, 24, ROOT, "e", "4");
	rotate(scene, HERE, (int64_t[]){ 20, 21, 22 }, 3);
	rotate(scene, HERE, (int64_t[]){ 23, 24 }, 2);
	scene_plan(scene);
	g_assert_cmpuint(scene_action(scene, 20)->group, ==, scene_action(scene, 22)->group);
	g_assert_cmpuint(scene_action(scene, 23)->group, ==, scene_action(scene, 24)->group);
	g_assert_cmpuint(scene_action(scene, 20)->group, !=, scene_action(scene, 24)->group);
	scene_ends_as(scene, "a=2 b=0 c=1 d=4 e=3 ");
}

static void test_swapped_on_both_sides_is_agreed(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_file(scene, 20, ROOT, "a", "0");
	scene_file(scene, 21, ROOT, "b", "1");
	rotate(scene, HERE, (int64_t[]){ 20, 21 }, 2);
	rotate(scene, THERE, (int64_t[]){ 20, 21 }, 2);
	scene_ends_as(scene, "a=1 b=0 ");
	g_assert_cmpuint(scene->done[ACTION_MOVE_LOCAL] + scene->done[ACTION_MOVE_REMOTE], ==, 0);
}

/* mkdir new; mv a new/; mv new a */
static void test_a_folder_is_wrapped_into_a_new_one_of_its_name(void)
{
	for (Side side = SIDE_LOCAL; side <= SIDE_REMOTE; side += SIDE_REMOTE - SIDE_LOCAL) {
		g_autoptr(Scene) scene = scene_new();
		scene_folder(scene, 20, ROOT, "a");
		scene_file(scene, 21, 20, "x", "1");
		scene_move(scene, side, 20, ROOT, "aside");
		scene_new_folder(scene, side, 22, ROOT, "a");
		scene_move(scene, side, 20, 22, "old");
		scene_ends_as(scene, "a/ a/old/ a/old/x=1 ");
		g_assert_cmpuint(scene->parkings, ==, side == THERE ? 1 : 0);
	}
}

/* a/b becomes b/a */
static void test_a_hierarchy_is_inverted(void)
{
	for (Side side = SIDE_LOCAL; side <= SIDE_REMOTE; side += SIDE_REMOTE - SIDE_LOCAL) {
		g_autoptr(Scene) scene = scene_new();
		scene_folder(scene, 20, ROOT, "a");
		scene_folder(scene, 21, 20, "b");
		scene_file(scene, 22, 21, "x", "1");
		scene_move(scene, side, 21, ROOT, "b");
		scene_move(scene, side, 20, 21, "a");
		scene_ends_as(scene, "b/ b/a/ b/x=1 ");
		g_assert_cmpuint(scene->parkings, ==, 0);
	}
}

/* A folder goes, what was in it lives on in a new folder that has its name. */
static void test_a_folder_is_replaced_and_its_content_kept(void)
{
	for (Side side = SIDE_LOCAL; side <= SIDE_REMOTE; side += SIDE_REMOTE - SIDE_LOCAL) {
		g_autoptr(Scene) scene = scene_new();
		scene_folder(scene, 20, ROOT, "a");
		scene_file(scene, 21, 20, "x", "1");
		scene_file(scene, 22, 20, "y", "2");
		scene_new_folder(scene, side, 23, ROOT, "new");
		scene_move(scene, side, 21, 23, "x");
		scene_delete(scene, side, 20);
		scene_move(scene, side, 23, ROOT, "a");
		scene_ends_as(scene, "a/ a/x=1 ");
		g_assert_cmpuint(scene->done[ACTION_CREATE_REMOTE], ==, 0);
	}
}

/* As before, and the old folder had been moved there: its deletion is part of the ring. */
static void test_a_deletion_can_be_part_of_a_group(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_folder(scene, 20, ROOT, "old");
	scene_file(scene, 21, 20, "x", "1");
	scene_new_folder(scene, HERE, 23, ROOT, "a");
	scene_move(scene, HERE, 21, 23, "x");
	scene_delete(scene, HERE, 20);
	scene_move(scene, THERE, 20, ROOT, "a");
	scene_plan(scene);
	unsigned group = scene_action(scene, 20)->group;
	g_assert_cmpuint(group, >, 0);
	g_assert_cmpint(scene_kind(scene, 20), ==, ACTION_DELETE_REMOTE);
	g_assert_cmpint(scene_kind(scene, 21), ==, ACTION_MOVE_REMOTE);
	g_assert_cmpint(scene_kind(scene, 23), ==, ACTION_CREATE_REMOTE);
	/* In an order that can be carried out one by one. */
	g_assert_cmpint(g_array_index(scene->plan.actions, Action, 0).key, ==, 23);
	g_assert_cmpint(g_array_index(scene->plan.actions, Action, 1).key, ==, 21);
	g_assert_cmpint(g_array_index(scene->plan.actions, Action, 2).key, ==, 20);
	scene_ends_as(scene, "a/ a/x=1 ");
}

/* n/x/y/q: x moves out of n, a new folder takes q's name, n moves into that, and q into n. */
static void test_a_ring_waits_for_what_moves_above_it(void)
{
	for (Side side = SIDE_LOCAL; side <= SIDE_REMOTE; side += SIDE_REMOTE - SIDE_LOCAL) {
		g_autoptr(Scene) scene = scene_new();
		scene_folder(scene, 20, ROOT, "n");
		scene_folder(scene, 21, 20, "x");
		scene_folder(scene, 22, 21, "y");
		scene_folder(scene, 23, 22, "q");
		scene_move(scene, side, 21, ROOT, "x");
		scene_move(scene, side, 23, ROOT, "aside");
		scene_new_folder(scene, side, 30, 22, "q");
		scene_move(scene, side, 20, 30, "n");
		scene_move(scene, side, 23, 20, "q");
		scene_ends_as(scene, "x/ x/y/ x/y/q/ x/y/q/n/ x/y/q/n/q/ ");
	}
}

/*
 * f lies in o, both deleted here. There m went into f, and o took m's place. f waits for o, as all
 * that lies in a deleted folder does; o waits for m's name, m for f. It shows from any of them.
 */
static void test_a_ring_through_a_deleted_folder_is_found(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_folder(scene, 50, ROOT, "a");
	scene_folder(scene, 40, 50, "x");
	scene_folder(scene, 30, ROOT, "o");
	scene_folder(scene, 28, 30, "f");
	scene_move(scene, THERE, 40, 28, "m");
	scene_move(scene, THERE, 30, 50, "x");
	scene_delete(scene, HERE, 30);
	world_hear(scene->world, scene->world->seq);
	static const struct {
		int64_t keys[2];
		size_t count;
	} asked[] = { { { 40 }, 1 }, { { 30 }, 1 }, { { 28, 40 }, 2 }, { { 28, 30 }, 2 } };
	for (size_t i = 0; i < G_N_ELEMENTS(asked); i++) {
		PlanView view = world_view(scene->world);
		PlanOptions options = { .remote_at_head = true, .conflict_label = "bob" };
		plan_clear(&scene->plan);
		plan_make(&view, &options, asked[i].keys, asked[i].count, &scene->plan);
		g_assert_cmpint(scene_kind(scene, 40), ==, ACTION_MOVE_LOCAL);
		g_assert_cmpint(scene_action(scene, 40)->parent, ==, ENTRY_KEY_PARK);
	}
	scene_ends_as(scene, "a/ a/x/ a/x/f/ a/x/f/m/ ");
}

/* Dropbox's example: Archives into Drafts/January here, Drafts into Archives there. */
static void test_moves_across_leave_nothing_outside_the_tree(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_folder(scene, 20, ROOT, "Archives");
	scene_folder(scene, 21, ROOT, "Drafts");
	scene_folder(scene, 22, 21, "January");
	scene_move(scene, HERE, 20, 22, "Archives");
	scene_move(scene, THERE, 21, 20, "Drafts");
	scene_ends_as(scene, "Archives/ Archives/Drafts/ Archives/Drafts/January/ ");
}

/* The circle is a's and b's; c only hangs on it, but its way up does not reach the root either. */
static void test_what_hangs_on_a_circle_comes_back_with_it(void)
{
	g_autoptr(Scene) scene = scene_new();
	scene_folder(scene, 20, ROOT, "c");
	scene_folder(scene, 21, 20, "a");
	scene_folder(scene, 22, ROOT, "b");
	scene_move(scene, HERE, 21, 22, "a");
	scene_move(scene, HERE, 20, 22, "c");
	scene_move(scene, THERE, 22, 21, "b");
	scene_ends_as(scene, "c/ c/a/ c/a/b/ ");
}

static void test_a_chain_needs_neither_group_nor_park(void)
{
	for (Side side = SIDE_LOCAL; side <= SIDE_REMOTE; side += SIDE_REMOTE - SIDE_LOCAL) {
		g_autoptr(Scene) scene = scene_new();
		scene_file(scene, 20, ROOT, "a", "0");
		scene_file(scene, 21, ROOT, "b", "1");
		scene_file(scene, 22, ROOT, "c", "2");
		scene_move(scene, side, 22, ROOT, "d");
		scene_move(scene, side, 21, ROOT, "c");
		scene_move(scene, side, 20, ROOT, "b");
		scene_plan(scene);
		g_assert_cmpuint(scene->plan.actions->len, ==, 1);
		g_assert_cmpint(scene_blocked_on(scene, 20), ==, 21);
		scene_ends_as(scene, "b=0 c=1 d=2 ");
		g_assert_cmpuint(scene->parkings, ==, 0);
	}
}

/* img1 -> img2 -> … -> img20000: planned from one end, without deep recursion. */
static void test_a_long_chain_is_followed(void)
{
	enum { COUNT = 20000 };
	g_autoptr(Scene) scene = scene_new();
	for (int64_t i = 0; i < COUNT; i++) {
		g_autofree char *name = g_strdup_printf("img%d", (int)i);
		scene_file(scene, 1000 + i, ROOT, name, "0");
	}
	for (int64_t i = COUNT - 1; i >= 0; i--) {
		g_autofree char *name = g_strdup_printf("img%d", (int)i + 1);
		scene_move(scene, HERE, 1000 + i, ROOT, name);
	}
	int64_t first = 1000;
	g_auto(Plan) plan = { 0 };
	PlanView view = world_view(scene->world);
	PlanOptions options = { .remote_at_head = true, .conflict_label = "bob" };
	plan_make(&view, &options, &first, 1, &plan);
	g_assert_cmpuint(plan.actions->len, ==, 1);
	g_assert_cmpuint(plan.blocks->len, ==, COUNT - 1);
}

/* A ring that no commit can hold: one gives up its name, and the rest is a chain. */
static void test_a_ring_larger_than_a_commit_is_cut(void)
{
	enum { COUNT = COMMIT_OPERATIONS_MAX + 1 };
	g_autoptr(Scene) scene = scene_new();
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	for (int64_t i = 0; i < COUNT; i++) {
		g_autofree char *name = g_strdup_printf("img%d", (int)i);
		int64_t key = 1000 + i;
		scene_file(scene, key, ROOT, name, "0");
		g_array_append_val(keys, key);
	}
	rotate(scene, HERE, (int64_t *)(void *)keys->data, COMMIT_OPERATIONS_MAX);
	scene_plan(scene);
	g_assert_cmpuint(scene->plan.actions->len, ==, COMMIT_OPERATIONS_MAX);
	g_assert_cmpuint(scene_action(scene, 1000)->group, ==, 1);

	rotate(scene, HERE, (int64_t[]){ 1000, 1000 + COMMIT_OPERATIONS_MAX }, 2);
	scene_plan(scene);
	g_assert_cmpuint(scene->plan.actions->len, ==, 1);
	g_assert_cmpint(scene_kind(scene, 1000), ==, ACTION_MOVE_LOCAL);
	g_assert_true(scene_action(scene, 1000)->conflict);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/client/plan/ring/a-swap-here-is-one-group",
			test_a_swap_here_is_one_group);
	g_test_add_func("/client/plan/ring/a-swap-there-parks-one", test_a_swap_there_parks_one);
	g_test_add_func("/client/plan/ring/two-rings-are-two-groups",
			test_two_rings_are_two_groups);
	g_test_add_func("/client/plan/ring/swapped-on-both-sides-is-agreed",
			test_swapped_on_both_sides_is_agreed);
	g_test_add_func("/client/plan/ring/a-folder-is-wrapped-into-a-new-one-of-its-name",
			test_a_folder_is_wrapped_into_a_new_one_of_its_name);
	g_test_add_func("/client/plan/ring/a-hierarchy-is-inverted", test_a_hierarchy_is_inverted);
	g_test_add_func("/client/plan/ring/a-folder-is-replaced-and-its-content-kept",
			test_a_folder_is_replaced_and_its_content_kept);
	g_test_add_func("/client/plan/ring/a-deletion-can-be-part-of-a-group",
			test_a_deletion_can_be_part_of_a_group);
	g_test_add_func("/client/plan/ring/a-ring-waits-for-what-moves-above-it",
			test_a_ring_waits_for_what_moves_above_it);
	g_test_add_func("/client/plan/ring/a-ring-through-a-deleted-folder-is-found",
			test_a_ring_through_a_deleted_folder_is_found);
	g_test_add_func("/client/plan/ring/moves-across-leave-nothing-outside-the-tree",
			test_moves_across_leave_nothing_outside_the_tree);
	g_test_add_func("/client/plan/ring/what-hangs-on-a-circle-comes-back-with-it",
			test_what_hangs_on_a_circle_comes_back_with_it);
	g_test_add_func("/client/plan/ring/a-chain-needs-neither-group-nor-park",
			test_a_chain_needs_neither_group_nor_park);
	g_test_add_func("/client/plan/ring/a-long-chain-is-followed",
			test_a_long_chain_is_followed);
	g_test_add_func("/client/plan/ring/a-ring-larger-than-a-commit-is-cut",
			test_a_ring_larger_than_a_commit_is_cut);
	return g_test_run();
}
