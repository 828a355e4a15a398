/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/engine/world.h"
#include "client/observe/ignore.h"
#include "client/state/state.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The loop: observe -> plan -> transfer -> record, for one binding. One thread owns an engine;
 * engine_post(), engine_notice() and engine_cancel() may be called from any.
 *
 * The engine acts at its own pace: events only mark what to look at, and what to do is planned anew
 * from the three trees each time. Nothing that was planned outlives a crash.
 */
typedef struct Engine Engine;

typedef struct EngineOptions {
	const char *device_name; /* in the names of conflict copies */
	int64_t rescan_us;       /* how often the whole folder is scanned besides; 0: never */
} EngineOptions;

/* Borrows state, world's objects and ignore. The first step begins with a full scan. */
Engine *engine_new(State *state, const World *world, const Ignore *ignore,
		   const EngineOptions *options);
/* All jobs must have been posted back. */
void engine_free(Engine *engine);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Engine, engine_free)

/* A job has run. */
void engine_post(Engine *engine, Job *job);
/* The watch saw something. */
void engine_notice(Engine *engine, const WatchEvent *events, size_t count);

/*
 * Handles what came, plans, starts jobs. Returns when it wants to be called again at the latest
 * (UTC, us), or -1 for "only when woken".
 */
int64_t engine_step(Engine *engine);

/* Jobs that are out. */
unsigned engine_running(const Engine *engine);
/* Ends waiting calls, starts no new jobs: to be followed by steps until nothing is running. */
void engine_cancel(Engine *engine);
/* Syncs the disk and records what was settled; blocks. After engine_cancel(), to start faster. */
bool engine_record(Engine *engine, GError **error);

void engine_pause(Engine *engine, bool paused);
/* The deletions that the brake holds back are meant. */
void engine_accept_deletions(Engine *engine);
/* What is held back was no wish: it comes back from the server. */
void engine_undo_deletions(Engine *engine);
void engine_set_ignore(Engine *engine, const Ignore *ignore);
/* Something that no watch sees has changed the entry at this path. */
void engine_look(Engine *engine, const char *path);

typedef enum EngineState {
	ENGINE_IDLE,
	ENGINE_SYNCING,
	ENGINE_OFFLINE,
	ENGINE_PAUSED,
	ENGINE_ATTENTION,
} EngineState;

typedef struct EngineProblem {
	char *path; /* "" for the binding as a whole */
	int code;   /* DriveError */
	char *message;
} EngineProblem;

typedef struct EngineStatus {
	EngineState state;
	bool signed_out; /* the server no longer takes the credential */
	char *reason;    /* for people; NULL if state says it all */
	uint64_t files;  /* synced */
	uint64_t folders;
	uint64_t bytes;
	uint64_t pending;    /* nodes that are not settled */
	uint64_t held;       /* deletions that the brake holds back */
	uint64_t bytes_done; /* of transfers since the last time it was idle */
	uint64_t bytes_left; /* of transfers that are planned */
	uint64_t bytes_uploaded;
	uint64_t bytes_downloaded;
	bool scanning;
	unsigned unwatched;  /* folders whose changes are found only by looking, each minute */
	GPtrArray *problems; /* EngineProblem, at most 1000 */
	GPtrArray *skipped;  /* char *: paths that are not synced */
	GPtrArray *left_out; /* char *: folders that are left out on this device, by path */
	GPtrArray *spelled;  /* char *: paths that this disk spells otherwise, and how, in turn */
} EngineStatus;

void engine_status_get(Engine *engine, EngineStatus *ret_status);
void engine_status_clear(EngineStatus *status);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(EngineStatus, engine_status_clear)
const char *engine_status_name(EngineState state);

typedef struct EngineConflict {
	char *copy;     /* path of the conflict copy */
	char *original; /* of what it is a copy of; may not be there */
	char *label;    /* of its name: "alice's laptop, 2026-11-23 14.05" */
	bool mine;      /* the copy is this device's value, not another's */
} EngineConflict;

/*
 * Appends EngineConflict *, each to be freed: the conflict copies that lie here, by path. Without
 * those whose original is still to come from the drive.
 */
void engine_conflict_list(Engine *engine, GPtrArray *ret_conflicts);
void engine_conflict_free(EngineConflict *conflict);
/* How many there are. */
size_t engine_conflict_count(Engine *engine);

/*
 * This folder (path from the root, as here or else as on the server) is left out on this device
 * from now on: what is new in it here goes to the server, then all of it goes from this disk. Kept
 * with the state. NOT_FOUND if the server has no such folder; INVALID for the root, or what is no
 * folder; UNSUPPORTED for a disk that fetches content only when it is read; blocks for a sync of
 * the disk.
 */
bool engine_choice_leave_out(Engine *engine, const char *path, GError **error);
/* It is wanted again. NOT_FOUND if it is not left out itself. */
bool engine_choice_take_in(Engine *engine, const char *path, GError **error);
/* Appends char *, by path: the folders that are left out and still on the server. */
void engine_choice_list(Engine *engine, GPtrArray *ret_paths);

typedef struct EngineFolder {
	char *name;
	bool left_out; /* itself, or what it lies in */
	bool partly;   /* something in it is */
	bool inside;   /* there are folders in it */
} EngineFolder;

/* Appends EngineFolder *, each to be freed: what folders the server has in this one, by name. */
bool engine_choice_folders(Engine *engine, const char *path, GPtrArray *ret_folders,
			   GError **error);
void engine_choice_folder_free(EngineFolder *folder);

typedef enum EngineLook {
	ENGINE_LOOK_ABSENT, /* not there, or not synced */
	ENGINE_LOOK_SYNCED, /* of a folder: all that is in it */
	ENGINE_LOOK_SYNCING,
} EngineLook;

/* How these paths stand, from the root of the binding. Costs what is changing. */
void engine_look_paths(Engine *engine, const char *const *paths, size_t count,
		       EngineLook *ret_looks);

/* The server could not be reached when it was last asked. */
bool engine_status_offline(const Engine *engine);

/* Bytes of files that both sides hold, and of those that are being uploaded or will be next. */
void engine_status_amounts(const Engine *engine, uint64_t *ret_stored, uint64_t *ret_waiting);

/* Both sides agree on everything, it is recorded, and nothing is left to look at. */
bool engine_is_settled(Engine *engine);
/* Nothing can go on without help from outside, although not everything is settled. */
bool engine_is_stuck(Engine *engine);

typedef struct EngineActivity {
	int64_t time_us;
	const char *what; /* static: "uploaded", "downloaded", "moved here" … */
	char *path;
} EngineActivity;

/* What was done last, oldest first (EngineActivity, borrowed until the next step). */
GArray *engine_status_activity(Engine *engine);
