/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/disk/disk.h"
#include "client/observe/watch.h"
#include "client/remote/remote.h"
#include "client/transfer/pace.h"

#include <gio/gio.h>
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

/*
 * The files behind a mount: a *backing folder* on the local file system, with the whole tree in it.
 * A file whose bytes are not here is a sparse file of its true size, mtime and executable bit; its
 * *record* (record.h), an attribute of the backing file, says which content it stands for.
 *
 *	online-only   clean, no bytes here        \
 *	partial       clean, some bytes here       } record: the server has exactly this content
 *	cached        clean, all bytes here       /
 *	dirty         no record: all bytes here, and here alone
 *
 * The mount passes every call through to the backing folder, below volume_root(), by itself, and
 * asks the volume only
 *
 *	before it reads bytes of a file            volume_file_need()
 *	before it changes bytes of a file          volume_file_touch()
 *	to change mtime or mode of a file          volume_file_alter(), instead
 *	for what it tells of a file                volume_correct(), after statx()
 *	for names of extended attributes           volume_is_hidden()
 *	around the making of a file                volume_make_begin() … volume_made()
 *	after every change                         volume_notice(), for the engine
 *
 * What may not pass through: looking for holes (SEEK_DATA, SEEK_HOLE, FIEMAP). In a file that is
 *not here all would be hole, and programs that copy sparse files would believe it: all is data.
 *
 * Names, links, folders, renames, removals need no asking: they go to the backing folder. Hard
 * links must be refused: a file's record speaks of one name.
 *
 * The engine sees the same folder through volume_disk() and hears of it through a watch. All
 * functions may be called from any thread. Those that return int return 0 or an errno.
 */
typedef struct Volume Volume;
typedef struct VolumeFile VolumeFile;

typedef struct VolumeOptions {
	const char *folder;      /* the backing folder; made if is_new */
	const char *marker;      /* what its marker must hold, as of disk_posix_open() */
	bool is_new;             /* first time: create the marker */
	Remote *remote;          /* borrowed; where content comes from. NULL: from nowhere */
	Pace *pace;              /* borrowed; NULL: no limit */
	uint64_t cache_size_max; /* bytes that clean content may take here; 0: no limit */
} VolumeOptions;

/* UNSUPPORTED if its file system has no extended attributes. */
Volume *volume_open(const VolumeOptions *options, GError **error);
/*
 * Syncs, and remembers which parts are here. Every file, the watch and the listener must be gone
 * before; the Disk goes with it.
 */
void volume_close(Volume *volume);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Volume, volume_close)

/* Descriptor (O_RDONLY | O_DIRECTORY) of the backing folder; borrowed. What lies in it as
 * DISK_RESERVED is not the person's. */
int volume_root(const Volume *volume);

/* ---- for the engine ----------------------------------------------------------------------- */

/* Borrowed until volume_close(). A lazy disk (disk.h); its changes come to the listener. */
Disk *volume_disk(Volume *volume);

/*
 * Told by volume_notice() alone, on the thread that calls it: no budget, no overflow, and nothing
 * of what the engine itself does through the disk. One at a time.
 */
Watch *volume_watch_new(Volume *volume, WatchNotify notify, void *data);

/*
 * The server cannot be reached, or can again, as the engine found out. While it cannot, what is not
 * here fails at once. True at first.
 */
void volume_set_online(Volume *volume, bool online);

/* ---- for the mount: changes ----------------------------------------------------------------- */

/*
 * A program changed `name` in the folder of this stamp (inode and birth). event->key is not looked
 * at; WATCH_GONE and WATCH_OVERFLOW are not told so. WATCH_CHANGED is for content (at fsync and at
 * the close after writing) and for attributes; a rename is WATCH_MOVED_FROM and WATCH_MOVED_TO with
 * the same cookie > 0. Only after the change was made.
 */
void volume_notice(Volume *volume, const EntryStamp *folder, const WatchEvent *event);

/*
 * A file that a program makes is half a file until the program closes, syncs or renames it: until
 * volume_made() the engine does not find it where it lists the folder. Between _begin() and _end()
 * no listing shows what has just been made; inode: 0 if nothing was. Nothing is known of it after a
 * crash, when it is whatever it is.
 */
void volume_make_begin(Volume *volume);
void volume_make_end(Volume *volume, uint64_t inode);
/* Before it is noticed. Nothing if it was not being made. */
void volume_made(Volume *volume, uint64_t inode);
/* Is it being made? Then its end is all that is to be noticed. */
bool volume_is_half(Volume *volume, uint64_t inode);

/*
 * What the engine changed, for the kernel's caches. Called on any thread, after the change, without
 * a lock held; not by calls of the mount, so that it may wait for requests of the mount.
 */
typedef struct VolumeListener {
	/* What `name` in this folder stands for: made, replaced, moved, removed. path: the same
	 * place, from the volume's root. */
	void (*entry)(const EntryStamp *folder, const char *name, const char *path, void *data);
	/* mtime or mode of a file that stays the same one. */
	void (*body)(const EntryStamp *file, void *data);
} VolumeListener;

/* listener stays the caller's; NULL: none. When it returns the one before is not called any more.
 */
void volume_set_listener(Volume *volume, const VolumeListener *listener, void *data);

/* ---- for the mount: files ------------------------------------------------------------------- */

/*
 * A backing file that a program has open. fd, open for reading or writing (not O_PATH), is borrowed
 * until it is closed. What is known of the file is shared by all who have it open; its bytes are
 * not evicted meanwhile. NULL: *ret_errno.
 */
VolumeFile *volume_file_open(Volume *volume, int fd, int *ret_errno);
void volume_file_close(VolumeFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VolumeFile, volume_file_close)

/*
 * Waits until these bytes are in the backing file, beyond its end until what there is. A flag test
 * if all of it is here. Reads that follow each other fetch ahead. ENETUNREACH: the server cannot be
 * reached; EIO: it does not have the content, or sent something else; EINTR: cancelled, which may
 * happen on any thread; ENOSPC; EACCES: signed out.
 */
int volume_file_need(VolumeFile *file, uint64_t offset, uint64_t size, GCancellable *cancellable);

/* Would reading any of it return at once? Would touching it? Flag tests, to spare what is needed to
 * wait. */
bool volume_file_is_here(VolumeFile *file);
bool volume_file_is_touched(VolumeFile *file);
/* Are all of its bytes here? Does not count as use. */
bool volume_file_is_whole(const VolumeFile *file);

#define VOLUME_KEEP_ALL G_MAXUINT64

/*
 * Before each change of bytes or size: writing, truncating, allocating, punching. A flag test for
 * whoever has done so before with this file. The bytes before keep_size (VOLUME_KEEP_ALL; 0 to
 * truncate all; the smaller size to truncate) are fetched first, so it may take long and fail, as
 * volume_file_need(). A smaller keep_size also truncates, unless all bytes are here; then, and to
 * lengthen, the caller does so afterwards, as always.
 *
 * From now on until it is closed the file is dirty.
 */
int volume_file_touch(VolumeFile *file, uint64_t keep_size, GCancellable *cancellable);

#define VOLUME_MODE_KEEP ((mode_t)-1)

/*
 * Sets times as futimens(2) (NULL: none) and permission bits as fchmod(2), without its bytes being
 * fetched.
 */
int volume_file_alter(VolumeFile *file, const struct timespec times[2], mode_t mode);

/*
 * statx() of a regular file, of fd or of `name` ("" : fd itself) in it, says times that are not the
 * file's: puts right what it said (of stx_ino, with STATX_BASIC_STATS). While content comes, that
 * is the mtime; and whatever comes, goes or is recorded of a clean file moves the ctime, by which
 * programs (git) tell whether they have to read it again. Costs one look at an attribute.
 */
void volume_correct(Volume *volume, int fd, const char *name, struct statx *info);

/* ---- for the mount: states ------------------------------------------------------------------ */

typedef enum VolumeState {
	VOLUME_ONLINE_ONLY,
	VOLUME_PARTIAL,
	VOLUME_CACHED,
	VOLUME_DIRTY,
} VolumeState;

/* "online-only" … */
const char *volume_state_name(VolumeState state);

/*
 * Of a backing file or folder; fd may be O_PATH. *ret_pinned: it, not what it lies in, is pinned. A
 * folder is VOLUME_CACHED.
 */
int volume_state(Volume *volume, int fd, VolumeState *ret_state, bool *ret_pinned);

/*
 * A pinned file, or all that is in a pinned folder, is fetched in the background and never evicted.
 * fd is the backing file or folder, maybe O_PATH. An errno as of fsetxattr(2).
 */
int volume_pin(Volume *volume, int fd, bool pinned);

/*
 * Gives the bytes of a file, or of all files in a folder, free; it is not pinned any more, nor is
 * what is in it. EBUSY if some could not be: they are open, or only here so far. fd as for
 * volume_pin().
 */
int volume_free(Volume *volume, int fd);

/* Is this name of an extended attribute ours, so that no program may see or set it? */
bool volume_is_hidden(const char *attribute);

typedef struct VolumeTotals {
	uint64_t cached; /* bytes that clean content takes, about */
	uint64_t cache_size_max;
	uint64_t fetched; /* bytes of content that were fetched since it was opened */
} VolumeTotals;

VolumeTotals volume_totals(Volume *volume);
void volume_set_cache_size(Volume *volume, uint64_t cache_size_max);

/*
 * Waits until nothing is left to be done in the background: fetching, marking, evicting, pinned
 * content.
 */
void volume_settle(Volume *volume);
