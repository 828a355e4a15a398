/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/node_id.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The three trees between which the client keeps the peace:
 *
 *	local    what was last seen on this disk,
 *	synced   what disk and server last agreed on (the merge base),
 *	remote   what the server was last heard to have.
 */
typedef enum Side {
	SIDE_LOCAL,
	SIDE_SYNCED,
	SIDE_REMOTE,
	SIDE_COUNT,
} Side;

typedef enum EntryKind {
	ENTRY_FILE = 1,
	ENTRY_FOLDER = 2,
	ENTRY_LINK = 3,
} EntryKind;

/*
 * Which file on disk this is, and whether it was touched: the same (inode, birth) is the same file
 * under any name; the same change_ns is the same content.
 */
typedef struct EntryStamp {
	uint64_t inode;
	int64_t birth_ns;  /* 0 where the file system does not tell */
	int64_t change_ns; /* ctime */
} EntryStamp;

/* Keys name nodes within one device's state; never reused. */
#define ENTRY_KEY_NONE 0
#define ENTRY_KEY_ROOT 1
/* A folder beside the root, in the reserved folder on disk: where plan parks what must step aside
 * for a moment. It exists only on SIDE_LOCAL and never travels. */
#define ENTRY_KEY_PARK 2
#define ENTRY_KEY_FIRST 16

/* What is in the name of every conflict copy (plan_conflict_name()). */
#define ENTRY_CONFLICT_MARK " (conflict, "

/*
 * One node of one tree: an immutable, reference-counted value. A node has the same key in all three
 * trees.
 */
typedef struct Entry {
	int64_t key;
	int64_t parent; /* ENTRY_KEY_NONE for the root */
	NodeId id;
	char *name;
	EntryKind kind;
	uint64_t size;
	int64_t mtime_ns;
	bool executable;
	GBytes *content; /* file: chunk/content.h, NULL while not hashed; link: target; folder: NULL
			  */
	uint64_t seq;    /* remote, synced: the server's seq of the node; 0 before */
	EntryStamp stamp; /* local, synced */
	int references;
} Entry;

/*
 * A copy of fields (its key, id, numbers and stamp; name is copied, content is referenced), with
 * one reference. fields itself is only read.
 */
Entry *entry_new(const Entry *fields);
Entry *entry_ref(const Entry *entry);
void entry_unref(Entry *entry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Entry, entry_unref)

/* The same place: parent and name. */
bool entry_same_place(const Entry *a, const Entry *b);
/*
 * The same bytes: kind and content (both known). A file whose content is not hashed equals nothing
 * but an entry with the same stamp, size and mtime.
 */
bool entry_same_content(const Entry *a, const Entry *b);
/* All that a person may see of it is the same: content and, of a file, mtime and executable bit. */
bool entry_same_value(const Entry *a, const Entry *b);
/*
 * The same file on disk, untouched. Of a folder only (inode, birth) counts: its ctime tells of what
 * lies in it. An inode of 0 is no stamp and equals nothing.
 */
bool entry_same_stamp(const Entry *a, const Entry *b);
