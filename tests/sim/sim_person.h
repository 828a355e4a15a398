/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/disk/disk_memory.h"
#include "sim_world.h"

/*
 * Somebody at a device: makes, edits, moves and deletes files, in few places with few names, so
 * that what several people do collides. Tells the world what was written and what was given up.
 */
void sim_person_act(SimWorld *world, const char *who, DiskMemory *disk);
