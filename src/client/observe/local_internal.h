/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/observe/local.h"
#include "client/observe/marks.h"
#include "client/observe/spot.h"

/* A name that is missing. */
typedef struct Departed {
	int64_t until_us; /* then it is looked at (again) */
	unsigned looks;   /* last looks that were asked for */
} Departed;

/* Where a known file was seen, while its old name is still to be looked at. */
typedef struct Arrival {
	ScanPlace place; /* owns the name */
} Arrival;

/* A file that is just being made. */
typedef struct Begun {
	Spot place;
	int64_t due_us; /* then it is looked at again */
} Begun;

struct Local {
	State *state;
	const Ignore *ignore;
	LocalHooks hooks;
	Marks *marks;
	GHashTable *departed;      /* int64_t * -> Departed * */
	GSequence *departed_order; /* Due, by time */
	GHashTable *arrivals;      /* int64_t * -> Arrival * */
	GHashTable *astray; /* int64_t * -> GINT_TO_POINTER(deep): folders that were not where
			       they were looked for; to be listed once they are found */
	GQueue begun;       /* Begun *, by time */
	GHashTable *told; /* Spot * -> GINT_TO_POINTER(LocalTold): names that people are told of */
	GPtrArray *told_paths;
	GHashTable *errors;      /* int64_t * -> GError *: folders that could not be looked into */
	GHashTable *failed_deep; /* int64_t * set: of these, the ones to be listed deep */
	GHashTable *unwatched;   /* int64_t * set: folders whose changes are not reported */
	int64_t now_us;
};

/* Why. */
typedef enum LocalTold {
	LOCAL_TOLD_SKIPPED = 1, /* not synced */
	LOCAL_TOLD_SPELLED = 2, /* refused by the file system, and spelled otherwise there */
} LocalTold;

#define TOLD_MAX 100

/* A copy for a hash table. */
int64_t *local_key_new(int64_t key);

void local_arrival_free(void *arrival);

/* The name of key is missing: it may come back, or turn up elsewhere. */
void local_depart(Local *local, int64_t key);
/* It is not missing any more. */
void local_come_back(Local *local, int64_t key);
/* The entry and all below it are no longer in the tree. */
void local_leave(Local *local, int64_t key);
/* It is not known where the folder is: list it as soon as that is. */
void local_list_once_found(Local *local, int64_t key, bool deep);
/* The folder was not where it was looked for: ask for it, and list it once it is found. */
void local_stray(Local *local, int64_t key, bool deep);
/* What was seen of key elsewhere counts no more: it is to be looked at again. */
void local_drop_arrival(Local *local, int64_t key);
/* Is it a file whose content is still to come? Then it is looked at again soon. */
bool local_is_begun(Local *local, const ScanPlace *place);
/* What is told of a folder (there of that name; NULL: of anything in it) is no longer known. */
void local_untell(Local *local, int64_t folder, const char *name);
