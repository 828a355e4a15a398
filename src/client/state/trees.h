/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/state/overlay.h"
#include "client/state/rows.h"

/*
 * The three trees as one sees them: what is recorded, over it what was settled since (`fresh`), and
 * over that what differs on a side.
 */
typedef struct Trees {
	Rows *rows; /* borrowed */
	Overlay *fresh;
	Overlay *sides[SIDE_COUNT]; /* SIDE_SYNCED: unused */
	size_t divergent;           /* keys in either side */
} Trees;

void trees_init(Trees *trees, Rows *rows);
void trees_clear(Trees *trees);

/* As the functions of state.h with these names. */
const Entry *trees_get(const Trees *trees, Side side, int64_t key);
int64_t trees_find(const Trees *trees, Side side, int64_t parent, const char *name);
void trees_child_keys(const Trees *trees, Side side, int64_t parent, GArray *ret_keys);
void trees_children(const Trees *trees, Side side, int64_t parent, GPtrArray *ret_entries);
int64_t trees_key_of_id(const Trees *trees, const NodeId *id);
int64_t trees_key_of_file(const Trees *trees, uint64_t inode, int64_t birth_ns);
void trees_divergent(const Trees *trees, GArray *ret_keys);
/* As state_conflicts(). */
void trees_conflict_keys(const Trees *trees, GArray *ret_keys);
/* Appends references to all entries of the local tree, in no order. */
void trees_local_entries(const Trees *trees, GPtrArray *ret_entries);

/* What stands at key on SIDE_LOCAL or SIDE_REMOTE; entry NULL: nothing. */
void trees_set(Trees *trees, Side side, int64_t key, const Entry *entry);
/* What stands at key in synced; the other two trees stay as they are. tag marks it in fresh. */
void trees_set_synced(Trees *trees, int64_t key, const Entry *entry, uint64_t tag);

/* Nothing differs and nothing is fresh. */
void trees_empty(Trees *trees);

/* Aborts unless the overlays hold just what differs. */
void trees_check(const Trees *trees);
