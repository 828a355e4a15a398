/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/virtual/layout.h"
#include "client/virtual/ranges.h"
#include "client/virtual/record.h"
#include "client/virtual/volume.h"

/*
 * What the files of this folder share. Locks, in this order: Body.mutex, Volume.mutex; the watch
 * has its own, taken alone.
 */
typedef struct Body Body;
typedef struct Flight Flight;
typedef struct Keeper Keeper;
typedef struct VolumeWatch VolumeWatch;

/* The server holds the content of a file that a program had open for writing then, or that was
 * somewhere else. */
typedef struct Pending {
	uint64_t inode;
	DiskInfo expected;
	GBytes *content;
} Pending;

#define PENDING_MAX 4096

struct Volume {
	Disk *disk;
	int root; /* the disk's */
	Remote *remote;
	Pace *pace;
	int online;            /* atomic */
	int has_pins;          /* atomic: something may be pinned */
	int evicting;          /* atomic: an eviction waits for its turn */
	GCancellable *closing; /* ends what is fetched */
	GThreadPool *fetchers; /* of Flight */
	Keeper *keeper;

	GMutex mutex;        /* guards these: */
	GHashTable *bodies;  /* &Body.inode -> Body: all that are referenced */
	GHashTable *pending; /* &Pending.inode -> Pending, owned */
	VolumeWatch *watch;  /* the one there is; NULL: none */
	GThreadPool *chores; /* one thread; NULL once the volume closes */
	unsigned chores_left;
	unsigned flights_left;
	GCond idle; /* a chore is done, or a flight */
	uint64_t cache_size_max;
	uint64_t cached;   /* about; counted anew before anything is evicted */
	int64_t counted_s; /* when, since 1970 */
	uint64_t fetched;

	GRWLock making;   /* held for reading while a file is made */
	int half_count;   /* atomic: of these */
	GHashTable *half; /* inodes of files that are being written for the first time; a set,
			   * guarded by mutex */

	GRWLock listening; /* held for reading by who calls the listener */
	const VolumeListener *listener;
	void *listener_data;
};

/*
 * What is known of one backing file while somebody has it open, or has something to do with it in
 * the background.
 */
struct Body {
	Volume *volume;
	uint64_t inode;
	unsigned references; /* guarded by Volume.mutex */
	int whole;           /* atomic: all bytes are here; falls only while no file is open */

	GMutex mutex; /* guards all below */
	GCond cond;   /* something below changed */
	bool loaded;
	int fd; /* for writing, and for attributes; -1 until needed */
	bool clean;
	unsigned generation; /* rises when what was noted of it before means nothing any more */
	Record record;       /* of a clean one */
	Ranges here;         /* of a clean one that is not complete */
	bool parts_changed;
	bool queued;         /* the keeper has a reference */
	unsigned files;      /* VolumeFile */
	unsigned writers;    /* of those */
	const void *holder;  /* keeps writers out */
	bool touching;       /* becomes dirty: nobody else may */
	bool laying;         /* somebody fetches the layout */
	Layout *layout;      /* NULL until needed */
	GHashTable *flights; /* chunk -> Flight; NULL until needed */
};

/* How a file is read. */
typedef struct ReadAhead {
	bool reading;
	uint64_t next;   /* where the last read ended */
	uint64_t end;    /* fetched until there */
	uint64_t window; /* bytes ahead */
} ReadAhead;

struct VolumeFile {
	Body *body;
	int fd;
	int writer;      /* atomic: it has touched */
	int used;        /* atomic: it was read */
	ReadAhead ahead; /* guarded by Body.mutex */
};

/* ---- body.c ------------------------------------------------------------------------------- */

/* A reference, loaded; NULL: *ret_errno. */
Body *body_get(Volume *volume, int fd, int *ret_errno);
Body *body_ref(Body *body);
/* The one there is; NULL: none. */
Body *body_find(Volume *volume, uint64_t inode);
void body_unref(Body *body);
/* Locked: opens body->fd from another descriptor of the file. */
int body_open(Body *body, int fd);
/* The same, for who has an open file; without waiting for a holder. */
int body_alter(Body *body, int fd, const struct timespec times[2], mode_t mode);
/* Since 1970, exact. */
int64_t body_now_ns(void);
/* For futimens(2). */
void body_to_times(int64_t mtime_ns, struct timespec ret_times[2]);
/* disk_file_look(), disk_file_promised() */
bool body_look(Body *body, int fd, DiskInfo *ret_info, GError **error);
GBytes *body_promised(Body *body, const DiskInfo *expected);
/* Locked: the file looks as it should again after bytes were fetched. */
void body_restore_times(const Body *body, int fd);
/* Overlays what the record says. */
void body_overlay(const Record *record, DiskInfo *info);
/* disk_promise() of an open file. */
bool body_promise(Volume *volume, int fd, const DiskInfo *expected, GBytes *content,
		  GError **error);
/* To be taken as soon as the file of that inode is found and closed. */
void body_keep_pending(Volume *volume, const DiskInfo *expected, GBytes *content);
/* False while somebody may write to it; else nobody may until it is released. */
bool body_hold(Body *body, const void *holder);
void body_release(Body *body, const void *holder);

/* Of volume.h. */
VolumeFile *body_file_open(Volume *volume, int fd, int *ret_errno);
void body_file_close(VolumeFile *file);
int body_file_need(VolumeFile *file, uint64_t offset, uint64_t size, GCancellable *cancellable);
int body_file_touch(VolumeFile *file, uint64_t keep_size, GCancellable *cancellable);
int body_file_alter(VolumeFile *file, const struct timespec times[2], mode_t mode);
void body_correct(Volume *volume, int fd, const char *name, struct statx *info);

/* ---- condition.c, volume_watch.c: of volume.h -------------------------------------------------
 */

const char *condition_name(VolumeState state);
int condition_get(Volume *volume, int fd, VolumeState *ret_state, bool *ret_pinned);
void volume_watch_tell(Volume *volume, const EntryStamp *folder, const WatchEvent *event);

/* ---- hydrate.c ---------------------------------------------------------------------------- */

/* The body's mutex, with waits that end when it is cancelled. */
void hydrate_lock(Body *body, GCancellable *cancellable, gulong *ret_handler);
void hydrate_unlock(Body *body, GCancellable *cancellable, gulong handler);
/* Until something of the body changes; EINTR. */
int hydrate_wait(Body *body, GCancellable *cancellable);
/* Locked, as all below: waits for what is read, and fetches ahead. from < to <= size */
int hydrate_need(VolumeFile *file, uint64_t from, uint64_t to, GCancellable *cancellable);
/* Fetches all before `to`, for who is touching. */
int hydrate_range(Body *body, int fd, uint64_t to, GCancellable *cancellable);
/* Waits until nothing is on its way. */
void hydrate_quiesce(Body *body);
int hydrate_errno(const GError *error);
/* Runs a Flight. */
void hydrate_fly(void *flight, void *volume);
/* Waits until all that set out are back, and what they brought is told of. */
void hydrate_settle(Volume *volume);

/* ---- keeper.c ----------------------------------------------------------------------------- */

Keeper *keeper_new(Volume *volume);
/* Does what is left first. */
void keeper_free(Keeper *keeper);
/* Locked: says what is here for good, once it was synced. The body has a descriptor. */
void keeper_add(Body *body);
/* Until all is done, or there is room for more. */
void keeper_wait(Keeper *keeper, bool for_room);

/* ---- chores.c, evict.c -------------------------------------------------------------------- */

void chores_run(void *chore, void *volume);
/* Counts, and evicts if too much is here. */
void chores_evict(Volume *volume);
/* The same, if it seems so. */
void chores_consider(Volume *volume);
/* Fetches the file, or all that is in the folder. Takes the descriptor. */
void chores_fetch(Volume *volume, int fd);
/* Fetches all that is pinned. */
void chores_fetch_pinned(Volume *volume);
void chores_wait(Volume *volume);
void evict_run(Volume *volume);
/* Of volume.h. */
int chores_pin(Volume *volume, int fd, bool pinned);
int evict_free(Volume *volume, int fd);

/* ---- volume.c ----------------------------------------------------------------------------- */

/* path: of what changed, in that folder. */
void volume_tell_entry(Volume *volume, const EntryStamp *folder, const char *path);
void volume_tell_body(Volume *volume, const EntryStamp *file);

void volume_count_fetched(Volume *volume, uint64_t bytes);
void volume_count_cached(Volume *volume, int64_t bytes);
/* They were counted. Returns how many may be. */
uint64_t volume_counted(Volume *volume, uint64_t bytes);

/* Of a file that was found: the same, after whoever was just making it has said so. */
bool volume_found_half(Volume *volume, uint64_t inode);

/* ---- aside.c ------------------------------------------------------------------------------ */

/* Before anybody else has the volume. */
void aside_sweep(Volume *volume);

/* ---- volume_disk.c ------------------------------------------------------------------------ */

/* Not yet started. */
Disk *volume_disk_attach(Volume *volume, const char *folder, GError **error);
