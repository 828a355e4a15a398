/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/disk/disk_faulty.h"
#include "client/disk/disk_memory.h"
#include "client/observe/local.h"
#include "client/observe/watch_memory.h"

/*
 * For tests: people change a disk in memory, and the local tree follows, as in the engine.
 * Functions abort on what must not happen.
 */
typedef struct Observer Observer;

/* Called before each plain call that a scan makes. */
typedef void (*ObserverHook)(Observer *observer, void *data);

struct Observer {
	DiskMemory *memory;
	Disk *disk;
	Watch *watch; /* NULL: only scans */
	State *state;
	Ignore *ignore;
	Local *local;
	int64_t now_us;
	uint64_t scans_started;
	GHashTable *touched; /* int64_t * set: since observer_forget() */
	GHashTable *gone;    /* the same */
	GHashTable *ours;    /* Spot * -> how often it was asked for */
	ObserverHook hook;
	void *hook_data;
	unsigned hook_calls; /* how many calls still pass before it is called */
};

typedef struct ObserverOptions {
	bool unwatched;
	bool no_birth;
	bool vfat;         /* observer_check() is not for this */
	size_t events_max; /* 0: as on Linux */
	const char *rules; /* NULL: nothing is ignored */
} ObserverOptions;

/* options may be NULL. */
Observer *observer_new(const ObserverOptions *options);
void observer_free(Observer *observer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Observer, observer_free)

/* Events become marks. */
void observer_hear(Observer *observer);
/* What is marked, at most so many folders and names; NULL if nothing is. */
Scan *observer_take(Observer *observer, unsigned folders_max, unsigned names_max);
void observer_run(Observer *observer, Scan *scan);
/* Merges, or gives back what was seen in a wrong folder; frees. */
void observer_merge(Observer *observer, Scan *scan);
/* One round of all of it; false if nothing was marked. */
bool observer_step(Observer *observer);
/* Until nothing is left to be looked at or waited for. */
void observer_settle(Observer *observer);
/* As an engine that starts: everything is to be looked at. */
void observer_look_everywhere(Observer *observer);

/* Aborts unless the local tree is what is on the disk. */
void observer_check(Observer *observer);

/* ENTRY_KEY_NONE if it is not in the local tree. */
int64_t observer_key(Observer *observer, const char *path);
/* Borrowed as by state_get(); aborts if it is not there. */
const Entry *observer_entry(Observer *observer, const char *path);
bool observer_was_touched(Observer *observer, int64_t key);
bool observer_is_gone(Observer *observer, int64_t key);
void observer_forget(Observer *observer);

/* We begin to change a place, and have changed it: then it is looked at if it was asked for. */
void observer_begin(Observer *observer, int64_t folder, const char *name);
void observer_end(Observer *observer, int64_t folder, const char *name);

/* Time passes, for all. */
void observer_pass(Observer *observer, int64_t time_us);

/* People; each a moment after the one before. */
void observer_write(Observer *observer, const char *path, const char *text);
void observer_make_folder(Observer *observer, const char *path);
void observer_rename(Observer *observer, const char *from, const char *to);
void observer_link(Observer *observer, const char *path, const char *to);
void observer_remove(Observer *observer, const char *path);
/* With all that is in it. */
void observer_remove_tree(Observer *observer, const char *path);
