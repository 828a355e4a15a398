/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The form of a pack, all integers little-endian:
 *
 *	pack   = header (record | hole)*
 *	header = "IMDPACK" u8 version, u64 name of the pack
 *	record = u32 magic, u32 encoded size, u32 raw size, u8 encoding, 3 zero bytes,
 *	         32 bytes chunk id, 8 bytes check, encoded bytes, zeros up to a multiple of 8
 *	check  = the first 8 bytes of SHA-256 over the pack's name (u64), the record's offset (u64)
 *	         and the 48 bytes before the check
 *
 * The check binds a record to its place: what looks like a record inside the bytes of a chunk
 * (somebody may keep a pack in his drive) is none, because nobody outside knows where it will lie.
 */
#include "server/blobs/pack.h"

#include "base/bytes.h"
#include "base/error.h"
#include "base/limits.h"
#include "server/blobs/place_impl.h"

#include <inttypes.h>
#include <string.h>

#define VERSION 1
#define RECORD_MAGIC 0x52444d49u /* "IMDR" */
#define CHECKED_SIZE 48
#define CHECK_SIZE 8
#define WINDOW_SIZE (64 * KIB)

G_STATIC_ASSERT(CHECKED_SIZE + CHECK_SIZE == PACK_RECORD_HEADER_SIZE);
G_STATIC_ASSERT(PACK_HEADER_SIZE % BLOBS_ALIGNMENT == 0);
G_STATIC_ASSERT(PACK_RECORD_HEADER_SIZE % BLOBS_ALIGNMENT == 0);

static const uint8_t header_magic[7] = { 'I', 'M', 'D', 'P', 'A', 'C', 'K' };

void pack_header_encode(uint64_t pack, uint8_t ret_bytes[PACK_HEADER_SIZE])
{
	memcpy(ret_bytes, header_magic, sizeof(header_magic));
	ret_bytes[7] = VERSION;
	bytes_put64(ret_bytes + 8, pack);
}

bool pack_header_decode(uint64_t pack, const uint8_t bytes[PACK_HEADER_SIZE], GError **error)
{
	uint8_t expected[PACK_HEADER_SIZE];

	pack_header_encode(pack, expected);
	if (memcmp(bytes, header_magic, sizeof(header_magic)) == 0 && bytes[7] > VERSION) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_UNSUPPORTED,
			    "pack %016" PRIx64 " is of form %u, this program knows %u", pack,
			    bytes[7], VERSION);
		return false;
	}
	if (memcmp(bytes, expected, sizeof(expected)) != 0) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT,
			    "pack %016" PRIx64 " does not begin like that pack", pack);
		return false;
	}
	return true;
}

static void record_check(uint64_t pack, uint64_t offset, const uint8_t *header,
			 uint8_t ret_check[CHECK_SIZE])
{
	uint8_t checked[16 + CHECKED_SIZE];
	ChunkId hash;

	bytes_put64(checked, pack);
	bytes_put64(checked + 8, offset);
	memcpy(checked + 16, header, CHECKED_SIZE);
	hash = chunk_id_of(checked, sizeof(checked));
	memcpy(ret_check, hash.bytes, CHECK_SIZE);
}

void pack_record_encode(uint64_t pack, uint64_t offset, const EncodedChunk *chunk,
			uint8_t ret_bytes[PACK_RECORD_HEADER_SIZE])
{
	memset(ret_bytes, 0, PACK_RECORD_HEADER_SIZE);
	bytes_put32(ret_bytes, RECORD_MAGIC);
	bytes_put32(ret_bytes + 4, chunk->size);
	bytes_put32(ret_bytes + 8, chunk->raw_size);
	ret_bytes[12] = chunk->encoding;
	memcpy(ret_bytes + 16, chunk->id.bytes, CHUNK_ID_SIZE);
	record_check(pack, offset, ret_bytes, ret_bytes + CHECKED_SIZE);
}

bool pack_record_decode(uint64_t pack, uint64_t offset,
			const uint8_t bytes[PACK_RECORD_HEADER_SIZE], EncodedChunk *ret_chunk,
			GError **error)
{
	uint32_t size = bytes_get32(bytes + 4);
	uint32_t raw_size = bytes_get32(bytes + 8);
	uint8_t check[CHECK_SIZE];

	if (bytes_get32(bytes) == RECORD_MAGIC && size >= 1 && size <= raw_size &&
	    raw_size <= CHUNK_SIZE_MAX && bytes[12] < CODEC_ENCODINGS) {
		record_check(pack, offset, bytes, check);
		if (memcmp(check, bytes + CHECKED_SIZE, CHECK_SIZE) == 0) {
			*ret_chunk = (EncodedChunk){
				.encoding = bytes[12],
				.raw_size = raw_size,
				.size = size,
			};
			memcpy(ret_chunk->id.bytes, bytes + 16, CHUNK_ID_SIZE);
			return true;
		}
	}
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT,
		    "pack %016" PRIx64 " has no record at byte %" PRIu64, pack, offset);
	return false;
}

uint64_t pack_record_size(uint32_t size)
{
	uint64_t end = PACK_RECORD_HEADER_SIZE + (uint64_t)size;

	return (end + BLOBS_ALIGNMENT - 1) / BLOBS_ALIGNMENT * BLOBS_ALIGNMENT;
}

typedef struct Scan {
	Place *place;
	const BlobsPack *pack;
	uint64_t offset; /* of the record, or where to look for one */
	EncodedChunk chunk;
	uint8_t *window;
} Scan;

static bool read_at(Scan *scan, uint64_t offset, void *ret_bytes, size_t size, GError **error)
{
	struct iovec part = { ret_bytes, size };

	return place_read(scan->place, &(PlaceSpan){ scan->pack->pack, offset, &part, 1 }, error);
}

/* True if a whole record begins with these bytes at this offset; fills chunk but for its bytes. */
static bool is_record(Scan *scan, uint64_t offset, const uint8_t *header)
{
	return pack_record_decode(scan->pack->pack, offset, header, &scan->chunk, NULL) &&
	       offset + PACK_RECORD_HEADER_SIZE + scan->chunk.size <= scan->pack->size;
}

/*
 * Moves to the next record; *ret_found false at the end. Usually it is where it is looked for, so
 * only a header is read at first.
 */
static bool find_record(Scan *scan, bool *ret_found, GError **error)
{
	size_t window_size = PACK_RECORD_HEADER_SIZE;

	*ret_found = false;
	while (scan->offset + PACK_RECORD_HEADER_SIZE <= scan->pack->size) {
		size_t size = MIN(window_size, scan->pack->size - scan->offset);
		size_t at = 0;

		if (!read_at(scan, scan->offset, scan->window, size, error)) {
			return false;
		}
		for (; at + PACK_RECORD_HEADER_SIZE <= size; at += BLOBS_ALIGNMENT) {
			if (is_record(scan, scan->offset + at, scan->window + at)) {
				scan->offset += at;
				*ret_found = true;
				return true;
			}
		}
		scan->offset += at;
		window_size = WINDOW_SIZE;
	}
	return true;
}

static bool visit_record(Scan *scan, BlobsVisit visit, void *data, GError **error)
{
	g_autofree uint8_t *bytes = g_malloc(scan->chunk.size);
	BlobsLocation location = {
		.pack = scan->pack->pack,
		.offset = scan->offset,
		.size = scan->chunk.size,
		.raw_size = scan->chunk.raw_size,
		.encoding = scan->chunk.encoding,
	};

	scan->chunk.bytes = bytes;
	return read_at(scan, scan->offset + PACK_RECORD_HEADER_SIZE, bytes, scan->chunk.size,
		       error) &&
	       visit(&scan->chunk, &location, data, error);
}

bool pack_scan(Place *place, const BlobsPack *pack, BlobsVisit visit, void *data, GError **error)
{
	g_autofree uint8_t *window = g_malloc(WINDOW_SIZE);
	Scan scan = {
		.place = place,
		.pack = pack,
		.offset = PACK_HEADER_SIZE,
		.window = window,
	};
	bool found;

	if (pack->size < PACK_HEADER_SIZE) {
		return true;
	}
	if (!read_at(&scan, 0, window, PACK_HEADER_SIZE, error) ||
	    !pack_header_decode(pack->pack, window, error)) {
		return false;
	}
	do {
		if (!find_record(&scan, &found, error)) {
			return false;
		}
		if (found && !visit_record(&scan, visit, data, error)) {
			return false;
		}
		scan.offset += found ? pack_record_size(scan.chunk.size) : 0;
	} while (found);
	return true;
}
