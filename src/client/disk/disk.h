/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/tree/entry.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The bound folder, as the client sees and changes it. Paths are relative to it ("a/b", "" is the
 * folder itself), never leave it, and are never resolved through a symbolic link. One folder below
 * it is ours: DISK_RESERVED; it holds the marker, staged files and what was swapped out.
 *
 * All functions may be called from several threads, one file by one thread at a time. NOT_FOUND
 * means that the path is not there; FORBIDDEN unreadable; NO_SPACE full; UNSUPPORTED that this file
 * system cannot hold it, or that another one is mounted on the way; CHANGED that something else
 * than expected is there, and nothing was done; BUSY that a program is just writing: try again
 * later. Paths into the reserved folder are INVALID, but for those of disk_park_path().
 *
 * What the functions below return in ret_info is what the caller knows to be there, with its new
 * stamp. If a program touched it in the very moment, change_ns is 0: a stamp that equals nothing,
 * so that the next look finds the change.
 */
typedef struct Disk Disk;
typedef struct DiskFile DiskFile;

#define DISK_RESERVED ".imdrive"

typedef enum DiskKind {
	DISK_FILE = ENTRY_FILE,
	DISK_FOLDER = ENTRY_FOLDER,
	DISK_LINK = ENTRY_LINK,
	DISK_OTHER = 4,       /* socket, device, pipe */
	DISK_FILE_SYSTEM = 5, /* a folder on another file system */
} DiskKind;

typedef struct DiskInfo {
	DiskKind kind;
	uint64_t size;
	int64_t mtime_ns;
	bool executable;         /* by its owner */
	bool executable_unknown; /* this file system cannot hold the bit; not compared */
	bool spelled;            /* it refuses the name: disk_spell(); not compared */
	int64_t mtime_slack_ns;  /* it may keep an mtime that is so far from what was set */
	uint32_t mode;           /* permission bits; not compared */
	EntryStamp stamp;
} DiskInfo;

/* The same file on disk, untouched: kind, stamp, size and mtime (within its slack; not of links).
 */
bool disk_info_equal(const DiskInfo *a, const DiskInfo *b);

/* Is that its mtime, as far as the file system can tell? slack_ns: as in DiskInfo, of the other. */
bool disk_info_same_mtime(const DiskInfo *info, int64_t mtime_ns, int64_t slack_ns);

typedef void (*DiskVisitor)(const char *name, const DiskInfo *info, void *data);

/*
 * A folder of the local file system. Creates the reserved folder, and the marker if create_marker;
 * DRIVE_ERROR_NOT_FOUND if the folder is not there or, without create_marker, has no marker.
 * marker is what the marker must hold (the binding's id): CONFLICT if it is another's. Staged files
 * that an earlier process left behind are removed; parked ones stay.
 */
Disk *disk_posix_open(const char *folder, const char *marker, bool create_marker, GError **error);

void disk_close(Disk *disk);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Disk, disk_close)

/*
 * Is the folder still at its place, the same as when it was opened, and with its marker? Asked
 * before any deletion is believed: an unmounted disk is an empty folder without a marker. NOT_FOUND
 * if not.
 */
bool disk_is_present(Disk *disk, GError **error);

/*
 * Every entry of a folder but the reserved one, in no order. False if even one of them could not be
 * looked at, for another reason than that it is gone. visit may call the disk.
 */
bool disk_list(Disk *disk, const char *folder, DiskVisitor visit, void *data, GError **error);
/* NOT_FOUND also for the reserved folder. */
bool disk_look(Disk *disk, const char *path, DiskInfo *ret_info, GError **error);
/* Target of a symbolic link. Free with g_free(). */
char *disk_read_link(Disk *disk, const char *path, GError **error);

/* A file for reading. CHANGED if it is no file. */
DiskFile *disk_open(Disk *disk, const char *path, GError **error);
/* Less than size only at the end of the file. */
bool disk_file_read(DiskFile *file, uint64_t offset, void *ret_bytes, size_t size, size_t *ret_read,
		    GError **error);
bool disk_file_look(DiskFile *file, DiskInfo *ret_info, GError **error);

/* A new, empty file in the reserved folder; gone when closed without disk_place(). */
DiskFile *disk_stage(Disk *disk, GError **error);
bool disk_file_write(DiskFile *file, uint64_t offset, const void *bytes, size_t size,
		     GError **error);
/*
 * Copies from an open file of this disk without passing through memory, or even by sharing the
 * blocks, where possible. CHANGED if the source is shorter.
 */
bool disk_file_copy(DiskFile *file, uint64_t offset, DiskFile *from, uint64_t from_offset,
		    uint64_t size, GError **error);
/* mtime and executable bit of a staged file; last, after all writes. */
bool disk_file_set(DiskFile *file, int64_t mtime_ns, bool executable, GError **error);
/* This one file's content on disk (fdatasync). After a failure the content is worth nothing. */
bool disk_file_sync(DiskFile *file, GError **error);
void disk_file_close(DiskFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DiskFile, disk_file_close)

/*
 * Puts a staged file at path, atomically. expected NULL: nothing may be there (CONFLICT). Otherwise
 * the two are exchanged, and what came out must be *expected; if it is not, they are exchanged back
 * and CHANGED is returned. What came out is kept in the reserved folder for an hour and then
 * removed, or brought back beside its old place as "name (recovered)" if a program wrote to it
 * meanwhile. The new file has the permissions of the old one. The file stays open, but is not to
 * be written to any more; its name is on disk after the next disk_sync(). Of a new one, a watch of
 * the folder tells nothing but that it was moved there.
 */
bool disk_place(Disk *disk, DiskFile *staged, const char *path, const DiskInfo *expected,
		DiskInfo *ret_info, GError **error);
/* Sets mtime and executable bit of the file at path, if it is still *expected; BUSY while a program
 * has it open for writing. */
bool disk_set(Disk *disk, const char *path, const DiskInfo *expected, int64_t mtime_ns,
	      bool executable, DiskInfo *ret_info, GError **error);
/* CONFLICT if something is there. */
bool disk_make_folder(Disk *disk, const char *path, DiskInfo *ret_info, GError **error);
/* expected as for disk_place(). */
bool disk_make_link(Disk *disk, const char *path, const char *target, int64_t mtime_ns,
		    const DiskInfo *expected, DiskInfo *ret_info, GError **error);
/* Renames, never onto something (CONFLICT). from must still be the file or folder of *expected's
 * stamp (inode and birth; a rename changes ctime). */
bool disk_move(Disk *disk, const char *from, const char *to, const DiskInfo *expected,
	       DiskInfo *ret_info, GError **error);
/*
 * Removes a file or link that is still *expected (and keeps it, as disk_place() does), or an empty
 * folder (expected NULL; CONFLICT if it is not empty).
 */
bool disk_remove(Disk *disk, const char *path, const DiskInfo *expected, GError **error);

/*
 * Everything done so far is on disk when it returns (syncfs). A failure must be believed: what was
 * done since the last success may be lost, and a later success says nothing about it.
 */
bool disk_sync(Disk *disk, GError **error);

/*
 * Names that the file system refuses are spelled otherwise there (spelling.h); all paths above are
 * the true ones. Where "a" and "A" are one name, UNSUPPORTED says that only one of two can be held.
 * Where there is no executable bit, or time is kept less exactly, what was set counts as being so.
 *
 * How this disk spells a path; NULL: as it is. And the name that is spelled so here. Free with
 * g_free().
 */
char *disk_spell(Disk *disk, const char *path);
char *disk_name_of(Disk *disk, const char *here);

/* ---- parking: a place in the reserved folder for nodes that step aside -------------------- */

/* Path of the parking place for a name, usable with disk_move(). Free with g_free(). */
char *disk_park_path(Disk *disk, const char *name);
/* What is parked. */
bool disk_list_parked(Disk *disk, DiskVisitor visit, void *data, GError **error);

/* ---- content that is not here ------------------------------------------------------------ */

/*
 * On a lazy disk a file may have a content (chunk/content.h) without its bytes being here: it looks
 * and reads like any other, and its bytes come when they are read. What such a disk knows of a
 * file's content spares reading it.
 */
bool disk_is_lazy(const Disk *disk);
/*
 * The staged file, to which nothing was written, has this content of size bytes. Before
 * disk_file_set(). Only on a lazy disk.
 */
bool disk_file_promise(DiskFile *staged, GBytes *content, uint64_t size, GError **error);
/*
 * What the file is known to hold, if it still is *expected; NULL: read it. To be unreffed. On a
 * disk that is not lazy always NULL.
 */
GBytes *disk_file_promised(DiskFile *file, const DiskInfo *expected);
/*
 * The server holds what is at path, which has this content if it still is *expected (as it was when
 * it was read; CHANGED if not): its bytes need not stay here for ever. BUSY while a program may
 * write to it: then the disk does so once it is closed, untouched. Nothing on a disk that is not
 * lazy.
 */
bool disk_promise(Disk *disk, const char *path, const DiskInfo *expected, GBytes *content,
		  GError **error);

/* ---- tidying ----------------------------------------------------------------------------- */

/*
 * Goes through what was swapped out or removed: what a program wrote to since is brought back, what
 * lay untouched for an hour and is not open for writing goes for good. now_us: microseconds since
 * 1970, by the clock that stamps files.
 */
bool disk_tidy(Disk *disk, int64_t now_us, GError **error);
