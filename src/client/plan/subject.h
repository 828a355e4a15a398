/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/plan/plan.h"

/* Why a subject waits: key `on` must change first. */
typedef struct Wait {
	int64_t on;
	bool for_name; /* `on` holds the name that is wanted */
} Wait;

/* What is to become of a node that one side deleted. */
typedef enum Fate {
	FATE_UNKNOWN,
	FATE_GOES,  /* nothing in it is worth more than the deletion */
	FATE_WAITS, /* something in it must move out, or be hashed, first */
	FATE_STAYS, /* there is something new in it: new content beats deletion */
} Fate;

/* Does the way up, along the places that the nodes are to have, end at the root? */
typedef enum Way {
	WAY_UNKNOWN,
	WAY_WALKING,
	WAY_ROOTED,
	WAY_LOST, /* it runs in a circle: moves here and there contradict each other */
} Way;

/*
 * One node during one call of plan_make(): its three entries, what was decided, and what was found
 * out about it on the way.
 */
typedef struct Subject {
	int64_t key;
	/* NULL where it is absent; owned */
	Entry *local;
	Entry *synced;
	Entry *remote;

	/* decided; an action, waits, or nothing */
	bool queued;
	bool awaited; /* somebody waits for it */
	Action action;
	GArray *waits;             /* Wait; NULL: none */
	int64_t folder_waited_for; /* see subject_wait_for_folder() */
	ActionKind wanted;         /* what it waits to do */
	ActionKind meanwhile;      /* what it can do while it waits */

	/* found out */
	Fate fate;
	GArray *fate_waits; /* Wait; with FATE_WAITS */
	Way way;

	/* ring.c */
	unsigned index;
	unsigned low;
	unsigned component;
} Subject;

/* One call of plan_make(). */
typedef struct Planner {
	const PlanView *view;
	const PlanOptions *options;
	GHashTable *subjects; /* key -> Subject */
	GHashTable *claimed;  /* places of the conflict copies planned so far */
	GPtrArray *queue;     /* Subject: to decide, or decided */
	GPtrArray *groups;    /* GPtrArray of Subject: see Action.group */
} Planner;

/* Reads the three entries of key into an empty subject; subject_clear() it. */
void subject_load(const Planner *planner, int64_t key, Subject *ret_subject);
void subject_clear(Subject *subject);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Subject, subject_clear)

/* The subject of that key, read when it is first asked for; lives as long as the planner. */
Subject *subject_get(Planner *planner, int64_t key);
/* The node that holds this name on that side; NULL if there is none. */
Subject *subject_find(Planner *planner, Side side, int64_t parent, const char *name);

/* Puts it into the queue, once. */
void subject_queue(Planner *planner, Subject *subject);

/* The decision: this action. */
void subject_act(Subject *subject, ActionKind kind);
void subject_move(Subject *subject, int64_t parent, const char *name, bool conflict);
/* The decision: wait. May be said several times. Queues `on`. */
void subject_wait(Planner *planner, Subject *subject, int64_t on, bool for_name);
/*
 * The same for the folder that it lies in, which is deleted on the same side. That one is queued
 * only if somebody waits for the subject: to look into a deleted folder for each of the very many
 * nodes that may lie in it would cost too much, and they can do nothing about it.
 */
void subject_wait_for_folder(Planner *planner, Subject *subject, int64_t folder);

/* Both sides had it, and one deleted it. */
bool subject_is_gone_here(const Subject *subject);
bool subject_is_gone_there(const Subject *subject);
/* Its local entry stands aside in ENTRY_KEY_PARK, for a moment. */
bool subject_is_parked(const Subject *subject);
