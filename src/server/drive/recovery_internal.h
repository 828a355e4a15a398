/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/drive/drive.h"

/*
 * What an unclean end left, before anything is stored: torn tails are cut, packs that hold nothing
 * are removed. What is missing or not ours is reported and left alone.
 */
bool recovery_run(Drive *drive, GError **error);
