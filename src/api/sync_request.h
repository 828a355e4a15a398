/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/api_internal.h"
#include "wire/frame.h"
#include "wire/message.h"

/*
 * The message and the chunks of a body of /sync/v1/, checked for what any message must have.
 * All errors are DRIVE_ERROR_INVALID or DRIVE_ERROR_TOO_LARGE.
 */

/* The body's one message; to be freed with message_free(). Chunks after it are left to read. */
void *sync_request_message(ApiCall *call, const ProtobufCMessageDescriptor *descriptor,
			   FrameReader *ret_rest, GError **error);

/* All chunks that follow (EncodedChunk, borrowing from the body). */
GArray *sync_request_chunks(FrameReader *rest, GError **error);

/* The same for a message with nothing after it. */
void *sync_request_lone_message(ApiCall *call, const ProtobufCMessageDescriptor *descriptor,
				GError **error);

/* Exactly NODE_ID_SIZE bytes, not all zero. `what` names the field. */
bool sync_request_id(const ProtobufCBinaryData *bytes, const char *what, NodeId *ret_id,
		     GError **error);

/* n × CHUNK_ID_SIZE bytes, n from 1 to CHUNK_IDS_MAX; borrowed. */
bool sync_request_chunk_ids(const ProtobufCBinaryData *bytes, const ChunkId **ret_ids,
			    size_t *ret_count, GError **error);
