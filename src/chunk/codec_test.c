/* SPDX-License-Identifier: Apache-2.0 */
#include "chunk/codec.h"

#include "base/error.h"
#include "base/limits.h"

#include <string.h>
#include <zstd.h>

#define LEVEL 3

static uint8_t *random_bytes_new(uint32_t seed, size_t size)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
	uint8_t *bytes = g_malloc(size);
	for (size_t i = 0; i < size; i++) {
		bytes[i] = (uint8_t)g_rand_int(rand);
	}
	return bytes;
}

/* Something like text: words of a small vocabulary. */
static uint8_t *text_bytes_new(uint32_t seed, size_t size)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
	uint8_t *bytes = g_malloc(size);
	for (size_t i = 0; i < size; i++) {
		bytes[i] = (uint8_t)("etaoin shrdlu\n"[g_rand_int_range(rand, 0, 14)]);
	}
	return bytes;
}

/* Something like a program's source: lines that begin and end alike. */
static uint8_t *lines_new(uint32_t seed, size_t size)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
	g_autoptr(GString) lines = g_string_sized_new(size + 64);
	while (lines->len < size) {
		g_string_append_printf(lines, "\tg_assert_cmpint(value[%u], ==, %u);\n",
				       (unsigned)g_rand_int_range(rand, 0, 100), g_rand_int(rand));
	}
	return (uint8_t *)g_string_free(g_steal_pointer(&lines), FALSE);
}

static void assert_roundtrip(Codec *codec, const uint8_t *bytes, size_t size, int level)
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
	g_autoptr(GError) error = NULL;
	g_assert_true(codec_open(codec, &chunk, decoded, &error));
	g_assert_no_error(error);
	g_assert_cmpmem(decoded, size, bytes, size);
}

static void test_gives_back_what_it_got(void)
{
	static const size_t sizes[] = { 1,
					2,
					15,
					16,
					17,
					100,
					1000,
					64 * KIB - 1,
					64 * KIB,
					64 * KIB + 1,
					100000,
					128 * KIB,
					CHUNK_SIZE_AVERAGE,
					CHUNK_SIZE_MAX };
	static const int levels[] = { CODEC_LEVEL_LZ4, 1, 3, 9 };
	g_autoptr(Codec) codec = codec_new();
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		g_autofree uint8_t *text = text_bytes_new((uint32_t)i, sizes[i]);
		g_autofree uint8_t *random = random_bytes_new((uint32_t)i, sizes[i]);
		g_autofree uint8_t *zeros = g_malloc0(sizes[i]);
		for (size_t j = 0; j < G_N_ELEMENTS(levels); j++) {
			assert_roundtrip(codec, text, sizes[i], levels[j]);
			assert_roundtrip(codec, random, sizes[i], levels[j]);
			assert_roundtrip(codec, zeros, sizes[i], levels[j]);
		}
	}
}

static CodecEncoding encoding_of(Codec *codec, const void *bytes, size_t size, size_t *ret_size)
{
	CodecEncoding encoding;
	g_autoptr(GBytes) encoded = codec_encode(codec, bytes, size, LEVEL, &encoding);
	*ret_size = encoded ? g_bytes_get_size(encoded) : size;
	return encoding;
}

static void test_compresses_what_pays(void)
{
	const size_t size = CHUNK_SIZE_AVERAGE;
	g_autoptr(Codec) codec = codec_new();
	g_autofree uint8_t *text = text_bytes_new(1, size);
	size_t encoded_size;
	g_assert_cmpint(encoding_of(codec, text, size, &encoded_size), ==, CODEC_ZSTD);
	g_assert_cmpuint(encoded_size, <, size * 6 / 10);

	g_autofree uint8_t *random = random_bytes_new(1, size);
	g_assert_cmpint(encoding_of(codec, random, size, &encoded_size), ==, CODEC_RAW);
	g_assert_cmpuint(encoded_size, ==, size);
}

static void test_keeps_only_a_gain_of_a_sixteenth(void)
{
	g_autoptr(Codec) codec = codec_new();
	const size_t size = 48 * KIB;
	for (size_t zeros = 0; zeros < 6 * KIB; zeros += 64) {
		g_autofree uint8_t *bytes = random_bytes_new(2, size);
		memset(bytes, 0, zeros);
		size_t encoded_size;
		if (encoding_of(codec, bytes, size, &encoded_size) == CODEC_ZSTD) {
			g_assert_cmpuint(encoded_size, <=, size - size / 16);
			g_assert_cmpuint(zeros, >=, size / 16);
		} else {
			g_assert_cmpuint(zeros, <, size / 16 + KIB);
		}
	}
}

static void assert_refused(CodecEncoding encoding, const void *encoded, size_t encoded_size,
			   size_t raw_size, DriveError code)
{
	g_autoptr(Codec) codec = codec_new();
	g_autoptr(GError) error = NULL;
	/* Exactly as large as promised, so that a sanitizer sees the first byte beyond. */
	g_autofree uint8_t *decoded = g_malloc(MIN(raw_size, CHUNK_SIZE_MAX));
	g_autofree uint8_t *exact = g_memdup2(encoded, encoded_size);
	g_assert_false(
		codec_decode(codec, encoding, exact, encoded_size, decoded, raw_size, &error));
	g_assert_error(error, DRIVE_ERROR, (int)code);
}

static void test_refuses_other_sizes(void)
{
	g_autoptr(Codec) codec = codec_new();
	g_autofree uint8_t *text = text_bytes_new(3, 10000);
	CodecEncoding encoding;
	g_autoptr(GBytes) encoded = codec_encode(codec, text, 10000, LEVEL, &encoding);
	size_t size;
	const uint8_t *bytes = g_bytes_get_data(encoded, &size);
	g_assert_cmpint(encoding, ==, CODEC_ZSTD);

	assert_refused(CODEC_ZSTD, bytes, size, 9999, DRIVE_ERROR_CORRUPT);
	assert_refused(CODEC_ZSTD, bytes, size, 10001, DRIVE_ERROR_CORRUPT);
	assert_refused(CODEC_ZSTD, bytes, size, size, DRIVE_ERROR_CORRUPT);
	assert_refused(CODEC_ZSTD, bytes, size, 0, DRIVE_ERROR_CORRUPT);
	assert_refused(CODEC_ZSTD, bytes, size, CHUNK_SIZE_MAX + 1, DRIVE_ERROR_TOO_LARGE);
	assert_refused(CODEC_RAW, text, 10000, 9999, DRIVE_ERROR_CORRUPT);
	assert_refused(CODEC_RAW, text, 10000, 10001, DRIVE_ERROR_CORRUPT);
	assert_refused((CodecEncoding)CODEC_ENCODINGS, text, 10000, 10000, DRIVE_ERROR_CORRUPT);
	for (size_t cut = 0; cut < size; cut++) {
		assert_refused(CODEC_ZSTD, bytes, cut, 10000, DRIVE_ERROR_CORRUPT);
	}
}

/* zstd would take these; they would be a place for bytes that no id covers. */
static void test_refuses_all_but_one_frame(void)
{
	uint8_t raw[4096] = { 0 };
	uint8_t frames[512];
	size_t half = ZSTD_compress(frames, sizeof frames, raw, sizeof raw / 2, LEVEL);
	g_assert_false(ZSTD_isError(half));
	memcpy(frames + half, frames, half);
	assert_refused(CODEC_ZSTD, frames, 2 * half, sizeof raw, DRIVE_ERROR_CORRUPT);

	size_t whole = ZSTD_compress(frames, sizeof frames, raw, sizeof raw, LEVEL);
	static const uint8_t skippable[] = { 0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 'x' };
	uint8_t mixed[1024];
	memcpy(mixed, frames, whole);
	memcpy(mixed + whole, skippable, sizeof skippable);
	assert_refused(CODEC_ZSTD, mixed, whole + sizeof skippable, sizeof raw,
		       DRIVE_ERROR_CORRUPT);
	memcpy(mixed, skippable, sizeof skippable);
	memcpy(mixed + sizeof skippable, frames, whole);
	assert_refused(CODEC_ZSTD, mixed, whole + sizeof skippable, sizeof raw,
		       DRIVE_ERROR_CORRUPT);
}

/* Storing it would cost more than what it holds, and its quota. */
static void test_refuses_a_frame_that_does_not_pay(void)
{
	const size_t size = 1000;
	g_autofree uint8_t *random = random_bytes_new(6, size);
	uint8_t frame[2000];
	size_t done = ZSTD_compress(frame, sizeof frame, random, size, LEVEL);
	g_assert_false(ZSTD_isError(done));
	g_assert_cmpuint(done, >=, size);
	assert_refused(CODEC_ZSTD, frame, done, size, DRIVE_ERROR_CORRUPT);
}

/* LZ4 finds what comes again. */
static void test_encodes_with_lz4(void)
{
	g_autoptr(Codec) codec = codec_new();
	g_autofree uint8_t *text = lines_new(7, 20000);
	CodecEncoding encoding;
	g_autoptr(GBytes) encoded = codec_encode(codec, text, 20000, CODEC_LEVEL_LZ4, &encoding);
	size_t size;
	const uint8_t *bytes = g_bytes_get_data(encoded, &size);
	g_assert_cmpint(encoding, ==, CODEC_LZ4);
	g_assert_cmpuint(size, <, 10000);

	assert_refused(CODEC_LZ4, bytes, size, 19999, DRIVE_ERROR_CORRUPT);
	assert_refused(CODEC_LZ4, bytes, size, 20001, DRIVE_ERROR_CORRUPT);
	assert_refused(CODEC_LZ4, bytes, size, size, DRIVE_ERROR_CORRUPT);
	assert_refused(CODEC_ZSTD, bytes, size, 20000, DRIVE_ERROR_CORRUPT);
	for (size_t cut = 0; cut < size; cut++) {
		assert_refused(CODEC_LZ4, bytes, cut, 20000, DRIVE_ERROR_CORRUPT);
	}
	g_autofree uint8_t *more = g_malloc0(size + 1);
	memcpy(more, bytes, size);
	assert_refused(CODEC_LZ4, more, size + 1, 20000, DRIVE_ERROR_CORRUPT);

	g_autofree uint8_t *random = random_bytes_new(7, CHUNK_SIZE_AVERAGE);
	g_autoptr(GBytes) raw =
		codec_encode(codec, random, CHUNK_SIZE_AVERAGE, CODEC_LEVEL_LZ4, &encoding);
	g_assert_cmpint(encoding, ==, CODEC_RAW);
	g_assert_null(raw);
}

static void assert_survives_damage(int level)
{
	g_autoptr(Codec) codec = codec_new();
	g_autofree uint8_t *text = lines_new(4, 20000);
	CodecEncoding encoding;
	g_autoptr(GBytes) encoded = codec_encode(codec, text, 20000, level, &encoding);
	g_assert_cmpint(encoding, !=, CODEC_RAW);
	size_t size;
	const uint8_t *whole = g_bytes_get_data(encoded, &size);
	g_autoptr(GRand) rand = g_rand_new_with_seed(5);
	g_autofree uint8_t *decoded = g_malloc(20000);
	for (unsigned round = 0; round < 5000; round++) {
		g_autofree uint8_t *damaged = g_memdup2(whole, size);
		unsigned flips = (unsigned)g_rand_int_range(rand, 1, 8);
		for (unsigned i = 0; i < flips; i++) {
			damaged[g_rand_int_range(rand, 0, (int)size)] ^=
				(uint8_t)(1 << g_rand_int_range(rand, 0, 8));
		}
		EncodedChunk chunk = {
			.id = chunk_id_of(text, 20000),
			.encoding = encoding,
			.raw_size = 20000,
			.size = (uint32_t)size,
			.bytes = damaged,
		};
		/* Damage that is not seen must be one that changes nothing. */
		if (codec_open(codec, &chunk, decoded, NULL)) {
			g_assert_cmpmem(decoded, 20000, text, 20000);
		}
	}
	assert_roundtrip(codec, text, 20000, level);
}

static void test_survives_damage(void)
{
	assert_survives_damage(LEVEL);
	assert_survives_damage(CODEC_LEVEL_LZ4);
}

static void test_open_compares_the_id(void)
{
	g_autoptr(Codec) codec = codec_new();
	EncodedChunk chunk = {
		.id = chunk_id_of("abc", 3),
		.encoding = CODEC_RAW,
		.raw_size = 3,
		.size = 3,
		.bytes = (const uint8_t *)"abd",
	};
	uint8_t decoded[3];
	g_autoptr(GError) error = NULL;
	g_assert_false(codec_open(codec, &chunk, decoded, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT);
}

static void test_view_copies_only_what_it_decodes(void)
{
	g_autoptr(Codec) codec = codec_new();
	uint8_t buffer[3];
	g_autoptr(GError) error = NULL;
	EncodedChunk raw = {
		.id = chunk_id_of("abc", 3),
		.encoding = CODEC_RAW,
		.raw_size = 3,
		.size = 3,
		.bytes = (const uint8_t *)"abc",
	};
	g_assert_true(codec_view(codec, &raw, buffer, NULL) == raw.bytes);
	raw.size = 2;
	g_assert_null(codec_view(codec, &raw, buffer, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT);
	g_clear_error(&error);
	raw.size = 3;
	raw.bytes = (const uint8_t *)"abd";
	g_assert_null(codec_view(codec, &raw, buffer, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT);

	g_autofree uint8_t *text = text_bytes_new(4, 20000);
	g_autofree uint8_t *decoded = g_malloc(20000);
	CodecEncoding encoding;
	g_autoptr(GBytes) encoded = codec_encode(codec, text, 20000, LEVEL, &encoding);
	g_assert_cmpint(encoding, ==, CODEC_ZSTD);
	EncodedChunk packed = {
		.id = chunk_id_of(text, 20000),
		.encoding = encoding,
		.raw_size = 20000,
		.size = (uint32_t)g_bytes_get_size(encoded),
		.bytes = g_bytes_get_data(encoded, NULL),
	};
	g_assert_true(codec_view(codec, &packed, decoded, NULL) == decoded);
	g_assert_cmpmem(decoded, 20000, text, 20000);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/chunk/codec/gives-back-what-it-got", test_gives_back_what_it_got);
	g_test_add_func("/chunk/codec/compresses-what-pays", test_compresses_what_pays);
	g_test_add_func("/chunk/codec/keeps-only-a-gain-of-a-sixteenth",
			test_keeps_only_a_gain_of_a_sixteenth);
	g_test_add_func("/chunk/codec/refuses-other-sizes", test_refuses_other_sizes);
	g_test_add_func("/chunk/codec/refuses-all-but-one-frame", test_refuses_all_but_one_frame);
	g_test_add_func("/chunk/codec/refuses-a-frame-that-does-not-pay",
			test_refuses_a_frame_that_does_not_pay);
	g_test_add_func("/chunk/codec/encodes-with-lz4", test_encodes_with_lz4);
	g_test_add_func("/chunk/codec/survives-damage", test_survives_damage);
	g_test_add_func("/chunk/codec/open-compares-the-id", test_open_compares_the_id);
	g_test_add_func("/chunk/codec/view-copies-only-what-it-decodes",
			test_view_copies_only_what_it_decodes);
	return g_test_run();
}
