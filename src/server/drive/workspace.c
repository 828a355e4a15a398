/* SPDX-License-Identifier: Apache-2.0 */
#include "server/drive/workspace_internal.h"

#include "base/limits.h"

static GPrivate codec_private = G_PRIVATE_INIT((GDestroyNotify)codec_free);
static GPrivate bytes_private = G_PRIVATE_INIT(g_free);

Codec *workspace_codec(void)
{
	Codec *codec = g_private_get(&codec_private);

	if (codec == NULL) {
		codec = codec_new();
		g_private_set(&codec_private, codec);
	}
	return codec;
}

uint8_t *workspace_bytes(void)
{
	uint8_t *bytes = g_private_get(&bytes_private);

	if (bytes == NULL) {
		bytes = g_malloc(CHUNK_SIZE_MAX);
		g_private_set(&bytes_private, bytes);
	}
	return bytes;
}

char *workspace_hex(const ChunkId *id)
{
	GString *hex = g_string_sized_new(2 * CHUNK_ID_SIZE);

	for (unsigned i = 0; i < CHUNK_ID_SIZE; i++) {
		g_string_append_printf(hex, "%02x", id->bytes[i]);
	}
	return g_string_free(hex, false);
}
