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
	EntryStamp stamp; /* which folder is meant; an inode of 0: whichever is there */
	bool deep;        /* the folders in it are to be listed too, known or not */
	bool stray;       /* it was not at path, at least not all the time: nothing was seen */
	bool put_off;     /* it was not looked at: the folders before it had enough */
	GArray *places;   /* ScanPlace, by name; filled by scan_run() */
	bool watched;     /* changes after the listing will be reported */
	GError *error;    /* the folder could not be listed: nothing may be concluded */
} ScanFolder;

/* A single name to look at. */
typedef struct ScanName {
	ScanPlace place;
	char *path;
	EntryStamp stamp; /* of the folder it is in, as above */
	bool stray;       /* the folder was not where it was looked for */
	GError *error;    /* could not be looked at: nothing may be concluded */
} ScanName;

typedef struct Scan {
	GArray *folders;   /* ScanFolder */
	GArray *names;     /* ScanName */
	size_t places_max; /* with so many places seen, folders that are left are put off */
	bool present;      /* the folder's marker was there after all this was seen */
	GError *error;     /* why it could not be told whether it is */
	uint64_t started;  /* the engine's */
} Scan;

/* With a places_max of some thousands: what is seen takes memory until it is merged. */
Scan *scan_new(void);
void scan_free(Scan *scan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Scan, scan_free)

/* path of the folder. stamp as in ScanFolder. */
void scan_add_folder(Scan *scan, int64_t key, const EntryStamp *stamp, const char *path, bool deep);
void scan_add_name(Scan *scan, int64_t folder, const EntryStamp *stamp, const char *folder_path,
		   const char *name);

/* Are these the same folder? An inode of 0 is any. */
bool scan_is_folder(const EntryStamp *stamp, const EntryStamp *seen);

/*
 * Watches (watch may be NULL) each folder, then lists it; looks at each name; then at the marker.
 */
void scan_run(Scan *scan, Disk *disk, Watch *watch);
