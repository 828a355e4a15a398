/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Input: what follows the header of a pack. Wherever a record's magic lies the check is made right,
 * else no input would ever get past it. Whatever is found lies inside the pack and does not
 * overlap.
 */
#include "server/blobs/pack.h"

#include "base/limits.h"
#include "server/blobs/place_impl.h"

#include <string.h>

#define PACK 1

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void repair_checks(uint8_t *bytes, size_t size)
{
	for (size_t at = PACK_HEADER_SIZE; at + PACK_RECORD_HEADER_SIZE <= size;
	     at += BLOBS_ALIGNMENT) {
		uint8_t *record = bytes + at;
		EncodedChunk chunk = { .encoding = record[12] };

		if (memcmp(record, "IMDR", 4) != 0) {
			continue;
		}
		memcpy(&chunk.size, record + 4, sizeof(chunk.size));
		memcpy(&chunk.raw_size, record + 8, sizeof(chunk.raw_size));
		chunk.size = GUINT32_FROM_LE(chunk.size);
		chunk.raw_size = GUINT32_FROM_LE(chunk.raw_size);
		memcpy(chunk.id.bytes, record + 16, CHUNK_ID_SIZE);
		pack_record_encode(PACK, at, &chunk, record);
	}
}

typedef struct Visited {
	const uint8_t *bytes;
	size_t size;
	uint64_t end; /* of the record before */
} Visited;

static bool visit(const EncodedChunk *chunk, const BlobsLocation *location, void *data,
		  GError **error)
{
	Visited *visited = data;
	uint64_t begin = location->offset + PACK_RECORD_HEADER_SIZE;

	g_assert(location->offset >= visited->end);
	g_assert(begin + chunk->size <= visited->size);
	g_assert(chunk->size >= 1 && chunk->size <= chunk->raw_size);
	g_assert(chunk->raw_size <= CHUNK_SIZE_MAX);
	g_assert(memcmp(chunk->bytes, visited->bytes + begin, chunk->size) == 0);
	visited->end = blobs_location_end(location);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(Place) place = place_memory_new();
	g_autofree uint8_t *bytes = g_malloc(PACK_HEADER_SIZE + size);
	Visited visited = { .bytes = bytes, .size = PACK_HEADER_SIZE + size };
	struct iovec part = { bytes, visited.size };
	bool ok;

	pack_header_encode(PACK, bytes);
	if (size > 0) {
		memcpy(bytes + PACK_HEADER_SIZE, data, size);
	}
	repair_checks(bytes, visited.size);
	ok = place_create(place, PACK, NULL) &&
	     place_write(place, &(PlaceSpan){ PACK, 0, &part, 1 }, NULL);
	g_assert(ok);
	ok = pack_scan(place, &(BlobsPack){ PACK, visited.size }, visit, &visited, NULL);
	g_assert(ok);
	return 0;
}
