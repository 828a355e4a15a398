/* SPDX-License-Identifier: Apache-2.0 */
/* A body that is read to its end is, written again, the same body. */
#include "wire/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(Bulk) body = bulk_new(0);
	FrameReader reader;
	frame_reader_init(&reader, data, size);
	const uint8_t *message;
	size_t message_size;
	if (!frame_reader_message(&reader, &message, &message_size, NULL)) {
		return 0;
	}
	frame_append_message(body, message, message_size);
	for (;;) {
		EncodedChunk chunk;
		bool end;
		if (!frame_reader_chunk(&reader, &chunk, &end, NULL)) {
			return 0;
		}
		if (end) {
			break;
		}
		frame_append_chunk(body, &chunk);
	}
	g_autoptr(GBytes) again = g_bytes_new_static(body->data, body->len);
	g_autoptr(GBytes) given = g_bytes_new_static(data, size);
	g_assert(g_bytes_equal(again, given));
	return 0;
}
