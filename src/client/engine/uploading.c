/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Actions towards the server become items, items become jobs, and what the server said becomes the
 * remote tree.
 *
 * Small items wait until a job is free or a batch is full, so that one edit leaves at once and ten
 * thousand leave in few requests. Large files have a lane of their own and never hold up small
 * ones.
 */
#include "base/error.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"
#include "client/engine/engine_internal.h"

#include <string.h>

#define SMALL_JOBS_MAX 2
#define LARGE_JOBS_MAX 1
#define BATCH_ITEMS_MAX 512
/* Bytes of files: a few jobs at once hold all of them in memory. */
#define BATCH_BYTES_MAX BATCH_SIZE_TARGET
/* How long a refused operation waits for the news that explain the refusal. */
#define AFTER_FEED_US 1000000

typedef struct UploadJob {
	Job job;
	Engine *engine;
	Lane *lane;
	GPtrArray *items;
	uint64_t bytes;
	unsigned tried; /* items that need room */
	bool asks;      /* … and are stored_only */
	bool alone;
	unsigned age;
	bool completed;
	GError *error;
} UploadJob;

/* ---- items ------------------------------------------------------------------------------ */

/* A folder that is not on the server yet can only be one of the same group. */
static bool set_place(Engine *engine, UploadItem *item, const Entry *local, bool grouped)
{
	item->name = g_strdup(local->name);
	int64_t parent = local->parent;
	const Entry *folder = state_get(engine->state, SIDE_REMOTE, parent);
	if (!folder && grouped) {
		folder = state_get(engine->state, SIDE_LOCAL, parent);
	}
	if (!folder) {
		return false;
	}
	item->parent = folder->id;
	return true;
}

static void set_file(UploadItem *item, const Entry *local)
{
	item->expected = engine_info_of(local);
	item->node = local->id;
	item->kind = local->kind;
}

static void set_base(UploadItem *item, const Entry *remote)
{
	item->node = remote->id;
	item->kind = remote->kind;
	item->base = remote->seq;
	item->same_as = remote->content ? g_bytes_ref(remote->content) : NULL;
	item->same_mtime_ns = remote->mtime_ns;
	item->same_executable = remote->executable;
}

static const UploadVerb verbs[] = {
	[ACTION_CREATE_REMOTE] = UPLOAD_CREATE,
	[ACTION_UPDATE_REMOTE] = UPLOAD_UPDATE,
	[ACTION_MOVE_REMOTE] = UPLOAD_MOVE,
	[ACTION_DELETE_REMOTE] = UPLOAD_DELETE,
};

/* NULL if the trees have moved on since the plan: the node is planned again when they settle. */
static UploadItem *make_item(Engine *engine, const Action *action)
{
	g_autoptr(UploadItem) item =
		upload_item_new(action->kind == ACTION_HASH ? UPLOAD_HASH : verbs[action->kind]);
	item->key = action->key;
	item->number = ++engine->next_number;
	item->path = state_path(engine->state, SIDE_LOCAL, action->key);
	const Entry *local = state_get(engine->state, SIDE_LOCAL, action->key);
	if (local) {
		set_file(item, local);
		if ((item->verb == UPLOAD_CREATE || item->verb == UPLOAD_MOVE) &&
		    !set_place(engine, item, local, action->group != 0)) {
			return NULL;
		}
	}
	const Entry *remote = state_get(engine->state, SIDE_REMOTE, action->key);
	if (item->verb != UPLOAD_CREATE && remote) {
		set_base(item, remote);
	}
	if (item->verb == UPLOAD_DELETE) {
		/* For people: by the time that it is done, the feed may have told of it. */
		g_free(item->path);
		item->path = state_path(engine->state, SIDE_REMOTE, action->key);
		item->decided_at = follow_seq(engine->follow);
	} else if (!local || !item->path) {
		return NULL;
	}
	return g_steal_pointer(&item);
}

static uint64_t weight(const UploadItem *item)
{
	bool reads = item->verb == UPLOAD_CREATE || item->verb == UPLOAD_UPDATE ||
		     item->verb == UPLOAD_HASH;
	return reads && item->kind == ENTRY_FILE ? item->expected.size : 0;
}

bool uploading_can(Engine *engine, const Action *action)
{
	g_autoptr(UploadItem) item = make_item(engine, action);
	return item;
}

void uploading_add(Engine *engine, const Action *action, unsigned group)
{
	UploadItem *item = make_item(engine, action);
	if (!item) {
		const Entry *local = state_get(engine->state, SIDE_LOCAL, action->key);
		if (local) {
			planning_block(engine, action->key, planning_lost(engine, local->parent));
		}
		return;
	}
	item->group = group;
	Lane *lane =
		weight(item) > BATCH_SIZE_TARGET ? &engine->upload_large : &engine->upload_small;
	planning_busy(engine, item->key, true);
	if (item->verb == UPLOAD_CREATE) {
		state_hold_id(engine->state, &item->node, item->key);
	}
	lane->waiting_bytes += weight(item);
	g_queue_push_tail(&lane->waiting, item);
}

/* ---- results ---------------------------------------------------------------------------- */

/* The entry on this disk as it was sent; what is not of this operation is as it was agreed. */
static Entry *sent_entry(Engine *engine, const UploadItem *item)
{
	const Entry *agreed = state_get(engine->state, SIDE_SYNCED, item->key);
	if (!agreed) {
		agreed = state_get(engine->state, SIDE_REMOTE, item->key);
	}
	Entry fields = { .key = item->key, .id = item->node, .kind = item->kind };
	if (agreed && item->verb != UPLOAD_CREATE) {
		fields = *agreed;
	}
	if (item->verb == UPLOAD_CREATE || item->verb == UPLOAD_MOVE) {
		fields.parent = state_key_for_id(engine->state, &item->parent);
		fields.name = item->name;
	}
	if (item->verb == UPLOAD_CREATE || item->verb == UPLOAD_UPDATE) {
		fields.content = item->content;
		fields.size = item->kind == ENTRY_FOLDER ? 0 : item->info.size;
		fields.mtime_ns = item->kind == ENTRY_FOLDER ? 0 : item->info.mtime_ns;
		fields.executable = item->kind == ENTRY_FILE && item->info.executable;
		fields.stamp = upload_item_stamp(item);
	}
	return fields.name ? entry_new(&fields) : NULL;
}

static void put_committed(Engine *engine, const UploadItem *item, const Entry *sent)
{
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	const Entry *before = state_get(engine->state, SIDE_REMOTE, item->key);
	Entry fields = before ? *before : *sent;
	g_autofree char *name = g_strdup(before ? before->name : NULL);
	g_autoptr(GBytes) content = before && before->content ? g_bytes_ref(before->content) : NULL;
	if (before) {
		fields.name = name;
		fields.content = content;
	}
	if (item->verb == UPLOAD_MOVE) {
		fields.parent = sent->parent;
		fields.name = sent->name;
	} else if (item->verb == UPLOAD_UPDATE) {
		fields.content = sent->content;
		fields.size = sent->size;
		fields.mtime_ns = sent->mtime_ns;
		fields.executable = sent->executable;
	}
	fields.seq = item->seq;
	g_autoptr(Entry) committed = entry_new(&fields);
	follow_committed(engine->follow, item->key, committed, item->seq, keys);
}

/*
 * The local entry is for a moment what it was, and then again what it is, so that the newer change
 * is one against what was sent.
 */
void uploading_agree(Engine *engine, int64_t key, const Entry *sent)
{
	const Entry *local = state_get(engine->state, SIDE_LOCAL, key);
	g_autoptr(Entry) newer = local ? entry_ref(local) : NULL;
	state_put(engine->state, SIDE_LOCAL, sent);
	state_agree(engine->state, key);
	if (newer) {
		state_put(engine->state, SIDE_LOCAL, newer);
	} else {
		state_remove(engine->state, SIDE_LOCAL, key, NULL);
	}
}

static void committed(Engine *engine, const UploadItem *item)
{
	bool gone_there =
		item->verb != UPLOAD_CREATE && !state_get(engine->state, SIDE_REMOTE, item->key);
	g_autoptr(Entry) sent = gone_there ? NULL : sent_entry(engine, item);
	if (!sent) {
		return;
	}
	put_committed(engine, item, sent);
	uploading_agree(engine, item->key, sent);
}

/* The node is looked at again when the server has told more, or at the latest soon. */
static void after_feed(Engine *engine, int64_t key)
{
	g_hash_table_add(engine->after_feed, KEY(key));
	engine->after_feed_us =
		engine_sooner(engine->after_feed_us, engine_now(engine) + AFTER_FEED_US);
}

static void deleted(Engine *engine, const UploadItem *item)
{
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	follow_committed(engine->follow, item->key, NULL, item->seq, keys);
	if (state_get(engine->state, SIDE_REMOTE, item->key)) {
		after_feed(engine, item->key);
	}
	for (unsigned i = 0; i < keys->len; i++) {
		planning_touch(engine, g_array_index(keys, int64_t, i));
	}
}

/* The content is known now, if the file still is what was read. */
static void learn_content(Engine *engine, const UploadItem *item)
{
	const Entry *local = state_get(engine->state, SIDE_LOCAL, item->key);
	if (!local || local->kind == ENTRY_FOLDER) {
		return;
	}
	DiskInfo seen = engine_info_of(local);
	if (!disk_info_equal(&seen, &item->info)) {
		return;
	}
	if (item->young) {
		observing_young(engine, item->key, &item->info);
		return;
	}
	Entry fields = *local;
	fields.content = item->content;
	g_autoptr(Entry) entry = entry_new(&fields);
	state_put(engine->state, SIDE_LOCAL, entry);
}

static void done_item(Engine *engine, const UploadItem *item)
{
	static const char *const what[] = {
		[UPLOAD_CREATE] = "uploaded",
		[UPLOAD_UPDATE] = "uploaded",
		[UPLOAD_MOVE] = "moved there",
		[UPLOAD_DELETE] = "deleted there",
	};
	bool done = item->outcome == UPLOAD_DONE && item->verb != UPLOAD_HASH;
	if (done) {
		resuming_answered(engine, &item->node);
		trouble_activity(engine, what[item->verb], item->key, item->path);
	}
	if (item->outcome == UPLOAD_SAME) {
		room_settled(engine, item->key);
	} else if (upload_item_needs_room(item)) {
		room_stored(engine, item);
	}
	if (done && item->verb == UPLOAD_DELETE) {
		deleted(engine, item);
	} else if (done) {
		committed(engine, item);
	}
	if (item->content) {
		learn_content(engine, item);
	}
	trouble_cured(engine, item->key);
	engine->bytes_done += weight(item);
}

/*
 * A node of that id was there before. Either our own creation, whose answer was lost: then its news
 * are on their way. Or what this file was until it was deleted there: then it needs another id.
 */
static void refused_id(Engine *engine, const UploadItem *item)
{
	const GError *before = trouble_of(engine, item->key);
	if (before && before->code == DRIVE_ERROR_CONFLICT) {
		trouble_cured(engine, item->key);
		planning_renew(engine, item->key);
		return;
	}
	g_autoptr(GError) error = g_error_new(DRIVE_ERROR, DRIVE_ERROR_CONFLICT,
					      "the server had it before; it is sent again");
	trouble_item(engine, item->key, error);
}

static void refused(Engine *engine, const UploadItem *item)
{
	g_autoptr(GError) error = NULL;
	log_event(LOG_DEBUG, "refused", "device=\"%s\" key=%" G_GINT64_FORMAT " outcome=%d",
		  engine->device_name, item->key, (int)item->refusal);
	switch (item->refusal) {
	case REMOTE_QUOTA:
		error = g_error_new(DRIVE_ERROR, DRIVE_ERROR_QUOTA,
				    "the storage of this account is used up: delete something, or "
				    "ask for more");
		room_refused(engine, item, error);
		break;
	case REMOTE_INVALID:
		error = g_error_new(DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "the server does not accept this name or content");
		break;
	case REMOTE_CASE_TAKEN:
		error = g_error_new(DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "another name in this folder differs from it only in upper and "
				    "lower case, which this drive does not take: rename one of "
				    "them");
		break;
	case REMOTE_EXISTS:
		refused_id(engine, item);
		return;
	case REMOTE_MISSING_CONTENT:
		error = g_error_new(DRIVE_ERROR, DRIVE_ERROR_BUSY,
				    "the server lost part of the content on the way; it is sent "
				    "again");
		break;
	default:
		/* The server knows something that we do not yet: it is on its way. */
		after_feed(engine, item->key);
		return;
	}
	trouble_item(engine, item->key, error);
}

/*
 * Parked and not what was observed: nothing tells of what happens to it there, so it is looked at
 * by its name. If it cannot be told what it is, it is something new.
 */
static void changed(Engine *engine, const UploadItem *item)
{
	const Entry *local = state_get(engine->state, SIDE_LOCAL, item->key);
	if (!local || local->parent != ENTRY_KEY_PARK) {
		observing_look(engine, item->key);
	} else if (item->verb == UPLOAD_HASH) {
		planning_renew(engine, item->key);
	} else {
		g_autofree char *name = g_strdup(local->name);
		local_mark_name(engine->local, ENTRY_KEY_PARK, name);
	}
}

/* Not reached, since the server's disk is full. */
static bool found_it_full(const UploadJob *job, const UploadItem *item)
{
	return g_error_matches(job->error, DRIVE_ERROR, DRIVE_ERROR_NO_SPACE) &&
	       item->outcome == UPLOAD_PENDING && upload_item_needs_room(item);
}

static void pending(Engine *engine, const UploadJob *job, const UploadItem *item)
{
	g_assert(!job->completed);
	resuming_unanswered(engine, item);
	if (found_it_full(job, item)) {
		room_refused(engine, item, job->error);
	} else {
		trouble_stall(engine, item->key);
	}
}

static void result(Engine *engine, const UploadJob *job, const UploadItem *item)
{
	switch (item->outcome) {
	case UPLOAD_DONE:
	case UPLOAD_SAME:
		done_item(engine, item);
		break;
	case UPLOAD_CHANGED:
		changed(engine, item);
		break;
	case UPLOAD_REFUSED:
		refused(engine, item);
		break;
	case UPLOAD_LACKING:
		room_lacking(engine, item);
		break;
	case UPLOAD_FAILED:
		trouble_item(engine, item->key, item->error);
		observing_look(engine, item->key);
		break;
	case UPLOAD_PENDING:
		pending(engine, job, item);
		break;
	}
	if (upload_item_needs_room(item)) {
		room_ended(engine, item);
	}
}

/* It is nobody's task any more. */
static void let_go(Engine *engine, const UploadItem *item)
{
	state_let_id(engine->state, item->key);
	planning_busy(engine, item->key, false);
}

/* ---- jobs ------------------------------------------------------------------------------- */

static void job_free(UploadJob *job)
{
	g_ptr_array_unref(job->items);
	g_clear_error(&job->error);
	g_free(job);
}

static void run(Job *job)
{
	UploadJob *upload = (UploadJob *)job;
	Engine *engine = upload->engine;
	upload->completed = upload_run(engine->world.upload, upload->items, engine->cancellable,
				       &upload->error);
}

static bool is_refused(const UploadJob *job, const UploadItem *item)
{
	return found_it_full(job, item) ||
	       (item->outcome == UPLOAD_REFUSED && item->refusal == REMOTE_QUOTA);
}

/* What it tells beside its items' results. */
static void heed(Engine *engine, const UploadJob *job)
{
	bool stalls = false, refused = false;
	for (unsigned i = 0; i < job->items->len; i++) {
		const UploadItem *item = job->items->pdata[i];
		refused |= is_refused(job, item);
		stalls |= item->outcome == UPLOAD_PENDING && !found_it_full(job, item);
	}
	if (job->completed) {
		trouble_passed(engine);
	} else if (stalls) {
		trouble_batch(engine, job->error);
	}
	if (job->completed && job->tried > 0 && !job->asks && !refused) {
		room_job_taken(engine);
	}
}

static void done(Job *job)
{
	UploadJob *upload = (UploadJob *)job;
	Engine *engine = upload->engine;
	upload->lane->running--;
	upload->lane->running_bytes -= upload->bytes;
	heed(engine, upload);
	for (unsigned i = 0; i < upload->items->len; i++) {
		const UploadItem *item = upload->items->pdata[i];
		result(engine, upload, item);
		let_go(engine, item);
	}
	resuming_job_ended(engine, upload->age);
	job_free(upload);
}

/* Files that find room, those that only ask and the one that tries alone go in jobs of their own.
 */
static bool go_together(Engine *engine, const UploadJob *job, const UploadItem *next)
{
	if (job->tried == 0 || !upload_item_needs_room(next)) {
		return !job->alone;
	}
	RoomTurn turn = room_turn(engine, next->key);
	bool many = !job->asks && room_step(engine) > 0 && job->tried >= room_step(engine);
	return turn == ROOM_WAIT ||
	       (!job->alone && turn != ROOM_TRY_ALONE && !many && job->asks == (turn == ROOM_ASK));
}

static bool is_full(Engine *engine, const UploadJob *job, const UploadItem *next)
{
	if (job->items->len == 0) {
		return false;
	}
	const UploadItem *last = job->items->pdata[job->items->len - 1];
	if (next->group != 0 && next->group == last->group) {
		return false;
	}
	return job->items->len >= BATCH_ITEMS_MAX || job->bytes + weight(next) > BATCH_BYTES_MAX ||
	       !go_together(engine, job, next);
}

/* Unless it is to wait after all, since there was room when it was planned. */
static void add_to_job(Engine *engine, UploadJob *job, UploadItem *item)
{
	if (upload_item_needs_room(item)) {
		RoomTurn turn = room_turn(engine, item->key);
		if (turn == ROOM_WAIT) {
			let_go(engine, item);
			upload_item_free(item);
			engine->world.wake(engine->world.data);
			return;
		}
		item->stored_only = turn == ROOM_ASK;
		job->tried++;
		job->asks = item->stored_only;
		job->alone |= turn == ROOM_TRY_ALONE;
	}
	job->bytes += weight(item);
	g_ptr_array_add(job->items, item);
}

static void start_job(Engine *engine, Lane *lane)
{
	UploadJob *job = g_new0(UploadJob, 1);
	job->job.run = run;
	job->job.done = done;
	job->engine = engine;
	job->lane = lane;
	job->items = g_ptr_array_new_with_free_func((GDestroyNotify)upload_item_free);
	UploadItem *item;
	while ((item = g_queue_peek_head(&lane->waiting)) && !is_full(engine, job, item)) {
		g_queue_pop_head(&lane->waiting);
		lane->waiting_bytes -= weight(item);
		add_to_job(engine, job, item);
	}
	if (job->items->len == 0) {
		job_free(job);
		return;
	}
	lane->running++;
	lane->running_bytes += job->bytes;
	resuming_job_began(engine, &job->age);
	engine_submit(engine, &job->job);
}

void uploading_start(Engine *engine)
{
	Lane *small = &engine->upload_small, *large = &engine->upload_large;
	/* While it turns out how much room there is, one after the other. */
	unsigned jobs_max = room_step(engine) > 0 ? 1 : SMALL_JOBS_MAX;
	while (!g_queue_is_empty(&small->waiting) && small->running < jobs_max &&
	       (small->running == 0 || small->waiting_bytes >= BATCH_BYTES_MAX ||
		small->waiting.length >= BATCH_ITEMS_MAX)) {
		start_job(engine, small);
	}
	while (!g_queue_is_empty(&large->waiting) && large->running < LARGE_JOBS_MAX) {
		start_job(engine, large);
	}
}
