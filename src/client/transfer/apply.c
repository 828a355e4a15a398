/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run is five things at the same time: source.c finds out where the bytes come from,
 * stage_fetch_ahead() and stage_fetch() get a load of them each from the server, stage_write()
 * writes the load before into staged files, and settle_round() syncs the round before that and puts
 * it in place. A round is as many files as may well be synced together; a run of one load does all
 * without threads.
 */
#include "client/transfer/apply.h"

#include "base/error.h"
#include "base/limits.h"
#include "client/transfer/apply_internal.h"

#include <unistd.h>

/* Files of a round: each is open until it is in place. */
#define ROUND_FILES_MAX 2000
/* Less than this is not worth to be kept for a later run. */
#define PARTIAL_SIZE_MIN (4 * MIB)

static void inside_clear(void *data)
{
	ApplyInside *inside = data;
	g_free(inside->path);
}

ApplyItem *apply_item_new(ApplyVerb verb)
{
	ApplyItem *item = g_new0(ApplyItem, 1);
	item->verb = verb;
	if (verb == APPLY_DELETE) {
		item->inside = g_array_new(FALSE, FALSE, sizeof(ApplyInside));
		g_array_set_clear_func(item->inside, inside_clear);
	}
	return item;
}

void apply_item_free(ApplyItem *item)
{
	if (!item) {
		return;
	}
	g_free(item->path);
	g_free(item->from);
	g_clear_pointer(&item->content, g_bytes_unref);
	g_clear_pointer(&item->base_content, g_bytes_unref);
	g_clear_pointer(&item->inside, g_array_unref);
	g_clear_error(&item->error);
	g_free(item);
}

static unsigned round_files_max(void)
{
	long open_max = sysconf(_SC_OPEN_MAX);
	if (open_max <= 0) {
		return ROUND_FILES_MAX;
	}
	return (unsigned)CLAMP(open_max / 4, 8, ROUND_FILES_MAX);
}

Apply *apply_new(Disk *disk, Remote *remote, Cache *cache, const ApplyOptions *options)
{
	Apply *apply = g_new0(Apply, 1);
	apply->disk = disk;
	apply->remote = remote;
	apply->cache = cache;
	apply->options = *options;
	apply->round_files_max = round_files_max();
	g_mutex_init(&apply->mutex);
	g_queue_init(&apply->partials);
	return apply;
}

void apply_free(Apply *apply)
{
	if (!apply) {
		return;
	}
	g_queue_clear_full(&apply->partials, apply_partial_free);
	g_mutex_clear(&apply->mutex);
	g_free(apply);
}

uint64_t apply_progress(Apply *apply)
{
	g_mutex_lock(&apply->mutex);
	uint64_t progress = apply->progress;
	g_mutex_unlock(&apply->mutex);
	return progress;
}

bool apply_check_cancelled(const ApplyRun *run, GError **error)
{
	if (!g_cancellable_is_cancelled(run->cancellable)) {
		return true;
	}
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CANCELLED, "cancelled");
	return false;
}

bool apply_is_attributes_only(const ApplyItem *item)
{
	return item->verb == APPLY_UPDATE && item->kind == ENTRY_FILE && item->has_expected &&
	       item->expected.kind == DISK_FILE && item->base_content &&
	       g_bytes_equal(item->base_content, item->content);
}

/* ---- loads -------------------------------------------------------------------------------- */

ApplyLoad *apply_load_new(void)
{
	ApplyLoad *load = g_new0(ApplyLoad, 1);
	load->pieces = g_array_new(FALSE, FALSE, sizeof(ApplyPiece));
	load->bodies = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	load->works = g_ptr_array_new();
	return load;
}

void apply_load_free(void *data)
{
	ApplyLoad *load = data;
	if (!load) {
		return;
	}
	g_array_unref(load->pieces);
	g_ptr_array_unref(load->bodies);
	g_ptr_array_unref(load->works);
	g_free(load);
}

void apply_load_own(ApplyLoad *load, GBytes *body)
{
	unsigned count = load->bodies->len;
	if (count == 0 || g_ptr_array_index(load->bodies, count - 1) != body) {
		g_ptr_array_add(load->bodies, g_bytes_ref(body));
	}
}

/* ---- half-written files ------------------------------------------------------------------- */

void apply_partial_free(void *data)
{
	ApplyPartial *partial = data;
	if (!partial) {
		return;
	}
	g_bytes_unref(partial->content);
	g_clear_pointer(&partial->staged, disk_file_close);
	g_free(partial);
}

static int compare_content(const void *partial, const void *content)
{
	return g_bytes_compare(((const ApplyPartial *)partial)->content, content);
}

ApplyPartial *apply_take_partial(Apply *apply, GBytes *content)
{
	ApplyPartial *partial = NULL;
	g_mutex_lock(&apply->mutex);
	GList *link = g_queue_find_custom(&apply->partials, content, compare_content);
	if (link) {
		partial = link->data;
		g_queue_delete_link(&apply->partials, link);
	}
	g_mutex_unlock(&apply->mutex);
	return partial;
}

static void keep_partial(Apply *apply, ApplyWork *work)
{
	ApplyPartial *partial = g_new0(ApplyPartial, 1);
	partial->content = g_bytes_ref(work->item->content);
	partial->staged = g_steal_pointer(&work->staged);
	partial->written = work->written;
	g_mutex_lock(&apply->mutex);
	g_queue_push_tail(&apply->partials, partial);
	ApplyPartial *oldest = NULL;
	if (g_queue_get_length(&apply->partials) > PARTIALS_MAX) {
		oldest = g_queue_pop_head(&apply->partials);
	}
	g_mutex_unlock(&apply->mutex);
	apply_partial_free(oldest);
}

/* Was the server lost, and not the disk? */
static bool is_remote_failure(const GError *error)
{
	return g_error_matches(error, DRIVE_ERROR, DRIVE_ERROR_OFFLINE) ||
	       g_error_matches(error, DRIVE_ERROR, DRIVE_ERROR_BUSY) ||
	       g_error_matches(error, DRIVE_ERROR, DRIVE_ERROR_UNAUTHENTICATED) ||
	       g_error_matches(error, DRIVE_ERROR, DRIVE_ERROR_CANCELLED);
}

/* ---- running ------------------------------------------------------------------------------ */

static bool run_works(ApplyRun *run, GPtrArray *works, GError **error)
{
	static const PipelineStep steps[] = { stage_fetch_ahead, stage_fetch, stage_write,
					      settle_round, NULL };
	Pipeline *pipeline = pipeline_new(steps, apply_load_free, run);
	ApplyLoad *last = NULL;
	GError *source_error = NULL;
	bool sourced = source_works(run, works, pipeline, &last, &source_error);
	if (!pipeline_finish(pipeline, last, error)) {
		g_clear_error(&source_error);
		return false;
	}
	if (!sourced) {
		g_assert(source_error);
		g_propagate_error(error, source_error);
	}
	return sourced;
}

static void finish_work(Apply *apply, ApplyWork *work, bool keep)
{
	bool half = work->item->outcome == APPLY_PENDING && work->staged &&
		    work->written >= PARTIAL_SIZE_MIN;
	if (keep && half) {
		keep_partial(apply, work);
	}
	g_clear_pointer(&work->staged, disk_file_close);
	g_clear_pointer(&work->base, disk_file_close);
	g_clear_error(&work->source_error);
}

bool apply_run(Apply *apply, GPtrArray *items, GCancellable *cancellable, bool *ret_synced,
	       GError **error)
{
	g_autofree ApplyWork *all = g_new0(ApplyWork, MAX(items->len, 1));
	g_autoptr(GPtrArray) works = g_ptr_array_sized_new(items->len);
	for (unsigned i = 0; i < items->len; i++) {
		all[i].item = g_ptr_array_index(items, i);
		g_assert(all[i].item->outcome == APPLY_PENDING);
		g_assert(all[i].item->has_expected || all[i].item->verb != APPLY_MOVE);
		g_assert(all[i].item->has_expected || all[i].item->verb != APPLY_DELETE);
		g_ptr_array_add(works, &all[i]);
	}
	g_autoptr(Codec) source_codec = codec_new();
	g_autoptr(Codec) codec = codec_new();
	g_autofree uint8_t *buffer = g_malloc(CHUNK_SIZE_MAX);
	g_autoptr(GPtrArray) round = g_ptr_array_new();
	ApplyRun run = {
		.apply = apply,
		.cancellable = cancellable,
		.source_codec = source_codec,
		.codec = codec,
		.buffer = buffer,
		.round = round,
	};
	g_autoptr(GError) cause = NULL;
	bool ok = run_works(&run, works, &cause);
	for (unsigned i = 0; i < items->len; i++) {
		finish_work(apply, &all[i], !ok && is_remote_failure(cause));
	}
	*ret_synced = run.synced;
	if (!ok) {
		g_propagate_error(error, g_steal_pointer(&cause));
	}
	return ok;
}
