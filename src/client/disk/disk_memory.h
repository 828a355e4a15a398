/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/disk/disk.h"

/*
 * A file system in memory that behaves like a real one, for simulations and tests: people change it
 * beside the client, it fills up, it loses power. Nothing in it depends on the real time or on
 * chance: the same calls with the same seeds give the same files.
 *
 * One DiskMemory is one file system; it outlives the processes that use it. A client opens it as a
 * Disk; people use disk_memory_user_*(); a simulator kills the client, cuts the power, and reads
 * the truth. All functions may be called from several threads.
 *
 * Faults at chosen calls, and people who act between any two calls, are disk_faulty.h's.
 */
typedef struct DiskMemory DiskMemory;

typedef struct DiskMemoryOptions {
	uint64_t capacity; /* bytes until NO_SPACE; 0: no end */
	int64_t now_ns;    /* the clock at first; 0: some time in 2023 */
	int64_t tick_ns;   /* its precision in stamps; 0: 4 ms, as often on Linux */
	bool no_exchange;  /* like file systems that cannot exchange two names … */
	bool no_birth;     /* … that do not tell when a file was made … */
	bool no_hold;      /* … or that cannot keep writers out */
	bool vfat;         /* refuses names, takes "a" for "A", has no executable bit, no links,
			    and sets times to every second second */
	/*
	 * Not NULL: the disk is lazy, and of a file that the server has no byte is ever here. What
	 * a content stands for; data is content_data. To be unreffed. Must not call memory.
	 */
	GBytes *(*content)(void *data, GBytes *content);
	void *content_data;
	size_t watches_max; /* 0: no end */
	size_t events_max;  /* not yet taken, then they overflow; 0: 16384, as on Linux */
} DiskMemoryOptions;

/* An empty, mounted file system. options may be NULL. */
DiskMemory *disk_memory_new(const DiskMemoryOptions *options);
/* Every Disk and handle must have been closed. */
void disk_memory_free(DiskMemory *memory);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DiskMemory, disk_memory_free)

/* As disk_posix_open(). memory is borrowed until the Disk is closed. */
Disk *disk_memory_open(DiskMemory *memory, const char *marker, bool create_marker, GError **error);
/* The same, not yet started (disk_impl.h). */
Disk *disk_memory_attach(DiskMemory *memory);

/* The clock stands still unless it is set. */
int64_t disk_memory_time(DiskMemory *memory);
void disk_memory_set_time(DiskMemory *memory, int64_t now_ns);

/* ---- accidents -------------------------------------------------------------------------- */

/*
 * The client's process is gone: nothing it did is lost, its files are closed, its watches
 * forgotten. Calls of its Disks and DiskFiles fail with IO from now on; they are still to be
 * closed.
 */
void disk_memory_kill(DiskMemory *memory);

/*
 * The power fails and comes back. What was synced is as it was. Of everything later any part may
 * be lost: names, each alone, but in one folder in their order, as journalling file systems keep
 * them; contents, each page alone, whatever became of their names. seed chooses. All processes are
 * gone, people's too.
 */
void disk_memory_crash(DiskMemory *memory, uint32_t seed);

/* Not mounted: an empty folder is there that nobody may write to. */
void disk_memory_mount(DiskMemory *memory, bool mounted);

/* ---- the truth -------------------------------------------------------------------------- */

/* bytes: a file's content or a link's target; NULL for others. Borrowed. Must not call memory. */
typedef void (*DiskMemoryVisitor)(const char *path, const DiskInfo *info, GBytes *bytes,
				  void *data);

/* Everything but the reserved folder, a folder before what it holds, by name. */
void disk_memory_each(DiskMemory *memory, DiskMemoryVisitor visit, void *data);
/* Content or target of one; NULL if it is not there or has none. */
GBytes *disk_memory_read(DiskMemory *memory, const char *path);
/* Bytes in use, of options.capacity. */
uint64_t disk_memory_used(DiskMemory *memory);
/* Aborts unless the file system is whole. */
void disk_memory_check(DiskMemory *memory);

/* ---- people ----------------------------------------------------------------------------- */

/*
 * Errors are those of disk.h; BUSY where a program would have to wait. Paths may lead anywhere,
 * also into the reserved folder.
 */

/* Makes or truncates the file, writes, closes: how most programs save. */
bool disk_memory_user_write(DiskMemory *memory, const char *path, const void *bytes, size_t size,
			    GError **error);
bool disk_memory_user_append(DiskMemory *memory, const char *path, const void *bytes, size_t size,
			     GError **error);
/* Writes into an existing file at offset. */
bool disk_memory_user_edit(DiskMemory *memory, const char *path, uint64_t offset, GBytes *bytes,
			   GError **error);
bool disk_memory_user_make_folder(DiskMemory *memory, const char *path, GError **error);
bool disk_memory_user_make_link(DiskMemory *memory, const char *path, const char *target,
				GError **error);
/* A pipe. */
bool disk_memory_user_make_other(DiskMemory *memory, const char *path, GError **error);
/* A folder on which another file system is mounted. */
bool disk_memory_user_make_mount(DiskMemory *memory, const char *path, GError **error);
/* A second name (hard link). */
bool disk_memory_user_link(DiskMemory *memory, const char *path, const char *to, GError **error);
/* Replaces what is at `to`, as rename(2). */
bool disk_memory_user_rename(DiskMemory *memory, const char *from, const char *to, GError **error);
/* A file, link, pipe or empty folder. */
bool disk_memory_user_remove(DiskMemory *memory, const char *path, GError **error);
bool disk_memory_user_set_mode(DiskMemory *memory, const char *path, unsigned mode, GError **error);
bool disk_memory_user_set_mtime(DiskMemory *memory, const char *path, int64_t mtime_ns,
				GError **error);

/* A file that a program keeps open for reading and writing, whatever becomes of its name. */
typedef struct DiskMemoryHandle DiskMemoryHandle;
DiskMemoryHandle *disk_memory_user_open(DiskMemory *memory, const char *path, GError **error);
bool disk_memory_user_write_handle(DiskMemoryHandle *handle, uint64_t offset, const void *bytes,
				   size_t size, GError **error);
void disk_memory_user_close(DiskMemoryHandle *handle);

/* ---- watching --------------------------------------------------------------------------- */

/* As inotify(7) would tell it. */
typedef enum DiskMemoryWhat {
	DISK_MEMORY_CREATED,
	DISK_MEMORY_DELETED,
	DISK_MEMORY_CHANGED, /* closed after writing, or attributes */
	DISK_MEMORY_MOVED_FROM,
	DISK_MEMORY_MOVED_TO,
	DISK_MEMORY_GONE, /* the watched folder itself; its watch is forgotten */
	DISK_MEMORY_OVERFLOW,
} DiskMemoryWhat;

typedef struct DiskMemoryEvent {
	int watch; /* -1 for OVERFLOW */
	DiskMemoryWhat what;
	bool folder;
	uint32_t cookie;
	char *name; /* owned; NULL for GONE and OVERFLOW */
} DiskMemoryEvent;

void disk_memory_event_clear(DiskMemoryEvent *event);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DiskMemoryEvent, disk_memory_event_clear)

/* > 0, the same for the same folder; -1: error, NO_SPACE over options.watches_max. */
int disk_memory_watch(DiskMemory *memory, const char *path, GError **error);
void disk_memory_unwatch(DiskMemory *memory, int watch);
/* The next event; false if there is none. */
bool disk_memory_next_event(DiskMemory *memory, DiskMemoryEvent *ret_event);
