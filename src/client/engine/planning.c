/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Touched nodes are planned; what the plan says is done at once where it concerns only the state,
 * and becomes an item for an upload or an apply job otherwise. A node with an item under way is
 * left alone until it comes back, then touched. A node that must wait for another is touched when
 * that one is.
 *
 * The gate for deletions: when more than BRAKE_COUNT nodes and more than half of all have vanished
 * from this disk, no deletion goes on before somebody says that it is meant. While many are
 * missing, the gate waits for the scan to end before it judges. What was deleted elsewhere was
 * judged there, and is in the server's trash.
 */
#include "base/log.h"
#include "client/engine/engine_internal.h"

#include <string.h>

#define PLAN_BATCH 512
#define WAITING_MAX 2048
#define BRAKE_COUNT 1000

/* ---- who is to be planned --------------------------------------------------------------- */

static void touch(Engine *engine, int64_t key)
{
	if (key > ENTRY_KEY_PARK && g_hash_table_add(engine->touched_set, KEY(key))) {
		g_queue_push_tail(engine->touched, KEY(key));
	}
}

void planning_touch(Engine *engine, int64_t key)
{
	touch(engine, key);
	GArray *waiting = NULL;
	if (g_hash_table_steal_extended(engine->blocked, KEY(key), NULL, (void **)&waiting)) {
		for (unsigned i = 0; i < waiting->len; i++) {
			touch(engine, g_array_index(waiting, int64_t, i));
		}
		g_array_unref(waiting);
	}
}

void planning_touch_all(Engine *engine, GHashTable *keys)
{
	g_autoptr(GList) list = g_hash_table_get_keys(keys);
	g_hash_table_remove_all(keys);
	for (GList *item = list; item; item = item->next) {
		planning_touch(engine, KEY_OF(item->data));
	}
}

void planning_busy(Engine *engine, int64_t key, bool busy)
{
	if (busy) {
		bool added = g_hash_table_add(engine->busy, KEY(key));
		g_assert(added);
	} else {
		bool removed = g_hash_table_remove(engine->busy, KEY(key));
		g_assert(removed);
		planning_touch(engine, key);
	}
}

void planning_block(Engine *engine, int64_t key, int64_t on)
{
	GArray *waiting = g_hash_table_lookup(engine->blocked, KEY(on));
	if (!waiting) {
		waiting = g_array_new(FALSE, FALSE, sizeof(int64_t));
		g_hash_table_insert(engine->blocked, KEY(on), waiting);
	}
	g_array_append_val(waiting, key);
}

int64_t planning_lost(Engine *engine, int64_t folder)
{
	for (;;) {
		const Entry *entry = state_get(engine->state, SIDE_LOCAL, folder);
		if (!entry || !state_get(engine->state, SIDE_LOCAL, entry->parent)) {
			return folder;
		}
		folder = state_get(engine->state, SIDE_LOCAL, folder)->parent;
	}
}

char *planning_path(Engine *engine, int64_t parent, const char *name)
{
	g_autofree char *folder = state_path(engine->state, SIDE_LOCAL, parent);
	if (!folder) {
		return NULL;
	}
	return *folder ? g_strconcat(folder, "/", name, NULL) : g_strdup(name);
}

/* ---- the planner's view ----------------------------------------------------------------- */

static const Entry *view_get(void *data, Side side, int64_t key)
{
	return state_get(((Engine *)data)->state, side, key);
}

static int64_t view_find(void *data, Side side, int64_t parent, const char *name)
{
	return state_find(((Engine *)data)->state, side, parent, name);
}

static void view_children(void *data, Side side, int64_t parent, GArray *ret_keys)
{
	const Engine *engine = data;
	g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func((GDestroyNotify)entry_unref);
	state_children(engine->state, side, parent, entries);
	for (unsigned i = 0; i < entries->len; i++) {
		const Entry *entry = entries->pdata[i];
		g_array_append_val(ret_keys, entry->key);
	}
}

void planning_view(Engine *engine, PlanView *ret_view)
{
	*ret_view = (PlanView){
		.get = view_get,
		.find = view_find,
		.children = view_children,
		.data = engine,
	};
	engine_choice_view(engine, ret_view);
}

/* ---- the gate ---------------------------------------------------------------------------- */

/* Nodes that are gone from this disk and not yet from the server. */
static GArray *find_vanished(Engine *engine)
{
	GArray *vanished = g_array_new(FALSE, FALSE, sizeof(int64_t));
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	PlanView view;
	planning_view(engine, &view);
	state_divergent(engine->state, keys);
	for (unsigned i = 0; i < keys->len; i++) {
		int64_t key = g_array_index(keys, int64_t, i);
		if (state_get(engine->state, SIDE_SYNCED, key) &&
		    !state_get(engine->state, SIDE_LOCAL, key) &&
		    state_get(engine->state, SIDE_REMOTE, key) && !plan_is_taken_away(&view, key)) {
			g_array_append_val(vanished, key);
		}
	}
	return vanished;
}

unsigned planning_vanished(Engine *engine)
{
	g_autoptr(GArray) vanished = find_vanished(engine);
	return vanished->len;
}

void planning_unlearn_vanished(Engine *engine)
{
	g_autoptr(GArray) vanished = find_vanished(engine);
	for (unsigned i = 0; i < vanished->len; i++) {
		int64_t key = g_array_index(vanished, int64_t, i);
		if (!g_hash_table_contains(engine->busy, KEY(key))) {
			resuming_unlearn(engine, key);
			state_unlearn(engine->state, key);
			planning_touch(engine, key);
		}
	}
}

/* May deletions go on now? */
static bool gate_is_open(Engine *engine)
{
	if (engine->deletions_accepted || engine_choice_unsettled(engine) <= BRAKE_COUNT) {
		return true;
	}
	if (!local_is_quiet(engine->local)) {
		return false;
	}
	StateTotals totals = state_totals(engine->state);
	unsigned count = planning_vanished(engine);
	engine->brake = count > BRAKE_COUNT && count > (totals.files + totals.folders) / 2;
	return !engine->brake;
}

/* ---- what the plan says ------------------------------------------------------------------ */

/* The local entry of key is node new_key from now on, and what lies in it has another parent. */
static void rekey(Engine *engine, int64_t key, int64_t new_key, const NodeId *id)
{
	resuming_unlearn(engine, key);
	state_rekey_local(engine->state, key, new_key, id);
	if (engine->world.watch) {
		watch_rekey(engine->world.watch, key, new_key);
	}
	planning_touch(engine, key);
	planning_touch(engine, new_key);
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	view_children(engine, SIDE_LOCAL, new_key, keys);
	for (unsigned i = 0; i < keys->len; i++) {
		planning_touch(engine, g_array_index(keys, int64_t, i));
	}
	local_rekey(engine->local, key, new_key);
	observing_rules(engine, new_key);
}

void planning_adopt(Engine *engine, int64_t key, int64_t other)
{
	NodeId id = state_get(engine->state, SIDE_REMOTE, other)->id;
	rekey(engine, key, other, &id);
}

void planning_renew(Engine *engine, int64_t key)
{
	NodeId id = node_id_new();
	if (state_get(engine->state, SIDE_LOCAL, key)) {
		rekey(engine, key, state_key_new(engine->state), &id);
	}
}

static bool is_towards_server(ActionKind kind)
{
	return kind <= ACTION_DELETE_REMOTE || kind == ACTION_HASH;
}

static void log_action(Engine *engine, const Action *action)
{
	static const char *const names[] = {
		[ACTION_CREATE_REMOTE] = "create-remote",
		[ACTION_UPDATE_REMOTE] = "update-remote",
		[ACTION_MOVE_REMOTE] = "move-remote",
		[ACTION_DELETE_REMOTE] = "delete-remote",
		[ACTION_CREATE_LOCAL] = "create-local",
		[ACTION_UPDATE_LOCAL] = "update-local",
		[ACTION_MOVE_LOCAL] = "move-local",
		[ACTION_DELETE_LOCAL] = "delete-local",
		[ACTION_HASH] = "hash",
		[ACTION_ADOPT] = "adopt",
		[ACTION_RENEW] = "renew",
		[ACTION_SETTLE] = "settle",
		[ACTION_FORGET] = "forget",
	};
	if (!log_is_on(LOG_DEBUG)) {
		return;
	}
	g_autofree char *here = state_path(engine->state, SIDE_LOCAL, action->key);
	g_autofree char *there = state_path(engine->state, SIDE_REMOTE, action->key);
	log_event(LOG_DEBUG, "plan",
		  "device=\"%s\" action=%s key=%" G_GINT64_FORMAT " here=\"%s\" there=\"%s\""
		  " name=\"%s\" other=%" G_GINT64_FORMAT,
		  engine->device_name, names[action->kind], action->key, here ? here : "-",
		  there ? there : "-", action->name ? action->name : "", action->other);
}

static void act(Engine *engine, const Action *action, unsigned group)
{
	log_action(engine, action);
	switch (action->kind) {
	case ACTION_ADOPT:
		planning_adopt(engine, action->key, action->other);
		break;
	case ACTION_RENEW:
		planning_renew(engine, action->key);
		break;
	case ACTION_SETTLE:
		state_agree(engine->state, action->key);
		trouble_cured(engine, action->key);
		room_settled(engine, action->key);
		planning_touch(engine, action->key);
		break;
	case ACTION_FORGET:
		/* It may be there, and left out. */
		resuming_unlearn(engine, action->key);
		state_unlearn(engine->state, action->key);
		trouble_cured(engine, action->key);
		room_settled(engine, action->key);
		planning_touch(engine, action->key);
		break;
	case ACTION_DELETE_LOCAL:
		if (state_get(engine->state, SIDE_REMOTE, action->key)) {
			engine_choice_take_away(engine, action->key);
		}
		applying_add(engine, action);
		break;
	default:
		if (is_towards_server(action->kind)) {
			uploading_add(engine, action, group);
		} else {
			applying_add(engine, action);
		}
	}
}

static bool is_deletion(const Action *action)
{
	return action->kind == ACTION_DELETE_REMOTE;
}

/* What is on its way to the server, or back, decides what it will be. */
static bool is_in_flight(Engine *engine, int64_t key)
{
	return g_hash_table_contains(engine->busy, KEY(key)) ||
	       g_hash_table_contains(engine->after_feed, KEY(key));
}

/*
 * Who is to be found on this disk, or given up, before a file can be read; ENTRY_KEY_NONE: nobody.
 * Somebody who deletes what he has just made would have it asked for again and again until then.
 */
static int64_t waits_to_be_found(Engine *engine, const Action *action)
{
	const Entry *local = state_get(engine->state, SIDE_LOCAL, action->key);
	switch (action->kind) {
	case ACTION_CREATE_REMOTE:
		if (local && local->kind == ENTRY_FOLDER) {
			return ENTRY_KEY_NONE;
		}
		return local_missing(engine->local, action->key);
	case ACTION_UPDATE_REMOTE:
	case ACTION_HASH:
		return local_missing(engine->local, action->key);
	default:
		return ENTRY_KEY_NONE;
	}
}

/*
 * What the server tells of a node whose upload is not back yet may be what was just sent: no news
 * of another device, for whose sake a name is given up or a deleted folder comes back. The node to
 * wait for; ENTRY_KEY_NONE: none.
 */
static int64_t waits_for_flight(Engine *engine, const Action *action)
{
	if (action->other && action->other != action->key && is_in_flight(engine, action->other)) {
		return action->other;
	}
	bool comes_back = action->kind == ACTION_CREATE_LOCAL &&
			  state_get(engine->state, SIDE_SYNCED, action->key);
	GHashTableIter iter;
	void *key;
	g_hash_table_iter_init(&iter, engine->busy);
	while (comes_back && g_hash_table_iter_next(&iter, &key, NULL)) {
		if (state_get(engine->state, SIDE_REMOTE, KEY_OF(key)) &&
		    state_is_below(engine->state, SIDE_REMOTE, KEY_OF(key), action->key)) {
			return KEY_OF(key);
		}
	}
	return ENTRY_KEY_NONE;
}

static bool waits_for_room(Engine *engine, const Action *action)
{
	bool uploads = action->kind == ACTION_CREATE_REMOTE || action->kind == ACTION_UPDATE_REMOTE;
	if (!uploads || room_turn(engine, action->key) != ROOM_WAIT) {
		return false;
	}
	if (!room_is_full_disk(engine) && !trouble_of(engine, action->key)) {
		trouble_item(engine, action->key, room_error(engine));
	}
	return true;
}

static bool may_act(Engine *engine, const Action *action, bool gate_open)
{
	if (is_in_flight(engine, action->key) || trouble_holds(engine, action->key) ||
	    observing_is_young(engine, action->key) ||
	    g_hash_table_contains(engine->stalled, KEY(action->key))) {
		return false;
	}
	if (waits_for_room(engine, action)) {
		return false;
	}
	if (resuming_holds(engine, action)) {
		g_hash_table_add(engine->put_off, KEY(action->key));
		return false;
	}
	if (action->kind == ACTION_DELETE_LOCAL && engine_choice_is_hollow(engine, action->key)) {
		return false;
	}
	if (is_deletion(action) && !gate_open) {
		g_hash_table_add(engine->held, KEY(action->key));
		return false;
	}
	return true;
}

/* All or nothing: a group waits for a member that cannot act now. broken: group -> its key. */
static void find_broken_groups(Engine *engine, const Plan *plan, GHashTable *broken)
{
	for (unsigned i = 0; i < plan->actions->len; i++) {
		const Action *action = &g_array_index(plan->actions, Action, i);
		if (action->group &&
		    (!may_act(engine, action, true) || !uploading_can(engine, action))) {
			g_hash_table_insert(broken, GUINT_TO_POINTER(action->group),
					    KEY(action->key));
		}
	}
}

static void carry_out(Engine *engine, const Plan *plan)
{
	/* First, since what is done at once below may be what they wait for. */
	for (unsigned i = 0; i < plan->blocks->len; i++) {
		const PlanBlock *wait = &g_array_index(plan->blocks, PlanBlock, i);
		planning_block(engine, wait->key, wait->on);
	}
	bool gate_open = true;
	for (unsigned i = 0; i < plan->actions->len; i++) {
		if (is_deletion(&g_array_index(plan->actions, Action, i))) {
			gate_open = gate_is_open(engine);
			break;
		}
	}
	g_autoptr(GHashTable) broken = g_hash_table_new(NULL, NULL);
	find_broken_groups(engine, plan, broken);
	unsigned first_group = engine->next_group, last_group = first_group;
	for (unsigned i = 0; i < plan->actions->len; i++) {
		const Action *action = &g_array_index(plan->actions, Action, i);
		int64_t on = waits_for_flight(engine, action);
		if (on == ENTRY_KEY_NONE) {
			on = waits_to_be_found(engine, action);
		}
		if (on != ENTRY_KEY_NONE) {
			planning_block(engine, action->key, on);
			continue;
		}
		void *member = g_hash_table_lookup(broken, GUINT_TO_POINTER(action->group));
		if (member && KEY_OF(member) != action->key) {
			planning_block(engine, action->key, KEY_OF(member));
		}
		if (member || !may_act(engine, action, gate_open)) {
			continue;
		}
		unsigned group = action->group ? first_group + action->group : 0;
		last_group = MAX(last_group, group);
		act(engine, action, group);
	}
	engine->next_group = last_group;
}

/* Nodes that need nothing have no problem any more. */
static void cure_settled(Engine *engine, const GArray *keys, const Plan *plan)
{
	if (g_hash_table_size(engine->problems) == 0 && g_hash_table_size(engine->waiting) == 0) {
		return;
	}
	g_autoptr(GHashTable) needy = g_hash_table_new(NULL, NULL);
	for (unsigned i = 0; i < plan->actions->len; i++) {
		g_hash_table_add(needy, KEY(g_array_index(plan->actions, Action, i).key));
	}
	for (unsigned i = 0; i < plan->blocks->len; i++) {
		g_hash_table_add(needy, KEY(g_array_index(plan->blocks, PlanBlock, i).key));
	}
	for (unsigned i = 0; i < keys->len; i++) {
		int64_t key = g_array_index(keys, int64_t, i);
		if (!g_hash_table_contains(needy, KEY(key))) {
			trouble_cured(engine, key);
			room_settled(engine, key);
		}
	}
}

static char *conflict_label(Engine *engine)
{
	g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(engine_now(engine) / 1000000);
	g_autoptr(GDateTime) now = g_date_time_to_local(utc);
	g_autofree char *when = g_date_time_format(now, "%Y-%m-%d %H.%M");
	return g_strdup_printf("%s, %s", engine->device_name, when);
}

static bool has_room(Engine *engine)
{
	return engine->upload_small.waiting.length + engine->upload_large.waiting.length +
		       engine->apply_small.waiting.length + engine->apply_large.waiting.length <
	       WAITING_MAX;
}

static void release_held(Engine *engine)
{
	if (g_hash_table_size(engine->held) > 0 && gate_is_open(engine)) {
		planning_touch_all(engine, engine->held);
	}
}

bool planning_run(Engine *engine)
{
	if (engine_choice_unsettled(engine) <= BRAKE_COUNT) {
		/* What was accepted is over: the next time is asked again. */
		engine->brake = false;
		engine->deletions_accepted = false;
	}
	release_held(engine);
	if (g_queue_is_empty(engine->touched) || !has_room(engine) || !engine->feed_began) {
		return false;
	}
	g_autofree char *label = conflict_label(engine);
	const PlanOptions options = {
		.remote_at_head = follow_at_head(engine->follow),
		.conflict_label = label,
	};
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	while (keys->len < PLAN_BATCH && !g_queue_is_empty(engine->touched)) {
		int64_t key = KEY_OF(g_queue_pop_head(engine->touched));
		g_hash_table_remove(engine->touched_set, KEY(key));
		if (!g_hash_table_contains(engine->busy, KEY(key))) {
			g_array_append_val(keys, key);
		}
	}
	PlanView view;
	planning_view(engine, &view);
	g_auto(Plan) plan = { 0 };
	plan_make(&view, &options, (int64_t *)keys->data, keys->len, &plan);
	if (state_error(engine->state)) {
		/* What was planned may rest on nothing. */
		trouble_batch(engine, state_error(engine->state));
		return false;
	}
	cure_settled(engine, keys, &plan);
	engine_choice_planned(engine, &view, keys);
	carry_out(engine, &plan);
	return !g_queue_is_empty(engine->touched);
}
