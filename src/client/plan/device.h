/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/plan/world.h"

/*
 * Carries out one action, or all of a group. False, with world->why, if it is not possible; then
 * nothing was done.
 */
bool device_execute(World *world, const Action *actions, size_t count);
