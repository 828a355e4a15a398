/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/*
 * What the daemon says of itself, followed on a thread: which folders are the drive's, and when how
 * files stand may be another. All functions on the main thread.
 */
typedef struct DriveWatch DriveWatch;

typedef enum DrivePlace {
	DRIVE_PLACE_NONE,
	DRIVE_PLACE_FOLDER,
	DRIVE_PLACE_MOUNT,
} DrivePlace;

/*
 * profile: folder of the daemon's profile. changed is called on the main thread, at most every
 * DRIVE_WATCH_REST_S seconds.
 */
DriveWatch *drive_watch_new(const char *profile, void (*changed)(void *data), void *data);
#define DRIVE_WATCH_REST_S 2
/* Its thread goes on until the daemon says something; it calls nobody any more. */
void drive_watch_free(DriveWatch *watch);

/* Where this absolute path lies; NONE while no daemon runs. *ret_top: it is the whole of that. */
DrivePlace drive_watch_place(DriveWatch *watch, const char *path, bool *ret_top);
