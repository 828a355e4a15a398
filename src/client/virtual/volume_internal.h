/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/virtual/ranges.h"
#include "client/virtual/record.h"
#include "client/virtual/volume.h"

/*
 * What the files of this folder share. Locks, in this order: Body.mutex, Volume.mutex; the watch
 * has its own, taken alone.
 */
typedef struct Body Body;
typedef struct VolumeWatch VolumeWatch;

/* The server holds the content of a file that a program had open for writing then. */
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
	int online; /* atomic */

	GMutex mutex;        /* guards these: */
	GHashTable *bodies;  /* &Body.inode -> Body: all that are referenced */
	GHashTable *pending; /* &Pending.inode -> Pending, owned */
	VolumeWatch *watch;  /* the one there is; NULL: none */

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
	Record record; /* of a clean one */
	Ranges here;   /* unless whole */
	bool parts_changed;
	unsigned files;     /* VolumeFile */
	unsigned writers;   /* of those */
	const void *holder; /* keeps writers out */
	bool touching;      /* becomes dirty: nobody else may */
};

struct VolumeFile {
	Body *body;
	int fd;
	int writer; /* atomic: it has touched */
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
/* Is there no way to wait for writers who keep it? BUSY; else nobody writes until released. */
bool body_hold(Body *body, const void *holder);
void body_release(Body *body, const void *holder);

/* ---- hydrate.c ---------------------------------------------------------------------------- */

/* Locked, and again when it returns: fetches what of from..to is not here. */
int hydrate_range(Body *body, uint64_t from, uint64_t to, GCancellable *cancellable);

/* ---- volume.c ----------------------------------------------------------------------------- */

void volume_tell_entry(Volume *volume, const EntryStamp *folder, const char *name);
void volume_tell_body(Volume *volume, const EntryStamp *file);

/* ---- volume_disk.c ------------------------------------------------------------------------ */

/* Not yet started. */
Disk *volume_disk_attach(Volume *volume, const char *folder, GError **error);
