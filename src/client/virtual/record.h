/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What is known of a clean file, an extended attribute of the backing file:
 *
 *	record  = version flags change_ns mtime_ns size what
 *	version = u8: 1
 *	flags   = u8: 1 complete, 2 aside
 *	change_ns, mtime_ns = i64, size = u64; all little-endian
 *	what    = the content (chunk/content.h)
 *	        | aside: the SHA-256 of the content, which lies in DISK_RESERVED/contents/ under its
 *	          hexadecimal name
 *
 * A file of one chunk has a record of 63 bytes: with it an inode of ext4 (256 bytes) is full, and
 * needs no block of its own.
 *
 * A record means: the server has exactly this content, and what is in the backing file is of it or
 *a hole. `complete`: there is no hole, and all of it is on disk. size and mtime are the true ones;
 * where the file itself differs, something was interrupted. change_ns takes the place of the ctime
 *in the stamp that the engine sees: fetching and evicting change the real one.
 */
typedef struct Record {
	bool complete;
	int64_t change_ns;
	int64_t mtime_ns;
	uint64_t size;
	GBytes *content; /* NULL: it lies aside, or there is no record */
	uint8_t aside[32];
	bool is_aside;
} Record;

void record_clear(Record *record);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Record, record_clear)

/* A larger content lies aside, so that attributes stay small. */
#define RECORD_CONTENT_SIZE_MAX 1536
#define RECORD_SIZE_MAX (26 + RECORD_CONTENT_SIZE_MAX)

/* Returns the size. */
size_t record_encode(const Record *record, uint8_t ret_bytes[RECORD_SIZE_MAX]);
/* CORRUPT unless it is a record, with a content that fits its size. *ret_record to be cleared. */
bool record_decode(const uint8_t *bytes, size_t size, Record *ret_record, GError **error);

/* ---- in the attribute ----------------------------------------------------------------------- */

#define RECORD_ATTRIBUTE "user.imdrive"
#define RECORD_PARTS_ATTRIBUTE "user.imdrive.parts"
#define RECORD_PIN_ATTRIBUTE "user.imdrive.pinned"
/* Of the backing folder: something in it may be pinned. */
#define RECORD_PINS_ATTRIBUTE "user.imdrive.pins"
/* Of the backing folder: how much was here when it was closed. */
#define RECORD_COUNT_ATTRIBUTE "user.imdrive.count"

/*
 * Of an open file (fd) or, with name, of what is in the folder fd (O_PATH). 0, ENODATA if there is
 * none, EBADMSG if it is damaged, or another errno. These also work on files that their owner may
 * not read or write.
 */
int record_read(int fd, const char *name, Record *ret_record);
int record_write(int fd, const Record *record);
int record_remove(int fd);
/*
 * Only its change_ns, quickly: false if there is no record, or none that can be read by whoever may
 * read the file. An empty name is the open file itself.
 */
bool record_peek(int fd, const char *name, int64_t *ret_change_ns);

/* Any attribute; *ret_size: at most size. */
int record_get(int fd, const char *name, const char *attribute, void *ret_bytes, size_t size,
	       size_t *ret_size);
/* bytes NULL: removes it; it need not be there. */
int record_put(int fd, const char *attribute, const void *bytes, size_t size);

/*
 * Another descriptor of the same file or folder, with other flags of open(2); fd may be O_PATH. -1
 * with errno set.
 */
int record_reopen(int fd, int flags);

/* ---- contents that lie aside ---------------------------------------------------------------- */

/* root: the backing folder. Writes it, on disk when it returns, and says so in *record. */
int record_put_aside(int root, GBytes *content, Record *record);
/* Sets record->content from the folder. EBADMSG: it is damaged; ENOENT: it is not there. */
int record_load(int root, Record *record);
/* The file's name within the backing folder. Free with g_free(). */
char *record_aside_path(const Record *record);
#define RECORD_CONTENTS ".imdrive/contents"
