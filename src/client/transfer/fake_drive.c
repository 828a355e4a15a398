/* SPDX-License-Identifier: Apache-2.0 */
#include "client/transfer/fake_drive.h"

#include "base/error.h"
#include "base/limits.h"
#include "chunk/content.h"
#include "chunk/cutter.h"
#include "wire/frame.h"
#include "wire/message.h"

#include <malloc.h>
#include <string.h>

typedef Imdrive__Sync__Operation Operation;

static void node_free(void *data)
{
	FakeNode *node = data;
	g_free(node->name);
	g_clear_pointer(&node->content, g_bytes_unref);
	g_free(node);
}

static FakeDrive *drive_of(Transport *transport)
{
	return (FakeDrive *)transport;
}

static ChunkId id_at(const ProtobufCBinaryData *ids, size_t index)
{
	ChunkId id;
	memcpy(id.bytes, ids->data + index * CHUNK_ID_SIZE, CHUNK_ID_SIZE);
	return id;
}

static void keep(FakeDrive *drive, const void *bytes, size_t size)
{
	ChunkId id = chunk_id_of(bytes, size);
	if (g_hash_table_replace(drive->chunks, g_memdup2(&id, sizeof id),
				 g_bytes_new(bytes, size))) {
		drive->kept_size += size;
	}
}

static GBytes *find(FakeDrive *drive, const ChunkId *id)
{
	return g_hash_table_lookup(drive->chunks, id);
}

/* ---- contents ----------------------------------------------------------------------------- */

static bool append_content(FakeDrive *drive, const Content *content, Bulk *bytes)
{
	for (size_t i = 0; i < content->count; i++) {
		GBytes *chunk = find(drive, &content->refs[i].id);
		if (!chunk) {
			return false;
		}
		size_t size = 0;
		const uint8_t *data = g_bytes_get_data(chunk, &size);
		g_assert(size == content->refs[i].length);
		if (content->depth == 0) {
			bulk_append(bytes, data, size);
			continue;
		}
		g_auto(Content) list = { 0 };
		g_assert(content_decode_list(data, size, &list, NULL));
		if (!append_content(drive, &list, bytes)) {
			return false;
		}
	}
	return true;
}

static Bulk *read_content(FakeDrive *drive, const void *bytes, size_t size)
{
	g_auto(Content) content = { 0 };
	if (!content_decode(bytes, size, &content, NULL)) {
		return NULL;
	}
	g_autoptr(Bulk) all = bulk_new(0);
	return append_content(drive, &content, all) ? g_steal_pointer(&all) : NULL;
}

Bulk *fake_drive_read(FakeDrive *drive, GBytes *content)
{
	g_mutex_lock(&drive->mutex);
	size_t size = 0;
	const void *bytes = g_bytes_get_data(content, &size);
	Bulk *all = read_content(drive, bytes, size);
	g_mutex_unlock(&drive->mutex);
	return all;
}

GBytes *fake_drive_store(FakeDrive *drive, const void *bytes, size_t size)
{
	g_autoptr(GArray) refs = g_array_new(FALSE, FALSE, sizeof(ContentRef));
	g_autoptr(GPtrArray) lists = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	const uint8_t *at = bytes;
	while (size > 0) {
		ContentRef ref = { .length = (uint32_t)cutter_next(&cutter_default, at, size) };
		ref.id = chunk_id_of(at, ref.length);
		keep(drive, at, ref.length);
		g_array_append_val(refs, ref);
		at += ref.length;
		size -= ref.length;
	}
	GBytes *content = content_encode((const ContentRef *)(void *)refs->data, refs->len, lists);
	for (unsigned i = 0; i < lists->len; i++) {
		size_t length = 0;
		const void *list = g_bytes_get_data(g_ptr_array_index(lists, i), &length);
		keep(drive, list, length);
	}
	return content;
}

/* ---- commit ------------------------------------------------------------------------------- */

static bool is_name_taken(FakeDrive *drive, const NodeId *self, const NodeId *parent,
			  const ProtobufCBinaryData *name)
{
	GHashTableIter iter;
	void *value = NULL;
	g_hash_table_iter_init(&iter, drive->nodes);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const FakeNode *node = value;
		if (!node_id_equal(&node->id, self) && node_id_equal(&node->parent, parent) &&
		    strlen(node->name) == name->len &&
		    memcmp(node->name, name->data, name->len) == 0) {
			return true;
		}
	}
	return false;
}

static RemoteOutcome check_place(FakeDrive *drive, const Operation *operation)
{
	NodeId id;
	NodeId parent;
	g_assert(node_id_from_bytes(operation->node.data, operation->node.len, &id));
	if (!node_id_from_bytes(operation->parent.data, operation->parent.len, &parent)) {
		return REMOTE_INVALID;
	}
	if (!node_id_equal(&parent, &drive->id) && !g_hash_table_lookup(drive->nodes, &parent)) {
		return REMOTE_NO_PARENT;
	}
	return is_name_taken(drive, &id, &parent, &operation->name) ? REMOTE_NAME_TAKEN
								    : REMOTE_APPLIED;
}

static RemoteOutcome check_value(FakeDrive *drive, const Operation *operation)
{
	if (operation->kind != IMDRIVE__SYNC__KIND__KIND_FILE) {
		return REMOTE_APPLIED;
	}
	if (drive->full && operation->content.len > 0) {
		return REMOTE_QUOTA;
	}
	g_autoptr(Bulk) bytes =
		read_content(drive, operation->content.data, operation->content.len);
	if (!bytes) {
		return REMOTE_MISSING_CONTENT;
	}
	return bytes->len == operation->size ? REMOTE_APPLIED : REMOTE_INVALID;
}

static RemoteOutcome check(FakeDrive *drive, const FakeNode *node, const Operation *operation)
{
	bool create = operation->verb == IMDRIVE__SYNC__VERB__VERB_CREATE;
	bool move = operation->verb == IMDRIVE__SYNC__VERB__VERB_MOVE;
	bool update = operation->verb == IMDRIVE__SYNC__VERB__VERB_UPDATE;
	if (create ? node != NULL : node == NULL) {
		return create ? REMOTE_EXISTS : REMOTE_NOT_FOUND;
	}
	if (node && node->seq != operation->base_seq) {
		return REMOTE_STALE;
	}
	RemoteOutcome outcome = REMOTE_APPLIED;
	if (create || move) {
		outcome = check_place(drive, operation);
	}
	if (outcome == REMOTE_APPLIED && (create || update)) {
		outcome = check_value(drive, operation);
	}
	return outcome;
}

static void apply(FakeDrive *drive, const Operation *operation)
{
	NodeId id;
	g_assert(node_id_from_bytes(operation->node.data, operation->node.len, &id));
	if (operation->verb == IMDRIVE__SYNC__VERB__VERB_DELETE) {
		g_hash_table_remove(drive->nodes, &id);
		return;
	}
	FakeNode *node = g_hash_table_lookup(drive->nodes, &id);
	if (!node) {
		node = g_new0(FakeNode, 1);
		node->id = id;
		g_hash_table_insert(drive->nodes, &node->id, node);
	}
	if (operation->verb != IMDRIVE__SYNC__VERB__VERB_UPDATE) {
		memcpy(&node->parent, operation->parent.data, NODE_ID_SIZE);
		g_free(node->name);
		node->name = g_strndup((const char *)operation->name.data, operation->name.len);
	}
	if (operation->verb != IMDRIVE__SYNC__VERB__VERB_MOVE) {
		node->kind = (RemoteKind)operation->kind;
		node->size = operation->size;
		node->mtime_ns = operation->mtime_ns;
		node->executable = operation->executable;
		g_clear_pointer(&node->content, g_bytes_unref);
		node->content = g_bytes_new(operation->content.data, operation->content.len);
	}
	node->seq = drive->seq;
}

static void commit_one(FakeDrive *drive, const Operation *operation, Imdrive__Sync__Result *result)
{
	imdrive__sync__result__init(result);
	result->number = operation->number;
	const uint64_t *before = g_hash_table_lookup(drive->operations, &operation->number);
	if (before) {
		result->outcome = IMDRIVE__SYNC__OUTCOME__OUTCOME_ALREADY;
		result->seq = *before;
		return;
	}
	NodeId id;
	g_assert(node_id_from_bytes(operation->node.data, operation->node.len, &id));
	RemoteOutcome outcome = check(drive, g_hash_table_lookup(drive->nodes, &id), operation);
	result->outcome = (Imdrive__Sync__Outcome)outcome;
	if (outcome == REMOTE_APPLIED) {
		apply(drive, operation);
		result->seq = drive->seq;
		g_hash_table_insert(drive->operations, g_memdup2(&operation->number, 8),
				    g_memdup2(&drive->seq, 8));
	}
}

static bool commit(FakeDrive *drive, const ProtobufCMessage *message, Bulk *answer, GError **error)
{
	const Imdrive__Sync__CommitRequest *request = (const Imdrive__Sync__CommitRequest *)message;
	drive->commits++;
	drive->seq++;
	size_t count = request->n_operations;
	g_autofree Imdrive__Sync__Result *results = g_new(Imdrive__Sync__Result, count);
	g_autofree Imdrive__Sync__Result **pointers = g_new(Imdrive__Sync__Result *, count);
	for (size_t i = 0; i < count; i++) {
		commit_one(drive, request->operations[i], &results[i]);
		pointers[i] = &results[i];
	}
	Imdrive__Sync__CommitResponse response = IMDRIVE__SYNC__COMMIT_RESPONSE__INIT;
	response.n_results = count;
	response.results = pointers;
	response.seq = drive->seq;
	return message_append(answer, &response.base, error);
}

/* ---- chunks ------------------------------------------------------------------------------- */

static bool take_chunks(FakeDrive *drive, FrameReader *reader, GError **error)
{
	g_autoptr(Codec) codec = codec_new();
	for (;;) {
		EncodedChunk chunk;
		bool end = false;
		if (!frame_reader_chunk(reader, &chunk, &end, error)) {
			return false;
		}
		if (end) {
			return true;
		}
		if (drive->disk_full) {
			g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NO_SPACE, "the disk is full");
			return false;
		}
		g_autofree uint8_t *bytes = g_malloc(chunk.raw_size);
		if (!codec_open(codec, &chunk, bytes, error)) {
			return false;
		}
		drive->chunks_received++;
		keep(drive, bytes, chunk.raw_size);
	}
}

static bool is_used_up(GError **error)
{
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_QUOTA, "full");
	return false;
}

static bool upload(FakeDrive *drive, const ProtobufCMessage *message, Bulk *answer, GError **error)
{
	drive->uploads++;
	Imdrive__Sync__UploadResponse response = IMDRIVE__SYNC__UPLOAD_RESPONSE__INIT;
	return message_append(answer, &response.base, error);
}

static bool missing(FakeDrive *drive, const ProtobufCMessage *message, Bulk *answer, GError **error)
{
	const Imdrive__Sync__MissingRequest *request =
		(const Imdrive__Sync__MissingRequest *)message;
	drive->missings++;
	if (drive->full && request->bytes > 0) {
		return is_used_up(error);
	}
	g_autoptr(Bulk) ids = bulk_new(0);
	g_autoptr(GHashTable) seen =
		g_hash_table_new_full(chunk_id_hash, chunk_id_equal, g_free, NULL);
	for (size_t i = 0; i < request->ids.len / CHUNK_ID_SIZE; i++) {
		ChunkId id = id_at(&request->ids, i);
		if (!find(drive, &id) && g_hash_table_add(seen, g_memdup2(&id, sizeof id))) {
			bulk_append(ids, id.bytes, CHUNK_ID_SIZE);
		}
	}
	Imdrive__Sync__MissingResponse response = IMDRIVE__SYNC__MISSING_RESPONSE__INIT;
	response.ids.data = ids->data;
	response.ids.len = ids->len;
	return message_append(answer, &response.base, error);
}

static void append_chunk(FakeDrive *drive, const ChunkId *id, GBytes *bytes, Bulk *answer)
{
	static Codec *codec;
	size_t size = 0;
	const void *data = g_bytes_get_data(bytes, &size);
	if (!codec) {
		codec = codec_new();
	}
	CodecEncoding encoding = CODEC_RAW;
	g_autoptr(GBytes) packed = codec_encode(codec, data, size, 1, &encoding);
	GBytes *encoded = packed ? packed : bytes;
	g_autofree uint8_t *copy =
		g_memdup2(g_bytes_get_data(encoded, NULL), g_bytes_get_size(encoded));
	if (drive->corrupt) {
		copy[g_bytes_get_size(encoded) / 2] ^= 0x40;
	}
	EncodedChunk chunk = { *id, encoding, (uint32_t)size, (uint32_t)g_bytes_get_size(encoded),
			       copy };
	frame_append_chunk(answer, &chunk);
	drive->chunks_fetched++;
}

static bool fetch(FakeDrive *drive, const ProtobufCMessage *message, Bulk *answer, GError **error)
{
	const Imdrive__Sync__FetchRequest *request = (const Imdrive__Sync__FetchRequest *)message;
	drive->fetches++;
	Imdrive__Sync__FetchResponse response = IMDRIVE__SYNC__FETCH_RESPONSE__INIT;
	if (!message_append(answer, &response.base, error)) {
		return false;
	}
	size_t fit = 0;
	for (size_t i = 0; i < request->ids.len / CHUNK_ID_SIZE; i++) {
		ChunkId id = id_at(&request->ids, i);
		GBytes *bytes = find(drive, &id);
		bool room = answer->len + CHUNK_SIZE_MAX <= BATCH_SIZE_TARGET || fit == 0;
		if (bytes && fit < drive->fetch_max && room) {
			append_chunk(drive, &id, bytes, answer);
			fit++;
		} else if (bytes) {
			break;
		}
	}
	return true;
}

/* ---- transport ---------------------------------------------------------------------------- */

typedef struct Endpoint {
	const char *name;
	const ProtobufCMessageDescriptor *descriptor;
	bool (*handle)(FakeDrive *drive, const ProtobufCMessage *message, Bulk *answer,
		       GError **error);
} Endpoint;

static const Endpoint endpoints[] = {
	{ "commit", &imdrive__sync__commit_request__descriptor, commit },
	{ "upload", &imdrive__sync__upload_request__descriptor, upload },
	{ "missing", &imdrive__sync__missing_request__descriptor, missing },
	{ "fetch", &imdrive__sync__fetch_request__descriptor, fetch },
};

static const Endpoint *endpoint_named(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(endpoints); i++) {
		if (g_str_equal(endpoints[i].name, name)) {
			return &endpoints[i];
		}
	}
	g_assert_not_reached();
}

static bool handle(FakeDrive *drive, const Endpoint *endpoint, const Bulk *body, Bulk *answer,
		   GError **error)
{
	FrameReader reader;
	frame_reader_init(&reader, body->data, body->len);
	const uint8_t *bytes = NULL;
	size_t size = 0;
	bool read = frame_reader_message(&reader, &bytes, &size, NULL);
	g_assert(read);
	ProtobufCMessage *message = message_unpack(endpoint->descriptor, bytes, size, NULL);
	g_assert(message);
	bool ok = drive->full && endpoint->handle == upload ? is_used_up(error) : true;
	ok = ok && take_chunks(drive, &reader, error) &&
	     endpoint->handle(drive, message, answer, error);
	message_free(message);
	return ok;
}

size_t fake_drive_memory(FakeDrive *drive)
{
	struct mallinfo2 info = mallinfo2();
	size_t used = info.uordblks + info.hblkhd;
	return used > drive->kept_size ? used - drive->kept_size : 0;
}

static bool fails(int *countdown)
{
	return *countdown > 0 && --*countdown == 0;
}

static void begin_moving(FakeDrive *drive)
{
	gint64 end_us = g_get_monotonic_time() + G_TIME_SPAN_MINUTE;
	drive->moving++;
	drive->moving_max = MAX(drive->moving_max, drive->moving);
	g_cond_broadcast(&drive->met);
	while (drive->moving_max < drive->meet) {
		if (!g_cond_wait_until(&drive->met, &drive->mutex, end_us)) {
			g_error("%d uploads or fetches at a time, not %d", drive->moving_max,
				drive->meet);
		}
	}
}

static bool fake_exchange(Transport *transport, const char *endpoint, const Pieces *pieces,
			  unsigned wait_ms, GCancellable *cancellable, GBytes **ret_body,
			  GError **error)
{
	FakeDrive *drive = drive_of(transport);
	g_autoptr(Bulk) body = pieces_join(pieces);
	g_assert(body->len <= BODY_SIZE_MAX);
	bool moves = strcmp(endpoint, "upload") == 0 || strcmp(endpoint, "fetch") == 0;
	g_mutex_lock(&drive->mutex);
	if (moves) {
		begin_moving(drive);
	}
	drive->exchanges++;
	drive->body_size_max = MAX(drive->body_size_max, body->len);
	drive->memory_max = MAX(drive->memory_max, fake_drive_memory(drive));
	if (drive->cancel_at_next) {
		g_cancellable_cancel(g_steal_pointer(&drive->cancel_at_next));
	}
	g_autoptr(Bulk) answer = bulk_new(0);
	bool ok = true;
	if (g_cancellable_is_cancelled(cancellable)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CANCELLED, "cancelled");
		ok = false;
	} else if (fails(&drive->fail_before)) {
		g_set_error(error, DRIVE_ERROR, (int)drive->fail_code, "never heard");
		ok = false;
	} else {
		ok = handle(drive, endpoint_named(endpoint), body, answer, error);
		if (ok && fails(&drive->fail_after)) {
			g_set_error(error, DRIVE_ERROR, (int)drive->fail_code, "answer lost");
			ok = false;
		}
	}
	drive->moving -= moves;
	g_mutex_unlock(&drive->mutex);
	if (ok) {
		*ret_body = bulk_free_to_bytes(g_steal_pointer(&answer));
	}
	return ok;
}

static void fake_traffic(Transport *transport, uint64_t *ret_sent, uint64_t *ret_received)
{
	*ret_sent = 0;
	*ret_received = 0;
}

/* The drive outlives its clients. */
static void fake_free(Transport *transport)
{
}

FakeDrive *fake_drive_new(void)
{
	static const TransportVtable vtable = { fake_exchange, fake_traffic, fake_free };
	FakeDrive *drive = g_new0(FakeDrive, 1);
	drive->transport.vtable = &vtable;
	drive->id = node_id_random();
	g_mutex_init(&drive->mutex);
	g_cond_init(&drive->met);
	drive->chunks = g_hash_table_new_full(chunk_id_hash, chunk_id_equal, g_free,
					      (GDestroyNotify)g_bytes_unref);
	drive->nodes = g_hash_table_new_full(node_id_hash, node_id_equal, NULL, node_free);
	drive->operations = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	drive->seq = 1;
	drive->fail_code = DRIVE_ERROR_OFFLINE;
	drive->fetch_max = G_MAXSIZE;
	return drive;
}

Remote *fake_drive_remote(FakeDrive *drive)
{
	return remote_new(&drive->transport, &drive->id);
}

void fake_drive_free(FakeDrive *drive)
{
	if (!drive) {
		return;
	}
	g_hash_table_unref(drive->chunks);
	g_hash_table_unref(drive->nodes);
	g_hash_table_unref(drive->operations);
	g_mutex_clear(&drive->mutex);
	g_cond_clear(&drive->met);
	g_free(drive);
}

const FakeNode *fake_drive_node(FakeDrive *drive, const NodeId *id)
{
	return g_hash_table_lookup(drive->nodes, id);
}
