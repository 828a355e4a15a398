/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whoever waits here waits for a folder that moves in this very plan. A moving folder itself waits
 * only for one above it as it lies now, so some folder always goes.
 */
#include "client/plan/plan_paths.h"

static bool moves(const Subject *n)
{
	return n->action.kind == ACTION_MOVE_LOCAL;
}

/* The nearest folder that moves, from this one upwards on this disk; ENTRY_KEY_NONE if none. */
static int64_t moving_above(Planner *planner, int64_t folder)
{
	for (int64_t key = folder; key > ENTRY_KEY_PARK;) {
		Subject *above = subject_get(planner, key);
		if (moves(above)) {
			return key;
		}
		key = above->local ? above->local->parent : ENTRY_KEY_NONE;
	}
	return ENTRY_KEY_NONE;
}

static int64_t moving_on_path(Planner *planner, Subject *n)
{
	switch (n->action.kind) {
	case ACTION_CREATE_REMOTE:
		/* Of a folder nothing is read, and it may be one of a group. */
		return n->local->kind == ENTRY_FOLDER ? ENTRY_KEY_NONE
						      : moving_above(planner, n->local->parent);
	case ACTION_UPDATE_REMOTE:
	case ACTION_UPDATE_LOCAL:
	case ACTION_DELETE_LOCAL:
	case ACTION_HASH:
		return moving_above(planner, n->local->parent);
	case ACTION_CREATE_LOCAL:
		return moving_above(planner, n->remote->parent);
	case ACTION_MOVE_LOCAL: {
		int64_t from = moving_above(planner, n->local->parent);
		return from != ENTRY_KEY_NONE ? from : moving_above(planner, n->action.parent);
	}
	default:
		return ENTRY_KEY_NONE;
	}
}

static void hold(Subject *n, int64_t on)
{
	action_clear(&n->action);
	n->action = (Action){ .kind = ACTION_NONE };
	Wait wait = { .on = on };
	n->waits = g_array_new(FALSE, FALSE, sizeof(Wait));
	g_array_append_val(n->waits, wait);
}

void plan_paths_hold(Planner *planner)
{
	bool any = false;
	for (unsigned i = 0; !any && i < planner->queue->len; i++) {
		any = moves(planner->queue->pdata[i]);
	}
	/* All are found before the first is held: what waits for a folder that waits, waits. */
	g_autoptr(GPtrArray) held = g_ptr_array_new();
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	for (unsigned i = 0; any && i < planner->queue->len; i++) {
		Subject *n = planner->queue->pdata[i];
		int64_t on = moving_on_path(planner, n);
		if (on != ENTRY_KEY_NONE) {
			g_ptr_array_add(held, n);
			g_array_append_val(keys, on);
		}
	}
	for (unsigned i = 0; i < held->len; i++) {
		hold(held->pdata[i], g_array_index(keys, int64_t, i));
	}
}
