/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run is three things at the same time: gather.c reads files into batches, deliver_encode() asks
 * what the server lacks of the batch before and encodes it, deliver_send() sends and commits the
 * one before that, or hands it to one of a few senders. A run of one batch, which is what saving a
 * file is, does them one after the other without threads.
 */
#include "client/transfer/upload.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/memory.h"
#include "client/transfer/upload_internal.h"

UploadItem *upload_item_new(UploadVerb verb)
{
	UploadItem *item = g_new0(UploadItem, 1);
	item->verb = verb;
	return item;
}

void upload_item_free(UploadItem *item)
{
	if (!item) {
		return;
	}
	g_free(item->path);
	g_free(item->name);
	g_clear_pointer(&item->same_as, g_bytes_unref);
	g_clear_pointer(&item->content, g_bytes_unref);
	g_clear_error(&item->error);
	g_free(item);
}

bool upload_item_needs_room(const UploadItem *item)
{
	return (item->verb == UPLOAD_CREATE || item->verb == UPLOAD_UPDATE) &&
	       item->kind == ENTRY_FILE && item->expected.size > 0;
}

EntryStamp upload_item_stamp(const UploadItem *item)
{
	EntryStamp stamp = item->info.stamp;
	if (item->kind == ENTRY_FOLDER || item->young) {
		stamp.change_ns = 0;
	}
	return stamp;
}

SentNote upload_item_note(const UploadItem *item)
{
	bool placed = item->verb == UPLOAD_CREATE || item->verb == UPLOAD_MOVE;
	bool valued = item->verb == UPLOAD_CREATE || item->verb == UPLOAD_UPDATE;
	bool has_bytes = valued && item->kind != ENTRY_FOLDER;
	return (SentNote){
		.node = item->node,
		.kind = item->kind,
		.placed = placed,
		.parent = item->parent,
		.name = item->name,
		.place_base = item->base,
		.valued = valued,
		.value_base = item->base,
		.content = has_bytes ? item->content : NULL,
		.size = has_bytes ? item->info.size : 0,
		.mtime_ns = has_bytes ? item->info.mtime_ns : 0,
		.executable = valued && item->kind == ENTRY_FILE && item->info.executable,
		.stamp = upload_item_stamp(item),
		.deleted = item->verb == UPLOAD_DELETE,
	};
}

Upload *upload_new(Disk *disk, Remote *remote, const UploadOptions *options)
{
	Upload *upload = g_new0(Upload, 1);
	upload->disk = disk;
	upload->remote = remote;
	upload->options = *options;
	upload->pace = options->pace;
	g_mutex_init(&upload->mutex);
	pays_init(&upload->pays, options->server_is_here);
	return upload;
}

void upload_free(Upload *upload)
{
	if (!upload) {
		return;
	}
	g_mutex_clear(&upload->mutex);
	g_free(upload);
}

uint64_t upload_progress(Upload *upload)
{
	g_mutex_lock(&upload->mutex);
	uint64_t progress = upload->progress;
	g_mutex_unlock(&upload->mutex);
	return progress;
}

/* ---- batches ------------------------------------------------------------------------------ */

static void chunk_clear(void *data)
{
	UploadChunk *chunk = data;
	g_clear_pointer(&chunk->encoded, g_bytes_unref);
}

UploadBatch *upload_batch_new(size_t size_max, uint64_t expected)
{
	g_assert(size_max <= FIRST_RAW_SIZE);
	UploadBatch *batch = g_new0(UploadBatch, 1);
	/* The last chunk goes beyond the end. */
	batch->room = (size_t)MIN(expected, size_max + CHUNK_SIZE_MAX) + LISTS_ROOM;
	batch->bytes = memory_take_block(batch->room);
	batch->size_max = size_max;
	batch->chunks = g_array_new(FALSE, FALSE, sizeof(UploadChunk));
	g_array_set_clear_func(batch->chunks, chunk_clear);
	batch->works = g_ptr_array_new();
	return batch;
}

void upload_batch_free(void *data)
{
	UploadBatch *batch = data;
	if (!batch) {
		return;
	}
	g_clear_pointer(&batch->chunks, g_array_unref);
	g_clear_pointer(&batch->works, g_ptr_array_unref);
	memory_drop_block(batch->bytes, batch->room);
	g_free(batch);
}

static RemoteVerb verb_of(const UploadItem *item)
{
	switch (item->verb) {
	case UPLOAD_CREATE:
		return REMOTE_CREATE;
	case UPLOAD_UPDATE:
		return REMOTE_UPDATE;
	case UPLOAD_MOVE:
		return REMOTE_MOVE;
	default:
		g_assert(item->verb == UPLOAD_DELETE);
		return REMOTE_DELETE;
	}
}

RemoteOperation upload_operation(const UploadItem *item)
{
	RemoteOperation operation = {
		.number = item->number,
		.group = item->group,
		.verb = verb_of(item),
		.node = item->node,
		.base = item->base,
		.decided_at = item->decided_at,
	};
	if (item->verb == UPLOAD_CREATE || item->verb == UPLOAD_MOVE) {
		operation.parent = item->parent;
		operation.name = item->name;
	}
	if (item->verb == UPLOAD_CREATE || item->verb == UPLOAD_UPDATE) {
		operation.kind = (RemoteKind)item->kind;
		operation.content = item->content;
		if (item->kind == ENTRY_FILE) {
			operation.size = item->info.size;
			operation.executable = item->info.executable;
		}
		if (item->kind != ENTRY_FOLDER) {
			operation.mtime_ns = item->info.mtime_ns;
		}
	}
	return operation;
}

void upload_refuse(UploadItem *item)
{
	item->outcome = item->stored_only ? UPLOAD_LACKING : UPLOAD_REFUSED;
	item->refusal = REMOTE_QUOTA;
}

bool upload_check_cancelled(GCancellable *cancellable, GError **error)
{
	if (!g_cancellable_is_cancelled(cancellable)) {
		return true;
	}
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CANCELLED, "cancelled");
	return false;
}

/* ---- running ------------------------------------------------------------------------------ */

static bool run_works(Upload *upload, GPtrArray *works, bool again, GCancellable *cancellable,
		      GError **error)
{
	static const PipelineStep steps[] = { deliver_encode, deliver_send, NULL };
	g_autoptr(Codec) codec = codec_new();
	UploadRun run = { upload, cancellable, again, codec, NULL };
	Pipeline *pipeline = pipeline_new(steps, upload_batch_free, &run);
	UploadBatch *last = NULL;
	GError *gather_error = NULL;
	bool gathered = gather_works(&run, works, pipeline, &last, &gather_error);
	bool delivered = pipeline_finish(pipeline, last, error);
	if (!deliver_end(&run, delivered ? error : NULL) || !delivered) {
		g_clear_error(&gather_error);
		return false;
	}
	if (!gathered) {
		g_assert(gather_error);
		g_propagate_error(error, gather_error);
	}
	return gathered;
}

/* Those whose content the server lacks after all. */
static GPtrArray *works_again(GPtrArray *works)
{
	GPtrArray *again = g_ptr_array_new();
	for (unsigned i = 0; i < works->len; i++) {
		UploadWork *work = g_ptr_array_index(works, i);
		if (work->again) {
			g_ptr_array_add(again, work);
		}
	}
	return again;
}

/*
 * The run ended with *cause, since the server's disk is full: what needs no room goes by itself.
 * *cause becomes what stops that, if something does.
 */
static void run_without_content(Upload *upload, GPtrArray *works, GCancellable *cancellable,
				GError **cause)
{
	g_autoptr(GPtrArray) rest = g_ptr_array_new();
	for (unsigned i = 0; i < works->len; i++) {
		UploadWork *work = g_ptr_array_index(works, i);
		if (work->item->outcome == UPLOAD_PENDING && work->item->verb != UPLOAD_HASH &&
		    !upload_item_needs_room(work->item)) {
			g_ptr_array_add(rest, work);
		}
	}
	GError *next = NULL;
	if (rest->len > 0 && !run_works(upload, rest, false, cancellable, &next)) {
		g_clear_error(cause);
		*cause = next;
	}
}

/* The server has these files now: a lazy disk need not keep them. What it cannot promise it keeps.
 */
static void promise(Upload *upload, GPtrArray *items)
{
	for (unsigned i = 0; disk_is_lazy(upload->disk) && i < items->len; i++) {
		const UploadItem *item = g_ptr_array_index(items, i);
		bool hashed = item->outcome == UPLOAD_DONE && item->verb == UPLOAD_HASH;
		bool stored = item->outcome == UPLOAD_SAME ||
			      (item->outcome == UPLOAD_DONE && !hashed) ||
			      (hashed && item->content && item->same_as &&
			       g_bytes_equal(item->content, item->same_as));
		if (stored && item->kind == ENTRY_FILE && item->content && !item->young) {
			disk_promise(upload->disk, item->path, &item->info, item->content, NULL);
		}
	}
}

bool upload_run(Upload *upload, GPtrArray *items, GCancellable *cancellable, GError **error)
{
	g_autofree UploadWork *all = g_new0(UploadWork, MAX(items->len, 1));
	g_autoptr(GPtrArray) works = g_ptr_array_sized_new(items->len);
	for (unsigned i = 0; i < items->len; i++) {
		UploadItem *item = g_ptr_array_index(items, i);
		g_assert(item->outcome == UPLOAD_PENDING);
		g_assert(item->group == 0 || item->verb == UPLOAD_MOVE ||
			 item->verb == UPLOAD_DELETE || item->kind == ENTRY_FOLDER);
		g_assert(item->verb != UPLOAD_HASH || item->kind != ENTRY_FOLDER);
		g_assert(!item->stored_only || upload_item_needs_room(item));
		all[i].item = item;
		g_ptr_array_add(works, &all[i]);
	}
	GError *cause = NULL;
	bool ok = run_works(upload, works, false, cancellable, &cause);
	if (ok) {
		g_autoptr(GPtrArray) again = works_again(works);
		ok = again->len == 0 || run_works(upload, again, true, cancellable, &cause);
	}
	if (g_error_matches(cause, DRIVE_ERROR, DRIVE_ERROR_NO_SPACE)) {
		run_without_content(upload, works, cancellable, &cause);
	}
	if (cause) {
		g_propagate_error(error, cause);
	}
	promise(upload, items);
	return ok;
}
