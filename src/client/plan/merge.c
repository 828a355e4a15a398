/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What both sides did to a node, brought together: its content and its place, each for itself.
 *
 * Places. A move that only one side made counts; if both made one, the server's does. That can
 * give circles: A went into B here while B went into A there. A node whose way up does not reach
 * the root is lost, and of all lost nodes it is the server's places that count. Then every way
 * leads to the root again: the way of a lost node runs through lost nodes; those that the server
 * has lie as the server has them, without circles; from the others, which are new here, the way
 * leads up as on this disk until it meets one that the server has.
 */
#include "client/plan/merge.h"

#define COARSEST_NS 2000000000ll

MergeComparison merge_compare(const Entry *a, const Entry *b)
{
	if (entry_same_content(a, b)) {
		return MERGE_SAME;
	}
	bool unknown = a->kind == b->kind && a->size == b->size && (!a->content || !b->content);
	return unknown ? MERGE_UNKNOWN : MERGE_DIFFERENT;
}

/*
 * Untouched since it was settled but for a time that this file system cannot hold as exactly as the
 * server's (FAT: 2 s).
 */
static bool is_coarse(const Subject *n)
{
	return entry_same_stamp(n->local, n->synced) &&
	       n->local->executable == n->synced->executable &&
	       ABS(n->local->mtime_ns - n->synced->mtime_ns) <= COARSEST_NS;
}

/* Contents agree, or both sides changed them to the same. */
static ActionKind merge_attributes(const Subject *n)
{
	if (entry_same_value(n->local, n->remote)) {
		return ACTION_NONE;
	}
	if (!n->synced || !entry_same_value(n->remote, n->synced)) {
		return ACTION_UPDATE_LOCAL;
	}
	return is_coarse(n) ? ACTION_NONE : ACTION_UPDATE_REMOTE;
}

/* Both sides have a content of their own, as far as is known. */
static ActionKind merge_contents(const Subject *n)
{
	switch (merge_compare(n->local, n->remote)) {
	case MERGE_SAME:
		return merge_attributes(n);
	case MERGE_UNKNOWN:
		return ACTION_HASH;
	default:
		return ACTION_RENEW;
	}
}

ActionKind merge_content(const Subject *n)
{
	g_assert(n->local && n->remote);
	if (!n->synced || n->local->kind != n->remote->kind) {
		return merge_contents(n);
	}
	bool there = !entry_same_content(n->remote, n->synced);
	switch (merge_compare(n->local, n->synced)) {
	case MERGE_SAME:
		return there ? ACTION_UPDATE_LOCAL : merge_attributes(n);
	case MERGE_UNKNOWN:
		/* Sending it finds out as well, but overwrites what was changed there. */
		return entry_same_value(n->remote, n->synced) ? ACTION_UPDATE_REMOTE : ACTION_HASH;
	default:
		return there ? merge_contents(n) : ACTION_UPDATE_REMOTE;
	}
}

/* Only this side moved it. */
static bool is_moved_here(const Subject *n)
{
	return n->local && n->synced && n->remote && !subject_is_parked(n) &&
	       entry_same_place(n->remote, n->synced) && !entry_same_place(n->local, n->synced);
}

/* The way up before contradictions are seen. */
static int64_t hoped_parent(const Subject *n)
{
	if (n->remote && !is_moved_here(n)) {
		return n->remote->parent;
	}
	return n->local ? n->local->parent : ENTRY_KEY_NONE;
}

static bool is_lost(Planner *planner, Subject *n)
{
	g_autoptr(GPtrArray) walked = g_ptr_array_new();
	int64_t key = n->key;
	Way way = WAY_ROOTED; /* a parent that is nowhere is no circle */
	while (key != ENTRY_KEY_ROOT && key != ENTRY_KEY_PARK && key != ENTRY_KEY_NONE) {
		Subject *at = subject_get(planner, key);
		if (at->way != WAY_UNKNOWN) {
			way = at->way == WAY_ROOTED ? WAY_ROOTED : WAY_LOST;
			break;
		}
		at->way = WAY_WALKING;
		g_ptr_array_add(walked, at);
		key = hoped_parent(at);
	}
	for (unsigned i = 0; i < walked->len; i++) {
		((Subject *)walked->pdata[i])->way = way;
	}
	return n->way == WAY_LOST;
}

Side merge_place(Planner *planner, Subject *n)
{
	if (!n->remote) {
		return SIDE_LOCAL;
	}
	return is_moved_here(n) && !is_lost(planner, n) ? SIDE_LOCAL : SIDE_REMOTE;
}

int64_t merge_parent(Planner *planner, Subject *n)
{
	const Entry *entry = merge_place(planner, n) == SIDE_LOCAL ? n->local : n->remote;
	return entry ? entry->parent : ENTRY_KEY_NONE;
}

Subject *merge_moving_above(Planner *planner, const Subject *n)
{
	for (int64_t key = n->remote->parent; key > ENTRY_KEY_PARK;) {
		Subject *above = subject_get(planner, key);
		if (above->local && above->remote &&
		    !entry_same_place(above->local, above->remote) &&
		    merge_place(planner, above) == SIDE_LOCAL) {
			return above;
		}
		key = above->remote ? above->remote->parent : ENTRY_KEY_NONE;
	}
	return NULL;
}
