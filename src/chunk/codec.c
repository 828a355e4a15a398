/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chunks as they are stored and travel: raw, or one zstd frame (RFC 8878) without a dictionary, or
 * one LZ4 block, that is smaller than what it holds. Contexts and the buffer are kept, because
 * setting them up costs more than coding a small chunk.
 */
#include "chunk/codec.h"

#include "base/error.h"
#include "base/limits.h"

#include <lz4.h>
#include <string.h>
#include <zstd.h>

/* What is worth keeping: at least 1/GAIN_DIVISOR smaller. */
#define GAIN_DIVISOR 16

/* Chunks from PROBE_SIZE_MIN are first judged by SLICES pieces spread over them. */
#define PROBE_SIZE_MIN (64 * KIB)
#define SLICES 8
#define SLICE_SIZE (2 * KIB)
#define PROBE_LEVEL_MAX 1

struct Codec {
	/* NULL until first used */
	ZSTD_CCtx *encoder;
	ZSTD_DCtx *decoder;
	void *lz4;
	uint8_t *buffer;
	size_t buffer_size;
};

Codec *codec_new(void)
{
	return g_new0(Codec, 1);
}

void codec_free(Codec *codec)
{
	if (!codec) {
		return;
	}
	ZSTD_freeCCtx(codec->encoder);
	ZSTD_freeDCtx(codec->decoder);
	g_free(codec->lz4);
	g_free(codec->buffer);
	g_free(codec);
}

/* Bytes that a result may have to be worth keeping; 0 if none can be. */
static size_t worthwhile_size(size_t size)
{
	return size - (size + GAIN_DIVISOR - 1) / GAIN_DIVISOR;
}

static void reserve_buffer(Codec *codec, size_t size)
{
	if (codec->buffer_size < size) {
		g_free(codec->buffer);
		codec->buffer = g_malloc(size);
		codec->buffer_size = size;
	}
}

static size_t compress_lz4(Codec *codec, const void *bytes, size_t size, size_t room)
{
	if (!codec->lz4) {
		codec->lz4 = g_malloc((size_t)LZ4_sizeofState());
	}
	return (size_t)LZ4_compress_fast_extState(codec->lz4, bytes, (char *)codec->buffer,
						  (int)size, (int)room, 1);
}

static size_t compress_zstd(Codec *codec, const void *bytes, size_t size, size_t room, int level)
{
	if (!codec->encoder) {
		codec->encoder = ZSTD_createCCtx();
		g_assert(codec->encoder != NULL);
	}
	size_t done = ZSTD_compressCCtx(codec->encoder, codec->buffer, room, bytes, size, level);
	return ZSTD_isError(done) ? 0 : done;
}

/* Compresses into the codec's buffer; 0 if the result is not worth keeping. */
static size_t compress(Codec *codec, const void *bytes, size_t size, int level)
{
	size_t room = worthwhile_size(size);
	if (room == 0) {
		return 0;
	}
	reserve_buffer(codec, room);
	return level == CODEC_LEVEL_LZ4 ? compress_lz4(codec, bytes, size, room)
					: compress_zstd(codec, bytes, size, room, level);
}

static bool is_compressible(Codec *codec, const uint8_t *bytes, size_t size, int level)
{
	if (size < PROBE_SIZE_MIN) {
		return true;
	}
	uint8_t sample[SLICES * SLICE_SIZE];
	size_t stride = (size - SLICE_SIZE) / (SLICES - 1);
	for (size_t i = 0; i < SLICES; i++) {
		memcpy(sample + i * SLICE_SIZE, bytes + i * stride, SLICE_SIZE);
	}
	return compress(codec, sample, sizeof sample, MIN(level, PROBE_LEVEL_MAX)) > 0;
}

GBytes *codec_encode(Codec *codec, const void *bytes, size_t size, int level,
		     CodecEncoding *ret_encoding)
{
	g_assert(size > 0);
	g_assert(size <= CHUNK_SIZE_MAX);
	if (is_compressible(codec, bytes, size, level)) {
		size_t done = compress(codec, bytes, size, level);
		if (done > 0) {
			*ret_encoding = level == CODEC_LEVEL_LZ4 ? CODEC_LZ4 : CODEC_ZSTD;
			return g_bytes_new(codec->buffer, done);
		}
	}
	*ret_encoding = CODEC_RAW;
	return NULL;
}

static bool corrupt(GError **error, const char *reason)
{
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT, "decode chunk: %s", reason);
	return false;
}

static bool decode_raw(const void *encoded, size_t encoded_size, void *ret_bytes, size_t raw_size,
		       GError **error)
{
	if (encoded_size != raw_size) {
		return corrupt(error, "raw bytes of another length than announced");
	}
	memcpy(ret_bytes, encoded, raw_size);
	return true;
}

static bool decode_zstd(Codec *codec, const void *encoded, size_t encoded_size, void *ret_bytes,
			size_t raw_size, GError **error)
{
	/* libzstd would also take skippable and further frames, and formats older than the RFC. */
	static const uint8_t magic[4] = { 0x28, 0xb5, 0x2f, 0xfd };
	if (encoded_size < sizeof magic || memcmp(encoded, magic, sizeof magic) != 0) {
		return corrupt(error, "not a zstd frame");
	}
	if (ZSTD_findFrameCompressedSize(encoded, encoded_size) != encoded_size) {
		return corrupt(error, "not exactly one whole zstd frame");
	}
	if (!codec->decoder) {
		codec->decoder = ZSTD_createDCtx();
		g_assert(codec->decoder != NULL);
	}
	size_t done =
		ZSTD_decompressDCtx(codec->decoder, ret_bytes, raw_size, encoded, encoded_size);
	if (ZSTD_isError(done)) {
		return corrupt(error, ZSTD_getErrorName(done));
	}
	if (done != raw_size) {
		return corrupt(error, "fewer bytes than announced");
	}
	return true;
}

static bool decode_lz4(const void *encoded, size_t encoded_size, void *ret_bytes, size_t raw_size,
		       GError **error)
{
	int done = LZ4_decompress_safe(encoded, ret_bytes, (int)encoded_size, (int)raw_size);
	return done == (int)raw_size || corrupt(error, "not one LZ4 block of the size announced");
}

bool codec_decode(Codec *codec, CodecEncoding encoding, const void *encoded, size_t encoded_size,
		  void *ret_bytes, size_t raw_size, GError **error)
{
	if (raw_size > CHUNK_SIZE_MAX) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_TOO_LARGE,
			    "decode chunk: %zu bytes are more than a chunk can have", raw_size);
		return false;
	}
	if (raw_size == 0) {
		return corrupt(error, "no chunk is empty");
	}
	if (encoding != CODEC_RAW && encoded_size >= raw_size) {
		return corrupt(error, "not smaller than what it holds");
	}
	switch (encoding) {
	case CODEC_RAW:
		return decode_raw(encoded, encoded_size, ret_bytes, raw_size, error);
	case CODEC_ZSTD:
		return decode_zstd(codec, encoded, encoded_size, ret_bytes, raw_size, error);
	case CODEC_LZ4:
		return decode_lz4(encoded, encoded_size, ret_bytes, raw_size, error);
	}
	return corrupt(error, "unknown encoding");
}

static bool check_id(const EncodedChunk *chunk, const void *bytes, GError **error)
{
	ChunkId id = chunk_id_of(bytes, chunk->raw_size);
	return chunk_id_equal(&id, &chunk->id) || corrupt(error, "its bytes do not have its id");
}

bool codec_open(Codec *codec, const EncodedChunk *chunk, void *ret_bytes, GError **error)
{
	return codec_decode(codec, chunk->encoding, chunk->bytes, chunk->size, ret_bytes,
			    chunk->raw_size, error) &&
	       check_id(chunk, ret_bytes, error);
}

const uint8_t *codec_view(Codec *codec, const EncodedChunk *chunk, uint8_t *buffer, GError **error)
{
	if (chunk->encoding != CODEC_RAW || chunk->raw_size > CHUNK_SIZE_MAX) {
		return codec_open(codec, chunk, buffer, error) ? buffer : NULL;
	}
	if (chunk->size != chunk->raw_size || chunk->raw_size == 0) {
		corrupt(error, "raw bytes of another length than announced");
		return NULL;
	}
	return check_id(chunk, chunk->bytes, error) ? chunk->bytes : NULL;
}
