/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/plan/world.h"

/*
 * What two sides should agree on, told without a word about how they get there: every node has the
 * content and the place that the side gave it which changed it; it is gone if a side deleted it,
 * unless the other one edited it or has something below it. NULL if that is no answer: both edited
 * a file, two nodes want one name, folders lie in each other. Else the tree as world_print() says
 * it, with mtimes.
 */
char *oracle_ask(World *world);
