/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Coming to a place. On the side where a node is to arrive
 *	its folder must be there,
 *	the folder must not lie below the node itself, nor below anything that still moves, so that
 *	moves that run in any order never make a circle,
 *	and the name must be free.
 *
 * Names are unique in the local and in the remote tree. So at most two nodes can want a name: one
 * that has it here and one that has it there.
 */
#include "client/plan/arrival.h"

#include "client/plan/fate.h"
#include "client/plan/merge.h"

/* ---- conflict copies --------------------------------------------------------------------- */

/* A name for a conflict copy that is free here, there, and in this plan. */
static char *free_name(Planner *planner, int64_t parent, const char *name)
{
	for (unsigned attempt = 1;; attempt++) {
		g_autofree char *candidate =
			plan_conflict_name(name, planner->options->conflict_label, attempt);
		g_autofree char *place =
			g_strdup_printf("%" G_GINT64_FORMAT "/%s", parent, candidate);
		const PlanView *view = planner->view;
		if (view->find(view->data, SIDE_LOCAL, parent, candidate) == ENTRY_KEY_NONE &&
		    view->find(view->data, SIDE_REMOTE, parent, candidate) == ENTRY_KEY_NONE &&
		    !g_hash_table_contains(planner->claimed, place)) {
			g_hash_table_add(planner->claimed, g_steal_pointer(&place));
			return g_steal_pointer(&candidate);
		}
	}
}

void arrival_step_aside(Planner *planner, Subject *n, const Subject *holder)
{
	g_autofree char *name = free_name(planner, n->local->parent, n->local->name);
	subject_move(n, n->local->parent, name, true);
	n->action.other = holder->key;
}

void arrival_restore(Planner *planner, Subject *n, const char *original)
{
	g_autofree char *name = free_name(planner, ENTRY_KEY_ROOT, original);
	subject_move(n, ENTRY_KEY_ROOT, name, true);
}

/* ---- there ------------------------------------------------------------------------------- */

/* Is this remote place the holder's for good? */
static bool stays_there(Planner *planner, Subject *holder)
{
	if (!holder->local && plan_is_taken_away(planner->view, holder->key)) {
		return true;
	}
	if (subject_is_gone_here(holder)) {
		return fate_of(planner, holder) == FATE_STAYS;
	}
	return merge_place(planner, holder) == SIDE_REMOTE;
}

Subject *arrival_heir(Planner *planner, Subject *n)
{
	g_assert(subject_is_gone_here(n));
	if (!entry_same_place(n->remote, n->synced)) {
		return NULL;
	}
	Subject *heir = subject_find(planner, SIDE_LOCAL, n->remote->parent, n->remote->name);
	bool fits = heir && !heir->synced && !heir->remote && heir->local->kind == n->remote->kind;
	return fits ? heir : NULL;
}

static void adopt(Subject *n, const Subject *other)
{
	subject_act(n, ACTION_ADOPT);
	n->action.other = other->key;
}

/* n is new here, and a node of the server that is absent here stands where n wants to be. */
static void meet(Planner *planner, Subject *n, Subject *holder)
{
	Subject *folder = subject_get(planner, n->local->parent);
	if (fate_is_left_out(planner, holder) && !fate_is_left_out(planner, folder)) {
		/* Whoever made it did not see what is left out: it does not go into that. */
		arrival_step_aside(planner, n, holder);
		return;
	}
	if (holder->synced && plan_is_taken_away(planner->view, holder->key)) {
		/* It is about to be forgotten. */
		subject_wait(planner, n, holder->key, true);
		return;
	}
	bool is_heir = subject_is_gone_here(holder) && arrival_heir(planner, holder) == n;
	MergeComparison comparison = merge_compare(n->local, holder->remote);
	if (is_heir) {
		/* What was there before is no content of its own. */
		comparison = MIN(comparison, merge_compare(n->local, holder->synced));
	}
	if (!stays_there(planner, holder)) {
		if (is_heir) {
			adopt(n, holder);
		} else {
			subject_wait(planner, n, holder->key, true);
		}
		return;
	}
	switch (comparison) {
	case MERGE_SAME:
		adopt(n, holder);
		break;
	case MERGE_UNKNOWN:
		subject_act(n, ACTION_HASH);
		break;
	case MERGE_DIFFERENT:
		arrival_step_aside(planner, n, holder);
		break;
	}
}

/*
 * A folder that moves to below `parent` waits for the nearest of the folders above that moves, too.
 * The waits lead up the tree as it will be, so they make no rings among themselves.
 */
static void wait_for_moves_above(Planner *planner, Side side, Subject *n, int64_t parent)
{
	for (int64_t key = parent; key > ENTRY_KEY_PARK;) {
		Subject *above = subject_get(planner, key);
		const Entry *entry = side == SIDE_LOCAL ? above->local : above->remote;
		const Entry *other = side == SIDE_LOCAL ? above->remote : above->local;
		if (above == n) {
			/* It is to go into what lies in it, and that is not there on the other
			 * side. */
			subject_wait(planner, n, parent, false);
			return;
		}
		if (entry && other && !entry_same_place(entry, other) &&
		    merge_place(planner, above) != side) {
			subject_wait(planner, n, key, false);
			return;
		}
		if (!entry && !other) {
			return;
		}
		/* A folder that is not there yet will be where the other side has it. */
		key = entry ? entry->parent : other->parent;
	}
}

void arrival_there(Planner *planner, Subject *n, ActionKind kind)
{
	const Entry *place = n->local;
	n->wanted = kind;
	if (!subject_get(planner, place->parent)->remote) {
		subject_wait(planner, n, place->parent, false);
	}
	Subject *holder = subject_find(planner, SIDE_REMOTE, place->parent, place->name);
	if (holder && !holder->local && !n->synced && !n->remote) {
		meet(planner, n, holder);
	} else if (holder && stays_there(planner, holder)) {
		arrival_step_aside(planner, n, holder);
	} else if (holder) {
		subject_wait(planner, n, holder->key, true);
	}
	if (n->action.kind != ACTION_NONE) {
		return;
	}
	if (kind == ACTION_MOVE_REMOTE && place->kind == ENTRY_FOLDER) {
		wait_for_moves_above(planner, SIDE_REMOTE, n, place->parent);
	}
	if (!n->waits) {
		subject_act(n, kind);
	}
}

/* ---- here -------------------------------------------------------------------------------- */

void arrival_here(Planner *planner, Subject *n, ActionKind kind)
{
	const Entry *place = n->remote;
	n->wanted = kind;
	if (!subject_get(planner, place->parent)->local) {
		subject_wait(planner, n, place->parent, false);
	}
	/* Whoever has the name here either goes away or is told to by its own decision. */
	Subject *holder = subject_find(planner, SIDE_LOCAL, place->parent, place->name);
	if (holder) {
		subject_wait(planner, n, holder->key, true);
	}
	if (kind == ACTION_MOVE_LOCAL && place->kind == ENTRY_FOLDER) {
		wait_for_moves_above(planner, SIDE_LOCAL, n, place->parent);
	}
	if (n->waits) {
		return;
	}
	if (kind == ACTION_MOVE_LOCAL) {
		subject_move(n, place->parent, place->name, false);
	} else {
		subject_act(n, kind);
	}
}
