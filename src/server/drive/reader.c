/* SPDX-License-Identifier: Apache-2.0 */
/* Chunks and files out of the packs. */
#include "server/drive/reader_internal.h"

#include "base/error.h"
#include "base/limits.h"
#include "chunk/content.h"
#include "server/drive/drive_internal.h"
#include "server/drive/workspace_internal.h"

#define SLICE 16 /* chunks that are located, and keep their packs, at a time */

/* What is at rest and unreadable is no fault of the request's, whatever code it came with. */
static bool fail_unreadable(Drive *drive, const JournalStored *stored, GError *cause,
			    GError **error)
{
	g_autofree char *hex = workspace_hex(&stored->id);

	drive_report(drive, "chunk %s cannot be read: %s", hex, cause->message);
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_IO, "read chunk %s: %s", hex, cause->message);
	g_error_free(cause);
	return false;
}

bool reader_encoded(Drive *drive, const JournalStored *stored, GByteArray *scratch,
		    EncodedChunk *ret_chunk, GError **error)
{
	GError *cause = NULL;

	g_byte_array_set_size(scratch, 0);
	if (!blobs_read(drive->options.blobs, &stored->id, &stored->location, scratch, &cause)) {
		return fail_unreadable(drive, stored, cause, error);
	}
	*ret_chunk = (EncodedChunk){
		.id = stored->id,
		.encoding = stored->location.encoding,
		.raw_size = stored->location.raw_size,
		.size = stored->location.size,
		.bytes = scratch->data,
	};
	return true;
}

bool reader_open(Drive *drive, const JournalStored *stored, GByteArray *scratch,
		 EncodedChunk *ret_chunk, void *ret_bytes, GError **error)
{
	GError *cause = NULL;

	if (!reader_encoded(drive, stored, scratch, ret_chunk, error)) {
		return false;
	}
	if (!codec_open(workspace_codec(), ret_chunk, ret_bytes, &cause)) {
		return fail_unreadable(drive, stored, cause, error);
	}
	return true;
}

typedef struct Walk {
	Drive *drive;
	const NodeId *drive_id;
	const DriveRange *range;
	uint64_t end;      /* of the range in the file */
	uint64_t position; /* of the next chunk in the file */
	GByteArray *scratch;
	uint8_t *bytes;
} Walk;

/* The verified bytes of a chunk that the content names, into walk->bytes. */
static bool open_ref(Walk *walk, const ContentRef *ref, const BlobsLocation *location,
		     GError **error)
{
	JournalStored stored = { ref->id, *location };
	EncodedChunk chunk;

	if (location->raw_size != ref->length) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "the content gives a chunk %u bytes, it has %u", ref->length,
			    location->raw_size);
		return false;
	}
	return reader_open(walk->drive, &stored, walk->scratch, &chunk, walk->bytes, error);
}

static bool visit_part(Walk *walk, const ContentRef *ref, GError **error)
{
	uint64_t skip =
		walk->range->offset > walk->position ? walk->range->offset - walk->position : 0;
	uint64_t size = MIN(ref->length, walk->end - walk->position) - skip;

	return walk->range->visit(walk->bytes + skip, size, walk->range->visit_data, error);
}

static bool locate(Walk *walk, const ContentRef *refs, size_t count, BlobsLocation *ret_locations,
		   GError **error)
{
	ChunkId ids[SLICE];
	bool found[SLICE];

	g_assert(count <= SLICE);
	for (size_t i = 0; i < count; i++) {
		ids[i] = refs[i].id;
	}
	if (!journal_locate(walk->drive->options.journal, walk->drive_id, ids, count, ret_locations,
			    found, error)) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (!found[i]) {
			g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
				    "the drive holds no such content any more");
			return false;
		}
	}
	return true;
}

/* Visits what of these neighbours lies in the range. */
static bool walk_slice(Walk *walk, const ContentRef *refs, size_t count, GError **error)
{
	g_auto(TrafficPass) pass = traffic_enter(walk->drive->traffic);
	BlobsLocation locations[SLICE];

	if (!locate(walk, refs, count, locations, error)) {
		return false;
	}
	for (size_t i = 0; i < count && walk->position < walk->end; i++) {
		if (!open_ref(walk, &refs[i], &locations[i], error) ||
		    !visit_part(walk, &refs[i], error)) {
			return false;
		}
		walk->position += refs[i].length;
	}
	return true;
}

static bool walk_chunks(Walk *walk, const Content *content, GError **error)
{
	size_t i = 0;

	while (i < content->count && walk->position < walk->end) {
		if (walk->position + content->refs[i].length <= walk->range->offset) {
			walk->position += content->refs[i++].length;
			continue;
		}
		size_t count = MIN(SLICE, content->count - i);

		if (!walk_slice(walk, content->refs + i, count, error)) {
			return false;
		}
		i += count;
	}
	return true;
}

static bool walk_list(Walk *walk, const ContentRef *list, GError **error)
{
	g_auto(Content) content = { 0 };
	BlobsLocation location;

	{
		g_auto(TrafficPass) pass = traffic_enter(walk->drive->traffic);

		if (!locate(walk, list, 1, &location, error) ||
		    !open_ref(walk, list, &location, error)) {
			return false;
		}
	}
	return content_decode_list(walk->bytes, list->length, &content, error) &&
	       walk_chunks(walk, &content, error);
}

bool reader_range(Drive *drive, const NodeId *drive_id, const DriveRange *range, GError **error)
{
	g_autoptr(GByteArray) scratch = g_byte_array_new();
	g_autofree uint8_t *bytes = g_malloc(CHUNK_SIZE_MAX);
	g_auto(Content) content = { 0 };
	size_t size;
	const void *encoded = g_bytes_get_data(range->content, &size);
	Walk walk = {
		.drive = drive,
		.drive_id = drive_id,
		.range = range,
		.end = range->length < UINT64_MAX - range->offset ? range->offset + range->length
								  : UINT64_MAX,
		.scratch = scratch,
		.bytes = bytes,
	};

	if (size == 0) {
		return true;
	}
	if (!content_decode(encoded, size, &content, error)) {
		return false;
	}
	if (content.depth == 0) {
		return walk_chunks(&walk, &content, error);
	}
	for (size_t i = 0; i < content.count && walk.position < walk.end; i++) {
		if (!walk_list(&walk, &content.refs[i], error)) {
			return false;
		}
	}
	return true;
}
