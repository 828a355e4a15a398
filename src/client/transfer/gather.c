/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files become chunks in batches. Bytes are read into the batch once and stay there until they are
 * sent; a file that does not fit goes on in the next batch, and its operation goes with its last
 * bytes. What a file is, is looked at after its last byte was read: unless that is still what was
 * observed, the file changed meanwhile and nothing of it is committed.
 */
#include "client/transfer/upload_internal.h"

#include "base/error.h"
#include "base/limits.h"
#include "chunk/content.h"
#include "chunk/cutter.h"

#include <string.h>

/* A file changed this recently can change again without its stamps telling: clocks tick. */
#define YOUNG_NS 20000000

typedef struct Gather {
	UploadRun *run;
	Pipeline *pipeline;
	UploadBatch *batch;
	/* the file that is being read */
	UploadWork *work;
	DiskFile *file;
	GArray *refs;    /* ContentRef of its chunks so far */
	Content known;   /* chunks that the server has: those of its content of this file */
	bool discard;    /* only its content is wanted */
	unsigned chunks; /* of the batch, before the file */
	size_t start;    /* of the file's bytes in the batch */
	size_t searched; /* bytes of the next chunk that it does not end in */
} Gather;

static bool push_batch(Gather *gather)
{
	UploadBatch *full = gather->batch;
	UploadBatch *next = upload_batch_new(NEXT_RAW_SIZE, FILE_SIZE_MAX);
	size_t left = full->filled - full->cut;
	memcpy(next->bytes, full->bytes + full->cut, left);
	next->filled = left;
	gather->batch = next;
	gather->chunks = 0;
	gather->start = 0;
	return pipeline_push(gather->pipeline, full);
}

/* ---- outcomes ----------------------------------------------------------------------------- */

static void set_changed(UploadItem *item)
{
	item->outcome = UPLOAD_CHANGED;
}

static void set_failed(UploadItem *item, GError *error)
{
	if (item->path) {
		g_prefix_error(&error, "upload '%s': ", item->path);
	}
	item->outcome = UPLOAD_FAILED;
	item->error = error;
}

/* The disk said no. False if it is gone altogether, which is no matter of this item alone. */
static bool set_trouble(Gather *gather, UploadItem *item, GError *trouble, GError **error)
{
	Disk *disk = gather->run->upload->disk;
	if (trouble->code == DRIVE_ERROR_NOT_FOUND || trouble->code == DRIVE_ERROR_CHANGED) {
		g_error_free(trouble);
		set_changed(item);
		return true;
	}
	if (!disk_is_present(disk, error)) {
		g_error_free(trouble);
		return false;
	}
	DiskInfo now;
	if (disk_look(disk, item->path, &now, NULL) && !disk_info_equal(&now, &item->expected)) {
		g_error_free(trouble);
		set_changed(item);
		return true;
	}
	set_failed(item, trouble);
	return true;
}

static bool is_young(const Gather *gather, const DiskInfo *info)
{
	const UploadOptions *options = &gather->run->upload->options;
	int64_t now_us = options->now_us ? options->now_us(options->now_data) : g_get_real_time();
	return info->stamp.change_ns > now_us * 1000 - YOUNG_NS - info->mtime_slack_ns;
}

static bool is_known(const Gather *gather, const ChunkId *id)
{
	for (size_t i = 0; i < gather->known.count; i++) {
		if (chunk_id_equal(&gather->known.refs[i].id, id)) {
			return true;
		}
	}
	return false;
}

/* ---- one file ----------------------------------------------------------------------------- */

static void add_chunk(Gather *gather, const ChunkId *id, size_t length, bool ask)
{
	UploadBatch *batch = gather->batch;
	if (!gather->discard && !is_known(gather, id)) {
		UploadChunk chunk = {
			.id = *id,
			.offset = batch->cut,
			.length = (uint32_t)length,
			.ask = ask,
			.send = true,
			.work = gather->work,
		};
		g_array_append_val(batch->chunks, chunk);
	}
	batch->cut += length;
}

/* Length of the next chunk, 0 if it is not read to its end. */
static size_t find_chunk(Gather *gather, bool at_end)
{
	const UploadBatch *batch = gather->batch;
	size_t left = batch->filled - batch->cut;
	size_t found =
		cutter_find(&cutter_default, batch->bytes + batch->cut, left, gather->searched);
	gather->searched = found ? 0 : left;
	return found == 0 && at_end ? left : found;
}

/* Cuts what has been read, as far as the boundaries are sure. False once the pipeline failed. */
static bool cut(Gather *gather, bool at_end)
{
	const UploadItem *item = gather->work->item;
	bool ask = gather->run->again || item->expected.size > INLINE_SIZE_MAX || item->stored_only;
	for (;;) {
		UploadBatch *batch = gather->batch;
		ContentRef ref = { .length = (uint32_t)find_chunk(gather, at_end) };
		if (ref.length == 0) {
			return true;
		}
		ref.id = chunk_id_of(batch->bytes + batch->cut, ref.length);
		g_array_append_val(gather->refs, ref);
		add_chunk(gather, &ref.id, ref.length, ask);
		if (batch->cut < batch->size_max) {
			continue;
		}
		if (gather->discard) {
			size_t left = batch->filled - batch->cut;
			memmove(batch->bytes + gather->start, batch->bytes + batch->cut, left);
			batch->cut = gather->start;
			batch->filled = gather->start + left;
		} else if (!push_batch(gather)) {
			return false;
		}
	}
}

typedef enum Progress {
	GOING,   /* all well */
	STOPPED, /* the item has its outcome */
	BROKEN,  /* the whole run ends */
} Progress;

static Progress trouble(Gather *gather, GError *cause, GError **error)
{
	bool alone = set_trouble(gather, gather->work->item, cause, error);
	return alone ? STOPPED : BROKEN;
}

/* Reads the whole file, whose size is known; one that is shorter changed. */
static Progress read_bytes(Gather *gather, GError **error)
{
	UploadItem *item = gather->work->item;
	uint64_t size = item->expected.size;
	uint64_t at = 0;
	while (at < size) {
		UploadBatch *batch = gather->batch;
		size_t got = 0;
		GError *cause = NULL;
		/* Not to its end, which would take one more call: compare() sees a longer file. */
		size_t wanted = (size_t)MIN(size - at, READ_SIZE);
		wanted = MIN(wanted, batch->room - LISTS_ROOM - batch->filled);
		if (!upload_check_cancelled(gather->run->cancellable, error)) {
			return BROKEN;
		}
		g_assert(wanted > 0);
		if (!disk_file_read(gather->file, at, batch->bytes + batch->filled, wanted, &got,
				    &cause)) {
			return trouble(gather, cause, error);
		}
		if (got == 0) {
			set_changed(item);
			return STOPPED;
		}
		at += got;
		batch->filled += got;
		if (!cut(gather, at == size)) {
			return BROKEN;
		}
		if (g_atomic_int_get(&gather->work->refused)) {
			upload_refuse(item);
			return STOPPED;
		}
	}
	return GOING;
}

/* Is the open file what was observed? */
static Progress compare(Gather *gather, GError **error)
{
	UploadItem *item = gather->work->item;
	GError *cause = NULL;
	if (!disk_file_look(gather->file, &item->info, &cause)) {
		return trouble(gather, cause, error);
	}
	if (!disk_info_equal(&item->info, &item->expected)) {
		set_changed(item);
		return STOPPED;
	}
	/* As agreed, where this disk tells it less exactly. */
	item->info.mtime_ns = item->expected.mtime_ns;
	if (item->info.executable_unknown) {
		item->info.executable = item->expected.executable;
	}
	return GOING;
}

static bool add_lists(Gather *gather, GPtrArray *lists)
{
	for (unsigned i = 0; i < lists->len; i++) {
		size_t size = 0;
		const void *bytes = g_bytes_get_data(g_ptr_array_index(lists, i), &size);
		UploadBatch *batch = gather->batch;
		g_assert(batch->filled == batch->cut && size <= batch->room - batch->filled);
		memcpy(batch->bytes + batch->cut, bytes, size);
		batch->filled += size;
		ChunkId id = chunk_id_of(bytes, size);
		add_chunk(gather, &id, size, true);
		if (batch->cut >= batch->size_max && !push_batch(gather)) {
			return false;
		}
	}
	return true;
}

static bool is_same(const UploadItem *item)
{
	if (item->verb != UPLOAD_UPDATE || !item->same_as ||
	    !g_bytes_equal(item->content, item->same_as)) {
		return false;
	}
	return item->kind == ENTRY_LINK || (item->info.mtime_ns == item->same_mtime_ns &&
					    item->info.executable == item->same_executable);
}

/* The content is known. False, with the outcome, if that was all that was missing. */
static bool must_be_sent(UploadItem *item)
{
	if (item->verb == UPLOAD_HASH) {
		item->outcome = UPLOAD_DONE;
		return false;
	}
	if (is_same(item)) {
		item->outcome = UPLOAD_SAME;
		return false;
	}
	return true;
}

/*
 * The file was read: names its content, unless the disk did; then the server is thought to have it.
 */
static Progress conclude_file(Gather *gather, GBytes *promised)
{
	UploadItem *item = gather->work->item;
	g_autoptr(GPtrArray) lists = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	g_clear_pointer(&item->content, g_bytes_unref);
	item->content = promised ? g_bytes_ref(promised)
				 : content_encode((const ContentRef *)(void *)gather->refs->data,
						  gather->refs->len, lists);
	item->young = !promised && is_young(gather, &item->info);
	if (g_bytes_get_size(item->content) > CONTENT_SIZE_MAX) {
		set_failed(item, g_error_new(DRIVE_ERROR, DRIVE_ERROR_TOO_LARGE,
					     "its list of chunks is too long"));
		return STOPPED;
	}
	if (!must_be_sent(item)) {
		return STOPPED;
	}
	if (!gather->run->again && item->same_as && g_bytes_equal(item->content, item->same_as)) {
		/* Only the attributes changed. */
		g_array_set_size(gather->batch->chunks, gather->chunks);
		return GOING;
	}
	return add_lists(gather, lists) ? GOING : BROKEN;
}

/* The chunks of a small same_as need neither be asked for nor sent. */
static void learn_known(Gather *gather, const UploadItem *item)
{
	if (gather->run->again || !item->same_as || item->expected.size <= INLINE_SIZE_MAX) {
		return;
	}
	g_auto(Content) content = { 0 };
	size_t size = 0;
	const void *bytes = g_bytes_get_data(item->same_as, &size);
	if (content_decode(bytes, size, &content, NULL) && content.depth == 0) {
		gather->known = content;
		content = (Content){ 0 };
	}
}

static Progress read_open_file(Gather *gather, GError **error)
{
	UploadItem *item = gather->work->item;
	Progress progress = GOING;
	g_autoptr(GBytes) promised =
		gather->run->again ? NULL : disk_file_promised(gather->file, &item->expected);
	if (!promised && item->expected.size > INLINE_SIZE_MAX) {
		/* Not to read in vain. */
		progress = compare(gather, error);
	}
	if (progress == GOING && !promised) {
		progress = read_bytes(gather, error);
	}
	if (progress == GOING) {
		progress = compare(gather, error);
	}
	if (progress == GOING) {
		progress = conclude_file(gather, promised);
	}
	return progress;
}

/* Takes back what a file that will not be committed has put into the batch. */
static void drop_bytes(Gather *gather)
{
	UploadBatch *batch = gather->batch;
	g_array_set_size(batch->chunks, gather->chunks);
	batch->cut = gather->start;
	batch->filled = gather->start;
}

static Progress gather_file(Gather *gather, UploadItem *item, GError **error)
{
	if (item->expected.size > FILE_SIZE_MAX) {
		set_failed(item, g_error_new(DRIVE_ERROR, DRIVE_ERROR_TOO_LARGE,
					     "files of this size are not supported"));
		return STOPPED;
	}
	GError *cause = NULL;
	g_autoptr(DiskFile) file = disk_open(gather->run->upload->disk, item->path, &cause);
	if (!file) {
		return trouble(gather, cause, error);
	}
	gather->file = file;
	gather->discard = item->verb == UPLOAD_HASH;
	gather->chunks = gather->batch->chunks->len;
	gather->start = gather->batch->cut;
	gather->searched = 0;
	g_array_set_size(gather->refs, 0);
	learn_known(gather, item);
	Progress progress = read_open_file(gather, error);
	if (progress != GOING) {
		drop_bytes(gather);
	}
	content_clear(&gather->known);
	return progress;
}

/* ---- other kinds -------------------------------------------------------------------------- */

static Progress gather_link(Gather *gather, UploadItem *item, GError **error)
{
	Disk *disk = gather->run->upload->disk;
	GError *cause = NULL;
	g_autofree char *target = disk_read_link(disk, item->path, &cause);
	if (!target || !disk_look(disk, item->path, &item->info, &cause)) {
		return trouble(gather, cause, error);
	}
	if (!disk_info_equal(&item->info, &item->expected)) {
		set_changed(item);
		return STOPPED;
	}
	if (*target == '\0' || strlen(target) > LINK_TARGET_SIZE_MAX) {
		set_failed(item, g_error_new(DRIVE_ERROR, DRIVE_ERROR_TOO_LARGE,
					     "a link with a target of %zu bytes", strlen(target)));
		return STOPPED;
	}
	g_clear_pointer(&item->content, g_bytes_unref);
	item->content = g_bytes_new(target, strlen(target));
	item->young = is_young(gather, &item->info);
	return must_be_sent(item) ? GOING : STOPPED;
}

/* A folder is the same whatever was put into it meanwhile. */
static Progress gather_folder(Gather *gather, UploadItem *item, GError **error)
{
	GError *cause = NULL;
	if (!disk_look(gather->run->upload->disk, item->path, &item->info, &cause)) {
		return trouble(gather, cause, error);
	}
	const EntryStamp *now = &item->info.stamp;
	const EntryStamp *then = &item->expected.stamp;
	if (item->info.kind != DISK_FOLDER || now->inode != then->inode ||
	    now->birth_ns != then->birth_ns) {
		set_changed(item);
		return STOPPED;
	}
	return GOING;
}

static Progress gather_item(Gather *gather, UploadItem *item, GError **error)
{
	if (item->verb == UPLOAD_MOVE || item->verb == UPLOAD_DELETE) {
		return GOING;
	}
	switch (item->kind) {
	case ENTRY_FILE:
		return gather_file(gather, item, error);
	case ENTRY_LINK:
		return gather_link(gather, item, error);
	default:
		g_assert(item->kind == ENTRY_FOLDER);
		return gather_folder(gather, item, error);
	}
}

/* ---- all ---------------------------------------------------------------------------------- */

/*
 * How many works from here on are of one group; 1 for a work without group. *ret_size: bytes of
 * their operations, as far as they are known yet.
 */
static unsigned group_count(GPtrArray *works, unsigned at, size_t *ret_size)
{
	const UploadWork *first = g_ptr_array_index(works, at);
	unsigned group = first->item->group;
	unsigned count = 0;
	*ret_size = 0;
	while (group && at + count < works->len) {
		const UploadWork *next = g_ptr_array_index(works, at + count);
		if (next->item->group != group) {
			break;
		}
		RemoteOperation operation = upload_operation(next->item);
		*ret_size += remote_operation_size(&operation);
		count++;
	}
	return MAX(count, 1);
}

static bool has_room(const UploadBatch *batch, unsigned count, size_t size)
{
	return batch->works->len + count <= COMMIT_OPERATIONS_MAX &&
	       batch->message_size < BATCH_MESSAGE_SIZE &&
	       batch->message_size + size < COMMIT_MESSAGE_SIZE_MAX && batch->cut < batch->size_max;
}

static bool gather_work(Gather *gather, UploadWork *work, GError **error)
{
	gather->work = work;
	work->again = false;
	if (!upload_check_cancelled(gather->run->cancellable, error)) {
		return false;
	}
	Progress progress = gather_item(gather, work->item, error);
	if (progress == GOING) {
		RemoteOperation operation = upload_operation(work->item);
		gather->batch->message_size += remote_operation_size(&operation);
		g_ptr_array_add(gather->batch->works, work);
	}
	return progress != BROKEN;
}

static bool gather_group(Gather *gather, GPtrArray *works, unsigned at, unsigned *ret_count,
			 GError **error)
{
	size_t size = 0;
	unsigned count = group_count(works, at, &size);
	bool fits = count <= COMMIT_OPERATIONS_MAX && size < COMMIT_MESSAGE_SIZE_MAX;
	if (fits && !has_room(gather->batch, count, size) && !push_batch(gather)) {
		return false;
	}
	bool ok = true;
	*ret_count = count;
	for (unsigned i = at; ok && i < at + count; i++) {
		UploadWork *work = g_ptr_array_index(works, i);
		if (fits) {
			ok = gather_work(gather, work, error);
		} else {
			set_failed(work->item, g_error_new(DRIVE_ERROR, DRIVE_ERROR_TOO_LARGE,
							   "%u moves in one step", count));
		}
	}
	return ok;
}

/* What is there to read: each file is read to the size that it is expected to have. */
static uint64_t bytes_of(GPtrArray *works)
{
	uint64_t bytes = 0;
	for (unsigned i = 0; i < works->len && bytes < FILE_SIZE_MAX; i++) {
		const UploadItem *item = ((const UploadWork *)works->pdata[i])->item;
		bool read = item->verb != UPLOAD_MOVE && item->verb != UPLOAD_DELETE;
		bytes += read && item->kind == ENTRY_FILE ? MIN(item->expected.size, FILE_SIZE_MAX)
							  : 0;
	}
	return bytes;
}

bool gather_works(UploadRun *run, GPtrArray *works, Pipeline *pipeline, UploadBatch **ret_last,
		  GError **error)
{
	Gather gather = { .run = run, .pipeline = pipeline };
	gather.batch = upload_batch_new(FIRST_RAW_SIZE, bytes_of(works));
	gather.refs = g_array_new(FALSE, FALSE, sizeof(ContentRef));
	bool ok = true;
	for (unsigned at = 0; ok && at < works->len;) {
		unsigned count = 0;
		ok = gather_group(&gather, works, at, &count, error);
		at += count;
	}
	g_array_unref(gather.refs);
	/* What is whole is committed even if the rest fails. */
	if (gather.batch->works->len > 0) {
		*ret_last = gather.batch;
	} else {
		upload_batch_free(gather.batch);
	}
	return ok;
}
