/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/node_id.h"
#include "server/journal/journal.h"
#include "sql/sql.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What lies above a node: remembers the folders of one drive that a transaction or a page of
 * changes has walked, so that each is read once.
 */
typedef struct Ancestry Ancestry;

typedef struct Folder {
	int64_t key;
	int64_t parent; /* 0 for the root */
	NodeId id;
	JournalKind kind; /* a file, if somebody takes it for a folder */
	unsigned depth;   /* folders above it */
	unsigned height;  /* at most so many levels of folders below it */
	bool deleted;     /* has a tombstone itself */
	bool dead;        /* deleted, or lies below a tombstone */
} Folder;

Ancestry *ancestry_new(SqlSession *session, int64_t drive);
void ancestry_free(Ancestry *ancestry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Ancestry, ancestry_free)

/* By row key, which must exist: DRIVE_ERROR_CORRUPT. Valid until ancestry_drop(). */
bool ancestry_get(Ancestry *ancestry, int64_t key, const Folder **ret_folder, GError **error);

/* By id; *ret_folder NULL if the drive has no such node. */
bool ancestry_find(Ancestry *ancestry, const NodeId *id, const Folder **ret_folder, GError **error);

/* The node itself or one above it? Both must have been got. */
bool ancestry_contains(Ancestry *ancestry, int64_t above, int64_t key);

/* Says that this folder was made a moment ago in parent. */
void ancestry_add(Ancestry *ancestry, const Folder *parent, int64_t key, const NodeId *id);

/* Makes sure that the heights from this folder upwards allow for that many levels below it. */
bool ancestry_raise(Ancestry *ancestry, int64_t key, unsigned height, GError **error);

/* Counts the levels below a folder anew, where its bound is in the way: O(folders below). */
bool ancestry_count(Ancestry *ancestry, int64_t key, unsigned *ret_height, GError **error);

/* Forgets all: something above some node has changed. */
void ancestry_drop(Ancestry *ancestry);
