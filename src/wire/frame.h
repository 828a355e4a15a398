/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bulk.h"
#include "chunk/codec.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * A body of /sync/v1/: one message, then any number of chunks.
 *
 *	body    = message chunk*
 *	message = 'M' u32 size, size bytes (protobuf, sync.proto)
 *	chunk   = 'C' u32 size, 32 bytes chunk id, u8 encoding, u32 raw size, encoded bytes
 *
 * All integers little-endian. No frame is larger than the body; a trailing half frame makes the
 * whole body invalid.
 */
#define FRAME_CHUNK_OVERHEAD (1 + 4 + CHUNK_ID_SIZE + 1 + 4)

/* Appends to a body that is being built. */
void frame_append_message(Bulk *body, const void *message, size_t size);
void frame_append_chunk(Bulk *body, const EncodedChunk *chunk);
/* All of a chunk but its bytes, which must follow: FRAME_CHUNK_OVERHEAD bytes. */
void frame_append_chunk_head(Bulk *body, const EncodedChunk *chunk);

/*
 * Reads a body. frame_reader_message() comes first and once; then frame_reader_chunk() until it
 * sets *ret_end. The memory of the body must outlive what is handed out. Errors are
 * DRIVE_ERROR_INVALID, or DRIVE_ERROR_TOO_LARGE over MESSAGE_SIZE_MAX or CHUNK_SIZE_MAX.
 */
typedef struct FrameReader {
	const uint8_t *at;
	size_t left;
} FrameReader;

void frame_reader_init(FrameReader *reader, const void *body, size_t size);
bool frame_reader_message(FrameReader *reader, const uint8_t **ret_message, size_t *ret_size,
			  GError **error);
bool frame_reader_chunk(FrameReader *reader, EncodedChunk *ret_chunk, bool *ret_end,
			GError **error);
