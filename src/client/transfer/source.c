/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the bytes of each file come from: the file that it replaces, what came beside the changes,
 * or the server. For long files the lists of chunks are fetched first, a few at a time, so that
 * memory does not grow with the file.
 */
#include "client/transfer/apply_internal.h"

#include "base/error.h"
#include "base/limits.h"
#include "client/remote/remote_lists.h"

#include <string.h>

/* Bytes of pieces in one load: what one answer of the server may carry. */
#define LOAD_SIZE_MAX BATCH_SIZE_TARGET
#define LOAD_PIECES_MAX 8192
/* Bytes of files in one round. */
#define ROUND_SIZE (64 * MIB)
/* Lists of a base that are over this are not used: it is then sought in vain in 1 TiB. */
#define BASE_LISTS_SIZE_MAX (64 * MIB)

/* A chunk of the base file and where it lies there. */
typedef struct BaseChunk {
	ContentRef ref;
	uint64_t offset;
} BaseChunk;

typedef struct Source {
	ApplyRun *run;
	Pipeline *pipeline;
	ApplyLoad *load;
	size_t load_size_max;
	unsigned round_files;
	uint64_t round_size;
	/* the file at hand */
	ApplyWork *work;
	GArray *base;      /* BaseChunk, by id */
	GHashTable *lists; /* ChunkId -> GBytes: decoded list chunks of the base */
	uint64_t at;       /* bytes that have pieces */
	uint64_t kept;     /* bytes that an earlier run has written */
	bool base_failed;
} Source;

static bool push_load(Source *source, bool ends_round)
{
	ApplyLoad *full = source->load;
	full->ends_round = ends_round;
	source->load = apply_load_new();
	source->load->ahead = !full->ahead;
	if (ends_round) {
		source->round_files = 0;
		source->round_size = 0;
	}
	return pipeline_push(source->pipeline, full);
}

/* ---- list chunks -------------------------------------------------------------------------- */

/* NULL if it is neither of the base nor beside the changes. */
static GBytes *find_list(void *data, const ContentRef *ref)
{
	Source *source = data;
	GBytes *known = g_hash_table_lookup(source->lists, &ref->id);
	if (known) {
		return g_bytes_ref(known);
	}
	EncodedChunk chunk;
	g_autoptr(GBytes) body = NULL;
	if (!cache_find(source->run->apply->cache, &ref->id, &chunk, &body)) {
		return NULL;
	}
	return remote_lists_open(source->run->source_codec, &chunk, ref, NULL);
}

static bool wait_pace(void *data, size_t bytes, GError **error)
{
	const ApplyRun *run = ((const Source *)data)->run;
	return pace_wait(run->apply->options.pace, bytes, run->cancellable, error);
}

typedef bool (*ListVisitor)(void *source, const ContentRef *ref, GBytes *list, GError **error);

static bool visit_lists(Source *source, const Content *content, ListVisitor visit, GError **error)
{
	const ApplyRun *run = source->run;
	const RemoteLists lists = {
		.remote = run->apply->remote,
		.codec = run->source_codec,
		.cancellable = run->cancellable,
		.find = find_list,
		.arrived = wait_pace,
		.visit = visit,
		.data = source,
	};
	return remote_lists_visit(&lists, content, error);
}

/* ---- the base ----------------------------------------------------------------------------- */

static int compare_base(const void *a, const void *b)
{
	const BaseChunk *left = a;
	const BaseChunk *right = b;
	return chunk_id_compare(&left->ref.id, &right->ref.id);
}

static void add_base(Source *source, const Content *content)
{
	for (size_t i = 0; i < content->count; i++) {
		BaseChunk chunk = { content->refs[i], source->at };
		g_array_append_val(source->base, chunk);
		source->at += chunk.ref.length;
	}
}

static bool add_base_list(void *data, const ContentRef *ref, GBytes *list, GError **error)
{
	Source *source = data;
	g_auto(Content) content = { 0 };
	size_t size = 0;
	const void *bytes = g_bytes_get_data(list, &size);
	if (!content_decode_list(bytes, size, &content, error)) {
		return false;
	}
	add_base(source, &content);
	g_hash_table_replace(source->lists, g_memdup2(&ref->id, sizeof ref->id), g_bytes_ref(list));
	return true;
}

/*
 * Learns which chunks the file now at the path has. That is only to save bytes: where it fails,
 * there is no base. Only the loss of the server counts.
 */
static bool learn_base(Source *source, GError **error)
{
	const ApplyItem *item = source->work->item;
	g_array_set_size(source->base, 0);
	g_hash_table_remove_all(source->lists);
	source->base_failed = false;
	source->at = 0;
	if (item->verb != APPLY_UPDATE || !item->base_content || !item->has_expected) {
		return true;
	}
	g_auto(Content) content = { 0 };
	size_t size = 0;
	const void *bytes = g_bytes_get_data(item->base_content, &size);
	if (!content_decode(bytes, size, &content, NULL) ||
	    content_length(&content) > (content.depth ? BASE_LISTS_SIZE_MAX : FILE_SIZE_MAX)) {
		return true;
	}
	if (content.depth == 0) {
		add_base(source, &content);
	} else {
		g_autoptr(GError) cause = NULL;
		if (!visit_lists(source, &content, add_base_list, &cause)) {
			g_array_set_size(source->base, 0);
			bool lost = g_error_matches(cause, DRIVE_ERROR, DRIVE_ERROR_OFFLINE) ||
				    g_error_matches(cause, DRIVE_ERROR, DRIVE_ERROR_CANCELLED);
			if (lost) {
				g_propagate_error(error, g_steal_pointer(&cause));
				return false;
			}
		}
	}
	g_array_sort(source->base, compare_base);
	return true;
}

/* Opens the file at the path, once it is of use, if it is still what was observed. */
static bool open_base(Source *source)
{
	ApplyWork *work = source->work;
	if (work->base || source->base_failed) {
		return work->base != NULL;
	}
	g_autoptr(DiskFile) file = disk_open(source->run->apply->disk, work->item->path, NULL);
	DiskInfo info;
	if (file && disk_file_look(file, &info, NULL) &&
	    disk_info_equal(&info, &work->item->expected)) {
		work->base = g_steal_pointer(&file);
	}
	source->base_failed = work->base == NULL;
	return work->base != NULL;
}

static bool find_base(Source *source, const ContentRef *ref, uint64_t *ret_offset)
{
	BaseChunk wanted = { *ref, 0 };
	unsigned index = 0;
	if (source->base->len == 0 ||
	    !g_array_binary_search(source->base, &wanted, compare_base, &index)) {
		return false;
	}
	const BaseChunk *found = &g_array_index(source->base, BaseChunk, index);
	*ret_offset = found->offset;
	return found->ref.length == ref->length && open_base(source);
}

/* ---- pieces ------------------------------------------------------------------------------- */

static bool add_piece(Source *source, const ContentRef *ref)
{
	ApplyWork *work = source->work;
	ApplyLoad *load = source->load;
	ApplyPiece piece = { .work = work, .offset = source->at, .ref = *ref };
	source->at += ref->length;
	if (source->at <= source->kept) {
		return true;
	}
	g_autoptr(GBytes) body = NULL;
	if (find_base(source, ref, &piece.base_offset)) {
		piece.source = PIECE_BASE;
	} else if (cache_find(source->run->apply->cache, &ref->id, &piece.chunk, &body)) {
		piece.source = PIECE_HERE;
		apply_load_own(load, body);
	}
	g_array_append_val(load->pieces, piece);
	load->size += ref->length;
	bool full = load->size >= source->load_size_max || load->pieces->len >= LOAD_PIECES_MAX;
	return !full || push_load(source, false);
}

static bool add_pieces(Source *source, const Content *content, GError **error)
{
	uint64_t size = source->work->item->size;
	if (content_length(content) > size - source->at) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT,
			    "its chunks are longer than the file");
		return false;
	}
	for (size_t i = 0; i < content->count; i++) {
		if (!add_piece(source, &content->refs[i])) {
			return false;
		}
	}
	return true;
}

static bool add_list_pieces(void *data, const ContentRef *ref, GBytes *list, GError **error)
{
	Source *source = data;
	g_auto(Content) content = { 0 };
	size_t size = 0;
	const void *bytes = g_bytes_get_data(list, &size);
	return content_decode_list(bytes, size, &content, error) &&
	       add_pieces(source, &content, error);
}

static bool source_content(Source *source, GError **error)
{
	ApplyItem *item = source->work->item;
	g_auto(Content) content = { 0 };
	size_t size = 0;
	const void *bytes = g_bytes_get_data(item->content, &size);
	if (!content_decode(bytes, size, &content, error)) {
		return false;
	}
	if (content.depth == 0) {
		if (!add_pieces(source, &content, error)) {
			return false;
		}
	} else if (!visit_lists(source, &content, add_list_pieces, error)) {
		return false;
	}
	if (source->at != item->size) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT,
			    "its chunks are shorter than the file");
		return false;
	}
	return true;
}

/* Is it only this file that cannot be had? */
static bool concerns_file(const GError *error)
{
	return g_error_matches(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND) ||
	       g_error_matches(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT) ||
	       g_error_matches(error, DRIVE_ERROR, DRIVE_ERROR_INVALID) ||
	       g_error_matches(error, DRIVE_ERROR, DRIVE_ERROR_TOO_LARGE);
}

/* A long file is not fetched in vain. What is replaced may have much of its new content. */
static bool has_room(const ApplyRun *run, const ApplyWork *work, GError **error)
{
	const ApplyOptions *options = &run->apply->options;
	const ApplyItem *item = work->item;
	uint64_t size = item->size - MIN(work->written, item->size);
	if (!options->room || item->base_content || size < ROUND_SIZE) {
		return true;
	}
	uint64_t room = options->room(options->room_data);
	if (size <= room) {
		return true;
	}
	g_autofree char *needed = g_format_size(size), *left = g_format_size(room);
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NO_SPACE,
		    "'%s' needs %s, and the disk of this device has room for %s", item->path,
		    needed, left);
	return false;
}

static bool source_file(Source *source, GError **error)
{
	ApplyWork *work = source->work;
	work->stages = true;
	if (disk_is_lazy(source->run->apply->disk)) {
		/* It is promised: its bytes come when they are read. */
		source->round_files++;
		return true;
	}
	if (!learn_base(source, error)) {
		return false;
	}
	g_autofree ApplyPartial *partial =
		apply_take_partial(source->run->apply, work->item->content);
	if (partial) {
		work->staged = partial->staged;
		work->written = partial->written;
		g_bytes_unref(partial->content);
	}
	if (!has_room(source->run, work, error)) {
		return false;
	}
	source->kept = work->written;
	source->at = 0;
	GError *cause = NULL;
	if (!source_content(source, &cause)) {
		if (!cause) {
			/* The pipeline has failed. */
			return false;
		}
		if (!concerns_file(cause)) {
			g_propagate_error(error, cause);
			return false;
		}
		work->source_error = cause;
	}
	source->round_files++;
	source->round_size += work->item->size;
	return true;
}

static bool source_work(Source *source, ApplyWork *work, GError **error)
{
	const ApplyItem *item = work->item;
	source->work = work;
	if (!apply_check_cancelled(source->run, error)) {
		return false;
	}
	bool value = item->verb == APPLY_CREATE || item->verb == APPLY_UPDATE;
	if (value && item->kind == ENTRY_FILE && !apply_is_attributes_only(item) &&
	    !source_file(source, error)) {
		return false;
	}
	g_ptr_array_add(source->load->works, work);
	bool full = source->round_files >= source->run->apply->round_files_max ||
		    source->round_size >= ROUND_SIZE;
	return !full || push_load(source, true);
}

bool source_works(ApplyRun *run, GPtrArray *works, Pipeline *pipeline, ApplyLoad **ret_last,
		  GError **error)
{
	Source source = { .run = run, .pipeline = pipeline, .load = apply_load_new() };
	source.load_size_max = pace_request_size(run->apply->options.pace, LOAD_SIZE_MAX);
	source.base = g_array_new(FALSE, FALSE, sizeof(BaseChunk));
	source.lists = g_hash_table_new_full(chunk_id_hash, chunk_id_equal, g_free,
					     (GDestroyNotify)g_bytes_unref);
	bool ok = true;
	for (unsigned i = 0; ok && i < works->len; i++) {
		ok = source_work(&source, g_ptr_array_index(works, i), error);
	}
	g_array_unref(source.base);
	g_hash_table_unref(source.lists);
	source.load->ends_round = true;
	*ret_last = source.load;
	return ok;
}
