/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/disk/disk.h"

#include <glib.h>

/*
 * The files of a disk in memory: a tree of inodes that is changed by values only, so that the same
 * changes can be made to what programs see at once, and to what is on the disk when it is synced,
 * or only some of them when the power fails.
 *
 * No clock, no randomness, no locks.
 */
typedef struct Image Image;

typedef struct Inode {
	uint64_t id;     /* never reused; the same in a copy */
	uint64_t number; /* what programs see; reused when the inode is gone */
	DiskKind kind;
	unsigned mode;
	int64_t birth_ns;
	int64_t change_ns;
	int64_t mtime_ns;
	GByteArray *bytes;  /* content of a file, target of a link; else empty */
	GBytes *promised;   /* its content, of which no byte is here (bytes are zeros), or NULL */
	int64_t promise_ns; /* then: takes the place of change_ns in its stamp */
	GTree *names;       /* of a folder: name -> Inode; else NULL */
	unsigned links;     /* names that lead here */
	unsigned opens;     /* programs that have it open: it outlives its last name */
	unsigned writers;   /* … for writing */
	unsigned holders;   /* … and keep writers out */
	uint64_t folder;    /* id of where its latest name is or was */
	char *name;
} Inode;

typedef enum ChangeKind {
	CHANGE_MAKE,     /* inode with number, node_kind, mode, bytes, as folder/name */
	CHANGE_LINK,     /* folder/name leads to inode too */
	CHANGE_UNLINK,   /* folder/name, which leads to inode, is removed */
	CHANGE_RENAME,   /* folder/name, inode, becomes to_folder/to_name; other is replaced */
	CHANGE_EXCHANGE, /* folder/name, inode, and to_folder/to_name, other, change places */
	CHANGE_WRITE,    /* bytes at offset of inode */
	CHANGE_TRUNCATE, /* inode has offset bytes */
	CHANGE_SET,      /* inode gets mtime_ns and mode */
	CHANGE_PROMISE, /* inode has bytes as its promised content, of offset bytes, as of mtime_ns;
			   none: what it has is its own again */
} ChangeKind;

typedef struct Change {
	ChangeKind kind;
	int64_t time_ns;
	uint64_t inode; /* ids, 0: none */
	uint64_t other;
	uint64_t folder;
	uint64_t to_folder;
	char *name;
	char *to_name;
	uint64_t number; /* of inode */
	uint64_t other_number;
	DiskKind node_kind;
	unsigned mode;
	int64_t mtime_ns;
	uint64_t offset;
	GBytes *bytes;
	bool safe; /* its inode was synced by itself since */
} Change;

Change *image_change_new(ChangeKind kind, int64_t time_ns);
void image_change_free(Change *change);
/* True if it concerns the content of a file and no name. */
bool image_change_is_data(const Change *change);

#define IMAGE_ROOT 1        /* its id … */
#define IMAGE_ROOT_NUMBER 2 /* … and inode number, as on ext4 */
#define IMAGE_PAGE_SIZE 4096

/* A tree of one empty folder. */
Image *image_new(int64_t time_ns);
/* Without those that are only open. */
Image *image_copy(const Image *image);
void image_free(Image *image);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Image, image_free)

/* Borrowed; NULL if absent. */
Inode *image_get(const Image *image, uint64_t id);
Inode *image_child(const Image *image, const Inode *folder, const char *name);
/* Bytes it takes on a disk of pages. */
uint64_t image_used(const Image *image);
/* Is inode folder itself or below it? */
bool image_is_below(const Image *image, const Inode *inode, const Inode *folder);

/* Can it be made here: are the names and inodes there that it speaks of? */
bool image_accepts(const Image *image, const Change *change);
/* image_accepts() must be true, but that data of an absent inode is ignored. */
void image_apply(Image *image, const Change *change);
/* A CHANGE_WRITE of which only some pages arrive: keeps[i] of the i-th page it touches. */
void image_apply_pages(Image *image, const Change *change, const bool *keeps);

/* One program less has it open. */
void image_release(Image *image, Inode *inode, bool writing);

typedef void (*ImageVisitor)(const char *path, const Inode *inode, void *data);
/* Everything that has a name, but the root; a folder before what it holds, by name. */
void image_each(const Image *image, ImageVisitor visit, void *data);

/* Same names, kinds, contents, permissions and times? Aborts with the first difference if not. */
void image_check_equal(const Image *a, const Image *b);
/* Aborts unless the tree is whole. */
void image_check(const Image *image);
