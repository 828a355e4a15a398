/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/remote/remote.h"
#include "client/state/state.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Pages of changes become the remote tree. One thread, no I/O.
 */
typedef struct Follow Follow;

Follow *follow_new(State *state);
void follow_free(Follow *follow);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Follow, follow_free)

/* Where the next page is to be read from; NULL: from the beginning. Borrowed. */
GBytes *follow_cursor(const Follow *follow);

/*
 * Puts a page into the remote tree and remembers its cursor. Appends the keys (int64_t) of nodes
 * whose remote entry changed. A page that begins a snapshot (reset) makes the base untrusted: what
 * was synced becomes local, so that both sides unite and nothing is deleted.
 *
 * Deletions take effect with the page that is at head.
 */
void follow_page(Follow *follow, const RemotePage *page, GArray *ret_keys);

/*
 * The server took an operation of ours: the node is now `entry` (NULL: deleted) as of seq. Older
 * news of the node that are still on their way are dropped. A folder that was deleted stays in the
 * remote tree until a page at head has passed seq.
 */
void follow_committed(Follow *follow, int64_t key, const Entry *entry, uint64_t seq,
		      GArray *ret_keys);

/* The last page was read at the head of the drive's journal, and all that is shown leads up to the
 * root, or to what is not there: nothing lies in a circle. */
bool follow_at_head(const Follow *follow);
/* Everything up to this seq has been seen: what a deletion is decided on. */
uint64_t follow_seq(const Follow *follow);
