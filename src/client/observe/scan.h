/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/disk/disk.h"
#include "client/observe/watch.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Looking at the disk: runs on a worker thread with values of its own and gives values back; what
 * they mean is decided in local.c, on the engine's thread.
 */

/* What is, or is not, at a name in a folder. */
typedef struct ScanPlace {
	int64_t folder; /* key */
	char *name;
	bool present;
	DiskInfo info;
} ScanPlace;

/* A folder to list, and what was in it. */
typedef struct ScanFolder {
	int64_t key;
	char *path;
	bool deep;      /* the folders in it are to be listed too, known or not */
	GArray *places; /* ScanPlace, by name; filled by scan_run() */
	bool watched;   /* changes after the listing will be reported */
	GError *error;  /* the folder could not be listed: nothing may be concluded */
} ScanFolder;

/* A single name to look at. */
typedef struct ScanName {
	ScanPlace place;
	char *path;
	GError *error; /* could not be looked at: nothing may be concluded */
} ScanName;

typedef struct Scan {
	GArray *folders;  /* ScanFolder */
	GArray *names;    /* ScanName */
	bool present;     /* the folder's marker was there after all this was seen */
	GError *error;    /* why it could not be told whether it is */
	uint64_t started; /* the engine's */
} Scan;

Scan *scan_new(void);
void scan_free(Scan *scan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Scan, scan_free)

void scan_add_folder(Scan *scan, int64_t key, const char *path, bool deep);
void scan_add_name(Scan *scan, int64_t folder, const char *name, const char *path);

/* Watches (watch may be NULL) each folder, then lists it; looks at each name; then at the marker.
 */
void scan_run(Scan *scan, Disk *disk, Watch *watch);
