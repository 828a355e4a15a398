/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames of a /sync/v1/ body; frame.h has the layout. The reader copies nothing and believes no
 * length that it has not compared with what is left.
 */
#include "wire/frame.h"

#include "base/bytes.h"
#include "base/error.h"
#include "base/limits.h"

#include <string.h>

#define TYPE_MESSAGE 'M'
#define TYPE_CHUNK 'C'
#define HEADER_SIZE (1 + 4)
#define CHUNK_HEADER_SIZE (FRAME_CHUNK_OVERHEAD - HEADER_SIZE)

static void append_u32(Bulk *body, uint32_t value)
{
	uint32_t le = GUINT32_TO_LE(value);
	bulk_append(body, &le, sizeof le);
}

static void append_u8(Bulk *body, uint8_t value)
{
	bulk_append(body, &value, 1);
}

void frame_append_message(Bulk *body, const void *message, size_t size)
{
	g_assert(size <= MESSAGE_SIZE_MAX);
	append_u8(body, TYPE_MESSAGE);
	append_u32(body, (uint32_t)size);
	if (size > 0) {
		bulk_append(body, message, size);
	}
}

void frame_append_chunk_head(Bulk *body, const EncodedChunk *chunk)
{
	g_assert(chunk->raw_size > 0);
	g_assert(chunk->raw_size <= CHUNK_SIZE_MAX);
	g_assert(chunk->size > 0);
	g_assert(chunk->size <= chunk->raw_size);
	append_u8(body, TYPE_CHUNK);
	append_u32(body, CHUNK_HEADER_SIZE + chunk->size);
	bulk_append(body, chunk->id.bytes, CHUNK_ID_SIZE);
	append_u8(body, (uint8_t)chunk->encoding);
	append_u32(body, chunk->raw_size);
}

void frame_append_chunk(Bulk *body, const EncodedChunk *chunk)
{
	frame_append_chunk_head(body, chunk);
	bulk_append(body, chunk->bytes, chunk->size);
}

void frame_reader_init(FrameReader *reader, const void *body, size_t size)
{
	reader->at = body;
	reader->left = size;
}

static bool fail(GError **error, DriveError code, const char *reason)
{
	g_set_error(error, DRIVE_ERROR, (int)code, "read body: %s", reason);
	return false;
}

/* One frame of the wanted type; the reader moves only on success. */
static bool next_frame(FrameReader *reader, uint8_t type, size_t size_max,
		       const uint8_t **ret_bytes, size_t *ret_size, GError **error)
{
	if (reader->left < HEADER_SIZE) {
		return fail(error, DRIVE_ERROR_INVALID, "ends within a frame");
	}
	if (reader->at[0] != type) {
		return fail(error, DRIVE_ERROR_INVALID, "not the frame that must come here");
	}
	uint32_t size = bytes_get32(reader->at + 1);
	if (size > size_max) {
		return fail(error, DRIVE_ERROR_TOO_LARGE, "frame too large");
	}
	if (size > reader->left - HEADER_SIZE) {
		return fail(error, DRIVE_ERROR_INVALID, "ends within a frame");
	}
	*ret_bytes = reader->at + HEADER_SIZE;
	*ret_size = size;
	reader->at += HEADER_SIZE + size;
	reader->left -= HEADER_SIZE + size;
	return true;
}

bool frame_reader_message(FrameReader *reader, const uint8_t **ret_message, size_t *ret_size,
			  GError **error)
{
	return next_frame(reader, TYPE_MESSAGE, MESSAGE_SIZE_MAX, ret_message, ret_size, error);
}

bool frame_reader_chunk(FrameReader *reader, EncodedChunk *ret_chunk, bool *ret_end, GError **error)
{
	if (reader->left == 0) {
		*ret_end = true;
		return true;
	}
	const uint8_t *bytes;
	size_t size;
	if (!next_frame(reader, TYPE_CHUNK, CHUNK_HEADER_SIZE + CHUNK_SIZE_MAX, &bytes, &size,
			error)) {
		return false;
	}
	if (size <= CHUNK_HEADER_SIZE) {
		return fail(error, DRIVE_ERROR_INVALID, "chunk without bytes");
	}
	uint8_t encoding = bytes[CHUNK_ID_SIZE];
	uint32_t raw_size = bytes_get32(bytes + CHUNK_ID_SIZE + 1);
	size_t encoded_size = size - CHUNK_HEADER_SIZE;
	if (encoding >= CODEC_ENCODINGS) {
		return fail(error, DRIVE_ERROR_INVALID, "chunk of unknown encoding");
	}
	if (raw_size > CHUNK_SIZE_MAX) {
		return fail(error, DRIVE_ERROR_TOO_LARGE, "chunk too large");
	}
	bool fits = encoding == CODEC_RAW ? encoded_size == raw_size : encoded_size < raw_size;
	if (!fits) {
		return fail(error, DRIVE_ERROR_INVALID, "chunk of contradictory sizes");
	}
	memcpy(ret_chunk->id.bytes, bytes, CHUNK_ID_SIZE);
	ret_chunk->encoding = (CodecEncoding)encoding;
	ret_chunk->raw_size = raw_size;
	ret_chunk->size = (uint32_t)encoded_size;
	ret_chunk->bytes = bytes + CHUNK_HEADER_SIZE;
	*ret_end = false;
	return true;
}
