/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deletions against new content. A deleted file stays if it was edited on the side that has it. A
 * deleted folder stays if anything below it is to live there: edited, new, or moved into it. What
 * is to live elsewhere has to move out before the folder goes.
 *
 * A folder that is left out never stays: it waits until everything in it is on the server.
 *
 * A folder is walked once, however many of the nodes below it are planned, and what is found there
 * is not kept in memory unless it matters.
 */
#include "client/plan/fate.h"

#include "client/plan/merge.h"

static Fate fate_of_content(const Entry *entry, const Entry *synced)
{
	switch (merge_compare(entry, synced)) {
	case MERGE_SAME:
		return FATE_GOES;
	case MERGE_UNKNOWN:
		return FATE_WAITS;
	default:
		return FATE_STAYS;
	}
}

/* What one node below says about the fate of the folder. side: the one that has the folder. */
static Fate fate_below_deleted(Planner *planner, Side side, const Subject *n)
{
	if (n->local && n->remote) {
		Subject *both = subject_get(planner, n->key);
		return merge_place(planner, both) == side ? FATE_STAYS : FATE_WAITS;
	}
	/* What is left out was deleted by nobody. */
	if (!n->synced || (!n->local && plan_is_taken_away(planner->view, n->key))) {
		return FATE_STAYS;
	}
	const Entry *entry = side == SIDE_LOCAL ? n->local : n->remote;
	return fate_of_content(entry, n->synced);
}

bool fate_is_left_out(const Planner *planner, const Subject *n)
{
	return n->remote && plan_is_left_out(planner->view, n->key);
}

/* What one node below says about the fate of a folder that is left out. */
static Fate fate_below_left_out(Planner *planner, Side side, const Subject *n)
{
	(void)side;
	if (!n->remote || !fate_is_left_out(planner, n)) {
		return FATE_WAITS;
	}
	ActionKind content = merge_content(n);
	bool is_known = content == ACTION_NONE || content == ACTION_UPDATE_LOCAL;
	bool is_placed = entry_same_place(n->local, n->remote) ||
			 merge_place(planner, subject_get(planner, n->key)) == SIDE_REMOTE;
	/* That it is left out must not change either; else what is said of the folder counts. */
	bool is_settled = is_placed && (n->remote->parent == n->local->parent ||
					!merge_moving_above(planner, n));
	return is_known && is_settled ? FATE_GOES : FATE_WAITS;
}

typedef Fate (*FateBelow)(Planner *planner, Side side, const Subject *n);

static Fate fate_of_folder(Planner *planner, Side side, Subject *folder, FateBelow fate_below)
{
	const PlanView *view = planner->view;
	g_autoptr(GArray) waits = g_array_new(FALSE, FALSE, sizeof(Wait));
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	view->children(view->data, side, folder->key, keys);
	while (keys->len > 0) {
		int64_t key = g_array_index(keys, int64_t, keys->len - 1);
		g_array_set_size(keys, keys->len - 1);
		g_auto(Subject) below = { 0 };
		subject_load(planner, key, &below);
		switch (fate_below(planner, side, &below)) {
		case FATE_STAYS:
			return FATE_STAYS;
		case FATE_WAITS: {
			Wait wait = { .on = key };
			g_array_append_val(waits, wait);
			break;
		}
		default:
			view->children(view->data, side, key, keys);
		}
	}
	if (waits->len == 0) {
		return FATE_GOES;
	}
	folder->fate_waits = g_steal_pointer(&waits);
	return FATE_WAITS;
}

Fate fate_of(Planner *planner, Subject *n)
{
	g_assert(subject_is_gone_here(n) || subject_is_gone_there(n));
	if (n->fate == FATE_UNKNOWN) {
		Side side = n->local ? SIDE_LOCAL : SIDE_REMOTE;
		const Entry *entry = n->local ? n->local : n->remote;
		n->fate = entry->kind == ENTRY_FOLDER
				  ? fate_of_folder(planner, side, n, fate_below_deleted)
				  : fate_of_content(entry, n->synced);
	}
	return n->fate;
}

Fate fate_of_left_out(Planner *planner, Subject *n)
{
	g_assert(n->local && n->remote);
	if (n->fate == FATE_UNKNOWN) {
		n->fate = n->local->kind == ENTRY_FOLDER
				  ? fate_of_folder(planner, SIDE_LOCAL, n, fate_below_left_out)
				  : FATE_GOES;
	}
	return n->fate;
}
