/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans made for very many small worlds in which people do what they like on both sides. After
 * the design of Dropbox's CanopyCheck: three trees that come from one, plans carried out in any
 * order and in part, until nothing is left to do.
 *
 *	plan_property_test --cases=N --first=NUMBER    other cases than those of the test suite
 *	plan_property_test --case=NUMBER               one case, told step by step
 *
 * A case that fails is cut down to the events that make it fail, and printed.
 */
#include "client/plan/device.h"
#include "client/plan/dice.h"
#include "client/plan/oracle.h"
#include "client/plan/story.h"

#include <string.h>

/* Rounds after the people went home. */
#define ROUNDS_MAX 400

typedef enum Manner {
	ALL,     /* plan whatever is divergent */
	SOME,    /* plan some of that */
	CHANGED, /* plan what changed, what failed, and what was blocked on what changed */
} Manner;

typedef struct Run {
	const Story *story;
	World *world;
	Dice dice;
	Manner manner;
	Side only_side;
	bool told;           /* step by step */
	GHashTable *dirty;   /* CHANGED */
	GHashTable *blocked; /* CHANGED: key -> on */
	char *expected;      /* what the oracle said */
	const char *failure;
} Run;

static unsigned rounds_seen; /* the longest case */

static const PlanOptions at_head = { .remote_at_head = true, .conflict_label = "bob, 2026-03-04" };
static const PlanOptions behind = { .remote_at_head = false, .conflict_label = "bob, 2026-03-04" };

static bool fails(Run *run, const char *why)
{
	if (!run->failure) {
		run->failure = why;
	}
	return true;
}

static void tell(Run *run, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void tell(Run *run, const char *format, ...)
{
	if (run->told) {
		va_list arguments;
		va_start(arguments, format);
		g_autofree char *text = g_strdup_vprintf(format, arguments);
		va_end(arguments);
		g_test_message("%s", text);
	}
}

static void tell_world(Run *run)
{
	static const char *const labels[] = { "local ", "synced", "remote", "server" };
	for (int i = 0; run->told && i <= SIDE_COUNT; i++) {
		Tree *tree = i < SIDE_COUNT ? run->world->trees[i] : run->world->server;
		g_autofree char *text = world_print(run->world, tree, false);
		tell(run, "  %s %s", labels[i], text);
	}
}

static void tell_plan(Run *run, const Plan *plan)
{
	static const char *const kinds[] = {
		"none",        "create there", "update there", "move there",  "delete there",
		"create here", "update here",  "move here",    "delete here", "hash",
		"adopt",       "renew",        "settle",       "forget",
	};
	for (unsigned i = 0; i < plan->actions->len; i++) {
		const Action *action = &g_array_index(plan->actions, Action, i);
		tell(run, "  %d: %s (other %d, to %d/'%s', group %u)", (int)action->key,
		     kinds[action->kind], (int)action->other, (int)action->parent,
		     action->name ? action->name : "", action->group);
	}
	for (unsigned i = 0; i < plan->blocks->len; i++) {
		const PlanBlock *block = &g_array_index(plan->blocks, PlanBlock, i);
		tell(run, "  %d blocked on %d", (int)block->key, (int)block->on);
	}
}

/* ---- what is planned ------------------------------------------------------------------------ */

static void shuffle_keys(Run *run, GArray *keys)
{
	for (unsigned i = keys->len; i > 1; i--) {
		unsigned k = dice_roll(&run->dice, i);
		int64_t *a = &g_array_index(keys, int64_t, i - 1);
		int64_t *b = &g_array_index(keys, int64_t, k);
		int64_t swapped = *a;
		*a = *b;
		*b = swapped;
	}
}

static gboolean is_unblocked(void *key, void *on, void *data)
{
	Run *run = data;
	bool changed = (intptr_t)on == ENTRY_KEY_ROOT
			       ? world_is_at_head(run->world)
			       : g_hash_table_contains(run->world->changed, on);
	if (changed) {
		g_hash_table_add(run->dirty, key);
	}
	return changed;
}

static void note_changes(Run *run)
{
	GHashTableIter iter;
	void *key;
	g_hash_table_foreach_remove(run->blocked, is_unblocked, run);
	g_hash_table_iter_init(&iter, run->world->changed);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		g_hash_table_add(run->dirty, key);
		g_hash_table_remove(run->blocked, key);
	}
	g_hash_table_remove_all(run->world->changed);
}

static int compare_key(const void *a_data, const void *b_data)
{
	int64_t a = *(const int64_t *)a_data, b = *(const int64_t *)b_data;
	return a < b ? -1 : a > b;
}

static GArray *choose_keys(Run *run)
{
	GArray *keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	if (run->manner == CHANGED) {
		note_changes(run);
		GHashTableIter iter;
		void *key;
		g_hash_table_iter_init(&iter, run->dirty);
		while (g_hash_table_iter_next(&iter, &key, NULL)) {
			int64_t value = (intptr_t)key;
			g_array_append_val(keys, value);
		}
		g_array_sort(keys, compare_key);
	} else {
		world_divergent(run->world, keys);
	}
	shuffle_keys(run, keys);
	if (run->manner != ALL && keys->len > 1) {
		g_array_set_size(keys, 1 + dice_roll(&run->dice, keys->len));
	}
	for (unsigned i = 0; i < keys->len; i++) {
		g_hash_table_remove(run->dirty, WORLD_KEY(g_array_index(keys, int64_t, i)));
	}
	return keys;
}

/* ---- what a plan promises ---------------------------------------------------------------------
 */

static bool is_same_action(const Action *a, const Action *b)
{
	return a->kind == b->kind && a->key == b->key && a->other == b->other &&
	       a->parent == b->parent && g_strcmp0(a->name, b->name) == 0 && a->group == b->group &&
	       a->conflict == b->conflict;
}

/* The same keys in another order give the same plan. */
static bool differs_when_made_again(Run *run, GArray *keys, const Plan *plan)
{
	const PlanOptions *options = world_is_at_head(run->world) ? &at_head : &behind;
	PlanView view = world_view(run->world);
	shuffle_keys(run, keys);
	g_auto(Plan) again = { 0 };
	plan_make(&view, options, (int64_t *)(void *)keys->data, keys->len, &again);
	if (again.actions->len != plan->actions->len || again.blocks->len != plan->blocks->len) {
		return true;
	}
	for (unsigned i = 0; i < plan->actions->len; i++) {
		if (!is_same_action(&g_array_index(plan->actions, Action, i),
				    &g_array_index(again.actions, Action, i))) {
			return true;
		}
	}
	return plan->blocks->len > 0 && memcmp(plan->blocks->data, again.blocks->data,
					       plan->blocks->len * sizeof(PlanBlock)) != 0;
}

static bool is_moved_by(const Plan *plan, int64_t key)
{
	for (unsigned i = 0; i < plan->actions->len; i++) {
		const Action *action = &g_array_index(plan->actions, Action, i);
		if (action->kind == ACTION_MOVE_LOCAL && action->key == key) {
			return true;
		}
	}
	return false;
}

static bool is_way_moved(Run *run, const Plan *plan, int64_t folder)
{
	while (folder > ENTRY_KEY_PARK) {
		if (is_moved_by(plan, folder)) {
			return true;
		}
		folder = tree_get(run->world->trees[SIDE_LOCAL], folder)->parent;
	}
	return false;
}

/* Does another action of the plan change the path that this one works on? */
static bool is_path_moved(Run *run, const Plan *plan, const Action *action)
{
	const Entry *local = tree_get(run->world->trees[SIDE_LOCAL], action->key);
	const Entry *remote = tree_get(run->world->trees[SIDE_REMOTE], action->key);
	switch (action->kind) {
	case ACTION_CREATE_REMOTE:
		return local->kind != ENTRY_FOLDER && is_way_moved(run, plan, local->parent);
	case ACTION_UPDATE_REMOTE:
	case ACTION_UPDATE_LOCAL:
	case ACTION_DELETE_LOCAL:
	case ACTION_HASH:
		return is_way_moved(run, plan, local->parent);
	case ACTION_CREATE_LOCAL:
		return is_way_moved(run, plan, remote->parent);
	case ACTION_MOVE_LOCAL:
		return is_way_moved(run, plan, local->parent) ||
		       is_way_moved(run, plan, action->parent);
	default:
		return false;
	}
}

static bool is_in_plan(const Plan *plan, int64_t key, unsigned *ret_actions)
{
	unsigned actions = 0, blocks = 0;
	for (unsigned i = 0; i < plan->actions->len; i++) {
		actions += g_array_index(plan->actions, Action, i).key == key;
	}
	for (unsigned i = 0; i < plan->blocks->len; i++) {
		blocks += g_array_index(plan->blocks, PlanBlock, i).key == key;
	}
	*ret_actions = actions;
	return actions + blocks > 0;
}

static bool is_forbidden_for_moves(ActionKind kind)
{
	return kind != ACTION_MOVE_LOCAL && kind != ACTION_MOVE_REMOTE && kind != ACTION_SETTLE;
}

/* Nothing of what one side alone did comes back to it. */
static bool is_backwards(Side only_side, ActionKind kind)
{
	bool there = kind >= ACTION_CREATE_REMOTE && kind <= ACTION_DELETE_REMOTE;
	bool here = kind >= ACTION_CREATE_LOCAL && kind <= ACTION_DELETE_LOCAL;
	return (only_side == SIDE_LOCAL && here) || (only_side == SIDE_REMOTE && there);
}

static bool breaks_promise(Run *run, GArray *keys, const Plan *plan)
{
	for (unsigned i = 0; i < plan->actions->len; i++) {
		const Action *action = &g_array_index(plan->actions, Action, i);
		unsigned actions;
		if (action->key < ENTRY_KEY_FIRST) {
			return fails(run, "an action on the root");
		}
		is_in_plan(plan, action->key, &actions);
		if (actions != 1) {
			return fails(run, "two actions for one node");
		}
		if (is_path_moved(run, plan, action)) {
			return fails(run, "an action moves the path of another one");
		}
		if (run->story->moves_only && is_forbidden_for_moves(action->kind)) {
			return fails(run, "a move did not stay a move");
		}
		if (is_backwards(run->only_side, action->kind)) {
			return fails(run, "an unopposed change was undone");
		}
	}
	if (run->manner != CHANGED) {
		for (unsigned i = 0; i < keys->len; i++) {
			unsigned actions;
			if (!is_in_plan(plan, g_array_index(keys, int64_t, i), &actions)) {
				return fails(run, "a divergent node is not in the plan");
			}
		}
	}
	if (dice_roll(&run->dice, 8) == 0 && differs_when_made_again(run, keys, plan)) {
		return fails(run, "the order of keys makes a difference");
	}
	return false;
}

/* ---- carrying it out --------------------------------------------------------------------------
 */

/* What stands at these positions of the plan: one action, or a group. */
typedef struct Unit {
	unsigned first;
	unsigned count;
} Unit;

static GArray *shuffle_units(Run *run, const Plan *plan)
{
	GArray *units = g_array_new(FALSE, FALSE, sizeof(Unit));
	for (unsigned i = 0; i < plan->actions->len;) {
		unsigned group = g_array_index(plan->actions, Action, i).group;
		Unit unit = { .first = i };
		do {
			i++;
			unit.count++;
		} while (group > 0 && i < plan->actions->len &&
			 g_array_index(plan->actions, Action, i).group == group);
		g_array_append_val(units, unit);
	}
	for (unsigned i = units->len; i > 1; i--) {
		unsigned k = dice_roll(&run->dice, i);
		Unit swapped = g_array_index(units, Unit, k);
		g_array_index(units, Unit, k) = g_array_index(units, Unit, i - 1);
		g_array_index(units, Unit, i - 1) = swapped;
	}
	return units;
}

static void note_not_done(Run *run, const Plan *plan, Unit unit)
{
	for (unsigned i = unit.first; i < unit.first + unit.count; i++) {
		g_hash_table_add(run->dirty,
				 WORLD_KEY(g_array_index(plan->actions, Action, i).key));
	}
}

/* The files as they were when the plan was made, without which nothing happens to them. */
static GPtrArray *note_expected(Run *run, const Plan *plan)
{
	GPtrArray *expected = g_ptr_array_new();
	for (unsigned i = 0; i < plan->actions->len; i++) {
		int64_t key = g_array_index(plan->actions, Action, i).key;
		const Entry *entry = tree_get(run->world->trees[SIDE_LOCAL], key);
		g_ptr_array_add(expected, entry ? entry_ref(entry) : NULL);
	}
	return expected;
}

static void release_expected(GPtrArray *expected)
{
	for (unsigned i = 0; i < expected->len; i++) {
		entry_unref(expected->pdata[i]);
	}
	g_ptr_array_unref(expected);
}

static bool is_as_expected(Run *run, const Plan *plan, Unit unit, const GPtrArray *expected)
{
	for (unsigned i = unit.first; i < unit.first + unit.count; i++) {
		int64_t key = g_array_index(plan->actions, Action, i).key;
		if (tree_get(run->world->trees[SIDE_LOCAL], key) != expected->pdata[i]) {
			return false;
		}
	}
	return true;
}

static void note_blocks(Run *run, const Plan *plan)
{
	for (unsigned i = 0; i < plan->blocks->len; i++) {
		const PlanBlock *block = &g_array_index(plan->blocks, PlanBlock, i);
		g_hash_table_insert(run->blocked, WORLD_KEY(block->key), WORLD_KEY(block->on));
		g_hash_table_remove(run->dirty, WORLD_KEY(block->key));
	}
}

/* undisturbed: nobody did anything since the plan was made, so every action must succeed. */
static void carry_out(Run *run, const Plan *plan, const GPtrArray *expected, bool undisturbed,
		      unsigned percent)
{
	g_autoptr(GArray) units = shuffle_units(run, plan);
	for (unsigned i = 0; i < units->len && !run->failure; i++) {
		Unit unit = g_array_index(units, Unit, i);
		const Action *actions = &g_array_index(plan->actions, Action, unit.first);
		bool skip = dice_roll(&run->dice, 100) >= percent ||
			    (!undisturbed && !is_as_expected(run, plan, unit, expected));
		bool done = !skip && device_execute(run->world, actions, unit.count);
		tell(run, "  %d: %s", (int)actions->key,
		     done   ? "done"
		     : skip ? "not done"
			    : run->world->why);
		if (!done) {
			note_not_done(run, plan, unit);
		}
		if (!done && !skip && undisturbed) {
			fails(run, run->world->why);
		}
		const char *damage = world_find_damage(run->world);
		if (damage) {
			fails(run, damage);
		}
	}
}

/* One plan. Returns whether there was anything to do. */
static bool work(Run *run, unsigned round, unsigned percent)
{
	World *world = run->world;
	bool is_at_head = world_is_at_head(world);
	g_autoptr(GArray) keys = choose_keys(run);
	PlanView view = world_view(world);
	g_auto(Plan) plan = { 0 };
	plan_make(&view, is_at_head ? &at_head : &behind, (int64_t *)(void *)keys->data, keys->len,
		  &plan);
	tell(run, "round %u%s", round, is_at_head ? "" : ", not at head");
	tell_world(run);
	tell_plan(run, &plan);
	if (breaks_promise(run, keys, &plan)) {
		return false;
	}
	note_blocks(run, &plan);
	GPtrArray *expected = note_expected(run, &plan);
	bool late = round > 0 && round <= run->story->rounds && dice_roll(&run->dice, 2) == 0;
	if (late) {
		story_play(run->story, world, round);
	}
	carry_out(run, &plan, expected, is_at_head && !late, percent);
	release_expected(expected);
	if (round > 0 && round <= run->story->rounds && !late) {
		story_play(run->story, world, round);
	}
	return run->manner == ALL ? plan.actions->len > 0 : keys->len > 0;
}

/* ---- what must hold in the end ------------------------------------------------------------------
 */

typedef struct Ending {
	Run *run;
	GHashTable *counts; /* content -> number of files */
	bool alien_name;
} Ending;

static void count_entry(const Entry *entry, void *data)
{
	Ending *ending = data;
	if (entry->kind != ENTRY_FOLDER) {
		size_t size;
		const char *text = g_bytes_get_data(entry->content, &size);
		char *content = g_strndup(text, size);
		unsigned count = GPOINTER_TO_UINT(g_hash_table_lookup(ending->counts, content));
		g_hash_table_insert(ending->counts, content, GUINT_TO_POINTER(count + 1));
	}
	ending->alien_name |= entry->key != ENTRY_KEY_ROOT && !story_is_name(entry->name) &&
			      !strstr(entry->name, " (conflict, bob, 2026-03-04");
}

static void check_values(Run *run, GHashTable *counts)
{
	GHashTableIter iter;
	void *content;
	g_hash_table_iter_init(&iter, run->world->written);
	while (g_hash_table_iter_next(&iter, &content, NULL)) {
		unsigned count = GPOINTER_TO_UINT(g_hash_table_lookup(counts, content));
		bool given_up = g_hash_table_contains(run->world->given_up, content);
		if (count == 0 && !given_up) {
			tell(run, "lost: %s", (const char *)content);
			fails(run, "content that nobody gave up is lost");
		}
		if (!run->story->is_exact || !story_is_unique(content)) {
			continue;
		}
		if (count > 0 && given_up) {
			tell(run, "back: %s", (const char *)content);
			fails(run, "content that was given up came back");
		}
		if (count > 1) {
			fails(run, "content is there twice");
		}
	}
}

/* Every node that nobody deleted is still there, or what it was adopted or renewed as. */
static void check_node(const Entry *entry, void *data)
{
	Run *run = data;
	int64_t key = entry->key;
	while (!tree_get(run->world->server, key)) {
		if (g_hash_table_contains(run->world->deleted, WORLD_KEY(key))) {
			return;
		}
		void *next = g_hash_table_lookup(run->world->successor, WORLD_KEY(key));
		if (!next) {
			tell(run, "lost node %d", (int)entry->key);
			fails(run, "a node that nobody deleted is lost");
			return;
		}
		key = (intptr_t)next;
	}
}

static void check_ending(Run *run, const Tree *beginning)
{
	g_autoptr(GHashTable) counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	Ending ending = { .run = run, .counts = counts };
	const char *discord = world_find_discord(run->world);
	if (discord) {
		fails(run, discord);
		return;
	}
	tree_each(run->world->server, count_entry, &ending);
	check_values(run, counts);
	tree_each(beginning, check_node, run);
	if (ending.alien_name) {
		fails(run, "a name that nobody gave");
	}
	if (run->expected) {
		g_autofree char *tree = world_print(run->world, run->world->server, true);
		if (!g_str_equal(tree, run->expected)) {
			tell(run, "expected %s\n     got %s", run->expected, tree);
			fails(run, "not what the sides should agree on");
		}
	}
}

/* ---- a case -------------------------------------------------------------------------------------
 */

static void collect_entry(const Entry *entry, void *data)
{
	tree_put(data, entry);
}

static void hear_some(Run *run)
{
	World *world = run->world;
	uint64_t news = world->seq - world->heard;
	if (news > 0) {
		world_hear(world, world->heard + dice_roll(&run->dice, (unsigned)news + 1));
	}
}

static void live(Run *run, Tree *beginning)
{
	World *world = run->world;
	story_play(run->story, world, 0);
	tree_each(world->trees[SIDE_LOCAL], collect_entry, beginning);
	tree_each(world->server, collect_entry, beginning);
	tree_remove(beginning, ENTRY_KEY_PARK);
	if (run->story->is_exact && run->story->rounds == 0 && !story_has_parked(run->story)) {
		run->expected = oracle_ask(world);
	}
	unsigned noisy = run->story->rounds + dice_roll(&run->dice, 3);
	unsigned round = 1;
	for (; round <= noisy && !run->failure; round++) {
		hear_some(run);
		work(run, round, 60);
	}
	world_hear(world, world->seq);
	for (; !run->failure && work(run, round, 100); round++) {
		world->crashes = false;
		if (round > noisy + ROUNDS_MAX) {
			fails(run, "no end");
		}
	}
	rounds_seen = MAX(rounds_seen, round);
	if (!run->failure) {
		check_ending(run, beginning);
	}
}

/* NULL, or what went wrong. */
static const char *run_story(const Story *story, bool told)
{
	g_autoptr(World) world = world_new();
	g_autoptr(Tree) beginning = tree_new();
	g_autoptr(GHashTable) dirty = g_hash_table_new(NULL, NULL);
	g_autoptr(GHashTable) blocked = g_hash_table_new(NULL, NULL);
	Run run = {
		.story = story,
		.world = world,
		.dice = { story->seed ^ 0x5eed },
		.told = told,
		.dirty = dirty,
		.blocked = blocked,
	};
	run.manner = dice_roll(&run.dice, 3);
	run.only_side = story_side(story);
	world->settles_late = story->rounds == 0 && dice_roll(&run.dice, 3) == 0;
	world->crashes = story->chooses && dice_roll(&run.dice, 2) == 0;
	live(&run, beginning);
	g_free(run.expected);
	return run.failure;
}

/* Leaves out events as long as the case still fails. */
static Story *cut_down(Story *story)
{
	for (unsigned size = MAX(story->events->len / 2, 1); size > 0; size /= 2) {
		for (unsigned from = 0; from + size <= story->events->len;) {
			Story *shorter = story_cut(story, from, size);
			if (run_story(shorter, false)) {
				story_free(story);
				story = shorter;
			} else {
				story_free(shorter);
				from += size;
			}
		}
	}
	return story;
}

static uint64_t first_case = 1, case_count = 100000;
static uint64_t current_case;

static void test_devices_agree(void)
{
	for (uint64_t number = first_case; number < first_case + case_count; number++) {
		current_case = number;
		g_autoptr(Story) story = story_new(number);
		if (!run_story(story, false)) {
			continue;
		}
		story = cut_down(g_steal_pointer(&story));
		g_autofree char *text = story_print(story);
		g_test_message("%s", text);
		const char *failure = run_story(story, true);
		g_test_message("case %" G_GUINT64_FORMAT ": %s", number, failure);
		g_test_fail();
		return;
	}
	g_test_message("%" G_GUINT64_FORMAT " cases, at most %u rounds", case_count, rounds_seen);
}

/* An assertion ends the program: at least say where. */
static void print_with_case(const char *text)
{
	g_print("# case %" G_GUINT64_FORMAT ": %s", current_case, text);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (int i = 1; i < argc; i++) {
		const char *value = strchr(argv[i], '=');
		uint64_t number = value ? g_ascii_strtoull(value + 1, NULL, 10) : 0;
		if (g_str_has_prefix(argv[i], "--case=")) {
			first_case = number;
			case_count = 1;
		} else if (g_str_has_prefix(argv[i], "--first=")) {
			first_case = number;
		} else if (g_str_has_prefix(argv[i], "--cases=")) {
			case_count = number;
		}
	}
	g_set_printerr_handler(print_with_case);
	g_test_add_func("/client/plan/plan_property/devices-agree", test_devices_agree);
	return g_test_run();
}
