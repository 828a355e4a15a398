/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/plan/subject.h"

/*
 * What becomes of a node that one side deleted and the other still has. With FATE_WAITS
 * subject->fate_waits says on what; for a file that has to be hashed, on nothing.
 */
Fate fate_of(Planner *planner, Subject *subject);
