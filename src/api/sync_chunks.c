/* SPDX-License-Identifier: Apache-2.0 */
#include "api/sync_chunks.h"

#include "api/sync_request.h"
#include "base/error.h"
#include "base/limits.h"

static ProtobufCBinaryData ids_field(GArray *ids)
{
	return (ProtobufCBinaryData){ .data = (uint8_t *)ids->data,
				      .len = ids->len * sizeof(ChunkId) };
}

bool sync_chunks_missing(ApiCall *call, GError **error)
{
	g_autoptr(Imdrive__Sync__MissingRequest) message =
		sync_request_lone_message(call, &imdrive__sync__missing_request__descriptor, error);
	DriveMissing request;
	if (!message || !sync_request_id(&message->drive, "drive", &call->caller.drive, error) ||
	    !sync_request_chunk_ids(&message->ids, &request.ids, &request.count, error)) {
		return false;
	}
	request.bytes = message->bytes;
	g_autoptr(GArray) missing = g_array_new(FALSE, FALSE, sizeof(ChunkId));
	if (!drive_missing(call->api->drive, &call->caller, &request, missing, error)) {
		return false;
	}
	Imdrive__Sync__MissingResponse answer = IMDRIVE__SYNC__MISSING_RESPONSE__INIT;
	answer.ids = ids_field(missing);
	g_autoptr(Bulk) body = bulk_new(0);
	if (!message_append(body, &answer.base, error)) {
		return false;
	}
	api_reply_frames(call, g_steal_pointer(&body));
	return true;
}

bool sync_chunks_upload(ApiCall *call, GError **error)
{
	FrameReader rest;
	g_autoptr(Imdrive__Sync__UploadRequest) message = sync_request_message(
		call, &imdrive__sync__upload_request__descriptor, &rest, error);
	if (!message || !sync_request_id(&message->drive, "drive", &call->caller.drive, error)) {
		return false;
	}
	g_autoptr(GArray) chunks = sync_request_chunks(&rest, error);
	if (!chunks || !drive_upload(call->api->drive, &call->caller,
				     (const EncodedChunk *)chunks->data, chunks->len, error)) {
		return false;
	}
	Imdrive__Sync__UploadResponse answer = IMDRIVE__SYNC__UPLOAD_RESPONSE__INIT;
	answer.stored = chunks->len;
	g_autoptr(Bulk) body = bulk_new(0);
	if (!message_append(body, &answer.base, error)) {
		return false;
	}
	api_reply_frames(call, g_steal_pointer(&body));
	return true;
}

/* ---- fetch ----------------------------------------------------------------------------- */

/* For the message and the heads of the chunks. */
#define BODY_ROOM (64 * KIB)

static bool append_chunk(const EncodedChunk *chunk, void *data, GError **error)
{
	frame_append_chunk(data, chunk);
	return true;
}

/*
 * The message stands before the chunks, but what is missing is known after them. Mostly nothing is,
 * and then the message that was put there stays.
 */
static Bulk *with_missing(Bulk *body, size_t chunks_at, GArray *missing, GError **error)
{
	if (missing->len == 0) {
		return body;
	}
	g_autoptr(Bulk) chunks = body;
	g_autoptr(Bulk) joined = bulk_new(0);
	Imdrive__Sync__FetchResponse answer = IMDRIVE__SYNC__FETCH_RESPONSE__INIT;
	answer.missing = ids_field(missing);
	if (!message_append(joined, &answer.base, error)) {
		return NULL;
	}
	bulk_append(joined, chunks->data + chunks_at, chunks->len - chunks_at);
	return g_steal_pointer(&joined);
}

bool sync_chunks_fetch(ApiCall *call, GError **error)
{
	g_autoptr(Imdrive__Sync__FetchRequest) message =
		sync_request_lone_message(call, &imdrive__sync__fetch_request__descriptor, error);
	/* Room for all at once: a body that grows is copied. */
	g_autoptr(Bulk) body = bulk_new(BATCH_SIZE_TARGET + BODY_ROOM);
	DriveFetch request = {
		.bytes_max = BATCH_SIZE_TARGET,
		.visit = append_chunk,
		.visit_data = body,
	};
	if (!message || !sync_request_id(&message->drive, "drive", &call->caller.drive, error) ||
	    !sync_request_chunk_ids(&message->ids, &request.ids, &request.count, error)) {
		return false;
	}
	Imdrive__Sync__FetchResponse whole = IMDRIVE__SYNC__FETCH_RESPONSE__INIT;
	g_autoptr(GArray) missing = g_array_new(FALSE, FALSE, sizeof(ChunkId));
	if (!message_append(body, &whole.base, error)) {
		return false;
	}
	size_t chunks_at = body->len;
	if (!drive_fetch(call->api->drive, &call->caller, &request, missing, error)) {
		return false;
	}
	Bulk *joined = with_missing(g_steal_pointer(&body), chunks_at, missing, error);
	if (!joined) {
		return false;
	}
	api_reply_frames(call, joined);
	return true;
}
