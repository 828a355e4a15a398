/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/disk/disk.h"
#include "client/remote/remote.h"
#include "client/transfer/cache.h"
#include "client/transfer/pace.h"
#include "client/tree/entry.h"

#include <gio/gio.h>

/*
 * Towards the disk: fetches what is not there, stages, syncs once, puts in place, verifies. Blocks;
 * runs on a worker thread with values of its own and gives values back.
 *
 * Order of durability: all staged content of a batch is on disk (one syncfs, or one fdatasync each
 * for a few small files) before the first name shows it.
 */
typedef enum ApplyVerb {
	APPLY_CREATE, /* file, folder or link at path */
	APPLY_UPDATE, /* content and attributes of the file or link at path */
	APPLY_MOVE,   /* from -> path */
	APPLY_DELETE, /* path; for a folder every entry of `inside` first */
} ApplyVerb;

typedef enum ApplyOutcome {
	APPLY_PENDING, /* not reached; see the error of apply_run() */
	APPLY_DONE,    /* info is what is there now (not for DELETE) */
	APPLY_CHANGED, /* something else was there: nothing done, look again */
	APPLY_FAILED,  /* this item alone: error */
	APPLY_HOLLOW,  /* DELETE of a folder: `inside` is gone, something else is in it */
} ApplyOutcome;

/* One entry below a folder that is to be deleted, deepest first. */
typedef struct ApplyInside {
	char *path;
	DiskInfo expected;
	int64_t key;    /* the engine's; not looked at */
	int64_t folder; /* the same: of the folder that it lies in */
	bool removed;   /* out: it was there, and is no more, whatever became of the folder */
} ApplyInside;

typedef struct ApplyItem {
	/* in */
	ApplyVerb verb;
	int64_t key; /* the engine's; not looked at */
	char *path;
	char *from; /* MOVE */
	EntryKind kind;
	uint64_t size;
	int64_t mtime_ns;
	bool executable;
	GBytes *content;
	bool has_expected; /* UPDATE, MOVE, DELETE: what must be there; false: nothing may be */
	DiskInfo expected;
	GBytes *base_content; /* UPDATE: content of the file now at path: a source of chunks */
	GArray *inside;       /* ApplyInside, owned; empty at first; DELETE of a folder */
	/* out */
	ApplyOutcome outcome;
	GError *error;
	DiskInfo info;
} ApplyItem;

ApplyItem *apply_item_new(ApplyVerb verb);
void apply_item_free(ApplyItem *item);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ApplyItem, apply_item_free)

typedef struct Apply Apply;

typedef struct ApplyOptions {
	Pace *pace; /* borrowed; NULL: no limit */
	/* Bytes for which the disk has room now, on any thread; NULL: nobody knows. */
	uint64_t (*room)(void *data);
	void *room_data;
} ApplyOptions;

/* Shared by all batches of a binding. Borrows disk, remote and cache. */
Apply *apply_new(Disk *disk, Remote *remote, Cache *cache, const ApplyOptions *options);
void apply_free(Apply *apply);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Apply, apply_free)

/*
 * Runs the items (ApplyItem), names in their order, and sets their outcomes. Any number of threads
 * may run items that do not build upon each other. A long file of which a part is here when the
 * server is lost goes on from there in a later run, as long as this Apply lives.
 *
 * *ret_synced: the whole disk was synced after this call began and before the first name changed,
 * so that what earlier calls did is durable. False if the whole batch failed (server not reached,
 * disk full …): items not reached stay APPLY_PENDING.
 */
bool apply_run(Apply *apply, GPtrArray *items, GCancellable *cancellable, bool *ret_synced,
	       GError **error);

/* Bytes of files put in place so far. Any thread. */
uint64_t apply_progress(Apply *apply);
