/* SPDX-License-Identifier: Apache-2.0 */
#include "client/plan/subject.h"

static Entry *read_entry(const Planner *planner, Side side, int64_t key)
{
	const Entry *entry = planner->view->get(planner->view->data, side, key);
	g_assert(!entry || entry->key == key);
	return entry ? entry_ref(entry) : NULL;
}

void subject_load(const Planner *planner, int64_t key, Subject *ret_subject)
{
	*ret_subject = (Subject){
		.key = key,
		.local = read_entry(planner, SIDE_LOCAL, key),
		.synced = read_entry(planner, SIDE_SYNCED, key),
		.remote = read_entry(planner, SIDE_REMOTE, key),
	};
}

void subject_clear(Subject *subject)
{
	g_clear_pointer(&subject->local, entry_unref);
	g_clear_pointer(&subject->synced, entry_unref);
	g_clear_pointer(&subject->remote, entry_unref);
	g_clear_pointer(&subject->waits, g_array_unref);
	g_clear_pointer(&subject->fate_waits, g_array_unref);
	action_clear(&subject->action);
}

Subject *subject_get(Planner *planner, int64_t key)
{
	Subject *subject = g_hash_table_lookup(planner->subjects, &key);
	if (!subject) {
		subject = g_new(Subject, 1);
		subject_load(planner, key, subject);
		g_hash_table_insert(planner->subjects, &subject->key, subject);
	}
	return subject;
}

Subject *subject_find(Planner *planner, Side side, int64_t parent, const char *name)
{
	int64_t key = planner->view->find(planner->view->data, side, parent, name);
	return key == ENTRY_KEY_NONE ? NULL : subject_get(planner, key);
}

void subject_queue(Planner *planner, Subject *subject)
{
	if (!subject->queued) {
		subject->queued = true;
		g_ptr_array_add(planner->queue, subject);
	}
}

void subject_act(Subject *subject, ActionKind kind)
{
	g_assert(subject->action.kind == ACTION_NONE);
	subject->action.kind = kind;
	subject->action.key = subject->key;
}

void subject_move(Subject *subject, int64_t parent, const char *name, bool conflict)
{
	subject_act(subject, ACTION_MOVE_LOCAL);
	subject->action.parent = parent;
	subject->action.name = g_strdup(name);
	subject->action.conflict = conflict;
}

static void add_wait(Subject *subject, int64_t on, bool for_name)
{
	g_assert(on != subject->key);
	if (!subject->waits) {
		subject->waits = g_array_new(FALSE, FALSE, sizeof(Wait));
	}
	Wait wait = { .on = on, .for_name = for_name };
	g_array_append_val(subject->waits, wait);
}

/* Queues `on`, for somebody who waits for it; and what that one waits for, if it was decided. */
static void await(Planner *planner, int64_t on)
{
	while (on >= ENTRY_KEY_FIRST) {
		Subject *subject = subject_get(planner, on);
		subject_queue(planner, subject);
		if (subject->awaited) {
			return;
		}
		subject->awaited = true;
		on = subject->folder_waited_for;
	}
}

void subject_wait(Planner *planner, Subject *subject, int64_t on, bool for_name)
{
	add_wait(subject, on, for_name);
	await(planner, on);
}

void subject_wait_for_folder(Planner *planner, Subject *subject, int64_t folder)
{
	add_wait(subject, folder, false);
	subject->folder_waited_for = folder;
	if (subject->awaited) {
		await(planner, folder);
	}
}

bool subject_is_gone_here(const Subject *subject)
{
	return !subject->local && subject->synced && subject->remote;
}

bool subject_is_gone_there(const Subject *subject)
{
	return subject->local && subject->synced && !subject->remote;
}

bool subject_is_parked(const Subject *subject)
{
	return subject->local && subject->local->parent == ENTRY_KEY_PARK;
}
