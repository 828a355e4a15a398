/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/plan/subject.h"

/*
 * Lets actions wait whose path on this disk leads through a folder that another action of the plan
 * moves, so that whoever carries them out may look up all paths beforehand.
 */
void plan_paths_hold(Planner *planner);
