/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scan jobs feed the local tree, feed jobs the remote one.
 *
 * Places that are ours: while an apply job changes a name, and for scans that began before it
 * ended, what was seen at that name says nothing about the user. Such a name is looked at again
 * when the job is back. Not so a new file that the job put there, if all that the watch has told
 * since is that one file was moved there: that was this one, and what anybody does to it later is
 * told by itself. (The kernel tells of two such moves as one if nothing else happens in all
 * folders in between. A file that was moved onto ours from outside so soon is found by the next
 * scan, and replaced by nothing before: disk_place() looks.)
 *
 * A young file: its last change is so near to the moment it was hashed that a further change could
 * carry the same time. So its content stays unknown here, and what was sent of it is agreed with a
 * stamp that equals nothing; a little later it is planned, and hashed, once more. Until then
 * nothing that was planned for it is done: it might be done to what nobody knows.
 */
#include "base/error.h"
#include "base/limits.h"
#include "base/log.h"
#include "client/engine/engine_internal.h"

#include <string.h>

#define SCANS_MAX 2
#define SCAN_FOLDERS_MAX 64
#define SCAN_NAMES_MAX 1024
#define DIVERGENT_MAX 4096 /* nodes in flight before scan and feed wait */
#define APPLY_BYTES_MAX (24 * MIB)
#define YOUNG_US 20000
#define FEED_RETRY_MAX_US 30000000
/*
 * A server is asked again as soon as it has answered. One that has nothing to tell waits; so many
 * that do not are believed, then such an answer costs so much time.
 */
#define FEED_IDLE_BURST 32
#define FEED_IDLE_US 100000
#define ABSENT_RETRY_US 5000000
#define LOCAL_RETRY_US 5000000 /* how often what could not be looked at is tried again */
#define UNWATCHED_US 60000000  /* how often folders that cannot be watched are listed */

typedef struct OurPlace {
	int64_t folder;
	char *name;
	unsigned changing;     /* items under way */
	bool asked;            /* somebody saw something here meanwhile */
	unsigned arrivals;     /* files that were moved here meanwhile, as the watch told */
	uint64_t scans_before; /* scans up to this one began before it ended */
} OurPlace;

typedef struct Young {
	int64_t key;
	int64_t due_us;
	int64_t wait_us;
	EntryStamp stamp;
} Young;

typedef struct ScanJob {
	Job job;
	Engine *engine;
	Scan *scan;
} ScanJob;

typedef struct FeedJob {
	Job job;
	Engine *engine;
	GBytes *cursor;
	unsigned wait_ms;
	RemotePage *page;
	bool succeeded;
	GError *error;
} FeedJob;

/* ---- places that are ours --------------------------------------------------------------- */

static unsigned place_hash(const void *item)
{
	const OurPlace *place = item;
	return g_str_hash(place->name) ^ (unsigned)(place->folder * 2654435761u);
}

static gboolean place_equal(const void *a, const void *b)
{
	const OurPlace *x = a, *y = b;
	return x->folder == y->folder && strcmp(x->name, y->name) == 0;
}

static void place_free(void *item)
{
	OurPlace *place = item;
	g_free(place->name);
	g_free(place);
}

static OurPlace *find_place(Engine *engine, int64_t folder, const char *name)
{
	OurPlace probe = { .folder = folder, .name = (char *)name };
	return g_hash_table_lookup(engine->ours, &probe);
}

void observing_begin(Engine *engine, int64_t folder, const char *name)
{
	OurPlace *place = find_place(engine, folder, name);
	if (!place) {
		place = g_new0(OurPlace, 1);
		place->folder = folder;
		place->name = g_strdup(name);
		g_hash_table_add(engine->ours, place);
	}
	place->changing++;
}

static bool scan_is_out(Engine *engine, uint64_t up_to)
{
	GHashTableIter iter;
	void *number;
	g_hash_table_iter_init(&iter, engine->scans_out);
	while (g_hash_table_iter_next(&iter, &number, NULL)) {
		if ((uint64_t)KEY_OF(number) <= up_to) {
			return true;
		}
	}
	return false;
}

void observing_end(Engine *engine, int64_t folder, const char *name, bool arrived)
{
	OurPlace *place = find_place(engine, folder, name);
	g_assert(place && place->changing > 0);
	if (--place->changing > 0) {
		return;
	}
	if (place->asked || place->arrivals > (arrived ? 1u : 0u)) {
		local_mark_name(engine->local, folder, name);
	}
	place->asked = false;
	place->arrivals = 0;
	place->scans_before = engine->scans_started;
	if (!scan_is_out(engine, place->scans_before)) {
		g_hash_table_remove(engine->ours, place);
	}
}

static gboolean is_over(void *item, void *value, void *data)
{
	(void)value;
	const OurPlace *place = item;
	return place->changing == 0 && !scan_is_out(data, place->scans_before);
}

static bool hook_is_ours(void *data, int64_t folder, const char *name, uint64_t since)
{
	Engine *engine = data;
	OurPlace *place = find_place(engine, folder, name);
	if (!place) {
		return false;
	}
	if (place->changing > 0) {
		place->asked = true;
		return true;
	}
	if (since > place->scans_before) {
		return false;
	}
	local_mark_name(engine->local, folder, name);
	return true;
}

void observing_rules(Engine *engine, int64_t key)
{
	const Entry *entry = state_get(engine->state, SIDE_LOCAL, key);
	bool holds =
		entry && entry->parent == ENTRY_KEY_ROOT && strcmp(entry->name, IGNORE_FILE) == 0;
	if (holds || key == engine->rules_key) {
		engine->rules_key = holds ? key : ENTRY_KEY_NONE;
		engine->world.rules_changed(engine->world.data);
	}
}

static void hook_touched(void *data, int64_t key)
{
	Engine *engine = data;
	trouble_cured(engine, key);
	engine_choice_stirred(engine, key);
	planning_touch(engine, key);
	observing_rules(engine, key);
}

static void hook_gone(void *data, int64_t key)
{
	Engine *engine = data;
	if (engine->world.watch) {
		watch_remove(engine->world.watch, key);
	}
}

/* Nothing keeps it here any more, if anything did. */
static void hook_empty(void *data, int64_t key)
{
	engine_choice_stirred(data, key);
}

/* ---- scans ------------------------------------------------------------------------------ */

static void went_absent(Engine *engine, const GError *error)
{
	if (!engine->absent) {
		log_event(LOG_WARNING, "folder-absent", "error=\"%s\"",
			  error ? error->message : "the marker is missing");
	}
	engine->absent = true;
	engine->absent_retry_us = engine_now(engine) + ABSENT_RETRY_US;
	g_clear_error(&engine->trouble);
	engine->trouble = error ? g_error_copy(error)
				: g_error_new(DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
					      "the folder is not there, or not the one that was "
					      "bound (its marker " DISK_RESERVED
					      "/marker is missing): is its disk mounted?");
}

static void came_back(Engine *engine)
{
	engine->absent = false;
	g_clear_error(&engine->trouble);
	local_mark_folder(engine->local, ENTRY_KEY_ROOT, true);
}

static void scan_run_job(Job *job)
{
	ScanJob *scan = (ScanJob *)job;
	scan_run(scan->scan, scan->engine->world.disk, scan->engine->world.watch);
}

static void scan_done(Job *job)
{
	ScanJob *scan = (ScanJob *)job;
	Engine *engine = scan->engine;
	g_hash_table_remove(engine->scans_out, KEY((int64_t)scan->scan->started));
	bool was_complete = local_is_complete(engine->local);
	if (!scan->scan->present) {
		local_take_back(engine->local, scan->scan);
		went_absent(engine, scan->scan->error);
	} else {
		if (engine->absent) {
			came_back(engine);
		}
		local_merge(engine->local, scan->scan, engine_now(engine));
	}
	if (!was_complete && local_is_complete(engine->local)) {
		log_event(LOG_INFO, "scan-complete", "entries=%zu",
			  (size_t)(state_totals(engine->state).files));
	}
	g_hash_table_foreach_remove(engine->ours, is_over, engine);
	scan_free(scan->scan);
	g_free(scan);
}

/* Enough is on its way: more observations would only take memory. */
static bool is_saturated(Engine *engine)
{
	bool moving = engine->upload_small.running + engine->upload_large.running +
			      engine->apply_small.running + engine->apply_large.running >
		      0;
	return moving && engine_choice_unsettled(engine) > DIVERGENT_MAX;
}

static void start_scan(Engine *engine, Scan *scan)
{
	ScanJob *job = g_new0(ScanJob, 1);
	job->job.run = scan_run_job;
	job->job.done = scan_done;
	job->engine = engine;
	job->scan = scan;
	scan->started = ++engine->scans_started;
	g_hash_table_add(engine->scans_out, KEY((int64_t)scan->started));
	engine_submit(engine, &job->job);
}

static void start_scans(Engine *engine)
{
	while (g_hash_table_size(engine->scans_out) < SCANS_MAX) {
		unsigned folders = is_saturated(engine) ? 0 : SCAN_FOLDERS_MAX;
		g_autoptr(Scan) scan = scan_new();
		if (!local_take(engine->local, folders, SCAN_NAMES_MAX, scan)) {
			return;
		}
		start_scan(engine, g_steal_pointer(&scan));
	}
}

/* While the folder is absent, only its marker is looked for. */
static void look_for_marker(Engine *engine)
{
	if (engine->absent_retry_us <= engine_now(engine) &&
	    g_hash_table_size(engine->scans_out) == 0) {
		g_autoptr(Scan) scan = scan_new();
		if (!local_take(engine->local, 0, 1, scan)) {
			local_mark_name(engine->local, ENTRY_KEY_ROOT, DISK_RESERVED);
			local_take(engine->local, 0, 1, scan);
		}
		engine->absent_retry_us = engine_now(engine) + ABSENT_RETRY_US;
		start_scan(engine, g_steal_pointer(&scan));
	}
}

void observing_look(Engine *engine, int64_t key)
{
	const Entry *entry = state_get(engine->state, SIDE_LOCAL, key);
	if (entry && entry->parent != ENTRY_KEY_NONE && entry->parent != ENTRY_KEY_PARK) {
		g_autofree char *name = g_strdup(entry->name);
		local_mark_name(engine->local, entry->parent, name);
	}
}

void observing_notice(Engine *engine, const WatchEvent *event)
{
	const Entry *folder = state_get(engine->state, SIDE_LOCAL, event->key);
	if (!folder) {
		return;
	}
	if (event->what == WATCH_GONE) {
		observing_look(engine, event->key);
		return;
	}
	engine_choice_stirred(engine, event->key);
	OurPlace *place = find_place(engine, event->key, event->name);
	if (!place || place->changing == 0) {
		local_mark_name(engine->local, event->key, event->name);
	} else if (event->what == WATCH_MOVED_TO && !event->folder) {
		place->arrivals++;
	} else {
		place->asked = true;
	}
}

/* ---- young files ------------------------------------------------------------------------ */

void observing_young(Engine *engine, int64_t key, const DiskInfo *info)
{
	Young *young = g_new(Young, 1);
	young->key = key;
	young->wait_us = 2 * YOUNG_US + info->mtime_slack_ns / 1000;
	young->due_us = engine_now(engine) + young->wait_us;
	young->stamp = info->stamp;
	g_queue_push_tail(&engine->young, young);
	g_hash_table_replace(engine->young_keys, KEY(key), young);
}

bool observing_is_young(Engine *engine, int64_t key)
{
	const Young *young = g_hash_table_lookup(engine->young_keys, KEY(key));
	const Entry *entry = young ? state_get(engine->state, SIDE_LOCAL, key) : NULL;
	return entry && memcmp(&entry->stamp, &young->stamp, sizeof young->stamp) == 0;
}

/* Those that are not young any more are planned. */
static int64_t grow_up(Engine *engine, int64_t now_us)
{
	Young *young;
	while ((young = g_queue_peek_head(&engine->young))) {
		/* A clock that jumped back must not stop it. */
		if (young->due_us > now_us && young->due_us <= now_us + young->wait_us) {
			return young->due_us;
		}
		g_queue_pop_head(&engine->young);
		if (g_hash_table_lookup(engine->young_keys, KEY(young->key)) == young) {
			g_hash_table_remove(engine->young_keys, KEY(young->key));
			planning_touch(engine, young->key);
		}
		g_free(young);
	}
	return -1;
}

/* ---- feed ------------------------------------------------------------------------------- */

static void feed_run(Job *job)
{
	FeedJob *feed = (FeedJob *)job;
	const World *world = &feed->engine->world;
	/* A lazy disk fetches content when it is read. */
	unsigned inline_bytes = disk_is_lazy(world->disk) ? 0 : INLINE_SIZE_MAX;
	feed->succeeded = remote_changes(world->remote, feed->cursor, feed->wait_ms, inline_bytes,
					 feed->engine->cancellable, &feed->page, &feed->error);
}

static void feed_failed(Engine *engine, const GError *error)
{
	int64_t wait_us = MIN(500000ll << MIN(engine->feed_failures, 10), FEED_RETRY_MAX_US);
	engine->feed_failures++;
	/* Jitter, so that a server that comes back is not met by all at once. */
	engine->feed_retry_us =
		engine_now(engine) + wait_us / 2 + g_random_int_range(0, (int)(wait_us / 2));
	trouble_batch(engine, error);
}

void observing_touch_divergent(Engine *engine)
{
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	state_divergent(engine->state, keys);
	for (unsigned i = 0; i < keys->len; i++) {
		planning_touch(engine, g_array_index(keys, int64_t, i));
	}
}

static void feed_idle(Engine *engine)
{
	int64_t now_us = engine_now(engine);
	const int64_t burst_us = FEED_IDLE_BURST * FEED_IDLE_US;
	/* Also a clock that jumped back begins anew. */
	if (engine->feed_idle_us < now_us || engine->feed_idle_us > now_us + 2 * burst_us) {
		engine->feed_idle_us = now_us;
	}
	engine->feed_idle_us += FEED_IDLE_US;
	if (engine->feed_idle_us - burst_us > now_us) {
		engine->feed_retry_us = engine->feed_idle_us - burst_us;
	}
}

/* False: it brought nothing new. */
static bool got_page(Engine *engine, const RemotePage *page)
{
	uint64_t seq_before = follow_seq(engine->follow);
	bool was_at_head = engine->feed_began && follow_at_head(engine->follow);
	if (page->reset && follow_cursor(engine->follow)) {
		resuming_forget(engine);
	}
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	cache_add(engine->world.cache, page);
	resuming_told(engine, page);
	follow_page(engine->follow, page, keys);
	engine->feed_began = true;
	for (unsigned i = 0; i < keys->len; i++) {
		int64_t key = g_array_index(keys, int64_t, i);
		trouble_cured(engine, key);
		resuming_heard(engine, key);
		planning_touch(engine, key);
	}
	planning_touch(engine, ENTRY_KEY_ROOT);
	if (page->reset || (!was_at_head && follow_at_head(engine->follow))) {
		observing_touch_divergent(engine);
	}
	planning_touch_all(engine, engine->after_feed);
	engine->after_feed_us = -1;
	bool passes = page->seq > seq_before && page->entries->len > 0;
	return !page->reset && (keys->len > 0 || passes);
}

/* The server says that this is all, and it cannot be. */
static bool is_in_circle(Engine *engine, const RemotePage *page)
{
	return page && page->at_head && !follow_at_head(engine->follow);
}

static void feed_answered(Engine *engine, const RemotePage *page)
{
	engine->feed_retry_us = 0;
	trouble_over(engine);
	if (!page || !got_page(engine, page)) {
		feed_idle(engine);
	}
	if (is_in_circle(engine, page)) {
		g_autoptr(GError) error =
			g_error_new_literal(DRIVE_ERROR, DRIVE_ERROR_INVALID,
					    "the server shows folders that lie in each other");
		feed_failed(engine, error);
		return;
	}
	engine->feed_failures = 0;
}

static void feed_done(Job *job)
{
	FeedJob *feed = (FeedJob *)job;
	Engine *engine = feed->engine;
	engine->feed_running = false;
	if (feed->succeeded) {
		feed_answered(engine, feed->page);
	} else if (!engine->cancelled) {
		feed_failed(engine, feed->error);
	}
	g_clear_pointer(&feed->cursor, g_bytes_unref);
	g_clear_pointer(&feed->page, remote_page_free);
	g_clear_error(&feed->error);
	g_free(feed);
}

static void start_feed(Engine *engine)
{
	int64_t now_us = engine_now(engine);
	bool waits = engine->feed_retry_us > now_us &&
		     engine->feed_retry_us < now_us + 2 * FEED_RETRY_MAX_US;
	uint64_t bytes = engine->apply_small.waiting_bytes + engine->apply_small.running_bytes;
	if (engine->feed_running || waits || engine->paused || is_saturated(engine) ||
	    bytes > APPLY_BYTES_MAX) {
		return;
	}
	FeedJob *feed = g_new0(FeedJob, 1);
	feed->job.run = feed_run;
	feed->job.done = feed_done;
	feed->engine = engine;
	GBytes *cursor = follow_cursor(engine->follow);
	feed->cursor = cursor ? g_bytes_ref(cursor) : NULL;
	bool at_head = engine->feed_began && follow_at_head(engine->follow) && !engine->offline;
	feed->wait_ms = at_head ? CHANGES_WAIT_MS_MAX : 0;
	engine->feed_running = true;
	engine_submit(engine, &feed->job);
}

/* ---- parking ---------------------------------------------------------------------------- */

/* A node that stepped aside when we were last running is still where it was parked. */
static void found_parked(const char *name, const DiskInfo *info, void *data)
{
	Engine *engine = data;
	NodeId id;
	int64_t key = node_id_from_hex(name, &id) ? state_key_of_id(engine->state, &id) : 0;
	const Entry *entry = key ? state_get(engine->state, SIDE_LOCAL, key) : NULL;
	Entry fields = { .kind = (EntryKind)info->kind };
	if (entry && (int)entry->kind == (int)info->kind) {
		fields = *entry;
	} else {
		fields.key = state_key_new(engine->state);
		fields.id = node_id_new();
	}
	fields.parent = ENTRY_KEY_PARK;
	fields.name = (char *)name;
	fields.content = NULL;
	fields.size = info->size;
	fields.mtime_ns = info->kind == DISK_FOLDER ? 0 : info->mtime_ns;
	fields.executable = info->executable_unknown ? fields.executable : info->executable;
	fields.stamp = info->stamp;
	if (info->kind == DISK_FOLDER) {
		fields.stamp.change_ns = 0;
	}
	g_autoptr(Entry) parked = entry_new(&fields);
	state_put(engine->state, SIDE_LOCAL, parked);
	if (parked->kind == ENTRY_FOLDER) {
		/* What happened in it since we were last running. */
		local_mark_folder(engine->local, parked->key, true);
	}
	planning_touch(engine, parked->key);
}

static void put_park(Engine *engine)
{
	g_autofree char *inside = disk_park_path(engine->world.disk, "x");
	g_autofree char *path = g_path_get_dirname(inside);
	g_autoptr(GError) error = NULL;
	const Entry fields = {
		.key = ENTRY_KEY_PARK,
		.parent = ENTRY_KEY_ROOT,
		.name = path,
		.kind = ENTRY_FOLDER,
	};
	g_autoptr(Entry) park = entry_new(&fields);
	state_put(engine->state, SIDE_LOCAL, park);
	if (!disk_list_parked(engine->world.disk, found_parked, engine, &error)) {
		trouble_batch(engine, error);
	}
}

/* ---- all of it -------------------------------------------------------------------------- */

void observing_init(Engine *engine, const Ignore *ignore)
{
	const LocalHooks hooks = {
		.is_ours = hook_is_ours,
		.touched = hook_touched,
		.gone = hook_gone,
		.empty = hook_empty,
		.data = engine,
	};
	engine->ours = g_hash_table_new_full(place_hash, place_equal, place_free, NULL);
	engine->local = local_new(engine->state, ignore, &hooks);
	engine->rules_key = state_find(engine->state, SIDE_LOCAL, ENTRY_KEY_ROOT, IGNORE_FILE);
	g_queue_init(&engine->young);
	engine->young_keys = g_hash_table_new(NULL, NULL);
	put_park(engine);
	g_autoptr(GArray) strays = g_array_new(FALSE, FALSE, sizeof(int64_t));
	state_strays(engine->state, strays);
	local_add_strays(engine->local, strays);
	engine->next_unwatched_us = engine_now(engine) + UNWATCHED_US;
	engine->next_rescan_us = engine->rescan_us ? engine_now(engine) + engine->rescan_us : -1;
	local_mark_folder(engine->local, ENTRY_KEY_ROOT, true);
	observing_touch_divergent(engine);
}

void observing_set_ignore(Engine *engine, const Ignore *ignore)
{
	local_set_ignore(engine->local, ignore);
	local_mark_folder(engine->local, ENTRY_KEY_ROOT, true);
	engine->world.wake(engine->world.data);
}

void observing_start(Engine *engine)
{
	if (engine->absent) {
		look_for_marker(engine);
		return;
	}
	start_scans(engine);
	start_feed(engine);
}

int64_t observing_timers(Engine *engine, int64_t now_us)
{
	int64_t next_us = grow_up(engine, now_us);
	if (engine->absent) {
		return engine_sooner(next_us, engine->absent_retry_us);
	}
	if (engine->next_rescan_us >= 0 && engine->next_rescan_us <= now_us) {
		engine->next_rescan_us = now_us + engine->rescan_us;
		local_mark_folder(engine->local, ENTRY_KEY_ROOT, true);
	}
	next_us = engine_sooner(next_us, engine->next_rescan_us);
	if (engine->next_unwatched_us <= now_us) {
		engine->next_unwatched_us = now_us + UNWATCHED_US;
		local_mark_unwatched(engine->local);
	}
	if (g_hash_table_size(local_errors(engine->local)) == 0) {
		engine->next_retry_us = now_us + LOCAL_RETRY_US;
	} else {
		if (engine->next_retry_us <= now_us) {
			engine->next_retry_us = now_us + LOCAL_RETRY_US;
			local_mark_failed(engine->local);
		}
		next_us = engine_sooner(next_us, engine->next_retry_us);
	}
	if (local_unwatched(engine->local) > 0) {
		next_us = engine_sooner(next_us, engine->next_unwatched_us);
	}
	return engine->feed_running || engine->paused || engine->feed_retry_us <= now_us
		       ? next_us
		       : engine_sooner(next_us, engine->feed_retry_us);
}
