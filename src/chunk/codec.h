/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "chunk/chunk_id.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* How a chunk's bytes are stored and travel. The numbers are part of the formats. */
typedef enum CodecEncoding {
	CODEC_RAW = 0,
	CODEC_ZSTD = 1,
	CODEC_LZ4 = 2,
} CodecEncoding;
#define CODEC_ENCODINGS 3

/* The level that is LZ4: zstd takes half as long again to encode, and twice as long to decode. */
#define CODEC_LEVEL_LZ4 (-1)

/* A chunk as it is stored and travels. */
typedef struct EncodedChunk {
	ChunkId id;
	CodecEncoding encoding;
	uint32_t raw_size;    /* bytes before encoding, 1..CHUNK_SIZE_MAX */
	uint32_t size;        /* bytes as encoded: raw_size if raw, fewer if not */
	const uint8_t *bytes; /* borrowed */
} EncodedChunk;

/*
 * Encoders and decoders keep their working memory; one per thread.
 */
typedef struct Codec Codec;

Codec *codec_new(void);
void codec_free(Codec *codec);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Codec, codec_free)

/*
 * Encodes a chunk of 1..CHUNK_SIZE_MAX bytes. Compresses only where it is likely to pay (a
 * sample of incompressible bytes is left raw after a cheap look) and keeps the result only if it is
 * at least 1/16 smaller. level: zstd's from 1 on, or CODEC_LEVEL_LZ4. Sets *ret_encoding and
 * returns the encoded bytes; NULL for CODEC_RAW: the bytes stay what they are.
 */
GBytes *codec_encode(Codec *codec, const void *bytes, size_t size, int level,
		     CodecEncoding *ret_encoding);

/*
 * Decodes into ret_bytes[raw_size]; fails with DRIVE_ERROR_CORRUPT unless the result has exactly
 * raw_size bytes and the encoding is one raw run, or one zstd frame or LZ4 block smaller than they
 * are,
 * and with DRIVE_ERROR_TOO_LARGE for a raw_size over CHUNK_SIZE_MAX. Never reads or writes outside
 * the given memory, whatever the input; after a failure ret_bytes holds anything.
 */
bool codec_decode(Codec *codec, CodecEncoding encoding, const void *encoded, size_t encoded_size,
		  void *ret_bytes, size_t raw_size, GError **error);

/*
 * Decodes an encoded chunk into ret_bytes[chunk->raw_size] and compares its id with the hash of the
 * result: DRIVE_ERROR_CORRUPT unless they agree.
 */
bool codec_open(Codec *codec, const EncodedChunk *chunk, void *ret_bytes, GError **error);

/*
 * The same without a copy of what is raw: returns chunk->bytes, or buffer (chunk->raw_size bytes)
 * where it was decoded to; NULL with the same errors.
 */
const uint8_t *codec_view(Codec *codec, const EncodedChunk *chunk, uint8_t *buffer, GError **error);
