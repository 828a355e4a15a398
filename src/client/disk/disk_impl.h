/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/disk/disk.h"
#include "client/disk/spelling.h"

/*
 * For those who implement a disk. An implementation gives the plain calls of a file system; what
 * makes them safe (staging, exchanging and looking at what came out, keeping, bringing back) is
 * written once, in disk.c and removed.c, so that every implementation is used in the same way and
 * the simulator's disk tests the very code that runs on a real one.
 *
 * Paths have been checked: relative, no empty, "." or ".." parts, "" for the root. Links are never
 * followed: a path through one is NOT_FOUND, through another file system UNSUPPORTED.
 */
#define DISK_MARKER DISK_RESERVED "/marker"
#define DISK_STAGE DISK_RESERVED "/stage"
#define DISK_REMOVED DISK_RESERVED "/removed"
#define DISK_PARK DISK_RESERVED "/park"

typedef struct DiskClass {
	/* Frees it. Nothing on the disk changes. */
	void (*close)(Disk *disk);
	/* As disk_list(), reserved folder included. */
	bool (*list)(Disk *disk, const char *folder, DiskVisitor visit, void *data, GError **error);
	/*
	 * "" is looked up anew where the folder was opened. ret_target may be NULL; else it is set
	 * to a link's target (to be freed), to NULL for other kinds.
	 */
	bool (*look)(Disk *disk, const char *path, DiskInfo *ret_info, char **ret_target,
		     GError **error);
	/* For reading; or, with create, a new file for reading and writing (CONFLICT). */
	DiskFile *(*open)(Disk *disk, const char *path, bool create, GError **error);
	/* A folder if target is NULL, else a link (with this mtime). CONFLICT if something is
	 * there. The reserved folder is made for its owner alone. */
	bool (*make)(Disk *disk, const char *path, const char *target, int64_t mtime_ns,
		     GError **error);
	/*
	 * Never onto something (CONFLICT), or exchanging two entries of any kind (both must be
	 * there), atomically; UNSUPPORTED if this file system cannot exchange.
	 */
	bool (*rename)(Disk *disk, const char *from, const char *to, bool exchange, GError **error);
	/* A file, link or other; or a folder, which must be empty (CONFLICT). */
	bool (*remove)(Disk *disk, const char *path, bool folder, GError **error);
	/* As disk_sync(). */
	bool (*sync)(Disk *disk, GError **error);
} DiskClass;

/* What a lazy disk does besides; contracts as of the functions of disk.h. */
typedef struct DiskLazy {
	bool (*file_promise)(DiskFile *file, GBytes *content, uint64_t size, GError **error);
	GBytes *(*file_promised)(DiskFile *file, const DiskInfo *expected);
	bool (*promise)(Disk *disk, const char *path, const DiskInfo *expected, GBytes *content,
			GError **error);
} DiskLazy;

struct Disk {
	const DiskClass *class;
	const DiskLazy *lazy; /* NULL: all bytes are here, always */
	char *marker;
	DiskInfo root;          /* as it was when opened */
	unsigned file_mode;     /* permission bits of a new file */
	Spelling spelling;      /* how names are spelled that this file system refuses */
	bool no_bits;           /* it cannot hold executable bits */
	bool no_change_times;   /* nor the time of the last change: it is the mtime */
	int64_t mtime_slack_ns; /* how far an mtime may be from what was set */
	int serial;             /* for names in the reserved folder; atomic */
	GMutex replacing; /* keeps a replacement in two steps from being taken for a broken one */
};

/* The clock that stamps files ticks at least so often. */
#define DISK_TICK_NS 20000000

#define DISK_MODE_KEEP 0
#define DISK_MTIME_KEEP G_MININT64

typedef struct DiskCopy {
	uint64_t offset;
	uint64_t from_offset;
	uint64_t size;
} DiskCopy;

typedef struct DiskFileClass {
	/* Frees it. */
	void (*close)(DiskFile *file);
	/* Number of bytes, maybe fewer than size, 0 only at the end; -1: error. */
	ssize_t (*read)(DiskFile *file, uint64_t offset, void *ret_bytes, size_t size,
			GError **error);
	/* Number of bytes, maybe fewer than size, never 0; -1: error. */
	ssize_t (*write)(DiskFile *file, uint64_t offset, const void *bytes, size_t size,
			 GError **error);
	/* Number of bytes, maybe fewer, 0 only at the end of from; -1: error. UNSUPPORTED: the
	 * caller has to read and write. from is of the same class. */
	ssize_t (*copy)(DiskFile *file, DiskFile *from, const DiskCopy *copy, GError **error);
	bool (*look)(DiskFile *file, DiskInfo *ret_info, GError **error);
	/* mtime_ns or DISK_MTIME_KEEP; permission bits or DISK_MODE_KEEP. */
	bool (*set)(DiskFile *file, int64_t mtime_ns, unsigned mode, GError **error);
	bool (*sync)(DiskFile *file, GError **error);
	/*
	 * From now until the file is closed no program has it open for writing, nor a writable
	 * mapping of it; one that wants to may be kept waiting. BUSY if one has; UNSUPPORTED if
	 * this cannot be known. Only for files open for reading.
	 */
	bool (*hold)(DiskFile *file, GError **error);
	/*
	 * Renames a staged file to path, where nothing is yet (CONFLICT), and looks at what is
	 * there then: kind 0 if that cannot be. Whoever watches the folder is told of an arrival
	 * alone, since the file was closed before: nothing but closing can be done with it then,
	 * whatever came of it. NULL: as renaming it and then looking at the open file.
	 */
	bool (*place)(DiskFile *file, const char *path, DiskInfo *ret_info, GError **error);
} DiskFileClass;

struct DiskFile {
	const DiskFileClass *class;
	Disk *disk;
	char *staged;  /* its path in the reserved folder; NULL once placed, or if not staged */
	DiskInfo info; /* staged: as of disk_file_set(); kind 0 before */
};

/*
 * The second half of opening, for an implementation's constructor: makes the reserved folder and
 * the marker or checks it, clears the stage. As disk_posix_open(); on failure the disk is still to
 * be closed.
 */
bool disk_start(Disk *disk, const char *marker, bool create_marker, GError **error);

/* A local folder, not yet started. */
Disk *disk_posix_attach(const char *folder, GError **error);
/* Its descriptor, and that of a file of it; borrowed. */
int disk_posix_root(const Disk *disk);
int disk_posix_file(const DiskFile *file);
