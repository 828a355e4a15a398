/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How two devices agree. Every node is in the local tree or not, in the synced tree or not, in the
 * remote tree or not; decide() has a rule for each pattern. The questions that the rules ask are
 * answered next door:
 *
 *	merge.c     what did both sides do to its content and its place?
 *	fate.c      is there anything new in what was deleted?
 *	arrival.c   can it come to its place, or who is in its way?
 *
 * A rule gives an action that can be taken now, or the nodes that must change before, which are
 * then planned, too. In the end ring.c sets free those that wait for each other, and plan_paths.c
 * holds back what would be in the way of others. DESIGN.md has all rules in one table.
 */
#include "client/plan/plan.h"

#include "base/limits.h"
#include "client/plan/arrival.h"
#include "client/plan/fate.h"
#include "client/plan/merge.h"
#include "client/plan/plan_paths.h"
#include "client/plan/ring.h"

enum {
	IN_LOCAL = 1,
	IN_SYNCED = 2,
	IN_REMOTE = 4,
};

static unsigned presence(const Subject *n)
{
	return (n->local ? IN_LOCAL : 0) | (n->synced ? IN_SYNCED : 0) |
	       (n->remote ? IN_REMOTE : 0);
}

static bool is_settled(const Subject *n)
{
	return n->synced && entry_same_place(n->local, n->synced) &&
	       entry_same_stamp(n->local, n->synced) && entry_same_place(n->remote, n->synced) &&
	       entry_same_value(n->remote, n->synced) && n->remote->seq == n->synced->seq;
}

/* Both sides agree in place or value, and it is not written down that they do. */
static bool is_news_agreed(const Subject *n, ActionKind content)
{
	bool place = entry_same_place(n->local, n->remote);
	if (place && content == ACTION_NONE) {
		return !is_settled(n);
	}
	if (!n->synced) {
		return false;
	}
	bool value = entry_same_value(n->local, n->remote);
	return (place && !entry_same_place(n->remote, n->synced)) ||
	       (value && !entry_same_value(n->remote, n->synced));
}

/* ---- what is left out ---------------------------------------------------------------------- */

bool plan_is_left_out(const PlanView *view, int64_t key)
{
	/* While pages of changes are missing, folders may lie in a circle. */
	for (unsigned step = 0; view->left_out && step < 2 * DEPTH_MAX; step++) {
		const Entry *entry = view->get(view->data, SIDE_REMOTE, key);
		if (!entry || key <= ENTRY_KEY_PARK) {
			break;
		}
		NodeId id = entry->id;
		key = entry->parent;
		if (view->left_out(view->data, &id)) {
			return true;
		}
	}
	return false;
}

bool plan_is_taken_away(const PlanView *view, int64_t key)
{
	bool was_taken = view->taken_away && view->taken_away(view->data, key);
	return was_taken || plan_is_left_out(view, key);
}

/* Nothing else than what is not synced is in it: it can as well be the folder that comes there. */
static bool is_given_away(Planner *planner, Subject *n)
{
	const PlanView *view = planner->view;
	if (!view->hollow || n->local->kind != ENTRY_FOLDER || !view->hollow(view->data, n->key)) {
		return false;
	}
	const Subject *other = subject_find(planner, SIDE_REMOTE, n->local->parent, n->local->name);
	if (!other || other == n || other->local || other->remote->kind != ENTRY_FOLDER ||
	    fate_is_left_out(planner, other)) {
		return false;
	}
	subject_act(n, ACTION_ADOPT);
	n->action.other = other->key;
	return true;
}

/* Missing here, and nobody deleted it. */
static void decide_taken_away(Planner *planner, Subject *n)
{
	const PlanView *view = planner->view;
	bool was_taken = view->taken_away && view->taken_away(view->data, n->key);
	/* Else it may be about to leave what is left out, and deleted here after all. */
	const Subject *above = was_taken ? NULL : merge_moving_above(planner, n);
	if (above) {
		n->wanted = ACTION_DELETE_REMOTE;
		subject_wait(planner, n, above->key, false);
	} else {
		subject_act(n, ACTION_FORGET);
	}
}

/* All of it is on the server. */
static void decide_departure(Planner *planner, Subject *n)
{
	Subject *folder = subject_get(planner, n->local->parent);
	const Subject *above = merge_moving_above(planner, n);
	n->wanted = ACTION_DELETE_LOCAL;
	if (above) {
		subject_wait(planner, n, above->key, false);
	} else if (folder->local && fate_is_left_out(planner, folder)) {
		subject_wait(planner, n, folder->key, false);
	} else if (fate_of_left_out(planner, n) == FATE_GOES) {
		subject_act(n, ACTION_DELETE_LOCAL);
	} else {
		for (unsigned i = 0; i < n->fate_waits->len; i++) {
			subject_wait(planner, n, g_array_index(n->fate_waits, Wait, i).on, false);
		}
	}
}

/* Both sides have it. What is new here goes to the server first. */
static void decide_left_out(Planner *planner, Subject *n)
{
	ActionKind content = merge_content(n);
	if (!entry_same_place(n->local, n->remote) && merge_place(planner, n) == SIDE_LOCAL) {
		arrival_there(planner, n, ACTION_MOVE_REMOTE);
		bool can = content == ACTION_UPDATE_REMOTE || content == ACTION_HASH;
		n->meanwhile = can ? content : ACTION_NONE;
	} else if (content != ACTION_NONE && content != ACTION_UPDATE_LOCAL) {
		subject_act(n, content);
	} else if (!is_given_away(planner, n)) {
		decide_departure(planner, n);
	}
}

/* ---- one side has it ----------------------------------------------------------------------- */

static void decide_new_here(Planner *planner, Subject *n)
{
	if (subject_is_parked(n)) {
		arrival_restore(planner, n, n->local->name);
	} else {
		arrival_there(planner, n, ACTION_CREATE_REMOTE);
	}
}

static void decide_new_there(Planner *planner, Subject *n)
{
	if (!fate_is_left_out(planner, n)) {
		arrival_here(planner, n, ACTION_CREATE_LOCAL);
		return;
	}
	const PlanView *view = planner->view;
	if (!view->left_out(view->data, &n->remote->id)) {
		n->wanted = ACTION_CREATE_LOCAL;
		subject_wait_for_folder(planner, n, n->remote->parent);
	}
}

/* One side deleted it, and nothing keeps it: kind, as soon as what has to has left it. */
static void decide_deletion(Planner *planner, Subject *n, ActionKind kind)
{
	if (n->fate == FATE_GOES) {
		subject_act(n, kind);
		return;
	}
	n->wanted = kind;
	for (unsigned i = 0; i < n->fate_waits->len; i++) {
		subject_wait(planner, n, g_array_index(n->fate_waits, Wait, i).on, false);
	}
}

static void decide_gone_there(Planner *planner, Subject *n)
{
	bool is_folder = n->local->kind == ENTRY_FOLDER;
	if (!is_folder && fate_of(planner, n) == FATE_WAITS) {
		subject_act(n, ACTION_HASH);
		return;
	}
	if (is_given_away(planner, n)) {
		return;
	}
	/* What lies in a deleted folder is looked at from there, once for all. */
	if (subject_is_gone_there(subject_get(planner, n->local->parent))) {
		n->wanted = ACTION_DELETE_LOCAL;
		subject_wait_for_folder(planner, n, n->local->parent);
		return;
	}
	if (fate_of(planner, n) != FATE_STAYS) {
		decide_deletion(planner, n, ACTION_DELETE_LOCAL);
	} else if (subject_is_parked(n)) {
		arrival_restore(planner, n, n->synced->name);
	} else {
		subject_act(n, ACTION_RENEW);
	}
}

static void decide_gone_here(Planner *planner, Subject *n)
{
	if (plan_is_taken_away(planner->view, n->key)) {
		decide_taken_away(planner, n);
		return;
	}
	Subject *heir = arrival_heir(planner, n);
	if (subject_is_gone_here(subject_get(planner, n->remote->parent))) {
		/* Whoever waits for it wants to be in it. */
		n->wanted = ACTION_CREATE_LOCAL;
		subject_wait_for_folder(planner, n, n->remote->parent);
	} else if (heir) {
		n->wanted = ACTION_DELETE_REMOTE;
		subject_wait(planner, n, heir->key, true);
	} else if (fate_of(planner, n) == FATE_STAYS) {
		arrival_here(planner, n, ACTION_CREATE_LOCAL);
	} else {
		decide_deletion(planner, n, ACTION_DELETE_REMOTE);
	}
}

/* ---- both sides have it -------------------------------------------------------------------- */

/*
 * What is agreed is written down first: the next move or edit is one against that. Then the place,
 * since others may wait for it, and no content is ever in the way of a place.
 */
static void decide_on_both(Planner *planner, Subject *n)
{
	if (fate_is_left_out(planner, n)) {
		decide_left_out(planner, n);
		return;
	}
	ActionKind content = merge_content(n);
	if (is_news_agreed(n, content)) {
		subject_act(n, ACTION_SETTLE);
	} else if (entry_same_place(n->local, n->remote)) {
		if (content != ACTION_NONE) {
			subject_act(n, content);
		}
	} else {
		if (merge_place(planner, n) == SIDE_LOCAL) {
			arrival_there(planner, n, ACTION_MOVE_REMOTE);
		} else {
			arrival_here(planner, n, ACTION_MOVE_LOCAL);
		}
		/* Whether it is one node or two shows at its place. */
		n->meanwhile = content == ACTION_RENEW ? ACTION_NONE : content;
	}
}

/* ---- before all remote changes are known --------------------------------------------------- */

static bool is_all_above_on_both(Planner *planner, const Entry *remote)
{
	int64_t key = remote->parent;
	/* While pages of changes are missing, folders may lie in a circle. */
	for (unsigned step = 0; key != ENTRY_KEY_ROOT; step++) {
		const Subject *above = subject_get(planner, key);
		if (!above->local || !above->remote || step > 2 * DEPTH_MAX) {
			return false;
		}
		key = above->remote->parent;
	}
	return true;
}

static ActionKind early_new_here(Planner *planner, const Subject *n, const Subject **ret_same)
{
	const Entry *place = n->local;
	if (subject_is_parked(n) || !subject_get(planner, place->parent)->remote) {
		return ACTION_NONE;
	}
	const Subject *holder = subject_find(planner, SIDE_REMOTE, place->parent, place->name);
	if (!holder) {
		return ACTION_CREATE_REMOTE;
	}
	if (presence(holder) != IN_REMOTE) {
		return ACTION_NONE;
	}
	switch (merge_compare(n->local, holder->remote)) {
	case MERGE_SAME:
		*ret_same = holder;
		return ACTION_ADOPT;
	case MERGE_UNKNOWN:
		return ACTION_HASH;
	default:
		return ACTION_NONE;
	}
}

static ActionKind early_new_there(Planner *planner, const Subject *n)
{
	/* Names may stand twice in a remote tree that is half read. */
	const Entry *place = n->remote;
	bool is_free = subject_find(planner, SIDE_REMOTE, place->parent, place->name) == n &&
		       !subject_find(planner, SIDE_LOCAL, place->parent, place->name);
	return is_free && is_all_above_on_both(planner, place) && !fate_is_left_out(planner, n)
		       ? ACTION_CREATE_LOCAL
		       : ACTION_NONE;
}

static ActionKind early_on_both(const Subject *n)
{
	ActionKind content = merge_content(n);
	if (is_news_agreed(n, content)) {
		return ACTION_SETTLE;
	}
	bool is_safe = content == ACTION_UPDATE_REMOTE || content == ACTION_HASH;
	return is_safe ? content : ACTION_NONE;
}

/*
 * What the remote tree shows may never have been: a name stands twice, a deleted node is still
 * there, one that moved is absent. Only what is right in any case is done.
 */
static void decide_early(Planner *planner, Subject *n)
{
	const Subject *same = NULL;
	ActionKind kind = ACTION_NONE;
	switch (presence(n)) {
	case IN_LOCAL:
		kind = early_new_here(planner, n, &same);
		break;
	case IN_REMOTE:
		kind = early_new_there(planner, n);
		break;
	case IN_LOCAL | IN_REMOTE:
	case IN_LOCAL | IN_SYNCED | IN_REMOTE:
		if (!is_settled(n)) {
			kind = early_on_both(n);
		} else if (!fate_is_left_out(planner, n)) {
			return;
		}
		break;
	case 0:
		return;
	default:
		break;
	}
	if (kind == ACTION_NONE) {
		subject_wait(planner, n, ENTRY_KEY_ROOT, false);
		return;
	}
	subject_act(n, kind);
	n->action.other = same ? same->key : ENTRY_KEY_NONE;
}

/* ---- all together -------------------------------------------------------------------------- */

static void decide(Planner *planner, Subject *n)
{
	if (!planner->options->remote_at_head) {
		decide_early(planner, n);
		return;
	}
	switch (presence(n)) {
	case IN_LOCAL:
		decide_new_here(planner, n);
		break;
	case IN_REMOTE:
		decide_new_there(planner, n);
		break;
	case IN_LOCAL | IN_SYNCED:
		decide_gone_there(planner, n);
		break;
	case IN_SYNCED | IN_REMOTE:
		decide_gone_here(planner, n);
		break;
	case IN_LOCAL | IN_REMOTE:
	case IN_LOCAL | IN_SYNCED | IN_REMOTE:
		decide_on_both(planner, n);
		break;
	case IN_SYNCED:
		subject_act(n, ACTION_FORGET);
		break;
	default:
		break;
	}
}

/* The action moves into the plan. */
static void emit_action(Plan *plan, Subject *n)
{
	g_array_append_val(plan->actions, n->action);
	n->action = (Action){ .kind = ACTION_NONE };
}

/*
 * Of all that it waits for, one is named. Of nodes that wait for each other that is one outside
 * their circle, since when that has changed the circle may be a ring that can be opened; otherwise
 * the last, since keys are mostly dealt with in their order.
 */
static void emit_block(Planner *planner, Plan *plan, const Subject *n)
{
	PlanBlock block = { .key = n->key };
	bool outside = false;
	for (unsigned i = 0; i < n->waits->len; i++) {
		int64_t on = g_array_index(n->waits, Wait, i).on;
		bool leads_out = subject_get(planner, on)->component != n->component;
		if (leads_out > outside || (leads_out == outside && on > block.on)) {
			outside = leads_out;
			block.on = on;
		}
	}
	g_array_append_val(plan->blocks, block);
}

static void emit(Planner *planner, Plan *plan)
{
	for (unsigned i = 0; i < planner->groups->len; i++) {
		const GPtrArray *group = planner->groups->pdata[i];
		for (unsigned k = 0; k < group->len; k++) {
			emit_action(plan, group->pdata[k]);
		}
	}
	for (unsigned i = 0; i < planner->queue->len; i++) {
		Subject *n = planner->queue->pdata[i];
		if (n->action.kind != ACTION_NONE) {
			emit_action(plan, n);
		} else if (n->waits) {
			emit_block(planner, plan, n);
		}
	}
}

/* What waits with its place may go on with its content. */
static void go_on_meanwhile(Planner *planner)
{
	for (unsigned i = 0; i < planner->queue->len; i++) {
		Subject *n = planner->queue->pdata[i];
		if (n->waits && n->meanwhile != ACTION_NONE) {
			g_clear_pointer(&n->waits, g_array_unref);
			subject_act(n, n->meanwhile);
		}
	}
}

static int compare_key(const void *a_data, const void *b_data)
{
	int64_t a = *(const int64_t *)a_data, b = *(const int64_t *)b_data;
	return a < b ? -1 : a > b;
}

static void queue_keys(Planner *planner, const int64_t *keys, size_t count)
{
	g_autoptr(GArray) sorted = g_array_sized_new(FALSE, FALSE, sizeof *keys, (unsigned)count);
	g_array_append_vals(sorted, keys, (unsigned)count);
	g_array_sort(sorted, compare_key);
	for (size_t i = 0; i < count; i++) {
		int64_t key = g_array_index(sorted, int64_t, i);
		if (key >= ENTRY_KEY_FIRST) {
			subject_queue(planner, subject_get(planner, key));
		}
	}
}

static void subject_free(void *subject)
{
	subject_clear(subject);
	g_free(subject);
}

static void free_group(void *group)
{
	g_ptr_array_unref(group);
}

static void clear_action(void *action)
{
	action_clear(action);
}

void plan_make(const PlanView *view, const PlanOptions *options, const int64_t *keys, size_t count,
	       Plan *ret_plan)
{
	g_autoptr(GHashTable) subjects =
		g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, subject_free);
	g_autoptr(GHashTable) claimed =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GPtrArray) queue = g_ptr_array_new();
	g_autoptr(GPtrArray) groups = g_ptr_array_new_with_free_func(free_group);
	Planner planner = {
		.view = view,
		.options = options,
		.subjects = subjects,
		.claimed = claimed,
		.queue = queue,
		.groups = groups,
	};
	queue_keys(&planner, keys, count);
	/* The queue grows with what those wait for. */
	for (unsigned i = 0; i < queue->len; i++) {
		decide(&planner, queue->pdata[i]);
	}
	ring_open_all(&planner);
	go_on_meanwhile(&planner);
	plan_paths_hold(&planner);

	ret_plan->actions = g_array_new(FALSE, FALSE, sizeof(Action));
	g_array_set_clear_func(ret_plan->actions, clear_action);
	ret_plan->blocks = g_array_new(FALSE, FALSE, sizeof(PlanBlock));
	emit(&planner, ret_plan);
}

void plan_clear(Plan *plan)
{
	g_clear_pointer(&plan->actions, g_array_unref);
	g_clear_pointer(&plan->blocks, g_array_unref);
}
