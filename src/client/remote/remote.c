/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values to messages and back. What the server says is outside input: every answer is compared with
 * what was asked, and an answer that does not fit is DRIVE_ERROR_INVALID and changes nothing.
 */
#include "client/remote/remote_internal.h"

#include "base/error.h"
#include "base/limits.h"
#include "client/remote/transport.h"
#include "wire/frame.h"

#include <string.h>

/* Tags, numbers and ids of one operation, packed; its name and content come on top. */
#define OPERATION_SIZE 128
/* Of a request's message beside what is counted one by one. */
#define MESSAGE_SIZE 64

struct Remote {
	Transport *transport;
	NodeId drive;
};

/* An answer, and the reader that stands behind its message. */
typedef struct Answer {
	GBytes *body; /* NULL: there was none (204) */
	ProtobufCMessage *message;
	FrameReader reader;
} Answer;

static void answer_clear(Answer *answer)
{
	g_clear_pointer(&answer->body, g_bytes_unref);
	message_free(g_steal_pointer(&answer->message));
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Answer, answer_clear)

Remote *remote_new(Transport *transport, const NodeId *drive)
{
	Remote *remote = g_new0(Remote, 1);
	remote->transport = transport;
	remote->drive = *drive;
	return remote;
}

void remote_free(Remote *remote)
{
	if (!remote) {
		return;
	}
	remote->transport->vtable->free(remote->transport);
	g_free(remote);
}

void remote_traffic(Remote *remote, uint64_t *ret_sent, uint64_t *ret_received)
{
	remote->transport->vtable->traffic(remote->transport, ret_sent, ret_received);
}

static bool invalid(GError **error, const char *reason)
{
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID, "%s", reason);
	return false;
}

static ProtobufCBinaryData binary(const void *bytes, size_t size)
{
	return (ProtobufCBinaryData){ .len = size, .data = (uint8_t *)bytes };
}

static ProtobufCBinaryData binary_of_id(const NodeId *id)
{
	return binary(id->bytes, NODE_ID_SIZE);
}

static ProtobufCBinaryData binary_of_bytes(GBytes *bytes)
{
	size_t size = 0;
	const void *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;
	return binary(data, size);
}

/* What is sent: a message, then chunks, whose bytes stay where they are. */
typedef struct Body {
	Bulk *heads;    /* the message, and what stands before the bytes of each chunk */
	GArray *pieces; /* Piece */
} Body;

static void body_clear(Body *body)
{
	g_clear_pointer(&body->heads, bulk_free);
	g_clear_pointer(&body->pieces, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Body, body_clear)

static void body_add(Body *body, const void *bytes, size_t size)
{
	Piece piece = { bytes, size };
	g_array_append_val(body->pieces, piece);
}

static bool check_size(size_t message_size, const EncodedChunk *chunks, size_t count,
		       GError **error)
{
	size_t size = message_size;
	for (size_t i = 0; i < count; i++) {
		if (FRAME_CHUNK_OVERHEAD + chunks[i].size > BODY_SIZE_MAX - size) {
			g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_TOO_LARGE,
				    "the chunks of one request are over %llu bytes", BODY_SIZE_MAX);
			return false;
		}
		size += FRAME_CHUNK_OVERHEAD + chunks[i].size;
	}
	return true;
}

/*
 * *body is {0}. message_size: about; it spares copying. Borrows the chunks' bytes. TOO_LARGE over
 * what a body may have.
 */
static bool body_fill(Body *body, const ProtobufCMessage *message, size_t message_size,
		      const EncodedChunk *chunks, size_t count, GError **error)
{
	size_t size = MESSAGE_SIZE + message_size + count * FRAME_CHUNK_OVERHEAD;
	body->heads = bulk_new(MIN(size, BODY_SIZE_MAX));
	body->pieces = g_array_sized_new(FALSE, FALSE, sizeof(Piece), (unsigned)(2 * count + 1));
	if (!message_append(body->heads, message, error) ||
	    !check_size(body->heads->len, chunks, count, error)) {
		return false;
	}
	size_t end = body->heads->len;
	for (size_t i = 0; i < count; i++) {
		frame_append_chunk_head(body->heads, &chunks[i]);
	}
	/* The heads are complete and do not move any more. */
	body_add(body, body->heads->data, end);
	for (size_t i = 0; i < count; i++) {
		body_add(body, body->heads->data + end, FRAME_CHUNK_OVERHEAD);
		body_add(body, chunks[i].bytes, chunks[i].size);
		end += FRAME_CHUNK_OVERHEAD;
	}
	return true;
}

typedef struct Exchange {
	const char *endpoint;
	const ProtobufCMessageDescriptor *descriptor; /* of the answer */
	unsigned wait_ms;
} Exchange;

static bool exchange(Remote *remote, const Exchange *what, const Body *body,
		     GCancellable *cancellable, Answer *answer, GError **error)
{
	const Pieces pieces = { (const Piece *)(void *)body->pieces->data, body->pieces->len };
	if (!remote->transport->vtable->exchange(remote->transport, what->endpoint, &pieces,
						 what->wait_ms, cancellable, &answer->body,
						 error)) {
		return false;
	}
	if (!answer->body) {
		return true;
	}
	size_t size = 0;
	const void *bytes = g_bytes_get_data(answer->body, &size);
	frame_reader_init(&answer->reader, bytes, size);
	const uint8_t *message = NULL;
	size_t message_size = 0;
	if (!frame_reader_message(&answer->reader, &message, &message_size, error)) {
		return false;
	}
	answer->message = message_unpack(what->descriptor, message, message_size, error);
	return answer->message != NULL;
}

/* As exchange(), where an answer without body is none. */
static bool exchange_full(Remote *remote, const Exchange *what, const Body *body,
			  GCancellable *cancellable, Answer *answer, GError **error)
{
	if (!exchange(remote, what, body, cancellable, answer, error)) {
		return false;
	}
	return answer->body || invalid(error, "the answer is empty");
}

/* ---- changes ------------------------------------------------------------------------------ */

static bool read_chunks(FrameReader *reader, GArray *chunks, GError **error)
{
	for (;;) {
		EncodedChunk chunk;
		bool end = false;
		if (!frame_reader_chunk(reader, &chunk, &end, error)) {
			return false;
		}
		if (end) {
			return true;
		}
		g_array_append_val(chunks, chunk);
	}
}

static bool read_changes(Remote *remote, Answer *answer, RemotePage **ret_page, GError **error)
{
	const Imdrive__Sync__ChangesResponse *response =
		(const Imdrive__Sync__ChangesResponse *)answer->message;
	if (response->n_pages != 1) {
		return response->n_pages == 0 || invalid(error, "pages of drives not asked for");
	}
	g_autoptr(RemotePage) page = remote_page_new();
	if (!remote_page_read(page, &remote->drive, response->pages[0], error) ||
	    !read_chunks(&answer->reader, page->chunks, error)) {
		return false;
	}
	page->body = g_bytes_ref(answer->body);
	*ret_page = g_steal_pointer(&page);
	return true;
}

bool remote_changes(Remote *remote, GBytes *cursor, unsigned wait_ms, unsigned inline_bytes,
		    GCancellable *cancellable, RemotePage **ret_page, GError **error)
{
	g_assert(wait_ms <= CHANGES_WAIT_MS_MAX);
	Imdrive__Sync__Cursor from = IMDRIVE__SYNC__CURSOR__INIT;
	from.drive = binary_of_id(&remote->drive);
	from.opaque = binary_of_bytes(cursor);
	Imdrive__Sync__Cursor *cursors[] = { &from };
	Imdrive__Sync__ChangesRequest request = IMDRIVE__SYNC__CHANGES_REQUEST__INIT;
	request.n_cursors = 1;
	request.cursors = cursors;
	request.wait_ms = wait_ms;
	request.inline_bytes = inline_bytes;

	g_auto(Body) body = { 0 };
	g_auto(Answer) answer = { 0 };
	Exchange what = { "changes", &imdrive__sync__changes_response__descriptor, wait_ms };
	RemotePage *page = NULL;
	bool ok = body_fill(&body, &request.base, 0, NULL, 0, error) &&
		  exchange(remote, &what, &body, cancellable, &answer, error) &&
		  (!answer.body || read_changes(remote, &answer, &page, error));
	if (ok && !page && wait_ms == 0) {
		ok = invalid(error, "no page where there must be one");
	}
	if (!ok) {
		g_prefix_error(error, "ask for changes: ");
		return false;
	}
	*ret_page = page;
	return true;
}

/* ---- commit ------------------------------------------------------------------------------- */

size_t remote_operation_size(const RemoteOperation *operation)
{
	return OPERATION_SIZE + (operation->name ? strlen(operation->name) : 0) +
	       (operation->content ? g_bytes_get_size(operation->content) : 0);
}

static void fill_operation(Imdrive__Sync__Operation *message, const RemoteOperation *operation)
{
	static const NodeId none = { { 0 } };
	imdrive__sync__operation__init(message);
	message->number = operation->number;
	message->group = operation->group;
	message->verb = (Imdrive__Sync__Verb)operation->verb;
	message->node = binary_of_id(&operation->node);
	message->base_seq = operation->base;
	if (!node_id_equal(&operation->parent, &none)) {
		message->parent = binary_of_id(&operation->parent);
	}
	message->name = binary(operation->name, operation->name ? strlen(operation->name) : 0);
	message->kind = (Imdrive__Sync__Kind)operation->kind;
	message->size = operation->size;
	message->mtime_ns = operation->mtime_ns;
	message->executable = operation->executable;
	message->content = binary_of_bytes(operation->content);
	message->decided_at = operation->decided_at;
}

static bool read_results(const Imdrive__Sync__CommitResponse *response,
			 const RemoteOperation *operations, size_t count, RemoteResult *ret_results,
			 GError **error)
{
	if (response->n_results != count) {
		return invalid(error, "not one result for each operation");
	}
	for (size_t i = 0; i < count; i++) {
		const Imdrive__Sync__Result *result = response->results[i];
		if (result->number != operations[i].number) {
			return invalid(error, "results out of order");
		}
		int outcome = (int)result->outcome;
		if (outcome < REMOTE_APPLIED || outcome > REMOTE_CASE_TAKEN) {
			return invalid(error, "a result of unknown kind");
		}
		bool taken = outcome == REMOTE_APPLIED || outcome == REMOTE_ALREADY;
		if (taken && result->seq == 0) {
			return invalid(error, "a result without seq");
		}
	}
	for (size_t i = 0; i < count; i++) {
		ret_results[i].outcome = (RemoteOutcome)response->results[i]->outcome;
		ret_results[i].seq = response->results[i]->seq;
	}
	return true;
}

bool remote_commit(Remote *remote, const RemoteOperation *operations, size_t count,
		   const EncodedChunk *chunks, size_t chunk_count, GCancellable *cancellable,
		   RemoteResult *ret_results, GError **error)
{
	g_assert(count > 0);
	g_assert(count <= COMMIT_OPERATIONS_MAX);
	g_autofree Imdrive__Sync__Operation *messages = g_new(Imdrive__Sync__Operation, count);
	g_autofree Imdrive__Sync__Operation **pointers = g_new(Imdrive__Sync__Operation *, count);
	size_t size = 0;
	for (size_t i = 0; i < count; i++) {
		fill_operation(&messages[i], &operations[i]);
		pointers[i] = &messages[i];
		size += remote_operation_size(&operations[i]);
	}
	Imdrive__Sync__CommitRequest request = IMDRIVE__SYNC__COMMIT_REQUEST__INIT;
	request.drive = binary_of_id(&remote->drive);
	request.n_operations = count;
	request.operations = pointers;

	g_auto(Body) body = { 0 };
	g_auto(Answer) answer = { 0 };
	Exchange what = { "commit", &imdrive__sync__commit_response__descriptor, 0 };
	bool ok = body_fill(&body, &request.base, size, chunks, chunk_count, error) &&
		  exchange_full(remote, &what, &body, cancellable, &answer, error) &&
		  read_results((const Imdrive__Sync__CommitResponse *)answer.message, operations,
			       count, ret_results, error);
	if (!ok) {
		g_prefix_error(error, "commit: ");
	}
	return ok;
}

/* ---- chunks ------------------------------------------------------------------------------- */

static bool read_missing(const ProtobufCBinaryData *said, const ChunkId *ids, size_t count,
			 GArray *ret_missing, GError **error)
{
	if (said->len % CHUNK_ID_SIZE != 0) {
		return invalid(error, "not a whole number of ids");
	}
	size_t found = said->len / CHUNK_ID_SIZE;
	size_t at = 0;
	unsigned before = ret_missing->len;
	for (size_t i = 0; i < found; i++) {
		ChunkId id;
		memcpy(id.bytes, said->data + i * CHUNK_ID_SIZE, CHUNK_ID_SIZE);
		while (at < count && !chunk_id_equal(&ids[at], &id)) {
			at++;
		}
		if (at == count) {
			g_array_set_size(ret_missing, before);
			return invalid(error, "an id that was not asked for");
		}
		at++;
		g_array_append_val(ret_missing, id);
	}
	return true;
}

bool remote_missing(Remote *remote, const ChunkId *ids, size_t count, uint64_t bytes,
		    GCancellable *cancellable, GArray *ret_missing, GError **error)
{
	g_assert(count > 0);
	g_assert(count <= CHUNK_IDS_MAX);
	Imdrive__Sync__MissingRequest request = IMDRIVE__SYNC__MISSING_REQUEST__INIT;
	request.drive = binary_of_id(&remote->drive);
	request.ids = binary(ids, count * CHUNK_ID_SIZE);
	request.bytes = bytes;

	g_auto(Body) body = { 0 };
	g_auto(Answer) answer = { 0 };
	Exchange what = { "missing", &imdrive__sync__missing_response__descriptor, 0 };
	bool ok = body_fill(&body, &request.base, count * CHUNK_ID_SIZE, NULL, 0, error) &&
		  exchange_full(remote, &what, &body, cancellable, &answer, error);
	if (ok) {
		const Imdrive__Sync__MissingResponse *response =
			(const Imdrive__Sync__MissingResponse *)answer.message;
		ok = read_missing(&response->ids, ids, count, ret_missing, error);
	}
	if (!ok) {
		g_prefix_error(error, "ask which chunks are missing: ");
	}
	return ok;
}

bool remote_upload(Remote *remote, const EncodedChunk *chunks, size_t count,
		   GCancellable *cancellable, GError **error)
{
	g_assert(count > 0);
	Imdrive__Sync__UploadRequest request = IMDRIVE__SYNC__UPLOAD_REQUEST__INIT;
	request.drive = binary_of_id(&remote->drive);

	g_auto(Body) body = { 0 };
	g_auto(Answer) answer = { 0 };
	Exchange what = { "upload", &imdrive__sync__upload_response__descriptor, 0 };
	bool ok = body_fill(&body, &request.base, 0, chunks, count, error) &&
		  exchange_full(remote, &what, &body, cancellable, &answer, error);
	if (!ok) {
		g_prefix_error(error, "send chunks: ");
	}
	return ok;
}

/* The chunks must be among the ids, in their order. */
static bool check_fetched(const GArray *chunks, const ChunkId *ids, size_t count, GError **error)
{
	size_t at = 0;
	for (unsigned i = 0; i < chunks->len; i++) {
		const ChunkId *id = &g_array_index(chunks, EncodedChunk, i).id;
		while (at < count && !chunk_id_equal(&ids[at], id)) {
			at++;
		}
		if (at == count) {
			return invalid(error, "a chunk that was not asked for");
		}
		at++;
	}
	return true;
}

bool remote_fetch(Remote *remote, const ChunkId *ids, size_t count, GCancellable *cancellable,
		  GArray **ret_chunks, GBytes **ret_body, GError **error)
{
	g_assert(count > 0);
	g_assert(count <= CHUNK_IDS_MAX);
	Imdrive__Sync__FetchRequest request = IMDRIVE__SYNC__FETCH_REQUEST__INIT;
	request.drive = binary_of_id(&remote->drive);
	request.ids = binary(ids, count * CHUNK_ID_SIZE);

	g_auto(Body) body = { 0 };
	g_auto(Answer) answer = { 0 };
	g_autoptr(GArray) chunks = g_array_new(FALSE, FALSE, sizeof(EncodedChunk));
	Exchange what = { "fetch", &imdrive__sync__fetch_response__descriptor, 0 };
	bool ok = body_fill(&body, &request.base, count * CHUNK_ID_SIZE, NULL, 0, error) &&
		  exchange_full(remote, &what, &body, cancellable, &answer, error) &&
		  read_chunks(&answer.reader, chunks, error) &&
		  check_fetched(chunks, ids, count, error);
	if (ok && chunks->len == 0) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
			    "the drive does not hold them");
		ok = false;
	}
	if (!ok) {
		g_prefix_error(error, "fetch chunks: ");
		return false;
	}
	*ret_chunks = g_steal_pointer(&chunks);
	*ret_body = g_steal_pointer(&answer.body);
	return true;
}
