/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/observe/ignore.h"
#include "client/observe/scan.h"
#include "client/state/state.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What was seen on the disk becomes the local tree: which node is this file, is it new, changed,
 * moved, gone? Keeps what is still to be looked at. One thread, no I/O.
 */
typedef struct Local Local;

typedef struct LocalHooks {
	/*
	 * Is this place being changed by ourselves, or was it since `since` (Scan.started)? Then
	 * what was seen there says nothing; the callee has it looked at again in time.
	 */
	bool (*is_ours)(void *data, int64_t folder, const char *name, uint64_t since);
	/* The local entry of key changed, came or went, or is not missing any more. */
	void (*touched)(void *data, int64_t key);
	/* The node is no longer in the local tree; it may have been a folder. */
	void (*gone)(void *data, int64_t key);
	/* The folder was listed, and nothing at all is in it. NULL: nobody wants to know. */
	void (*empty)(void *data, int64_t key);
	void *data;
} LocalHooks;

/* Borrows state and ignore (may be NULL). */
Local *local_new(State *state, const Ignore *ignore, const LocalHooks *hooks);
void local_free(Local *local);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Local, local_free)

void local_set_ignore(Local *local, const Ignore *ignore);

/*
 * These nodes of the local tree lie in folders that are not in it (state_strays()). They turn up
 * elsewhere, or leave the tree when everything was listed.
 */
void local_add_strays(Local *local, const GArray *keys);

/* Something may have happened at this name, in this folder, or (deep) anywhere below it. */
void local_mark_name(Local *local, int64_t folder, const char *name);
void local_mark_folder(Local *local, int64_t key, bool deep);

/*
 * Fills a scan with what is to be looked at next, at most so many folders and names. False if there
 * is nothing. What was taken counts as under way until it is merged or given back.
 */
bool local_take(Local *local, unsigned folders_max, unsigned names_max, Scan *scan);
/* The scan could not be used: all of it is to be looked at again. */
void local_take_back(Local *local, const Scan *scan);

/* It left the local tree: we deleted it. */
void local_gone(Local *local, int64_t key);
/* We have just put it where the local tree says: it is not missing. */
void local_found(Local *local, int64_t key);
/* Another is where the local tree says that key is: it turns up elsewhere, or leaves the tree. */
void local_displace(Local *local, int64_t key);
/* The local entry of key is new_key from now on: what is remembered of the one is of the other. */
void local_rekey(Local *local, int64_t key, int64_t new_key);

/* Merges what was seen into the local tree of the state. scan->present must be true. */
void local_merge(Local *local, Scan *scan, int64_t now_us);

/*
 * A name that is missing waits LOCAL_GRACE_US for its file to come back or to turn up elsewhere;
 * then it is looked at a last time. Returns when to call again, -1 if nothing waits.
 */
#define LOCAL_GRACE_US 100000
int64_t local_expire(Local *local, int64_t now_us);

/*
 * The node, or the nearest folder above it, whose name is missing and that may come back or turn up
 * elsewhere; ENTRY_KEY_NONE: none. Until `touched` is called for that one, nothing of the node can
 * be read.
 */
int64_t local_missing(const Local *local, int64_t key);

/* Nothing is marked, under way, or waiting to come back. */
bool local_is_quiet(const Local *local);
/* Nothing is left of the deep listing. */
bool local_is_complete(const Local *local);
/* Nor is there a folder that could not be listed, or has not been found: from there too a folder
 * can move to where everything was listed, with things in it that nobody has seen. */
bool local_has_seen_all(const Local *local);

/* What is not synced (sockets, devices, other file systems): paths, at most 100. Borrowed until the
 * next call. */
const GPtrArray *local_skipped(Local *local);
/* What the disk spells otherwise, since its file system refuses the name: the same. */
const GPtrArray *local_spelled(Local *local);
/* Folders that could not be looked into: key -> GError. */
GHashTable *local_errors(const Local *local);
/* How many folders are not watched: their changes are found by looking. */
unsigned local_unwatched(const Local *local);
/* All of those are to be listed. */
void local_mark_unwatched(Local *local);
/* What could not be looked at is to be tried again. */
void local_mark_failed(Local *local);
