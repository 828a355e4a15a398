/* SPDX-License-Identifier: Apache-2.0 */
#include "server/blobs/pack.h"

#include "base/error.h"
#include "base/limits.h"
#include "server/blobs/place_impl.h"

#include <string.h>

#define PACK 0x0123456789abcdefull

static void write_bytes(Place *place, uint64_t offset, const void *bytes, size_t size)
{
	g_autoptr(GError) error = NULL;
	struct iovec part = { (void *)bytes, size };

	place_write(place, &(PlaceSpan){ PACK, offset, &part, 1 }, &error);
	g_assert_no_error(error);
}

/* A raw chunk of count times this byte. */
static EncodedChunk chunk_of(uint8_t byte, size_t count, uint8_t *bytes)
{
	memset(bytes, byte, count);
	return (EncodedChunk){
		.id = chunk_id_of(bytes, count),
		.encoding = CODEC_RAW,
		.raw_size = count,
		.size = count,
		.bytes = bytes,
	};
}

static Place *pack_new(void)
{
	Place *place = place_memory_new();
	uint8_t header[PACK_HEADER_SIZE];
	g_autoptr(GError) error = NULL;

	place_create(place, PACK, &error);
	g_assert_no_error(error);
	pack_header_encode(PACK, header);
	write_bytes(place, 0, header, sizeof(header));
	return place;
}

/* Returns where the next record may begin. */
static uint64_t add(Place *place, uint64_t offset, const EncodedChunk *chunk)
{
	uint8_t header[PACK_RECORD_HEADER_SIZE];

	pack_record_encode(PACK, offset, chunk, header);
	write_bytes(place, offset, header, sizeof(header));
	write_bytes(place, offset + sizeof(header), chunk->bytes, chunk->size);
	return offset + pack_record_size(chunk->size);
}

static bool collect(const EncodedChunk *chunk, const BlobsLocation *location, void *data,
		    GError **error)
{
	g_assert_cmpuint(location->pack, ==, PACK);
	g_assert_cmpuint(location->size, ==, chunk->size);
	g_array_append_val((GArray *)data, *location);
	return true;
}

static GArray *scan(Place *place, uint64_t size)
{
	GArray *found = g_array_new(false, false, sizeof(BlobsLocation));
	g_autoptr(GError) error = NULL;

	pack_scan(place, &(BlobsPack){ PACK, size }, collect, found, &error);
	g_assert_no_error(error);
	return found;
}

static void test_keeps_its_form(void)
{
	/* The bytes of docs/formats/pack.md; whoever changes them must raise the version. */
	static const uint8_t header_expected[PACK_HEADER_SIZE] = {
		'I', 'M', 'D', 'P', 'A', 'C', 'K', 1, 0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 1,
	};
	static const uint8_t record_expected[16] = {
		'I', 'M', 'D', 'R', 3, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0,
	};
	static const uint8_t check_expected[8] = {
		0x5e, 0x85, 0xb1, 0x38, 0x49, 0xcd, 0x30, 0x7b,
	};
	uint8_t bytes[3];
	EncodedChunk chunk = chunk_of('a', sizeof(bytes), bytes);
	uint8_t header[PACK_HEADER_SIZE];
	uint8_t record[PACK_RECORD_HEADER_SIZE];

	pack_header_encode(PACK, header);
	g_assert_cmpmem(header, sizeof(header), header_expected, sizeof(header_expected));
	pack_record_encode(PACK, 16, &chunk, record);
	g_assert_cmpmem(record, 16, record_expected, sizeof(record_expected));
	g_assert_cmpmem(record + 16, CHUNK_ID_SIZE, chunk.id.bytes, CHUNK_ID_SIZE);
	g_assert_cmpmem(record + 48, 8, check_expected, sizeof(check_expected));
	g_assert_cmpuint(pack_record_size(3), ==, 64);
	g_assert_cmpuint(pack_record_size(8), ==, 64);
	g_assert_cmpuint(pack_record_size(9), ==, 72);
}

static void test_refuses_a_header_of_another_place(void)
{
	uint8_t bytes[3];
	EncodedChunk chunk = chunk_of('a', sizeof(bytes), bytes);
	EncodedChunk decoded;
	uint8_t record[PACK_RECORD_HEADER_SIZE];
	g_autoptr(GError) error = NULL;

	pack_record_encode(PACK, 16, &chunk, record);
	g_assert_true(pack_record_decode(PACK, 16, record, &decoded, NULL));
	g_assert_true(chunk_id_equal(&decoded.id, &chunk.id));
	g_assert_false(pack_record_decode(PACK, 24, record, &decoded, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT);
	g_assert_false(pack_record_decode(PACK + 1, 16, record, &decoded, NULL));
	for (unsigned i = 0; i < sizeof(record); i++) {
		record[i] ^= 0x10;
		g_assert_false(pack_record_decode(PACK, 16, record, &decoded, NULL));
		record[i] ^= 0x10;
	}
}

static void test_refuses_sizes_over_the_limits(void)
{
	EncodedChunk chunk = { .raw_size = CHUNK_SIZE_MAX, .size = CHUNK_SIZE_MAX };
	EncodedChunk decoded;
	uint8_t record[PACK_RECORD_HEADER_SIZE];

	pack_record_encode(PACK, 16, &chunk, record);
	g_assert_true(pack_record_decode(PACK, 16, record, &decoded, NULL));
	chunk.raw_size++;
	pack_record_encode(PACK, 16, &chunk, record);
	g_assert_false(pack_record_decode(PACK, 16, record, &decoded, NULL));
	chunk = (EncodedChunk){ .raw_size = 5, .size = 6 };
	pack_record_encode(PACK, 16, &chunk, record);
	g_assert_false(pack_record_decode(PACK, 16, record, &decoded, NULL));
	chunk = (EncodedChunk){ .raw_size = 5, .size = 0 };
	pack_record_encode(PACK, 16, &chunk, record);
	g_assert_false(pack_record_decode(PACK, 16, record, &decoded, NULL));
}

static void test_refuses_another_pack(void)
{
	uint8_t header[PACK_HEADER_SIZE];
	g_autoptr(GError) error = NULL;

	pack_header_encode(PACK, header);
	g_assert_true(pack_header_decode(PACK, header, NULL));
	g_assert_false(pack_header_decode(PACK + 1, header, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT);
	g_clear_error(&error);
	header[7]++;
	g_assert_false(pack_header_decode(PACK, header, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_UNSUPPORTED);
}

static void test_finds_records_without_the_index(void)
{
	g_autoptr(Place) place = pack_new();
	g_autofree uint8_t *bytes = g_malloc(300 * KIB);
	static const size_t sizes[] = { 1, 8, 9, 1000, 300 * KIB, 2 };
	uint64_t offset = PACK_HEADER_SIZE;
	g_autoptr(GArray) found = NULL;

	for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
		EncodedChunk chunk = chunk_of(i, sizes[i], bytes);

		offset = add(place, offset, &chunk);
	}
	/* The last record's padding was not written here. */
	found = scan(place, offset - 6);
	g_assert_cmpuint(found->len, ==, G_N_ELEMENTS(sizes));
	for (unsigned i = 0; i < found->len; i++) {
		g_assert_cmpuint(g_array_index(found, BlobsLocation, i).size, ==, sizes[i]);
	}
}

static void test_survives_a_hole(void)
{
	g_autoptr(Place) place = pack_new();
	g_autofree uint8_t *bytes = g_malloc(200 * KIB);
	EncodedChunk chunk = chunk_of('x', 500, bytes);
	uint64_t first = add(place, PACK_HEADER_SIZE, &chunk);
	/* Longer than what is looked at in one go, and a record's header across its seams. */
	uint64_t second = first + 64 * KIB - 16;
	uint64_t third = add(place, second, &chunk) + 130 * KIB;
	uint64_t end = add(place, third, &chunk);
	g_autoptr(GArray) found = scan(place, end - 4);

	g_assert_cmpuint(found->len, ==, 3);
	g_assert_cmpuint(g_array_index(found, BlobsLocation, 1).offset, ==, second);
	g_assert_cmpuint(g_array_index(found, BlobsLocation, 2).offset, ==, third);
}

static void test_survives_a_torn_tail(void)
{
	g_autoptr(Place) place = pack_new();
	uint8_t bytes[1000];
	EncodedChunk chunk = chunk_of('x', sizeof(bytes), bytes);
	uint64_t first = add(place, PACK_HEADER_SIZE, &chunk);

	add(place, first, &chunk);
	for (uint64_t size = 0; size < first + PACK_RECORD_HEADER_SIZE + sizeof(bytes); size++) {
		g_autoptr(GArray) found = scan(place, size);
		bool whole = size >= PACK_HEADER_SIZE + PACK_RECORD_HEADER_SIZE + sizeof(bytes);

		g_assert_cmpuint(found->len, ==, whole ? 1 : 0);
	}
}

static void test_takes_no_record_from_inside_a_chunk(void)
{
	g_autoptr(Place) place = pack_new();
	uint8_t inner_bytes[8];
	uint8_t outer_bytes[PACK_RECORD_HEADER_SIZE + sizeof(inner_bytes)];
	EncodedChunk inner = chunk_of('i', sizeof(inner_bytes), inner_bytes);
	EncodedChunk outer = chunk_of('o', sizeof(outer_bytes), outer_bytes);
	g_autoptr(GArray) found = NULL;
	uint64_t end;

	/* Somebody keeps a pack in his drive, and the record that holds it is damaged. */
	pack_record_encode(PACK, PACK_HEADER_SIZE, &inner, outer_bytes);
	memcpy(outer_bytes + PACK_RECORD_HEADER_SIZE, inner_bytes, sizeof(inner_bytes));
	end = add(place, PACK_HEADER_SIZE, &outer);
	write_bytes(place, PACK_HEADER_SIZE, "damage", 6);
	found = scan(place, end);
	g_assert_cmpuint(found->len, ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/server/blobs/pack/keeps-its-form", test_keeps_its_form);
	g_test_add_func("/server/blobs/pack/refuses-a-header-of-another-place",
			test_refuses_a_header_of_another_place);
	g_test_add_func("/server/blobs/pack/refuses-sizes-over-the-limits",
			test_refuses_sizes_over_the_limits);
	g_test_add_func("/server/blobs/pack/refuses-another-pack", test_refuses_another_pack);
	g_test_add_func("/server/blobs/pack/finds-records-without-the-index",
			test_finds_records_without_the_index);
	g_test_add_func("/server/blobs/pack/survives-a-hole", test_survives_a_hole);
	g_test_add_func("/server/blobs/pack/survives-a-torn-tail", test_survives_a_torn_tail);
	g_test_add_func("/server/blobs/pack/takes-no-record-from-inside-a-chunk",
			test_takes_no_record_from_inside_a_chunk);
	return g_test_run();
}
