/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Actions towards the disk become items, items become jobs, and what is on the disk afterwards
 * becomes the local tree. A job syncs the disk once for all its content, so batches are as large as
 * memory allows.
 *
 * Once this disk was full one file at a time is tried, for what does not fit was fetched in vain.
 */
#include "base/error.h"
#include "base/limits.h"
#include "client/engine/engine_internal.h"

#include <string.h>

#define SMALL_JOBS_MAX 2
#define LARGE_JOBS_MAX 1
/* Each staged file holds a descriptor. */
#define BATCH_ITEMS_MAX 2048
#define BATCH_BYTES_MAX (16 * MIB)

/* An item with what the engine must know when it comes back. */
typedef struct Task {
	ApplyItem *item;
	int64_t parent; /* of the place it shows at afterwards */
	char *name;
	int64_t from_parent; /* MOVE, UPDATE, DELETE: where it was */
	char *from_name;
	Entry *remote; /* what it was made from; NULL for a conflict copy */
	bool conflict;
	bool folder_seen;
	EntryStamp folder; /* of what was at the path of its folder, once it was put there */
} Task;

typedef struct ApplyJob {
	Job job;
	Engine *engine;
	Lane *lane;
	GPtrArray *tasks; /* Task */
	GPtrArray *items; /* their ApplyItem */
	uint64_t bytes;
	uint64_t generation;
	bool completed;
	bool synced;
	GError *error;
} ApplyJob;

static void task_free(void *data)
{
	Task *task = data;
	g_free(task->name);
	g_free(task->from_name);
	entry_unref(task->remote);
	g_free(task);
}

/* ---- items ------------------------------------------------------------------------------ */

static void set_value(ApplyItem *item, const Entry *remote)
{
	item->kind = remote->kind;
	item->size = remote->size;
	item->mtime_ns = remote->mtime_ns;
	item->executable = remote->executable;
	item->content = remote->content ? g_bytes_ref(remote->content) : NULL;
}

static void add_inside(Engine *engine, int64_t folder, const char *path, GArray *inside)
{
	g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func((GDestroyNotify)entry_unref);
	state_children(engine->state, SIDE_LOCAL, folder, entries);
	for (unsigned i = 0; i < entries->len; i++) {
		const Entry *entry = entries->pdata[i];
		ApplyInside item = {
			.key = entry->key,
			.folder = folder,
			.path = g_strconcat(path, "/", entry->name, NULL),
			.expected = engine_info_of(entry),
		};
		if (entry->kind == ENTRY_FOLDER) {
			add_inside(engine, entry->key, item.path, inside);
		}
		g_array_append_val(inside, item);
	}
}

static void set_from(Engine *engine, Task *task, const Entry *local)
{
	task->from_parent = local->parent;
	task->from_name = g_strdup(local->name);
	task->item->expected = engine_info_of(local);
	task->item->has_expected = true;
	task->item->kind = local->kind;
	if (task->item->verb == APPLY_MOVE) {
		task->item->from = state_path(engine->state, SIDE_LOCAL, local->key);
	}
}

static void set_to(Engine *engine, Task *task, int64_t parent, const char *name)
{
	task->parent = parent;
	task->name = g_strdup(name);
	task->item->path = planning_path(engine, parent, name);
}

static void fill_task(Engine *engine, Task *task, const Action *action)
{
	const Entry *there = state_get(engine->state, SIDE_REMOTE, action->key);
	task->remote = there ? entry_ref(there) : NULL;
	const Entry *local = state_get(engine->state, SIDE_LOCAL, action->key);
	if (local) {
		set_from(engine, task, local);
	}
	switch (task->item->verb) {
	case APPLY_CREATE:
	case APPLY_UPDATE: {
		if (local) {
			task->item->base_content =
				local->content ? g_bytes_ref(local->content) : NULL;
			set_to(engine, task, task->from_parent, task->from_name);
		}
		set_value(task->item, task->remote);
		if (!local) {
			set_to(engine, task, task->remote->parent, task->remote->name);
		}
		break;
	}
	case APPLY_MOVE:
		set_to(engine, task, action->parent, action->name);
		break;
	case APPLY_DELETE:
		set_to(engine, task, task->from_parent, task->from_name);
		if (task->item->kind == ENTRY_FOLDER && task->item->path) {

			add_inside(engine, action->key, task->item->path, task->item->inside);
		}
		break;
	}
}

static Task *make_task(Engine *engine, const Action *action)
{
	static const ApplyVerb verbs[] = {
		[ACTION_CREATE_LOCAL] = APPLY_CREATE,
		[ACTION_UPDATE_LOCAL] = APPLY_UPDATE,
		[ACTION_MOVE_LOCAL] = APPLY_MOVE,
		[ACTION_DELETE_LOCAL] = APPLY_DELETE,
	};
	Task *task = g_new0(Task, 1);
	task->item = apply_item_new(verbs[action->kind]);
	task->item->key = action->key;
	task->conflict = action->conflict;
	fill_task(engine, task, action);
	return task;
}

static uint64_t weight(const Task *task)
{
	bool writes = task->item->verb == APPLY_CREATE || task->item->verb == APPLY_UPDATE;
	return writes && task->item->kind == ENTRY_FILE ? task->item->size : 0;
}

typedef void (*AtPlace)(Engine *engine, int64_t folder, const char *name);

/*
 * The places of the files in a folder that is to be deleted: what is saved there before it is known
 * which of them were taken is no new content of one that was.
 */
static void each_inside(Engine *engine, const Task *task, AtPlace at_place)
{
	const GArray *inside = task->item->inside;
	for (unsigned i = 0; inside && i < inside->len; i++) {
		const ApplyInside *item = &g_array_index(inside, ApplyInside, i);
		if (item->expected.kind != DISK_FOLDER) {
			at_place(engine, item->folder, strrchr(item->path, '/') + 1);
		}
	}
}

static void begin_ours(Engine *engine, const Task *task)
{
	observing_begin(engine, task->parent, task->name);
	each_inside(engine, task, observing_begin);
	if (task->item->verb == APPLY_MOVE) {
		observing_begin(engine, task->from_parent, task->from_name);
	}
}

static void end_inside(Engine *engine, int64_t folder, const char *name)
{
	observing_end(engine, folder, name, false);
}

static void end_ours(Engine *engine, const Task *task)
{
	const ApplyItem *item = task->item;
	/* Without the time of its last change, it was touched already while it was put there. */
	bool arrived = item->outcome == APPLY_DONE && item->verb == APPLY_CREATE &&
		       item->kind == ENTRY_FILE && item->info.stamp.change_ns != 0;
	/* What is spelled otherwise here is told of by whoever looks at it. */
	g_autofree char *spelled = arrived ? disk_spell(engine->world.disk, task->name) : NULL;
	observing_end(engine, task->parent, task->name, arrived && !spelled);
	each_inside(engine, task, end_inside);
	if (item->verb == APPLY_MOVE) {
		observing_end(engine, task->from_parent, task->from_name, false);
	}
}

static void drop(Task *task)
{
	apply_item_free(task->item);
	task_free(task);
}

static bool is_one_tried(const Engine *engine)
{
	const Lane *small = &engine->apply_small, *large = &engine->apply_large;
	return small->waiting_bytes + small->running_bytes + large->waiting_bytes +
		       large->running_bytes >
	       0;
}

void applying_add(Engine *engine, const Action *action)
{
	Task *task = make_task(engine, action);
	bool complete = task->item->path && (task->item->verb != APPLY_MOVE || task->item->from);
	if (!complete) {
		/* It is planned again when it shows where that folder is. */
		int64_t folder = task->item->path ? task->from_parent : task->parent;
		planning_block(engine, action->key, planning_lost(engine, folder));
		drop(task);
		return;
	}
	if (engine->disk_full && weight(task) > 0 && is_one_tried(engine)) {
		trouble_stall(engine, action->key);
		drop(task);
		return;
	}
	Lane *lane = weight(task) > BATCH_SIZE_TARGET ? &engine->apply_large : &engine->apply_small;
	planning_busy(engine, action->key, true);
	begin_ours(engine, task);
	lane->waiting_bytes += weight(task);
	g_queue_push_tail(&lane->waiting, task);
}

/* ---- results ---------------------------------------------------------------------------- */

static Entry *applied_entry(Engine *engine, const Task *task)
{
	const ApplyItem *item = task->item;
	const Entry *base = item->verb == APPLY_CREATE
				    ? task->remote
				    : state_get(engine->state, SIDE_LOCAL, item->key);
	if (!base) {
		return NULL;
	}
	Entry fields = *base;
	fields.parent = task->parent;
	fields.name = task->name;
	if (item->verb != APPLY_MOVE) {
		fields.content = item->content;
		fields.size = item->kind == ENTRY_FOLDER ? 0 : item->info.size;
		fields.mtime_ns = item->kind == ENTRY_FOLDER ? 0 : item->info.mtime_ns;
		fields.executable = item->kind == ENTRY_FILE && item->info.executable;
	}
	fields.seq = 0;
	fields.stamp = item->info.stamp;
	if (item->kind == ENTRY_FOLDER) {
		fields.stamp.change_ns = 0;
	}
	return entry_new(&fields);
}

static void look_around(Engine *engine, const Task *task)
{
	local_mark_name(engine->local, task->parent, task->name);
	if (task->item->verb == APPLY_MOVE) {
		local_mark_name(engine->local, task->from_parent, task->from_name);
	}
	if (task->item->verb == APPLY_DELETE && task->item->kind == ENTRY_FOLDER) {
		local_mark_folder(engine->local, task->item->key, true);
	}
}

/* Nobody moves the root, or where we park. */
static bool has_fixed_folder(const Task *task)
{
	return task->parent == ENTRY_KEY_ROOT || task->parent == ENTRY_KEY_PARK;
}

/*
 * Whoever swaps folders meanwhile makes a path lead elsewhere, and what lies there may be gone
 * before anybody has seen it.
 */
static bool is_in_its_folder(Engine *engine, const Task *task)
{
	const Entry *folder = state_get(engine->state, SIDE_LOCAL, task->parent);
	return has_fixed_folder(task) ||
	       (task->folder_seen && scan_is_folder(&folder->stamp, &task->folder));
}

/*
 * A name that the disk gave us was free. Who is known to be at it was put there by another job, and
 * taken away by somebody before anybody looked.
 */
static void displace(Engine *engine, const Task *task)
{
	int64_t before = state_find(engine->state, SIDE_LOCAL, task->parent, task->name);
	if (before != ENTRY_KEY_NONE && before != task->item->key) {
		local_displace(engine->local, before);
		local_mark_name(engine->local, task->parent, task->name);
	}
}

/*
 * What was applied is agreed, whatever the server has changed since: the remote entry is for a
 * moment what it was, and then again what it is.
 */
static void applied(Engine *engine, const Task *task)
{
	int64_t key = task->item->key;
	g_autoptr(Entry) entry = applied_entry(engine, task);
	if (!entry) {
		return;
	}
	if (!state_get(engine->state, SIDE_LOCAL, task->parent)) {
		/* Its folder was seen to vanish meanwhile. */
		observing_look(engine, key);
		return;
	}
	bool in_itself = entry->kind == ENTRY_FOLDER &&
			 state_is_below(engine->state, SIDE_LOCAL, task->parent, key);
	if (in_itself || !is_in_its_folder(engine, task)) {
		look_around(engine, task);
		if (task->item->verb == APPLY_MOVE) {
			/* Perhaps into what is known to lie in it by now: it is found there. */
			return;
		}
	}
	displace(engine, task);
	state_put(engine->state, SIDE_LOCAL, entry);
	engine_choice_returned(engine, key);
	local_found(engine->local, key);
	if (!task->remote) {
		return;
	}
	const Entry *remote = state_get(engine->state, SIDE_REMOTE, key);
	g_autoptr(Entry) newer = remote ? entry_ref(remote) : NULL;
	state_put(engine->state, SIDE_REMOTE, task->remote);
	state_agree(engine->state, key);
	if (newer) {
		state_put(engine->state, SIDE_REMOTE, newer);
	} else {
		state_remove(engine->state, SIDE_REMOTE, key, NULL);
	}
}

/* The node and all below it on the server, folders first. */
static void collect_there(Engine *engine, int64_t key, GPtrArray *ret_entries)
{
	const Entry *entry = state_get(engine->state, SIDE_REMOTE, key);
	if (!entry) {
		return;
	}
	/* While pages of changes are missing, folders may lie in a circle. */
	g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
	g_ptr_array_add(ret_entries, entry_ref(entry));
	for (unsigned i = 0; i < ret_entries->len; i++) {
		entry = ret_entries->pdata[i];
		if (g_hash_table_add(seen, KEY(entry->key))) {
			state_children(engine->state, SIDE_REMOTE, entry->key, ret_entries);
		}
	}
}

/*
 * It was deleted there, so it is forgotten here, also if it came back there since, perhaps with
 * more in it: then it is new, not deleted here.
 */
static void deleted(Engine *engine, const ApplyItem *item)
{
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	g_autoptr(GPtrArray) back = g_ptr_array_new_with_free_func((GDestroyNotify)entry_unref);
	state_remove(engine->state, SIDE_LOCAL, item->key, keys);
	collect_there(engine, item->key, back);
	state_remove(engine->state, SIDE_REMOTE, item->key, NULL);
	for (unsigned i = 0; i < keys->len; i++) {
		int64_t key = g_array_index(keys, int64_t, i);
		bool gone = !state_get(engine->state, SIDE_REMOTE, key);
		if (gone && state_get(engine->state, SIDE_SYNCED, key)) {
			resuming_unlearn(engine, key);
			state_forget(engine->state, key);
		}
		local_gone(engine->local, key);
		planning_touch(engine, key);
	}
	for (unsigned i = 0; i < back->len; i++) {
		const Entry *entry = back->pdata[i];
		state_put(engine->state, SIDE_REMOTE, entry);
		planning_touch(engine, entry->key);
	}
}

/*
 * The folder is still there, but this file of it we have taken. Whoever saves one under its name
 * has seen neither it go nor what the server has of it: that is another file.
 */
static void took(Engine *engine, const ApplyInside *inside)
{
	int64_t key = inside->key;
	g_autofree char *path = state_path(engine->state, SIDE_LOCAL, key);
	if (g_strcmp0(path, inside->path) != 0) {
		return;
	}
	resuming_unlearn(engine, key);
	state_remove(engine->state, SIDE_LOCAL, key, NULL);
	state_unlearn(engine->state, key);
	local_gone(engine->local, key);
	planning_touch(engine, key);
}

static void took_inside(Engine *engine, const ApplyItem *item)
{
	for (unsigned i = 0; i < item->inside->len; i++) {
		const ApplyInside *inside = &g_array_index(item->inside, ApplyInside, i);
		if (inside->removed && inside->expected.kind != DISK_FOLDER) {
			took(engine, inside);
		}
	}
}

static void done_folder(Engine *engine, const ApplyItem *item)
{
	if (item->verb == APPLY_CREATE) {
		/* Watch it, and see what somebody put there before it was watched. */
		local_mark_folder(engine->local, item->key, false);
	} else if (item->verb == APPLY_MOVE && !local_has_seen_all(engine->local)) {
		/* It may have left what is still to be listed for what was listed already. */
		local_mark_folder(engine->local, item->key, true);
	}
}

static void done_item(Engine *engine, const Task *task)
{
	static const char *const what[] = {
		[APPLY_CREATE] = "downloaded",
		[APPLY_UPDATE] = "downloaded",
		[APPLY_MOVE] = "moved here",
		[APPLY_DELETE] = "deleted here",
	};
	const ApplyItem *item = task->item;
	bool left_out = item->verb == APPLY_DELETE && task->remote;
	trouble_activity(engine,
			 task->conflict ? "conflict"
			 : left_out     ? "left out"
					: what[item->verb],
			 item->key, item->path);
	if (item->verb == APPLY_DELETE) {
		deleted(engine, item);
	} else {
		applied(engine, task);
		if (item->kind == ENTRY_FOLDER) {
			done_folder(engine, item);
		}
	}
	observing_rules(engine, item->key);
	trouble_cured(engine, item->key);
	engine->bytes_done += weight(task);
}

static void result(Engine *engine, const Task *task, bool completed)
{
	if (task->item->outcome != APPLY_DONE && task->item->inside) {
		took_inside(engine, task->item);
	}
	switch (task->item->outcome) {
	case APPLY_DONE:
		done_item(engine, task);
		break;
	case APPLY_CHANGED: {
		g_autoptr(GError) error = g_error_new(
			DRIVE_ERROR, DRIVE_ERROR_CHANGED,
			"'%s' changed on this disk while a change from elsewhere was to be put "
			"there; it is looked at again",
			task->item->path);
		trouble_item(engine, task->item->key, error);
		look_around(engine, task);
		break;
	}
	case APPLY_FAILED:
		trouble_item(engine, task->item->key, task->item->error);
		look_around(engine, task);
		break;
	case APPLY_HOLLOW:
		trouble_cured(engine, task->item->key);
		engine_choice_hollow(engine, task->item);
		look_around(engine, task);
		break;
	case APPLY_PENDING:
		g_assert(!completed);
		trouble_stall(engine, task->item->key);
		break;
	}
}

/* ---- jobs ------------------------------------------------------------------------------- */

static void look_at_folders(const ApplyJob *apply)
{
	g_autofree char *last = NULL;
	DiskInfo info = { 0 };
	bool seen = false;
	for (unsigned i = 0; i < apply->tasks->len; i++) {
		Task *task = apply->tasks->pdata[i];
		const ApplyItem *item = task->item;
		bool shown = item->outcome == APPLY_DONE && item->verb != APPLY_DELETE;
		if (!shown || has_fixed_folder(task)) {
			continue;
		}
		g_autofree char *folder = g_path_get_dirname(item->path);
		if (g_strcmp0(folder, last) != 0) {
			seen = disk_look(apply->engine->world.disk, folder, &info, NULL);
			g_free(last);
			last = g_steal_pointer(&folder);
		}
		task->folder_seen = seen;
		task->folder = info.stamp;
	}
}

static void run(Job *job)
{
	ApplyJob *apply = (ApplyJob *)job;
	Engine *engine = apply->engine;
	apply->completed = apply_run(engine->world.apply, apply->items, engine->cancellable,
				     &apply->synced, &apply->error);
	look_at_folders(apply);
}

/* What is to be written waits, and is planned again with what has just failed. */
static void stall_waiting(Engine *engine, Lane *lane)
{
	for (unsigned left = lane->waiting.length; left > 0; left--) {
		Task *task = g_queue_pop_head(&lane->waiting);
		if (weight(task) == 0) {
			g_queue_push_tail(&lane->waiting, task);
			continue;
		}
		lane->waiting_bytes -= weight(task);
		end_ours(engine, task);
		trouble_stall(engine, task->item->key);
		planning_busy(engine, task->item->key, false);
		drop(task);
	}
}

/* What became of a job that wrote tells whether there is room. */
static void heed(Engine *engine, const ApplyJob *apply)
{
	if (g_error_matches(apply->error, DRIVE_ERROR, DRIVE_ERROR_NO_SPACE)) {
		engine->disk_full = true;
		stall_waiting(engine, &engine->apply_small);
		stall_waiting(engine, &engine->apply_large);
	} else if (engine->disk_full && apply->completed && apply->bytes > 0) {
		engine->disk_full = false;
		trouble_resume(engine);
	}
}

static void done(Job *job)
{
	ApplyJob *apply = (ApplyJob *)job;
	Engine *engine = apply->engine;
	apply->lane->running--;
	apply->lane->running_bytes -= apply->bytes;
	if (apply->completed) {
		trouble_passed(engine);
	} else {
		trouble_batch(engine, apply->error);
	}
	heed(engine, apply);
	for (unsigned i = 0; i < apply->tasks->len; i++) {
		const Task *task = apply->tasks->pdata[i];
		end_ours(engine, task);
		result(engine, task, apply->completed);
		planning_busy(engine, task->item->key, false);
	}
	if (apply->synced) {
		recording_synced(engine, apply->generation);
	}
	g_ptr_array_unref(apply->tasks);
	g_ptr_array_unref(apply->items);
	g_clear_error(&apply->error);
	g_free(apply);
}

static void start_job(Engine *engine, Lane *lane)
{
	ApplyJob *job = g_new0(ApplyJob, 1);
	job->job.run = run;
	job->job.done = done;
	job->engine = engine;
	job->lane = lane;
	job->tasks = g_ptr_array_new_with_free_func(task_free);
	job->items = g_ptr_array_new_with_free_func((GDestroyNotify)apply_item_free);
	Task *task;
	while ((task = g_queue_peek_head(&lane->waiting)) &&
	       (job->tasks->len == 0 || (job->tasks->len < BATCH_ITEMS_MAX &&
					 job->bytes + weight(task) <= BATCH_BYTES_MAX))) {
		g_queue_pop_head(&lane->waiting);
		job->bytes += weight(task);
		g_ptr_array_add(job->tasks, task);
		g_ptr_array_add(job->items, task->item);
	}
	lane->waiting_bytes -= job->bytes;
	lane->running++;
	lane->running_bytes += job->bytes;
	job->generation = state_mark(engine->state);
	engine_submit(engine, &job->job);
}

void applying_clear(Lane *lane)
{
	Task *task;
	while ((task = g_queue_pop_head(&lane->waiting))) {
		drop(task);
	}
}

void applying_start(Engine *engine)
{
	Lane *small = &engine->apply_small, *large = &engine->apply_large;
	if (!engine_choice_secure(engine)) {
		return;
	}
	while (!g_queue_is_empty(&small->waiting) && small->running < SMALL_JOBS_MAX &&
	       (small->running == 0 || small->waiting_bytes >= BATCH_BYTES_MAX ||
		small->waiting.length >= BATCH_ITEMS_MAX)) {
		start_job(engine, small);
	}
	while (!g_queue_is_empty(&large->waiting) && large->running < LARGE_JOBS_MAX) {
		start_job(engine, large);
	}
	bool over = g_hash_table_size(engine->stalled) == 0 && g_queue_is_empty(engine->touched) &&
		    !is_one_tried(engine);
	if (engine->disk_full && over) {
		/* What did not fit is wanted no more. */
		engine->disk_full = false;
		trouble_passed(engine);
	}
}
