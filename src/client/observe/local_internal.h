/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/observe/local.h"

#include <string.h>

/*
 * What the files of local.h share.
 *
 *	local.c       what was seen becomes the tree
 *	local_mark.c  what is to be looked at
 *	local_take.c  what is being looked at
 */
typedef struct Place {
	int64_t folder;
	char *name;
} Place;

typedef struct Departed {
	int64_t key;
	int64_t until_us;
	bool last_look; /* the grace is over, the next look decides */
} Departed;

typedef struct Begun {
	Place place;
	int64_t due_us;
} Begun;

typedef struct FileId {
	uint64_t inode;
	int64_t birth_ns;
} FileId;

/* A folder to list (name NULL) or a name to look at. */
typedef struct Mark {
	int64_t folder;
	char *name;
	bool deep;
} Mark;

/* One thing seen that is not what the tree says. */
typedef struct News {
	const ScanPlace *place;
	bool done;
} News;

struct Local {
	State *state;
	const Ignore *ignore;
	LocalHooks hooks;
	GHashTable *folders;   /* int64_t * -> GINT_TO_POINTER(deep + 1): to be listed */
	GQueue folder_order;   /* int64_t * borrowed from folders */
	GHashTable *names;     /* Place * set: to be looked at */
	GQueue name_order;     /* Place * borrowed from names */
	GHashTable *departed;  /* int64_t * -> Departed * */
	GQueue begun;          /* Begun: files that are just being made, by due_us */
	GQueue departed_order; /* int64_t key, by until_us */
	GHashTable *arrivals;  /* int64_t * -> Place *: where a known file was seen */
	GArray *deferred;      /* Mark: to be looked at when our own changes above are over */
	GPtrArray *skipped;
	GHashTable *errors;      /* int64_t * -> GError *: could not be looked at */
	GHashTable *failed_deep; /* int64_t * set: of these, the ones to be listed deep */
	GHashTable *unwatched;   /* int64_t * set: folders whose changes are not reported */
	unsigned deep_pending;   /* deep folders that are marked or under way */
	unsigned under_way;      /* scans taken and not merged */
	int64_t now_us;
};

static inline int64_t *key_new(int64_t key)
{
	int64_t *copy = g_new(int64_t, 1);
	*copy = key;
	return copy;
}

static inline Place *place_new(int64_t folder, const char *name)
{
	Place *place = g_new(Place, 1);
	place->folder = folder;
	place->name = g_strdup(name);
	return place;
}

/* The scan is not under way any more. */
void local_take_end(Local *local, const Scan *scan);

/* To be looked at when our own changes above it are over. name NULL: the folder itself. */
void local_mark_later(Local *local, int64_t folder, const char *name, bool deep);
