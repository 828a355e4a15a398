/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/drive/drive.h"

/* drive_check() */
bool check_run(Drive *drive, DriveCheck mode, GPtrArray *ret_problems, GError **error);
