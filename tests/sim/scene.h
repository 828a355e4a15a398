/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "sim_device.h"
#include "sim_world.h"

/*
 * A small scene between two or three devices and the server, for the real engine, told step by
 * step.
 */
typedef struct Scene {
	SimWorld *world;
	SimDevice *laptop;
	SimDevice *desktop;
	SimDevice *phone; /* NULL: none */
	char *folder;
} Scene;

/* lazy: the laptop's disk is a mount's. */
Scene *scene_new_with(uint64_t seed, bool lazy);
Scene *scene_new_of(uint64_t seed);
Scene *scene_new(void);
void scene_free(Scene *scene);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Scene, scene_free)

/* What people do. */
void scene_save(SimDevice *device, const char *path, const char *text);
void scene_make(SimDevice *device, const char *path);
void scene_rename(SimDevice *device, const char *from, const char *to);
void scene_remove(SimDevice *device, const char *path);

/* "a/\na/file=text\n": what a person sees. Free with g_free(). */
char *scene_tree(SimDevice *device);
void scene_assert_tree(SimDevice *device, const char *expected);

void scene_pass(Scene *scene, int64_t time_us);
/* A step and a job. False if there was nothing to do. */
bool scene_work(SimDevice *device);
/* As much as can be done while no time passes. */
void scene_work_now(SimDevice *device);
/* So many steps, with so much time after each. */
void scene_work_for(Scene *scene, SimDevice *device, unsigned steps, int64_t time_us);
/* False if it does not come to rest, though nothing is left to do but to wait for minutes. */
bool scene_try_settle(Scene *scene);
void scene_settle(Scene *scene);
/* Settles, and both have this. */
void scene_settle_as(Scene *scene, const char *expected);
