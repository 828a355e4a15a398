/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/plan/subject.h"

/*
 * Decides how a node comes to its place on one side: kind if it can go there now; waits if
 * something must go out of its way; and where the place is taken for good, it is the local node
 * that gives way.
 */

/* To its local place, on the server: ACTION_CREATE_REMOTE or ACTION_MOVE_REMOTE. */
void arrival_there(Planner *planner, Subject *subject, ActionKind kind);
/* To its remote place, on this disk: ACTION_CREATE_LOCAL or ACTION_MOVE_LOCAL. */
void arrival_here(Planner *planner, Subject *subject, ActionKind kind);

/* Aside, within its folder, for the holder of its name there: a conflict copy. */
void arrival_step_aside(Planner *planner, Subject *subject, const Subject *holder);
/* Out of ENTRY_KEY_PARK into the root, under a name of its own that begins like this one. */
void arrival_restore(Planner *planner, Subject *subject, const char *name);

/*
 * The new local node that takes the place of a node deleted here, as its next version: of the same
 * kind, under the very name. NULL if there is none.
 */
Subject *arrival_heir(Planner *planner, Subject *gone_here);
