/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A batch goes to the server: which of its chunks are missing there, those in requests of a size
 * that suits the link, the last of them together with the operations.
 *
 * The batches of a long file carry no operations until its last. They are sent side by side: the
 * server verifies one, writes another and waits for its disk with a third.
 *
 * When the server has no room for a file, only that file is refused: what needs no room, a deletion
 * above all, goes on.
 */
#include "client/transfer/upload_internal.h"

#include "base/error.h"
#include "base/limits.h"

/* Fewer bytes than these are sent unasked: to ask would cost a round trip. */
#define ASK_SIZE_MIN (1 * MIB)
/* Smaller chunks would cost more to measure than they tell. */
#define MEASURED_SIZE_MIN (4 * KIB)

static UploadChunk *chunk_at(const UploadBatch *batch, unsigned index)
{
	return &g_array_index(batch->chunks, UploadChunk, index);
}

static bool is_refused(const UploadWork *work)
{
	return g_atomic_int_get(&work->refused) != 0;
}

/* ---- asking and encoding ------------------------------------------------------------------ */

/* The error is about room on the server: these chunks' files are refused, not the batch. */
static bool refuse_asked(UploadBatch *batch, GError **cause)
{
	if (!g_error_matches(*cause, DRIVE_ERROR, DRIVE_ERROR_QUOTA)) {
		return false;
	}
	g_clear_error(cause);
	for (unsigned i = 0; i < batch->chunks->len; i++) {
		UploadChunk *chunk = chunk_at(batch, i);
		if (chunk->ask) {
			g_atomic_int_set(&chunk->work->refused, 1);
			chunk->send = false;
		}
	}
	return true;
}

static void mark_missing(UploadBatch *batch, const GArray *missing)
{
	g_autoptr(GHashTable) lacks = g_hash_table_new(chunk_id_hash, chunk_id_equal);
	for (unsigned i = 0; i < missing->len; i++) {
		g_hash_table_add(lacks, &g_array_index(missing, ChunkId, i));
	}
	for (unsigned i = 0; i < batch->chunks->len; i++) {
		UploadChunk *chunk = chunk_at(batch, i);
		if (!chunk->ask) {
			continue;
		}
		chunk->send = g_hash_table_contains(lacks, &chunk->id);
		if (chunk->send && chunk->work->item->stored_only) {
			g_atomic_int_set(&chunk->work->refused, 1);
			chunk->send = false;
		}
	}
}

static bool ask(UploadBatch *batch, const UploadRun *run, GError **error)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(ChunkId));
	uint64_t bytes = 0;
	bool must = run->again;
	for (unsigned i = 0; i < batch->chunks->len; i++) {
		const UploadChunk *chunk = chunk_at(batch, i);
		bool stored_only = chunk->work->item->stored_only;
		if (chunk->ask) {
			g_array_append_val(ids, chunk->id);
			/* What will not be sent is not to be refused for want of room. */
			bytes += stored_only ? 0 : chunk->length;
			must |= stored_only;
		}
	}
	if (ids->len == 0 || (bytes < ASK_SIZE_MIN && !must)) {
		return true;
	}
	g_autoptr(GArray) missing = g_array_new(FALSE, FALSE, sizeof(ChunkId));
	g_autoptr(GError) cause = NULL;
	if (remote_missing(run->upload->remote, (const ChunkId *)(void *)ids->data, ids->len, bytes,
			   run->cancellable, missing, &cause)) {
		mark_missing(batch, missing);
		return true;
	}
	if (refuse_asked(batch, &cause)) {
		return true;
	}
	g_propagate_error(error, g_steal_pointer(&cause));
	return false;
}

/* The same bytes need to be sent once. */
static void drop_repeated(UploadBatch *batch)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(chunk_id_hash, chunk_id_equal);
	for (unsigned i = 0; i < batch->chunks->len; i++) {
		UploadChunk *chunk = chunk_at(batch, i);
		if (chunk->send && !g_hash_table_add(seen, &chunk->id)) {
			chunk->send = false;
		}
	}
}

/* What encoding at a level cost and gained. */
typedef struct Measure {
	size_t raw;
	size_t encoded;
	int64_t took_us;
} Measure;

static void encode_chunk(UploadBatch *batch, UploadChunk *chunk, Codec *codec, int level,
			 Measure *measure)
{
	const uint8_t *bytes = batch->bytes + chunk->offset;
	chunk->chunk = (EncodedChunk){ chunk->id, CODEC_RAW, chunk->length, chunk->length, bytes };
	if (level == PAYS_RAW) {
		return;
	}
	bool measured = chunk->length >= MEASURED_SIZE_MIN;
	int64_t start_us = measured ? g_get_monotonic_time() : 0;
	CodecEncoding encoding = CODEC_RAW;
	g_autoptr(GBytes) encoded = codec_encode(codec, bytes, chunk->length, level, &encoding);
	if (!encoded) {
		return;
	}
	size_t size = 0;
	chunk->chunk.bytes = g_bytes_get_data(encoded, &size);
	chunk->chunk.size = (uint32_t)size;
	chunk->chunk.encoding = encoding;
	chunk->encoded = g_steal_pointer(&encoded);
	if (measured) {
		measure->took_us += g_get_monotonic_time() - start_us;
		measure->raw += chunk->length;
		measure->encoded += size;
	}
}

bool deliver_encode(void *data, void *run_data, GError **error)
{
	UploadBatch *batch = data;
	UploadRun *run = run_data;
	Upload *upload = run->upload;
	if (!ask(batch, run, error)) {
		return false;
	}
	drop_repeated(batch);
	g_mutex_lock(&upload->mutex);
	int level = pays_level(&upload->pays);
	g_mutex_unlock(&upload->mutex);
	Measure measure = { 0 };
	for (unsigned i = 0; i < batch->chunks->len; i++) {
		if (chunk_at(batch, i)->send) {
			encode_chunk(batch, chunk_at(batch, i), run->codec, level, &measure);
		}
	}
	g_mutex_lock(&upload->mutex);
	if (level == PAYS_RAW) {
		pays_note_raw(&upload->pays);
	} else {
		pays_note_encoded(&upload->pays, level, measure.raw, measure.encoded,
				  measure.took_us * 1000);
	}
	g_mutex_unlock(&upload->mutex);
	return true;
}

/* ---- sending ------------------------------------------------------------------------------ */

/* What is left to send of a batch. */
typedef struct Load {
	GArray *chunks;    /* EncodedChunk */
	GPtrArray *owners; /* UploadWork of each */
	unsigned next;     /* the first that is not sent */
	size_t left;       /* bytes from there on */
} Load;

static void load_clear(Load *load)
{
	g_clear_pointer(&load->chunks, g_array_unref);
	g_clear_pointer(&load->owners, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Load, load_clear)

static void load_fill(Load *load, const UploadBatch *batch)
{
	load->chunks = g_array_new(FALSE, FALSE, sizeof(EncodedChunk));
	load->owners = g_ptr_array_new();
	for (unsigned i = 0; i < batch->chunks->len; i++) {
		const UploadChunk *chunk = chunk_at(batch, i);
		if (chunk->send) {
			g_array_append_val(load->chunks, chunk->chunk);
			g_ptr_array_add(load->owners, chunk->work);
			load->left += chunk->chunk.size;
		}
	}
}

static const EncodedChunk *load_next(const Load *load)
{
	return &g_array_index(load->chunks, EncodedChunk, load->next);
}

/* The next chunks until they have this size, at least one. */
static unsigned load_take(const Load *load, size_t size_wanted, size_t *ret_size)
{
	unsigned count = 0;
	size_t size = 0;
	while (load->next + count < load->chunks->len && size < size_wanted) {
		size += load_next(load)[count].size;
		count++;
	}
	*ret_size = size;
	return count;
}

/* One request with chunks. Those that are under way share the link. */
typedef struct Stopwatch {
	int64_t start_us;
	unsigned sharing;
} Stopwatch;

static Stopwatch begin_sending(Upload *upload)
{
	g_mutex_lock(&upload->mutex);
	Stopwatch watch = { g_get_monotonic_time(), ++upload->sending };
	g_mutex_unlock(&upload->mutex);
	return watch;
}

static void end_sending(Upload *upload, const Stopwatch *watch, size_t bytes, bool ok)
{
	int64_t took_us = (g_get_monotonic_time() - watch->start_us) / watch->sharing;
	g_mutex_lock(&upload->mutex);
	upload->sending--;
	if (ok) {
		pays_note_sent(&upload->pays, bytes, took_us * 1000);
	}
	g_mutex_unlock(&upload->mutex);
}

/* One request of chunks. */
static bool send_some(Load *load, const UploadRun *run, size_t request_size, GError **error)
{
	Upload *upload = run->upload;
	size_t size = 0;
	/* Requests of equal size: no small one at the end. */
	size_t requests = MAX((load->left + request_size / 2) / request_size, 1);
	unsigned count = load_take(load, load->left / requests, &size);
	if (!pace_wait(upload->pace, size, run->cancellable, error)) {
		return false;
	}
	Stopwatch watch = begin_sending(upload);
	g_autoptr(GError) cause = NULL;
	bool ok = remote_upload(upload->remote, load_next(load), count, run->cancellable, &cause);
	end_sending(upload, &watch, size, ok);
	if (g_error_matches(cause, DRIVE_ERROR, DRIVE_ERROR_QUOTA)) {
		for (unsigned i = load->next; i < load->next + count; i++) {
			UploadWork *work = g_ptr_array_index(load->owners, i);
			g_atomic_int_set(&work->refused, 1);
		}
	} else if (!ok) {
		g_propagate_error(error, g_steal_pointer(&cause));
		return false;
	}
	load->next += count;
	load->left -= size;
	return true;
}

static void set_outcome(UploadWork *work, const RemoteResult *result, bool again)
{
	UploadItem *item = work->item;
	switch (result->outcome) {
	case REMOTE_APPLIED:
	case REMOTE_ALREADY:
		item->outcome = UPLOAD_DONE;
		item->seq = result->seq;
		break;
	case REMOTE_MISSING_CONTENT:
		if (!again && item->kind == ENTRY_FILE) {
			work->again = true;
			break;
		}
		G_GNUC_FALLTHROUGH;
	default:
		item->outcome = UPLOAD_REFUSED;
		item->refusal = result->outcome;
		break;
	}
}

/* The works that are still to be committed; the others have been refused. */
static GPtrArray *committable(const UploadBatch *batch)
{
	GPtrArray *works = g_ptr_array_new();
	for (unsigned i = 0; i < batch->works->len; i++) {
		UploadWork *work = g_ptr_array_index(batch->works, i);
		if (is_refused(work)) {
			upload_refuse(work->item);
		} else {
			g_ptr_array_add(works, work);
		}
	}
	return works;
}

/* What goes is known as ours, should nobody be there to hear the answer. */
static void note(Sent *sent, GPtrArray *works)
{
	g_autofree SentNote *notes = g_new(SentNote, works->len);
	for (unsigned i = 0; i < works->len; i++) {
		notes[i] = upload_item_note(((const UploadWork *)works->pdata[i])->item);
	}
	sent_write(sent, notes, works->len);
}

static bool commit(const Load *load, GPtrArray *works, const UploadRun *run, GError **error)
{
	Upload *upload = run->upload;
	g_autofree RemoteOperation *operations = g_new(RemoteOperation, works->len);
	g_autofree RemoteResult *results = g_new0(RemoteResult, works->len);
	for (unsigned i = 0; i < works->len; i++) {
		const UploadWork *work = g_ptr_array_index(works, i);
		operations[i] = upload_operation(work->item);
	}
	if (upload->options.sent) {
		note(upload->options.sent, works);
	}
	unsigned count = load->chunks->len - load->next;
	if (!pace_wait(upload->pace, load->left, run->cancellable, error)) {
		return false;
	}
	Stopwatch watch = begin_sending(upload);
	bool ok = remote_commit(upload->remote, operations, works->len,
				count ? load_next(load) : NULL, count, run->cancellable, results,
				error);
	end_sending(upload, &watch, load->left, ok);
	if (!ok) {
		return false;
	}
	for (unsigned i = 0; i < works->len; i++) {
		set_outcome(g_ptr_array_index(works, i), &results[i], run->again);
	}
	return true;
}

static size_t request_size_now(Upload *upload)
{
	g_mutex_lock(&upload->mutex);
	size_t size_max = pace_request_size(upload->pace, BATCH_SIZE_TARGET);
	size_t size = pays_request_size(&upload->pays, size_max);
	g_mutex_unlock(&upload->mutex);
	return size;
}

/* All of the batch but the last `rest` bytes. */
static bool send_chunks(Load *load, const UploadRun *run, size_t rest, GError **error)
{
	size_t request_size = request_size_now(run->upload);
	while (load->next < load->chunks->len && load->left > rest) {
		if (!send_some(load, run, request_size, error)) {
			return false;
		}
	}
	return true;
}

static void note_progress(Upload *upload, const UploadBatch *batch)
{
	g_mutex_lock(&upload->mutex);
	upload->progress += batch->cut;
	g_mutex_unlock(&upload->mutex);
}

/* ---- side by side ------------------------------------------------------------------------- */

typedef struct Senders {
	UploadRun *run;
	GThreadPool *pool;
	GMutex mutex; /* guards all below */
	GCond cond;
	unsigned busy; /* batches that are being sent */
	GError *error; /* the first */
} Senders;

static void send_batch(void *data, void *senders_data)
{
	UploadBatch *batch = data;
	Senders *senders = senders_data;
	g_auto(Load) load = { 0 };
	GError *error = NULL;
	load_fill(&load, batch);
	if (send_chunks(&load, senders->run, 0, &error)) {
		note_progress(senders->run->upload, batch);
	}
	upload_batch_free(batch);
	g_mutex_lock(&senders->mutex);
	senders->busy--;
	if (error && !senders->error) {
		senders->error = g_steal_pointer(&error);
	}
	g_cond_broadcast(&senders->cond);
	g_mutex_unlock(&senders->mutex);
	g_clear_error(&error);
}

static Senders *senders_of(UploadRun *run)
{
	if (!run->senders) {
		Senders *senders = g_new0(Senders, 1);
		senders->run = run;
		senders->pool = g_thread_pool_new(send_batch, senders, SENDERS_MAX, FALSE, NULL);
		g_mutex_init(&senders->mutex);
		g_cond_init(&senders->cond);
		run->senders = senders;
	}
	return run->senders;
}

/* Waits until no more than these are busy. False if something failed so far. */
static bool senders_wait(Senders *senders, unsigned busy_max, GError **error)
{
	g_mutex_lock(&senders->mutex);
	while (senders->busy > busy_max && !(senders->error && busy_max > 0)) {
		g_cond_wait(&senders->cond, &senders->mutex);
	}
	bool ok = !senders->error;
	if (!ok && error) {
		*error = g_error_copy(senders->error);
	}
	g_mutex_unlock(&senders->mutex);
	return ok;
}

/* Takes what is in the batch. */
static bool hand_over(UploadRun *run, UploadBatch *batch, GError **error)
{
	Senders *senders = senders_of(run);
	if (!senders_wait(senders, SENDERS_MAX - 1, error)) {
		return false;
	}
	UploadBatch *taken = g_memdup2(batch, sizeof *batch);
	*batch = (UploadBatch){ 0 };
	g_mutex_lock(&senders->mutex);
	senders->busy++;
	g_mutex_unlock(&senders->mutex);
	g_thread_pool_push(senders->pool, taken, NULL);
	return true;
}

bool deliver_end(UploadRun *run, GError **error)
{
	Senders *senders = run->senders;
	if (!senders) {
		return true;
	}
	bool ok = senders_wait(senders, 0, error);
	g_thread_pool_free(senders->pool, FALSE, TRUE);
	g_clear_error(&senders->error);
	g_mutex_clear(&senders->mutex);
	g_cond_clear(&senders->cond);
	g_free(senders);
	run->senders = NULL;
	return ok;
}

/* ---- the step ----------------------------------------------------------------------------- */

bool deliver_send(void *data, void *run_data, GError **error)
{
	UploadBatch *batch = data;
	UploadRun *run = run_data;
	if (batch->works->len == 0) {
		return hand_over(run, batch, error);
	}
	/* What the operations name must be there. */
	if (run->senders && !senders_wait(run->senders, 0, error)) {
		return false;
	}
	g_auto(Load) load = { 0 };
	load_fill(&load, batch);
	/* The rest goes with the operations: one round trip and one sync less. */
	if (!send_chunks(&load, run, 2 * request_size_now(run->upload), error)) {
		return false;
	}
	g_autoptr(GPtrArray) works = committable(batch);
	if (works->len == 0 && !send_chunks(&load, run, 0, error)) {
		return false;
	}
	if (works->len > 0 && !commit(&load, works, run, error)) {
		return false;
	}
	note_progress(run->upload, batch);
	return true;
}
