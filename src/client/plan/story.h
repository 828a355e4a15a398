/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/plan/world.h"

/*
 * What people do in a world, made up from a number: first a tree that all agree on, then changes
 * on both sides, before and while the device works. A story stays playable when events are left
 * out of it, so that it can be cut down to what makes a test fail.
 */
typedef struct Story {
	uint64_t seed;
	GArray *events;
	bool moves_only; /* nothing but moves happens after the beginning */
	bool is_exact;   /* nothing happens that may bring back what was given up */
	bool chooses;    /* folders are left out, and taken in again */
	unsigned rounds; /* in which people do something; 0: only before the device starts */
} Story;

Story *story_new(uint64_t seed);
void story_free(Story *story);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Story, story_free)
/* Without the events [from, from + count). */
Story *story_cut(const Story *story, unsigned from, unsigned count);

/* What happens in this round; round 0 is before the device starts. */
void story_play(const Story *story, World *world, unsigned round);
/* Something is found parked in it, as after a crash. */
bool story_has_parked(const Story *story);
/* The side on which all changes happen; SIDE_COUNT if on both, or the device forgets something. */
Side story_side(const Story *story);
/* A line for each event. */
char *story_print(const Story *story);

/* Content that is written once only. */
bool story_is_unique(const char *content);
/* A name that people gave. */
bool story_is_name(const char *name);
