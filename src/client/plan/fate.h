/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/plan/subject.h"

/*
 * What becomes of a node that one side deleted and the other still has. With FATE_WAITS
 * subject->fate_waits says on what; for a file that has to be hashed, on nothing.
 */
Fate fate_of(Planner *planner, Subject *subject);

/* Is it on the server, and is nothing of it to be on this disk? */
bool fate_is_left_out(const Planner *planner, const Subject *subject);
/*
 * The same for a node that both sides have and that is left out, and all whose values are on the
 * server: FATE_GOES, or FATE_WAITS if something in it is not yet so.
 */
Fate fate_of_left_out(Planner *planner, Subject *subject);
