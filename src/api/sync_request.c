/* SPDX-License-Identifier: Apache-2.0 */
#include "api/sync_request.h"

#include "base/error.h"
#include "base/limits.h"

G_STATIC_ASSERT(sizeof(ChunkId) == CHUNK_ID_SIZE && G_ALIGNOF(ChunkId) == 1);

void *sync_request_message(ApiCall *call, const ProtobufCMessageDescriptor *descriptor,
			   FrameReader *ret_rest, GError **error)
{
	size_t size = 0;
	const void *body =
		call->request->body ? g_bytes_get_data(call->request->body, &size) : NULL;
	if (!body) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "the request has no body");
		return NULL;
	}
	const uint8_t *message;
	size_t message_size;
	frame_reader_init(ret_rest, body, size);
	if (!frame_reader_message(ret_rest, &message, &message_size, error)) {
		return NULL;
	}
	return message_unpack(descriptor, message, message_size, error);
}

GArray *sync_request_chunks(FrameReader *rest, GError **error)
{
	g_autoptr(GArray) chunks = g_array_new(FALSE, FALSE, sizeof(EncodedChunk));
	for (;;) {
		EncodedChunk chunk;
		bool end;
		if (!frame_reader_chunk(rest, &chunk, &end, error)) {
			return NULL;
		}
		if (end) {
			return g_steal_pointer(&chunks);
		}
		g_array_append_val(chunks, chunk);
	}
}

void *sync_request_lone_message(ApiCall *call, const ProtobufCMessageDescriptor *descriptor,
				GError **error)
{
	FrameReader rest;
	void *message = sync_request_message(call, descriptor, &rest, error);
	if (message && rest.left > 0) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID, "%zu bytes follow the message",
			    rest.left);
		g_clear_pointer(&message, message_free);
	}
	return message;
}

bool sync_request_id(const ProtobufCBinaryData *bytes, const char *what, NodeId *ret_id,
		     GError **error)
{
	if (!node_id_from_bytes(bytes->data, bytes->len, ret_id)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "%s must be an id of %d bytes, and has %zu", what, NODE_ID_SIZE,
			    bytes->len);
		return false;
	}
	return true;
}

bool sync_request_chunk_ids(const ProtobufCBinaryData *bytes, const ChunkId **ret_ids,
			    size_t *ret_count, GError **error)
{
	size_t count = bytes->len / CHUNK_ID_SIZE;
	if (bytes->len % CHUNK_ID_SIZE != 0 || count == 0) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "ids must be chunk ids of %d bytes, and have %zu", CHUNK_ID_SIZE,
			    bytes->len);
		return false;
	}
	if (count > CHUNK_IDS_MAX) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_TOO_LARGE,
			    "%zu chunk ids in one request, where %d may be", count, CHUNK_IDS_MAX);
		return false;
	}
	*ret_ids = (const ChunkId *)bytes->data;
	*ret_count = count;
	return true;
}
