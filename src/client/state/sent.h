/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/tree/entry.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What was sent to the server and is not recorded yet. It is noted before it goes, beside the
 * state, and without a sync: what a killed process wrote is still there, and whoever starts in its
 * place knows what the server tells of as this device's own. Another boot forgets it: by a loss of
 * power this disk may have become older than what was sent.
 *
 * A note that cannot be written is none: then a file that was changed once more meets what was sent
 * as if another device had sent it, and both are kept.
 */
typedef struct Sent Sent;

/* Neither placed, valued nor deleted: what was noted of the node before counts no more. */
typedef struct SentNote {
	NodeId node;
	EntryKind kind;
	/* Where it was to be, as an operation on `place_base` (0: a creation). */
	bool placed;
	NodeId parent;
	char *name; /* owned */
	uint64_t place_base;
	/* What it was to hold, as an operation on `value_base`, and which file here held that. */
	bool valued;
	uint64_t value_base;
	GBytes *content; /* owned; NULL of a folder */
	uint64_t size;
	int64_t mtime_ns;
	bool executable;
	EntryStamp stamp;
	bool deleted; /* by the last operation */
} SentNote;

SentNote *sent_note_copy(const SentNote *note);
void sent_note_free(void *note);
bool sent_note_equal(const SentNote *a, const SentNote *b);

/*
 * For the state at that path, whose owner alone may have it. boot: which run of this machine it is;
 * NULL: as its kernel says.
 */
Sent *sent_open(const char *state_path, const char *boot);
void sent_close(Sent *sent);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sent, sent_close)

/*
 * Once: NodeId * -> SentNote *, what was noted before this start, of each node where it went last
 * and what it held last, or that it was deleted. Its notes count as the older ones (below). NULL if
 * there are none.
 */
GHashTable *sent_take(Sent *sent);

/* These go to the server now, in one request, or count no more; borrowed. Any thread. */
void sent_write(Sent *sent, const SentNote *notes, size_t count);

/*
 * Notes go by age. sent_turn() makes all that there are the older ones, unless there are some
 * already; true if it did. sent_drop() drops the older ones: all that became of them is recorded.
 */
bool sent_turn(Sent *sent);
bool sent_has_older(Sent *sent);
void sent_drop(Sent *sent);
