/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever a server shows, a plan is made: nodes in what is not there, in files, under names that
 * stand twice, of another kind than they were, and, as long as it is not said to be all, in a
 * circle. What is planned then need not make sense; that it ends, and that no promise of the
 * planner to itself is broken, is what counts.
 */
#include "client/plan/dice.h"
#include "client/plan/scene.h"
#include "client/plan/world_internal.h"

#define FIRST 20
#define NODES 8
#define NOWHERE (FIRST + NODES) /* a parent that no tree has */
#define CASES 20000

static const EntryKind kinds[] = { ENTRY_FOLDER, ENTRY_FOLDER, ENTRY_FOLDER, ENTRY_FILE };

/* Here, and agreed for the most part: a tree as a disk can hold it. */
static void make_here(Scene *scene, Dice *dice)
{
	for (int64_t key = FIRST; key < FIRST + NODES; key++) {
		int64_t parent = FIRST + dice_roll(dice, NODES);
		bool below =
			parent < key && world_is_folder(scene->world->trees[SIDE_LOCAL], parent);
		g_autofree char *name = g_strdup_printf("%u", dice_roll(dice, 4));
		bool folder = kinds[dice_roll(dice, G_N_ELEMENTS(kinds))] == ENTRY_FOLDER;
		if (dice_roll(dice, 3)) {
			world_settled(scene->world, key, below ? parent : ENTRY_KEY_ROOT, name,
				      folder ? ENTRY_FOLDER : ENTRY_FILE, folder ? NULL : "1");
		}
	}
}

static void change_here(Scene *scene, Dice *dice)
{
	int64_t key = FIRST + dice_roll(dice, NODES);
	if (dice_roll(dice, 2)) {
		world_delete(scene->world, SIDE_LOCAL, key);
	} else {
		int64_t parent = FIRST + dice_roll(dice, NODES);
		world_move(scene->world, SIDE_LOCAL, key, parent, "moved");
	}
}

static bool is_above(const Tree *tree, int64_t key, int64_t of)
{
	for (unsigned step = 0; step <= NODES; step++) {
		const Entry *entry = tree_get(tree, of);
		if (of == key || !entry) {
			return of == key;
		}
		of = entry->parent;
	}
	return true;
}

static void show(Scene *scene, Dice *dice, bool in_circles)
{
	Tree *remote = scene->world->trees[SIDE_REMOTE];
	int64_t key = FIRST + dice_roll(dice, NODES);
	int64_t parent = FIRST + dice_roll(dice, NODES + 1);
	if (dice_roll(dice, 4) == 0) {
		parent = ENTRY_KEY_ROOT;
	}
	if (parent == key || (!in_circles && is_above(remote, key, parent))) {
		return;
	}
	g_autofree char *name = g_strdup_printf("%u", dice_roll(dice, 4));
	Entry fields = {
		.key = key,
		.parent = parent,
		.name = name,
		.kind = kinds[dice_roll(dice, G_N_ELEMENTS(kinds))],
		.seq = ++scene->world->seq,
	};
	g_autoptr(GBytes) content = g_bytes_new_static("2", 1);
	fields.content = fields.kind == ENTRY_FILE ? content : NULL;
	world_put(scene->world, remote, &fields);
}

static void run(uint64_t seed, bool at_head)
{
	const PlanOptions options = { .remote_at_head = at_head, .conflict_label = "bob" };
	Dice dice = { .state = seed };
	g_autoptr(Scene) scene = scene_new();
	make_here(scene, &dice);
	for (unsigned i = 0; i < NODES; i++) {
		(dice_roll(&dice, 3) ? show(scene, &dice, !at_head) : change_here(scene, &dice));
		if (dice_roll(&dice, 8) == 0) {
			tree_remove(scene->world->trees[SIDE_REMOTE],
				    FIRST + dice_roll(&dice, NODES));
		}
		if (dice_roll(&dice, 16) == 0) {
			world_leave_out(scene->world, FIRST + dice_roll(&dice, NODES), true);
		}
	}
	PlanView view = world_view(scene->world);
	int64_t keys[NODES];
	for (unsigned i = 0; i < NODES; i++) {
		keys[i] = FIRST + i;
	}
	plan_make(&view, &options, keys, NODES, &scene->plan);
}

static void test_at_head(void)
{
	for (uint64_t seed = 1; seed <= CASES; seed++) {
		run(seed, true);
	}
}

static void test_before_head(void)
{
	for (uint64_t seed = 1; seed <= CASES; seed++) {
		run(seed, false);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/client/plan/plan_shown/any-tree-is-planned", test_at_head);
	g_test_add_func("/client/plan/plan_shown/circles-are-planned-before-head",
			test_before_head);
	return g_test_run();
}
