/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/plan/world.h"

/*
 * A small world for tests that tell one thing that happens. Nodes have keys from 16 on, chosen by
 * the test; 1 is the root.
 */
typedef struct Scene {
	World *world;
	Plan plan;                        /* the last one */
	unsigned done[ACTION_FORGET + 1]; /* actions carried out, by kind */
	unsigned conflicts;               /* of these: conflict copies */
	unsigned parkings;                /* and: moves into the park */
} Scene;

Scene *scene_new(void);
void scene_free(Scene *scene);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Scene, scene_free)

/* Both sides have it and agree. */
void scene_folder(Scene *scene, int64_t key, int64_t parent, const char *name);
void scene_file(Scene *scene, int64_t key, int64_t parent, const char *name, const char *content);
/* One side makes it. */
void scene_new_folder(Scene *scene, Side side, int64_t key, int64_t parent, const char *name);
void scene_new_file(Scene *scene, Side side, int64_t key, int64_t parent, const char *name,
		    const char *content);
/* One side does it, and it can be done. */
void scene_move(Scene *scene, Side side, int64_t key, int64_t parent, const char *name);
void scene_edit(Scene *scene, Side side, int64_t key, const char *content);
void scene_delete(Scene *scene, Side side, int64_t key);

/* Plans whatever is divergent; the server has been heard of up to its last change. */
void scene_plan(Scene *scene);
/* In that plan; NULL if there is no action for key. */
const Action *scene_action(Scene *scene, int64_t key);
ActionKind scene_kind(Scene *scene, int64_t key);
/* What key is blocked on in that plan; ENTRY_KEY_NONE if it is not. */
int64_t scene_blocked_on(Scene *scene, int64_t key);
/* Carries that plan out. */
void scene_carry_out(Scene *scene);

/* Plans and carries out until all agree. */
void scene_sync(Scene *scene);
/* … and both sides are this then; see world_print(). */
void scene_ends_as(Scene *scene, const char *expected);
