/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fetches what is not here. What is missing is fetched in *flights*: some chunks that follow each
 * other, one request or few, on a thread of the volume's. Each chunk is in one flight at most, so
 * whoever reads waits for the flight that there is; it goes on when nobody waits any more.
 *
 * A chunk is verified, written, and only then said to be here. The time of the file is put back
 * after each, since nothing of this is an edit.
 *
 * Reads that follow each other open a window ahead of them, doubled up to AHEAD_MAX each time half
 * of it was used, and fetched by several flights at once. A read elsewhere fetches its chunk alone.
 */
#include "client/virtual/volume_internal.h"

#include "base/error.h"
#include "base/limits.h"
#include "chunk/codec.h"
#include "client/virtual/layout.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/*
 * Bytes of one flight. All that are under way at once lie in memory, in the server's too: so much
 * hides the round trips of a long way, and is less than what the heaps keep: no flight needs
 * new pages.
 */
#define FLIGHT_SIZE (1 * MIB)
#define AHEAD_FIRST (1 * MIB)
#define AHEAD_MAX (8 * MIB)
/* Reads of one program come in this disorder, since many threads serve them. */
#define DISORDER CHUNK_SIZE_MAX

struct Flight {
	Body *body;
	int references; /* guarded by the body's mutex, as all below */
	unsigned from;  /* chunks */
	unsigned to;
	bool done;
	int errnum;
};

static Flight *flight_ref(Flight *flight)
{
	flight->references++;
	return flight;
}

static void flight_unref(Flight *flight)
{
	if (--flight->references == 0) {
		g_free(flight);
	}
}

int hydrate_errno(const GError *error)
{
	switch (error->code) {
	case DRIVE_ERROR_OFFLINE:
	case DRIVE_ERROR_BUSY:
		return ENETUNREACH;
	case DRIVE_ERROR_CANCELLED:
		return EINTR;
	case DRIVE_ERROR_UNAUTHENTICATED:
	case DRIVE_ERROR_FORBIDDEN:
		return EACCES;
	default:
		return EIO;
	}
}

/* ---- flying ------------------------------------------------------------------------------- */

/*
 * Writes a verified chunk at each place of the flight that it has. Not locked. EIO where the file
 * is said to have more or less of it than there is.
 */
static int write_chunk(Flight *flight, const EncodedChunk *verified, const uint8_t *bytes)
{
	Body *body = flight->body;
	for (unsigned i = flight->from; i < flight->to; i++) {
		const LayoutChunk *chunk = layout_chunk(body->layout, i);
		if (!chunk_id_equal(&chunk->ref.id, &verified->id)) {
			continue;
		}
		if (chunk->ref.length != verified->raw_size) {
			return EIO;
		}
		for (size_t done = 0; done < chunk->ref.length;) {
			ssize_t count = TEMP_FAILURE_RETRY(pwrite(body->fd, bytes + done,
								  chunk->ref.length - done,
								  (off_t)(chunk->offset + done)));
			if (count < 0) {
				return errno;
			}
			done += (size_t)count;
		}
		volume_count_fetched(body->volume, chunk->ref.length);
		g_mutex_lock(&body->mutex);
		body_restore_times(body, body->fd);
		ranges_add(&body->here, chunk->offset, chunk->offset + chunk->ref.length);
		if (ranges_have(&body->here, 0, body->record.size)) {
			/* Not only at the end of the flight: who waits for this is woken now. */
			g_atomic_int_set(&body->whole, 1);
		}
		body->parts_changed = true;
		g_cond_broadcast(&body->cond);
		g_mutex_unlock(&body->mutex);
	}
	return 0;
}

/* The ids of the flight's chunks, each once, in order. */
static GArray *ids_of(const Flight *flight)
{
	GArray *ids = g_array_new(FALSE, FALSE, sizeof(ChunkId));
	g_autoptr(GHashTable) seen = g_hash_table_new(chunk_id_hash, chunk_id_equal);
	for (unsigned i = flight->from; i < flight->to; i++) {
		const LayoutChunk *chunk = layout_chunk(flight->body->layout, i);
		if (g_hash_table_add(seen, (void *)&chunk->ref.id)) {
			g_array_append_val(ids, chunk->ref.id);
		}
	}
	return ids;
}

static uint32_t length_of(const Flight *flight, const ChunkId *id)
{
	for (unsigned i = flight->from; i < flight->to; i++) {
		const LayoutChunk *chunk = layout_chunk(flight->body->layout, i);
		if (chunk_id_equal(&chunk->ref.id, id)) {
			return chunk->ref.length;
		}
	}
	g_assert_not_reached();
}

/* What came of ids[*next] and on; those that were left out are not on the server. */
static int take_chunks(Flight *flight, const GArray *ids, unsigned *next, const GArray *chunks,
		       Codec *codec)
{
	g_autofree uint8_t *buffer = g_malloc(CHUNK_SIZE_MAX);
	bool lost = false;
	for (unsigned i = 0; i < chunks->len; i++) {
		const EncodedChunk *chunk = &g_array_index(chunks, EncodedChunk, i);
		while (*next < ids->len &&
		       !chunk_id_equal(&g_array_index(ids, ChunkId, *next), &chunk->id)) {
			lost = true;
			(*next)++;
		}
		if (*next == ids->len || chunk->raw_size != length_of(flight, &chunk->id)) {
			return EIO;
		}
		(*next)++;
		const uint8_t *bytes = codec_view(codec, chunk, buffer, NULL);
		int errnum = bytes ? write_chunk(flight, chunk, bytes) : EIO;
		if (errnum) {
			return errnum;
		}
	}
	return lost ? EIO : 0;
}

static int fetch(Flight *flight)
{
	Volume *volume = flight->body->volume;
	g_autoptr(GArray) ids = ids_of(flight);
	g_autoptr(Codec) codec = codec_new();
	int errnum = 0;
	for (unsigned next = 0; !errnum && next < ids->len;) {
		g_autoptr(GArray) chunks = NULL;
		g_autoptr(GBytes) body = NULL;
		g_autoptr(GError) error = NULL;
		if (!remote_fetch(volume->remote, &g_array_index(ids, ChunkId, next),
				  ids->len - next, volume->closing, &chunks, &body, &error) ||
		    !pace_wait(volume->pace, g_bytes_get_size(body), volume->closing, &error)) {
			return hydrate_errno(error);
		}
		errnum = take_chunks(flight, ids, &next, chunks, codec);
	}
	return errnum;
}

/* What it held is let go of. */
static void land(Volume *volume)
{
	g_mutex_lock(&volume->mutex);
	volume->flights_left--;
	g_cond_broadcast(&volume->idle);
	g_mutex_unlock(&volume->mutex);
}

void hydrate_fly(void *data, void *volume)
{
	Flight *flight = data;
	Body *body = flight->body;
	int errnum = fetch(flight);
	g_mutex_lock(&body->mutex);
	for (unsigned i = flight->from; i < flight->to; i++) {
		g_hash_table_remove(body->flights, GUINT_TO_POINTER(i));
	}
	flight->done = true;
	flight->errnum = errnum;
	if (errnum == ENOSPC) {
		chores_evict(body->volume);
	}
	if (g_atomic_int_get(&body->whole)) {
		if (!body->record.complete) {
			keeper_add(body);
		}
	} else if (body->files == 0 && body->parts_changed) {
		/* Whoever closed the file last has noted what was here then. */
		keeper_add(body);
	}
	g_cond_broadcast(&body->cond);
	flight_unref(flight);
	g_mutex_unlock(&body->mutex);
	body_unref(body);
	land(volume);
}

/* ---- starting ----------------------------------------------------------------------------- */

static bool is_here(const Body *body, unsigned index)
{
	const LayoutChunk *chunk = layout_chunk(body->layout, index);
	return ranges_have(&body->here, chunk->offset, chunk->offset + chunk->ref.length);
}

static Flight *flight_of(const Body *body, unsigned index)
{
	return g_hash_table_lookup(body->flights, GUINT_TO_POINTER(index));
}

static void start(Body *body, unsigned from, unsigned to)
{
	Flight *flight = g_new0(Flight, 1);
	flight->body = body_ref(body);
	flight->references = 1;
	flight->from = from;
	flight->to = to;
	for (unsigned i = from; i < to; i++) {
		g_hash_table_insert(body->flights, GUINT_TO_POINTER(i), flight);
	}
	g_mutex_lock(&body->volume->mutex);
	body->volume->flights_left++;
	g_mutex_unlock(&body->volume->mutex);
	g_thread_pool_push(body->volume->fetchers, flight, NULL);
}

/* Locked: whatever of from..to is neither here nor on its way sets out. */
static void start_range(Body *body, uint64_t from, uint64_t to)
{
	to = MIN(to, body->record.size);
	if (from >= to) {
		return;
	}
	unsigned end = layout_find(body->layout, to - 1) + 1;
	for (unsigned i = layout_find(body->layout, from); i < end;) {
		unsigned first = i;
		uint64_t size = 0;
		while (i < end && size < FLIGHT_SIZE && !is_here(body, i) && !flight_of(body, i)) {
			size += layout_chunk(body->layout, i)->ref.length;
			i++;
		}
		if (i > first) {
			start(body, first, i);
		} else {
			i++;
		}
	}
}

/* ---- waiting ------------------------------------------------------------------------------ */

static void wake(GCancellable *cancellable, void *data)
{
	Body *body = data;
	g_mutex_lock(&body->mutex);
	g_cond_broadcast(&body->cond);
	g_mutex_unlock(&body->mutex);
}

void hydrate_lock(Body *body, GCancellable *cancellable, gulong *ret_handler)
{
	*ret_handler =
		cancellable ? g_cancellable_connect(cancellable, G_CALLBACK(wake), body, NULL) : 0;
	g_mutex_lock(&body->mutex);
}

void hydrate_unlock(Body *body, GCancellable *cancellable, gulong handler)
{
	g_mutex_unlock(&body->mutex);
	if (handler) {
		g_cancellable_disconnect(cancellable, handler);
	}
}

int hydrate_wait(Body *body, GCancellable *cancellable)
{
	if (g_cancellable_is_cancelled(cancellable)) {
		return EINTR;
	}
	g_cond_wait(&body->cond, &body->mutex);
	return 0;
}

/* Until the flight is over, or has brought that chunk. */
static int wait_for(Body *body, Flight *flight, unsigned index, GCancellable *cancellable)
{
	int errnum = 0;
	flight_ref(flight);
	/* Somebody waits: before what is only fetched ahead. */
	g_thread_pool_move_to_front(body->volume->fetchers, flight);
	while (!flight->done && !is_here(body, index) && !errnum) {
		errnum = hydrate_wait(body, cancellable);
	}
	if (!errnum && flight->done) {
		errnum = flight->errnum;
	}
	flight_unref(flight);
	return errnum;
}

/* The lists of a long content come from the server, too. */
static int learn_layout(Body *body, GCancellable *cancellable)
{
	int errnum = 0;
	while (body->laying && !errnum) {
		errnum = hydrate_wait(body, cancellable);
	}
	if (errnum || body->layout) {
		return errnum;
	}
	Volume *volume = body->volume;
	g_autoptr(GBytes) content = g_bytes_ref(body->record.content);
	g_autoptr(GError) error = NULL;
	uint64_t size = body->record.size;
	body->laying = true;
	g_mutex_unlock(&body->mutex);
	Layout *layout = layout_new(content, size, volume->remote, cancellable, &error);
	g_mutex_lock(&body->mutex);
	body->laying = false;
	body->layout = layout;
	g_cond_broadcast(&body->cond);
	return layout ? 0 : hydrate_errno(error);
}

/* Locked: makes ready to fetch. */
static int prepare(Body *body, int fd, GCancellable *cancellable)
{
	Volume *volume = body->volume;
	if (!volume->remote || !g_atomic_int_get(&volume->online) ||
	    g_cancellable_is_cancelled(volume->closing)) {
		return ENETUNREACH;
	}
	int errnum = body_open(body, fd);
	if (!errnum) {
		errnum = learn_layout(body, cancellable);
	}
	if (!errnum && !body->flights) {
		body->flights = g_hash_table_new(NULL, NULL);
	}
	return errnum;
}

/* Must it still be waited for? A file that became dirty has all its bytes. */
static bool is_missing(const Body *body, unsigned index)
{
	return body->clean && !g_atomic_int_get(&body->whole) && !is_here(body, index);
}

/*
 * Waits until all of from..to is here; it is on its way. own: it is us who makes it dirty, so that
 * nobody else starts anything.
 */
static int await(Body *body, uint64_t from, uint64_t to, bool own, GCancellable *cancellable)
{
	int errnum = 0;
	unsigned end = layout_find(body->layout, to - 1) + 1;
	for (unsigned i = layout_find(body->layout, from); i < end && !errnum; i++) {
		while (!errnum && is_missing(body, i)) {
			Flight *flight = flight_of(body, i);
			if (flight) {
				errnum = wait_for(body, flight, i, cancellable);
			} else if (!own && body->touching) {
				errnum = hydrate_wait(body, cancellable);
			} else {
				/* It was lost on a flight that somebody else waited for. */
				const LayoutChunk *chunk = layout_chunk(body->layout, i);
				start_range(body, chunk->offset, chunk->offset + 1);
			}
		}
	}
	return errnum;
}

int hydrate_range(Body *body, int fd, uint64_t to, GCancellable *cancellable)
{
	to = MIN(to, body->record.size);
	int errnum = 0;
	for (uint64_t at = 0; at < to && !errnum;) {
		uint64_t next = MIN(at + FLIGHT_SIZE, to);
		if (!ranges_have(&body->here, at, next)) {
			errnum = prepare(body, fd, cancellable);
			if (!errnum) {
				start_range(body, at, MIN(at + AHEAD_MAX, to));
				errnum = await(body, at, next, true, cancellable);
			}
		}
		at = next;
	}
	return errnum;
}

void hydrate_quiesce(Body *body)
{
	while (body->laying || (body->flights && g_hash_table_size(body->flights) > 0)) {
		g_cond_wait(&body->cond, &body->mutex);
	}
}

/* Locked: the reads of a file follow each other, or they do not. Returns where to fetch until. */
static uint64_t look_ahead(ReadAhead *ahead, uint64_t from, uint64_t to)
{
	bool follows =
		ahead->reading && from <= ahead->next + DISORDER && ahead->next <= from + DISORDER;
	ahead->reading = true;
	if (!follows) {
		*ahead = (ReadAhead){ .reading = true, .next = to };
		return to;
	}
	ahead->next = MAX(ahead->next, to);
	if (ahead->end > ahead->next + ahead->window / 2) {
		return to;
	}
	ahead->window = ahead->window ? MIN(2 * ahead->window, AHEAD_MAX) : AHEAD_FIRST;
	ahead->end = ahead->next + ahead->window;
	return ahead->end;
}

/* Locked: what is to be read is here, or need not be. */
static bool has_all(const Body *body, uint64_t from, uint64_t to)
{
	return !body->clean || g_atomic_int_get(&body->whole) || ranges_have(&body->here, from, to);
}

int hydrate_need(VolumeFile *file, uint64_t from, uint64_t to, GCancellable *cancellable)
{
	Body *body = file->body;
	uint64_t end = look_ahead(&file->ahead, from, to);
	for (;;) {
		bool have = has_all(body, from, to);
		if (have && (end == to || body->touching)) {
			return 0;
		}
		int errnum = body->touching ? hydrate_wait(body, cancellable)
					    : prepare(body, file->fd, cancellable);
		if (have || errnum) {
			/* What lies ahead is nobody's trouble yet. */
			if (!errnum && body->clean && !body->touching) {
				start_range(body, to, end);
			}
			return have ? 0 : errnum;
		}
		if (body->clean && !body->touching) {
			start_range(body, from, to);
			start_range(body, to, end);
			return await(body, from, to, false, cancellable);
		}
	}
}

void hydrate_settle(Volume *volume)
{
	g_mutex_lock(&volume->mutex);
	while (volume->flights_left > 0) {
		g_cond_wait(&volume->idle, &volume->mutex);
	}
	g_mutex_unlock(&volume->mutex);
}
