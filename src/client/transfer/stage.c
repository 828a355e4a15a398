/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pieces become bytes in staged files. No byte is written that has not the hash it must have. What
 * cannot be had fails its file alone; what the disk cannot take fails the run.
 */
#include "client/transfer/apply_internal.h"

#include "base/error.h"
#include "base/limits.h"

static ApplyPiece *piece_at(const ApplyLoad *load, unsigned index)
{
	return &g_array_index(load->pieces, ApplyPiece, index);
}

/* ---- fetching ----------------------------------------------------------------------------- */

/* ids: of the pieces to fetch, each once. wanted: ChunkId -> the first piece of it. */
typedef struct Order {
	GArray *ids;
	GHashTable *wanted;
} Order;

static void order_clear(Order *order)
{
	g_array_unref(order->ids);
	g_hash_table_unref(order->wanted);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Order, order_clear)

static void order_fill(Order *order, const ApplyLoad *load)
{
	order->ids = g_array_new(FALSE, FALSE, sizeof(ChunkId));
	order->wanted = g_hash_table_new(chunk_id_hash, chunk_id_equal);
	for (unsigned i = 0; i < load->pieces->len; i++) {
		ApplyPiece *piece = piece_at(load, i);
		if (piece->source == PIECE_FETCH &&
		    g_hash_table_insert(order->wanted, &piece->ref.id, piece)) {
			g_array_append_val(order->ids, piece->ref.id);
		}
	}
}

/* Gives what came to the pieces; what was left out on the way is nowhere. Returns the next. */
static unsigned distribute(const Order *order, unsigned from, const GArray *chunks)
{
	unsigned next = from;
	for (unsigned i = 0; i < chunks->len; i++) {
		const EncodedChunk *chunk = &g_array_index(chunks, EncodedChunk, i);
		for (bool found = false; !found; next++) {
			const ChunkId *id = &g_array_index(order->ids, ChunkId, next);
			ApplyPiece *piece = g_hash_table_lookup(order->wanted, id);
			found = chunk_id_equal(id, &chunk->id);
			piece->source = found ? PIECE_HERE : PIECE_NOWHERE;
			piece->chunk = *chunk;
		}
	}
	return next;
}

static void give_up(const Order *order, unsigned from)
{
	for (unsigned i = from; i < order->ids->len; i++) {
		const ChunkId *id = &g_array_index(order->ids, ChunkId, i);
		ApplyPiece *piece = g_hash_table_lookup(order->wanted, id);
		piece->source = PIECE_NOWHERE;
	}
}

static bool fetch_order(const Order *order, ApplyLoad *load, const ApplyRun *run, GError **error)
{
	const Apply *apply = run->apply;
	for (unsigned next = 0; next < order->ids->len;) {
		g_autoptr(GArray) chunks = NULL;
		g_autoptr(GBytes) body = NULL;
		g_autoptr(GError) cause = NULL;
		unsigned count = MIN(order->ids->len - next, CHUNK_IDS_MAX);
		if (!remote_fetch(apply->remote, &g_array_index(order->ids, ChunkId, next), count,
				  run->cancellable, &chunks, &body, &cause)) {
			if (g_error_matches(cause, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND)) {
				give_up(order, next);
				return true;
			}
			g_propagate_error(error, g_steal_pointer(&cause));
			return false;
		}
		apply_load_own(load, body);
		next = distribute(order, next, chunks);
		if (!pace_wait(apply->options.pace, g_bytes_get_size(body), run->cancellable,
			       error)) {
			return false;
		}
	}
	return true;
}

static bool fetch(ApplyLoad *load, const ApplyRun *run, GError **error)
{
	g_auto(Order) order = { 0 };
	order_fill(&order, load);
	if (!fetch_order(&order, load, run, error)) {
		return false;
	}
	for (unsigned i = 0; i < load->pieces->len; i++) {
		ApplyPiece *piece = piece_at(load, i);
		if (piece->source == PIECE_FETCH) {
			const ApplyPiece *first = g_hash_table_lookup(order.wanted, &piece->ref.id);
			piece->source = first->source;
			piece->chunk = first->chunk;
		}
	}
	return true;
}

bool stage_fetch_ahead(void *load, void *run, GError **error)
{
	return !((const ApplyLoad *)load)->ahead || fetch(load, run, error);
}

bool stage_fetch(void *load, void *run, GError **error)
{
	return ((const ApplyLoad *)load)->ahead || fetch(load, run, error);
}

/* ---- writing ------------------------------------------------------------------------------ */

static void fail_work(ApplyWork *work, GError *error)
{
	g_prefix_error(&error, "'%s': ", work->item->path);
	work->item->outcome = APPLY_FAILED;
	work->item->error = error;
	g_clear_pointer(&work->staged, disk_file_close);
}

/* The bytes of a chunk that is here, verified: in place if it is raw, else in the run's buffer. */
static const uint8_t *open_chunk(const ApplyRun *run, const EncodedChunk *chunk,
				 const ContentRef *ref, GError **error)
{
	if (chunk->raw_size != ref->length) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT,
			    "a chunk of another length than promised");
		return NULL;
	}
	return codec_view(run->codec, chunk, run->buffer, error);
}

/* NULL if the base is not what it was any more. */
static const uint8_t *read_base(const ApplyRun *run, const ApplyPiece *piece)
{
	size_t got = 0;
	if (!disk_file_read(piece->work->base, piece->base_offset, run->buffer, piece->ref.length,
			    &got, NULL) ||
	    got != piece->ref.length) {
		return NULL;
	}
	ChunkId id = chunk_id_of(run->buffer, got);
	return chunk_id_equal(&id, &piece->ref.id) ? run->buffer : NULL;
}

/* What was thought to be here is not: the server has it. */
static const uint8_t *fetch_one(const ApplyRun *run, ApplyLoad *load, const ContentRef *ref,
				GError **error)
{
	g_autoptr(GArray) chunks = NULL;
	g_autoptr(GBytes) body = NULL;
	if (!remote_fetch(run->apply->remote, &ref->id, 1, run->cancellable, &chunks, &body,
			  error)) {
		return NULL;
	}
	apply_load_own(load, body);
	return open_chunk(run, &g_array_index(chunks, EncodedChunk, 0), ref, error);
}

static const uint8_t *bytes_of(const ApplyRun *run, ApplyLoad *load, const ApplyPiece *piece,
			       GError **error)
{
	const uint8_t *bytes = NULL;
	switch (piece->source) {
	case PIECE_BASE:
		bytes = read_base(run, piece);
		break;
	case PIECE_HERE:
		bytes = open_chunk(run, &piece->chunk, &piece->ref, NULL);
		break;
	default:
		g_assert(piece->source == PIECE_NOWHERE);
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
			    "the drive lacks a chunk of it");
		return NULL;
	}
	return bytes ? bytes : fetch_one(run, load, &piece->ref, error);
}

/* The server answered, but what it has is of no use for this file. */
static bool concerns_file(const GError *error)
{
	return g_error_matches(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND) ||
	       g_error_matches(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT);
}

static bool stage_file(const ApplyRun *run, ApplyWork *work, GError **error)
{
	if (!work->staged) {
		work->staged = disk_stage(run->apply->disk, error);
	}
	return work->staged != NULL;
}

static bool write_piece(const ApplyRun *run, ApplyLoad *load, const ApplyPiece *piece,
			GError **error)
{
	ApplyWork *work = piece->work;
	if (work->item->outcome != APPLY_PENDING) {
		return true;
	}
	GError *cause = NULL;
	const uint8_t *bytes = bytes_of(run, load, piece, &cause);
	if (!bytes) {
		if (concerns_file(cause)) {
			fail_work(work, cause);
			return true;
		}
		g_propagate_error(error, cause);
		return false;
	}
	if (!stage_file(run, work, error) ||
	    !disk_file_write(work->staged, piece->offset, bytes, piece->ref.length, error)) {
		g_prefix_error(error, "write '%s': ", work->item->path);
		return false;
	}
	work->written = piece->offset + piece->ref.length;
	return true;
}

/* All pieces of the file are written. */
static bool finish_file(const ApplyRun *run, ApplyWork *work, GError **error)
{
	ApplyItem *item = work->item;
	g_clear_pointer(&work->base, disk_file_close);
	if (item->outcome != APPLY_PENDING) {
		return true;
	}
	if (work->source_error) {
		fail_work(work, g_steal_pointer(&work->source_error));
		return true;
	}
	bool lazy = disk_is_lazy(run->apply->disk);
	g_assert(lazy || work->written == item->size);
	if (!stage_file(run, work, error) ||
	    (lazy && !disk_file_promise(work->staged, item->content, item->size, error)) ||
	    !disk_file_set(work->staged, item->mtime_ns, item->executable, error)) {
		g_prefix_error(error, "write '%s': ", item->path);
		return false;
	}
	return true;
}

bool stage_write(void *data, void *run_data, GError **error)
{
	ApplyLoad *load = data;
	const ApplyRun *run = run_data;
	for (unsigned i = 0; i < load->pieces->len; i++) {
		if (!apply_check_cancelled(run, error) ||
		    !write_piece(run, load, piece_at(load, i), error)) {
			return false;
		}
	}
	for (unsigned i = 0; i < load->works->len; i++) {
		ApplyWork *work = g_ptr_array_index(load->works, i);
		if (work->stages && !finish_file(run, work, error)) {
			return false;
		}
	}
	return true;
}
