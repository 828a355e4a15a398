/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/tree/entry.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Tells which folders of the bound folder saw a change, while it happens. An event only says where
 * to look; what is there is for a listing to find out. Watch a folder first, then list it: what
 * changes in between is seen by one of the two.
 *
 * Watching sees one folder, not what lies below it. Not seen at all: writes through a mapping or by
 * a program that keeps the file open, and what other machines do on a network file system; a slow
 * scan has to find those.
 */
typedef struct Watch Watch;

typedef enum WatchWhat {
	WATCH_CREATED,
	WATCH_DELETED,
	WATCH_CHANGED,    /* closed after writing, or attributes */
	WATCH_MOVED_FROM, /* the other end, if it is watched, has the same cookie */
	WATCH_MOVED_TO,
	WATCH_GONE,     /* the watched folder itself was removed or unmounted: no longer watched */
	WATCH_OVERFLOW, /* events were lost: anything may have changed anywhere */
} WatchWhat;

typedef struct WatchEvent {
	int64_t key;      /* of the watched folder; 0 for WATCH_OVERFLOW */
	const char *name; /* of what lies in it; NULL for WATCH_GONE and WATCH_OVERFLOW */
	uint32_t cookie;  /* WATCH_MOVED_*; else 0 */
	WatchWhat what;
	bool folder; /* what it happened to is a folder */
} WatchEvent;

/* Events in the order in which they happened; borrowed until it returns. Must not free the watch.
 */
typedef void (*WatchNotify)(const WatchEvent *events, size_t count, void *data);

/* Takes as many watches as fits beside other programs: a share of what the system allows. */
#define WATCH_BUDGET_DEFAULT 0

/*
 * inotify below folder. notify is called by a thread of the watch's own, never before this returns
 * nor after watch_free() has. budget: folders watched at most. BUSY if the system has no inotify
 * instance left: then only scans see changes.
 */
Watch *watch_inotify_new(const char *folder, size_t budget, WatchNotify notify, void *data,
			 GError **error);

/* Not from within notify. */
void watch_free(Watch *watch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Watch, watch_free)

/*
 * Watches the folder at path (relative, "" is the bound folder itself; never through a link) under
 * a key > 0, if it is the one of that stamp (inode and birth; an inode of 0: whichever it is). A
 * folder stays watched under its key wherever it is moved to. If the folder is watched already,
 * this is its key from now on; if the key stood for another folder, that one is no longer watched.
 * NO_SPACE if the budget or the system's is used up: what happens in this folder will not be told.
 * NOT_FOUND if it is gone, CHANGED if another one is there, FORBIDDEN if it is unreadable. Any
 * thread.
 */
bool watch_add(Watch *watch, const char *path, const EntryStamp *stamp, int64_t key,
	       GError **error);
/* Nothing more is told about it. Does nothing if the key is not watched. Any thread. */
void watch_remove(Watch *watch, int64_t key);
/* The folder watched as key is new_key from now on. Does nothing if it is not watched. Any thread.
 */
void watch_rekey(Watch *watch, int64_t key, int64_t new_key);

typedef struct WatchTotals {
	size_t folders; /* watched */
	size_t budget;
} WatchTotals;

/* Any thread. */
WatchTotals watch_totals(Watch *watch);
