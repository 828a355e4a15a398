/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Input: two bytes of raw size, then encoded bytes. They are decoded, in each encoding, into memory
 * of exactly that size, and whatever comes out is encoded and decoded again.
 */
#include "chunk/codec.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_roundtrip(Codec *codec, const uint8_t *bytes, size_t size, int level)
{
	CodecEncoding encoding;
	g_autoptr(GBytes) encoded = codec_encode(codec, bytes, size, level, &encoding);
	EncodedChunk chunk = {
		.id = chunk_id_of(bytes, size),
		.encoding = encoding,
		.raw_size = (uint32_t)size,
		.size = (uint32_t)(encoded ? g_bytes_get_size(encoded) : size),
		.bytes = encoded ? g_bytes_get_data(encoded, NULL) : bytes,
	};
	g_autofree uint8_t *decoded = g_malloc(size);
	bool opened = codec_open(codec, &chunk, decoded, NULL);
	g_assert(opened);
	g_assert(memcmp(decoded, bytes, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 3) {
		return 0;
	}
	size_t raw_size = (size_t)(data[0] | data[1] << 8) + 1;
	g_autoptr(Codec) codec = codec_new();
	g_autofree uint8_t *decoded = g_malloc(raw_size);
	for (CodecEncoding encoding = CODEC_ZSTD; encoding < CODEC_ENCODINGS; encoding++) {
		if (codec_decode(codec, encoding, data + 2, size - 2, decoded, raw_size, NULL)) {
			check_roundtrip(codec, decoded, raw_size, 1);
		}
	}
	check_roundtrip(codec, data + 2, size - 2, 1);
	check_roundtrip(codec, data + 2, size - 2, CODEC_LEVEL_LZ4);
	return 0;
}
