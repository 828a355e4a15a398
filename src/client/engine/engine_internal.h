/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/engine/engine.h"
#include "client/observe/follow.h"
#include "client/observe/local.h"
#include "client/plan/plan.h"

#include <gio/gio.h>

/*
 * What the files of this folder share. The flow within a step:
 *
 *	engine.c      events, timers, the order of it all
 *	observing.c   scan and feed jobs -> local and remote trees; which places are ours right now
 *	planning.c    touched nodes -> plan -> actions -> state, or items for
 *	uploading.c   items -> upload jobs -> results
 *	applying.c    items -> apply jobs -> results
 *	recording.c   disk synced -> state recorded
 *	resuming.c    what was sent before a kill, or without an answer, is agreed
 *	trouble.c     what failed, when to try again; activity
 *	room.c        what waits until the server has room
 *	engine_status.c  how it all looks to a person
 *	engine_choice.c  which folders are left out, and what was taken away for that
 *	engine_conflict.c  what a person has to choose between
 *	engine_look.c  how single paths stand
 */
typedef struct Lane {
	GQueue waiting; /* items */
	uint64_t waiting_bytes;
	unsigned running; /* jobs */
	uint64_t running_bytes;
} Lane;

struct Engine {
	State *state;
	World world;
	char *device_name;
	int64_t rescan_us;
	Local *local;
	Follow *follow;
	GCancellable *cancellable;

	GMutex lock; /* guards the three below: what came from other threads */
	GQueue posted;
	GArray *noticed; /* WatchEvent with own names */
	bool overflowed;

	/* planning */
	GQueue *touched; /* keys, in order */
	GHashTable *touched_set;
	GHashTable *busy;       /* keys with an item under way */
	GHashTable *blocked;    /* key -> GArray of keys that wait for it to change */
	GHashTable *after_feed; /* keys that wait for news from the server */
	int64_t after_feed_us;
	GHashTable *held; /* keys whose deletion the gate holds back */
	bool deletions_accepted;
	bool brake;
	unsigned next_group;
	uint64_t next_number;

	/* choices */
	GHashTable *left_out;   /* NodeId: folders of which nothing is to be here */
	GHashTable *taken_away; /* key -> generation whose record says so, 0: not yet known */
	bool taken_away_unsaved;
	GHashTable *resting; /* keys that are left out and not here: nothing is to be done */
	GHashTable *hollow;  /* folders that cannot go: only what is ignored is in them */

	/* transfers */
	Lane upload_small, upload_large, apply_small, apply_large;

	/* observing */
	GHashTable *ours; /* places that are being or were changed by ourselves */
	uint64_t scans_started;
	GHashTable *scans_out; /* numbers of scans under way */
	bool feed_running;
	bool feed_began;
	int64_t feed_retry_us;
	unsigned feed_failures;
	int64_t feed_idle_us; /* what its answers that brought nothing have cost, as a time */
	int64_t next_rescan_us;
	int64_t next_unwatched_us;
	int64_t next_retry_us;
	GQueue young;           /* Young, by time: to be hashed again */
	int64_t rules_key;      /* of IGNORE_FILE on this disk; ENTRY_KEY_NONE */
	GHashTable *young_keys; /* key -> Young *: the last of each */

	/* recording */
	bool sync_running;
	int64_t last_record_us;
	size_t unrecorded;     /* when it was looked at last */
	int64_t unrecorded_us; /* when the first of these was settled */
	int64_t settled_us;    /* … the last of these */
	int64_t next_tidy_us;

	/* resuming */
	GHashTable *sent_before; /* what sent_take() gave; NULL: none is left */
	GHashTable *put_off;     /* keys that wait until that is agreed */
	GHashTable *unanswered;  /* NodeId * -> GPtrArray of SentNote: sent, and no answer came */
	unsigned sent_age;       /* of upload jobs that start now: 0 or 1 */
	unsigned sent_jobs[2];   /* that run, by age */
	uint64_t sent_due;       /* the generation with which the older notes go; 0: none */

	/* trouble */
	GHashTable *problems; /* key -> Problem */
	int64_t problem_next_us;
	GHashTable *stalled; /* keys of batches that failed as a whole */
	int64_t stalled_until_us;
	unsigned stalled_failures;
	GError *trouble; /* of the binding as a whole */
	bool offline, signed_out, absent, paused, cancelled;
	int64_t absent_retry_us;
	GArray *activity;

	/* room on the server */
	GHashTable *waiting; /* key -> Waiting: files that found none, until they are there */
	uint64_t room_below; /* smaller files may fit; UINT64_MAX: all */
	GError *room_error;  /* what was said last; NULL: there is room, as far as is known */
	int64_t room_probe;  /* the key of what tries alone, or ENTRY_KEY_NONE */
	int64_t room_probe_us;
	unsigned room_failures;
	unsigned room_step; /* items in a job; 0: as many as fit */

	bool disk_full; /* this device's, as far as is known: what is written here tries alone */

	uint64_t bytes_done;
	unsigned running;
};

/* Keys fit pointers on every machine that imdrive runs on. */
#define KEY(key) GSIZE_TO_POINTER((gsize)(key))
#define KEY_OF(pointer) ((int64_t)GPOINTER_TO_SIZE(pointer))

/* engine.c */
void engine_submit(Engine *engine, Job *job);
int64_t engine_now(Engine *engine);

/* planning.c: the node changed, or may be able to go on. */
void planning_touch(Engine *engine, int64_t key);
void planning_touch_all(Engine *engine, GHashTable *keys);
/* key cannot go on before `on` is touched. */
void planning_block(Engine *engine, int64_t key, int64_t on);
/* The folder or the one above it that is missing here, or lies nobody knows where. */
int64_t planning_lost(Engine *engine, int64_t folder);
/* An item of this node is on its way, or came back. */
void planning_busy(Engine *engine, int64_t key, bool busy);
/* The local entry of key turns out to be this remote node. */
void planning_adopt(Engine *engine, int64_t key, int64_t other);
/* The local entry of key, if there is one, becomes a new node. */
void planning_renew(Engine *engine, int64_t key);
/* Plans what was touched. True if it should be called again at once. */
bool planning_run(Engine *engine);
/* As the planner sees the trees; until something is chosen. */
void planning_view(Engine *engine, PlanView *ret_view);
/* How many nodes are gone here, and are to go there. */
unsigned planning_vanished(Engine *engine);
/* They look as if they had never been here. */
void planning_unlearn_vanished(Engine *engine);
/* Path of a local place; NULL if the folder is not in the local tree. Free with g_free(). */
char *planning_path(Engine *engine, int64_t parent, const char *name);

/* uploading.c */
/* False: the trees have moved on since the plan, or something that it needs is not there. */
bool uploading_can(Engine *engine, const Action *action);
void uploading_add(Engine *engine, const Action *action, unsigned group);
void uploading_start(Engine *engine);
/* What was sent of the node is agreed, whatever happened on this disk since. */
void uploading_agree(Engine *engine, int64_t key, const Entry *sent);

/* applying.c */
void applying_add(Engine *engine, const Action *action);
void applying_start(Engine *engine);
void applying_clear(Lane *lane);

/* observing.c */
void observing_init(Engine *engine, const Ignore *ignore);
void observing_start(Engine *engine);
void observing_set_ignore(Engine *engine, const Ignore *ignore);
void observing_notice(Engine *engine, const WatchEvent *event);
/* We are about to change this place; we have. arrived: a new file was renamed to it. */
void observing_begin(Engine *engine, int64_t folder, const char *name);
void observing_end(Engine *engine, int64_t folder, const char *name, bool arrived);
/* Look at the place of this local entry again. */
void observing_look(Engine *engine, int64_t key);
/* All that differs is to be planned. */
void observing_touch_divergent(Engine *engine);
/* What this disk has of the node is another: of the file that holds the rules, it is told. */
void observing_rules(Engine *engine, int64_t key);
/* Content was hashed so soon after a change that another may hide behind the same time. */
void observing_young(Engine *engine, int64_t key, const DiskInfo *info);
/* So it is with what the local tree has of this node. */
bool observing_is_young(Engine *engine, int64_t key);
int64_t observing_timers(Engine *engine, int64_t now_us);

/* recording.c */
void recording_start(Engine *engine);
bool recording_now(Engine *engine, GError **error);
void recording_synced(Engine *engine, uint64_t generation);
int64_t recording_timers(Engine *engine, int64_t now_us);

/* resuming.c */
void resuming_init(Engine *engine);
void resuming_clear(Engine *engine);
/* It is not the server that it was sent to, or not as it was then. */
void resuming_forget(Engine *engine);
/* This may be about what was noted, which is still to be looked at. */
bool resuming_holds(Engine *engine, const Action *action);
/* Agrees on what was sent before, as soon as it can be told. */
void resuming_run(Engine *engine);
/*
 * No answer came to what was sent: it may be done. The server tells of that, or answers to what is
 * sent of the node later.
 */
void resuming_unanswered(Engine *engine, const UploadItem *item);
void resuming_answered(Engine *engine, const NodeId *node);
/* The server tells this, which is not in the remote tree yet. */
void resuming_told(Engine *engine, const RemotePage *page);
/* It is: what it says of the node may be the answer that did not come. */
void resuming_heard(Engine *engine, int64_t key);
/* Nothing is agreed about the node any more, whatever was noted of it. */
void resuming_unlearn(Engine *engine, int64_t key);
/* An upload job starts, or its results are settled: notes of its age are needed until then. */
void resuming_job_began(Engine *engine, unsigned *ret_age);
void resuming_job_ended(Engine *engine, unsigned age);
/* The state was marked; it was recorded up to this generation. */
void resuming_marked(Engine *engine, uint64_t generation);
void resuming_recorded(Engine *engine, uint64_t generation);

/* trouble.c */
void trouble_init(Engine *engine);
/* Borrowed; NULL if this node has no problem. */
const GError *trouble_of(Engine *engine, int64_t key);
void trouble_item(Engine *engine, int64_t key, const GError *error);
void trouble_cured(Engine *engine, int64_t key);
bool trouble_holds(Engine *engine, int64_t key);
/* A whole batch failed: this node goes on when the cause may be gone. */
void trouble_stall(Engine *engine, int64_t key);
void trouble_batch(Engine *engine, const GError *error);
void trouble_over(Engine *engine);
/* What was stalled is planned again. */
void trouble_resume(Engine *engine);
/* A batch went through: what stopped an earlier one (a full disk) is over. */
void trouble_passed(Engine *engine);
int64_t trouble_timers(Engine *engine, int64_t now_us);
/* How long to wait after so many failures of this kind. */
int64_t trouble_back_off(unsigned failures, const GError *error);
/* Of the binding as a whole; borrowed, NULL if there is none. */
const GError *trouble_of_all(const Engine *engine);
/* known: the node's path, or NULL if it has to be found out. */
void trouble_activity(Engine *engine, const char *what, int64_t key, const char *known);

typedef enum RoomTurn {
	ROOM_TRY,
	ROOM_TRY_ALONE,
	ROOM_ASK,  /* only if the server has its content already: stored_only */
	ROOM_WAIT, /* that was asked, and it has not */
} RoomTurn;

/* room.c: files that need room on the server (upload_item_needs_room()). */
void room_init(Engine *engine);
void room_clear(Engine *engine);
/* How this node's file is to be uploaded now. */
RoomTurn room_turn(Engine *engine, int64_t key);
/* What came of it: there is no room, … */
void room_refused(Engine *engine, const UploadItem *item, const GError *error);
/* … the server lacks some of its content, … */
void room_lacking(Engine *engine, const UploadItem *item);
/* … it is there, … */
void room_stored(Engine *engine, const UploadItem *item);
/* … or, as always at last, it came back, whatever that tells. */
void room_ended(Engine *engine, const UploadItem *item);
/* All of a job that was tried found room. */
void room_job_taken(Engine *engine);
/* Nothing is to be uploaded of this node. */
void room_settled(Engine *engine, int64_t key);
/* Why files wait; NULL if there is room, as far as is known. If it is the disk, all files do, and
 * else those that it is said of. */
const GError *room_error(const Engine *engine);
bool room_is_full_disk(const Engine *engine);
/* Files that a job may try; 0: as many as fit. */
unsigned room_step(const Engine *engine);
int64_t room_timers(Engine *engine, int64_t now_us);

/* engine_choice.c */
void engine_choice_init(Engine *engine);
void engine_choice_clear(Engine *engine);
/* The node at this path on that side; ENTRY_KEY_NONE if there is none. */
int64_t engine_choice_find(Engine *engine, Side side, const char *path);
/* What of the planner's view concerns choices. */
void engine_choice_view(Engine *engine, PlanView *view);
/* These were planned. */
void engine_choice_planned(Engine *engine, const PlanView *view, const GArray *keys);
/* The node is to be taken away, with all that lies in it here. */
void engine_choice_take_away(Engine *engine, int64_t key);
/* It is here again. */
void engine_choice_returned(Engine *engine, int64_t key);
/* What was taken away is on disk, so that it can begin. */
bool engine_choice_secure(Engine *engine);
/* The state was recorded up to this generation. */
void engine_choice_recorded(Engine *engine, uint64_t generation);
/* Nodes that are not settled, without those for which nothing is to be done. */
size_t engine_choice_unsettled(Engine *engine);
/* This folder could not be removed: something is in it that was not expected. */
void engine_choice_hollow(Engine *engine, const ApplyItem *item);
/* Something happened in it: it, and what is above it, may be tried again. */
void engine_choice_stirred(Engine *engine, int64_t key);
bool engine_choice_is_hollow(const Engine *engine, int64_t key);

int64_t engine_sooner(int64_t a, int64_t b);
DiskInfo engine_info_of(const Entry *entry);
