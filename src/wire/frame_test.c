/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/frame.h"

#include "base/error.h"
#include "base/limits.h"

#include <string.h>

static EncodedChunk raw_chunk(const char *text)
{
	size_t size = strlen(text);
	return (EncodedChunk){
		.id = chunk_id_of(text, size),
		.encoding = CODEC_RAW,
		.raw_size = (uint32_t)size,
		.size = (uint32_t)size,
		.bytes = (const uint8_t *)text,
	};
}

static Bulk *body_new(void)
{
	Bulk *body = bulk_new(0);
	frame_append_message(body, "message", 7);
	EncodedChunk first = raw_chunk("first");
	frame_append_chunk(body, &first);
	EncodedChunk second = {
		.id = chunk_id_of("x", 1),
		.encoding = CODEC_ZSTD,
		.raw_size = 100,
		.size = 3,
		.bytes = (const uint8_t *)"zst",
	};
	frame_append_chunk(body, &second);
	return body;
}

/* Reads a whole body; returns how many chunks it has, or -1 and why it is refused. */
static int read_all(const uint8_t *bytes, size_t size, GError **error)
{
	/* Exactly as large as promised, so that a sanitizer sees the first byte beyond. */
	g_autofree uint8_t *exact = g_memdup2(bytes, size);
	FrameReader reader;
	frame_reader_init(&reader, exact, size);
	const uint8_t *message;
	size_t message_size;
	if (!frame_reader_message(&reader, &message, &message_size, error)) {
		return -1;
	}
	for (int count = 0;; count++) {
		EncodedChunk chunk;
		bool end;
		if (!frame_reader_chunk(&reader, &chunk, &end, error)) {
			return -1;
		}
		if (end) {
			return count;
		}
	}
}

static void assert_refused(const uint8_t *bytes, size_t size, DriveError code)
{
	g_autoptr(GError) error = NULL;
	g_assert_cmpint(read_all(bytes, size, &error), ==, -1);
	g_assert_error(error, DRIVE_ERROR, (int)code);
}

static void test_gives_back_what_it_got(void)
{
	g_autoptr(Bulk) body = body_new();
	FrameReader reader;
	frame_reader_init(&reader, body->data, body->len);
	const uint8_t *message;
	size_t size;
	g_autoptr(GError) error = NULL;
	g_assert_true(frame_reader_message(&reader, &message, &size, &error));
	g_assert_cmpmem(message, size, "message", 7);
	EncodedChunk chunk;
	bool end;
	g_assert_true(frame_reader_chunk(&reader, &chunk, &end, &error));
	g_assert_false(end);
	ChunkId id = chunk_id_of("first", 5);
	g_assert_true(chunk_id_equal(&chunk.id, &id));
	g_assert_cmpint(chunk.encoding, ==, CODEC_RAW);
	g_assert_cmpuint(chunk.raw_size, ==, 5);
	g_assert_cmpmem(chunk.bytes, chunk.size, "first", 5);
	g_assert_true(frame_reader_chunk(&reader, &chunk, &end, &error));
	g_assert_false(end);
	g_assert_cmpint(chunk.encoding, ==, CODEC_ZSTD);
	g_assert_cmpuint(chunk.raw_size, ==, 100);
	g_assert_cmpmem(chunk.bytes, chunk.size, "zst", 3);
	for (int again = 0; again < 2; again++) {
		g_assert_true(frame_reader_chunk(&reader, &chunk, &end, &error));
		g_assert_true(end);
	}
}

static void test_has_the_documented_bytes(void)
{
	g_autoptr(Bulk) body = bulk_new(0);
	frame_append_message(body, "", 0);
	g_assert_cmpmem(body->data, body->len, "M\0\0\0\0", 5);
	EncodedChunk chunk = raw_chunk("abc");
	frame_append_chunk(body, &chunk);
	g_assert_cmpuint(body->len, ==, 5 + FRAME_CHUNK_OVERHEAD + 3);
	const uint8_t *at = body->data + 5;
	g_assert_cmpmem(at, 5, "C\x28\0\0\0", 5);
	g_assert_cmpmem(at + 5, 32, chunk.id.bytes, 32);
	g_assert_cmpmem(at + 37, 5, "\0\x03\0\0\0", 5);
	g_assert_cmpmem(at + 42, 3, "abc", 3);
}

static void test_refuses_half_a_frame(void)
{
	g_autoptr(Bulk) body = body_new();
	size_t after_message = 5 + 7;
	size_t after_first = after_message + FRAME_CHUNK_OVERHEAD + 5;
	for (size_t size = 0; size < body->len; size++) {
		if (size != after_message && size != after_first) {
			assert_refused(body->data, size, DRIVE_ERROR_INVALID);
		}
	}
	g_assert_cmpint(read_all(body->data, after_message, NULL), ==, 0);
	g_assert_cmpint(read_all(body->data, after_first, NULL), ==, 1);
	g_assert_cmpint(read_all(body->data, body->len, NULL), ==, 2);
	bulk_append(body, "C", 1);
	assert_refused(body->data, body->len, DRIVE_ERROR_INVALID);
}

static void test_refuses_other_frames(void)
{
	g_autoptr(Bulk) body = body_new();
	for (unsigned type = 0; type < 256; type++) {
		body->data[0] = (uint8_t)type;
		if (type != 'M') {
			assert_refused(body->data, body->len, DRIVE_ERROR_INVALID);
		}
	}
	body->data[0] = 'M';
	for (unsigned type = 0; type < 256; type++) {
		body->data[12] = (uint8_t)type;
		if (type != 'C') {
			assert_refused(body->data, body->len, DRIVE_ERROR_INVALID);
		}
	}
}

static void test_a_second_message_is_refused(void)
{
	g_autoptr(Bulk) body = bulk_new(0);
	frame_append_message(body, "a", 1);
	frame_append_message(body, "b", 1);
	assert_refused(body->data, body->len, DRIVE_ERROR_INVALID);
}

static void put_u32(uint8_t *at, uint32_t value)
{
	value = GUINT32_TO_LE(value);
	memcpy(at, &value, sizeof value);
}

static void test_refuses_sizes_over_the_limits(void)
{
	g_autoptr(Bulk) body = body_new();
	put_u32(body->data + 1, MESSAGE_SIZE_MAX + 1);
	assert_refused(body->data, body->len, DRIVE_ERROR_TOO_LARGE);
	put_u32(body->data + 1, UINT32_MAX);
	assert_refused(body->data, body->len, DRIVE_ERROR_TOO_LARGE);
	put_u32(body->data + 1, MESSAGE_SIZE_MAX);
	assert_refused(body->data, body->len, DRIVE_ERROR_INVALID);
	put_u32(body->data + 1, 7);

	put_u32(body->data + 13, 37 + CHUNK_SIZE_MAX + 1);
	assert_refused(body->data, body->len, DRIVE_ERROR_TOO_LARGE);
	put_u32(body->data + 13, UINT32_MAX);
	assert_refused(body->data, body->len, DRIVE_ERROR_TOO_LARGE);
	put_u32(body->data + 13, 37 + CHUNK_SIZE_MAX);
	assert_refused(body->data, body->len, DRIVE_ERROR_INVALID);
}

static void test_refuses_contradictory_chunks(void)
{
	g_autoptr(Bulk) body = body_new();
	uint8_t *first = body->data + 12;
	uint8_t *second = first + FRAME_CHUNK_OVERHEAD + 5;
	put_u32(first + 38, 4); /* raw, but shorter than its bytes */
	assert_refused(body->data, body->len, DRIVE_ERROR_INVALID);
	put_u32(first + 38, 6);
	assert_refused(body->data, body->len, DRIVE_ERROR_INVALID);
	put_u32(first + 38, 5);
	first[37] = CODEC_ENCODINGS; /* unknown */
	assert_refused(body->data, body->len, DRIVE_ERROR_INVALID);
	first[37] = 0;
	g_assert_cmpint(read_all(body->data, body->len, NULL), ==, 2);

	put_u32(second + 38, 3); /* compressed, but not smaller */
	assert_refused(body->data, body->len, DRIVE_ERROR_INVALID);
	put_u32(second + 38, 0);
	assert_refused(body->data, body->len, DRIVE_ERROR_INVALID);
	put_u32(second + 38, CHUNK_SIZE_MAX + 1);
	assert_refused(body->data, body->len, DRIVE_ERROR_TOO_LARGE);
	put_u32(second + 38, CHUNK_SIZE_MAX);
	second[37] = CODEC_ENCODINGS;
	assert_refused(body->data, body->len, DRIVE_ERROR_INVALID);
	second[37] = CODEC_ZSTD;
	g_assert_cmpint(read_all(body->data, body->len, NULL), ==, 2);

	/* A chunk frame that ends with its header. */
	put_u32(second + 1, 37);
	assert_refused(body->data, body->len - 3, DRIVE_ERROR_INVALID);
	put_u32(second + 1, 36);
	assert_refused(body->data, body->len - 4, DRIVE_ERROR_INVALID);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/wire/frame/gives-back-what-it-got", test_gives_back_what_it_got);
	g_test_add_func("/wire/frame/has-the-documented-bytes", test_has_the_documented_bytes);
	g_test_add_func("/wire/frame/refuses-half-a-frame", test_refuses_half_a_frame);
	g_test_add_func("/wire/frame/refuses-other-frames", test_refuses_other_frames);
	g_test_add_func("/wire/frame/a-second-message-is-refused",
			test_a_second_message_is_refused);
	g_test_add_func("/wire/frame/refuses-sizes-over-the-limits",
			test_refuses_sizes_over_the_limits);
	g_test_add_func("/wire/frame/refuses-contradictory-chunks",
			test_refuses_contradictory_chunks);
	return g_test_run();
}
