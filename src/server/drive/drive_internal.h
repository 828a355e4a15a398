/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/drive/drive.h"
#include "server/drive/room_internal.h"
#include "server/drive/traffic_internal.h"
#include "server/drive/upkeep_internal.h"

/* Shared by the files of this folder. Constant after drive_open(). */
struct Drive {
	DriveOptions options;
	Traffic *traffic;
	Upkeep *upkeep;
	Room *room;
};

/* Formats one line for DriveOptions.report. */
void drive_report(Drive *drive, const char *format, ...) G_GNUC_PRINTF(2, 3);
