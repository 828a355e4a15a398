/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/plan/subject.h"

/* Finds the queued subjects that wait for each other, and lets them go on. */
void ring_open_all(Planner *planner);
