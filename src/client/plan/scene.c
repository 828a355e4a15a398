/* SPDX-License-Identifier: Apache-2.0 */
#include "client/plan/scene.h"

#include "client/plan/device.h"

#define ROUNDS_MAX 100

Scene *scene_new(void)
{
	Scene *scene = g_new0(Scene, 1);
	scene->world = world_new();
	return scene;
}

void scene_free(Scene *scene)
{
	plan_clear(&scene->plan);
	world_free(scene->world);
	g_free(scene);
}

void scene_folder(Scene *scene, int64_t key, int64_t parent, const char *name)
{
	bool done = world_settled(scene->world, key, parent, name, ENTRY_FOLDER, NULL);
	g_assert_true(done);
}

void scene_file(Scene *scene, int64_t key, int64_t parent, const char *name, const char *content)
{
	bool done = world_settled(scene->world, key, parent, name, ENTRY_FILE, content);
	g_assert_true(done);
}

static void make(Scene *scene, Side side, const Entry *fields, const char *content)
{
	bool done = world_create(scene->world, side, fields, content);
	g_assert_true(done);
}

void scene_new_folder(Scene *scene, Side side, int64_t key, int64_t parent, const char *name)
{
	Entry fields = { .key = key, .parent = parent, .name = (char *)name, .kind = ENTRY_FOLDER };
	make(scene, side, &fields, NULL);
}

void scene_new_file(Scene *scene, Side side, int64_t key, int64_t parent, const char *name,
		    const char *content)
{
	Entry fields = { .key = key, .parent = parent, .name = (char *)name, .kind = ENTRY_FILE };
	make(scene, side, &fields, content);
}

void scene_move(Scene *scene, Side side, int64_t key, int64_t parent, const char *name)
{
	bool done = world_move(scene->world, side, key, parent, name);
	g_assert_true(done);
}

void scene_edit(Scene *scene, Side side, int64_t key, const char *content)
{
	bool done = world_edit(scene->world, side, key, content);
	g_assert_true(done);
}

void scene_delete(Scene *scene, Side side, int64_t key)
{
	bool done = world_delete(scene->world, side, key);
	g_assert_true(done);
}

void scene_plan(Scene *scene)
{
	World *world = scene->world;
	world_hear(world, world->seq);
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	world_divergent(world, keys);
	plan_clear(&scene->plan);
	PlanView view = world_view(world);
	PlanOptions options = { .remote_at_head = true, .conflict_label = "bob" };
	plan_make(&view, &options, (int64_t *)(void *)keys->data, keys->len, &scene->plan);
}

const Action *scene_action(Scene *scene, int64_t key)
{
	for (unsigned i = 0; i < scene->plan.actions->len; i++) {
		const Action *action = &g_array_index(scene->plan.actions, Action, i);
		if (action->key == key) {
			return action;
		}
	}
	return NULL;
}

ActionKind scene_kind(Scene *scene, int64_t key)
{
	const Action *action = scene_action(scene, key);
	return action ? action->kind : ACTION_NONE;
}

int64_t scene_blocked_on(Scene *scene, int64_t key)
{
	for (unsigned i = 0; i < scene->plan.blocks->len; i++) {
		const PlanBlock *block = &g_array_index(scene->plan.blocks, PlanBlock, i);
		if (block->key == key) {
			return block->on;
		}
	}
	return ENTRY_KEY_NONE;
}

void scene_carry_out(Scene *scene)
{
	const GArray *actions = scene->plan.actions;
	for (unsigned i = 0; i < actions->len;) {
		const Action *first = &g_array_index(actions, Action, i);
		unsigned count = 0;
		do {
			const Action *action = first + count;
			scene->done[action->kind]++;
			scene->conflicts += action->conflict;
			scene->parkings += action->parent == ENTRY_KEY_PARK;
			count++;
			i++;
		} while (first->group > 0 && i < actions->len &&
			 first[count].group == first->group);
		if (!device_execute(scene->world, first, count)) {
			g_error("%s", scene->world->why);
		}
	}
}

void scene_sync(Scene *scene)
{
	for (unsigned round = 0; round < ROUNDS_MAX; round++) {
		scene_plan(scene);
		if (scene->plan.actions->len == 0) {
			g_assert_cmpstr(world_find_discord(scene->world), ==, NULL);
			return;
		}
		scene_carry_out(scene);
		g_assert_cmpstr(world_find_damage(scene->world), ==, NULL);
	}
	g_assert_not_reached();
}

void scene_ends_as(Scene *scene, const char *expected)
{
	scene_sync(scene);
	World *world = scene->world;
	g_autofree char *here = world_print(world, world->trees[SIDE_LOCAL], false);
	g_autofree char *there = world_print(world, world->server, false);
	g_assert_cmpstr(here, ==, expected);
	g_assert_cmpstr(there, ==, expected);
}
