/* SPDX-License-Identifier: Apache-2.0 */
/* Chunks and files out of the packs. */
#include "server/drive/reader_internal.h"

#include "base/error.h"
#include "base/limits.h"
#include "chunk/content.h"
#include "server/drive/drive_internal.h"
#include "server/drive/workspace_internal.h"

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

/* ---- files ----------------------------------------------------------------------------- */

struct DriveReading {
	Drive *drive;
	NodeId drive_id;
	uint64_t offset; /* of the range in the file */
	uint64_t end;
	uint64_t position; /* of the next chunk in the file */
	Content lists;     /* those of a long file's lists; empty: it has none */
	size_t list;       /* the next of them */
	Content chunks;    /* the file's, or those of one of its lists */
	size_t chunk;
	GByteArray *scratch;
};

static bool locate(DriveReading *reading, const ContentRef *ref, JournalStored *ret_stored,
		   GError **error)
{
	bool found;

	ret_stored->id = ref->id;
	if (!journal_locate(reading->drive->options.journal, &reading->drive_id, &ref->id, 1,
			    &ret_stored->location, &found, error)) {
		return false;
	}
	if (!found) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
			    "the drive holds no such content any more");
		return false;
	}
	if (ret_stored->location.raw_size != ref->length) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "the content gives a chunk %u bytes, it has %u", ref->length,
			    ret_stored->location.raw_size);
		return false;
	}
	return true;
}

/* The verified bytes of a chunk that the content names. */
static GBytes *read_ref(DriveReading *reading, const ContentRef *ref, GError **error)
{
	g_auto(TrafficPass) pass = traffic_enter(reading->drive->traffic);
	g_autofree uint8_t *bytes = NULL;
	JournalStored stored;
	EncodedChunk chunk;

	if (!locate(reading, ref, &stored, error)) {
		return NULL;
	}
	bytes = g_malloc(ref->length);
	if (!reader_open(reading->drive, &stored, reading->scratch, &chunk, bytes, error)) {
		return NULL;
	}
	return g_bytes_new_take(g_steal_pointer(&bytes), ref->length);
}

/* What of the chunk that begins at the position lies in the range. */
static GBytes *part_of(const DriveReading *reading, GBytes *chunk)
{
	uint64_t skip =
		reading->offset > reading->position ? reading->offset - reading->position : 0;
	uint64_t size = MIN(g_bytes_get_size(chunk), reading->end - reading->position) - skip;

	return g_bytes_new_from_bytes(chunk, skip, size);
}

static bool next_list(DriveReading *reading, GError **error)
{
	g_autoptr(GBytes) list = read_ref(reading, &reading->lists.refs[reading->list], error);

	if (list == NULL) {
		return false;
	}
	content_clear(&reading->chunks);
	reading->list++;
	reading->chunk = 0;
	return content_decode_list(g_bytes_get_data(list, NULL), g_bytes_get_size(list),
				   &reading->chunks, error);
}

/* The next chunk that has a part in the range; NULL: there is none. */
static bool next_ref(DriveReading *reading, const ContentRef **ret_ref, GError **error)
{
	*ret_ref = NULL;
	while (reading->position < reading->end) {
		if (reading->chunk < reading->chunks.count) {
			const ContentRef *ref = &reading->chunks.refs[reading->chunk++];

			if (reading->position + ref->length > reading->offset) {
				*ret_ref = ref;
				return true;
			}
			reading->position += ref->length;
		} else if (reading->list == reading->lists.count) {
			return true;
		} else if (!next_list(reading, error)) {
			return false;
		}
	}
	return true;
}

bool reader_next(DriveReading *reading, GBytes **ret_bytes, GError **error)
{
	const ContentRef *ref;
	g_autoptr(GBytes) chunk = NULL;

	if (!next_ref(reading, &ref, error)) {
		return false;
	}
	if (ref == NULL) {
		*ret_bytes = NULL;
		return true;
	}
	chunk = read_ref(reading, ref, error);
	if (chunk == NULL) {
		return false;
	}
	*ret_bytes = part_of(reading, chunk);
	reading->position += ref->length;
	return true;
}

DriveReading *reader_range(Drive *drive, const NodeId *drive_id, const DriveRange *range,
			   GError **error)
{
	g_autoptr(DriveReading) reading = g_new0(DriveReading, 1);
	size_t size;
	const void *encoded = g_bytes_get_data(range->content, &size);

	reading->drive = drive;
	reading->drive_id = *drive_id;
	reading->offset = range->offset;
	reading->end = range->length < UINT64_MAX - range->offset ? range->offset + range->length
								  : UINT64_MAX;
	reading->scratch = g_byte_array_new();
	if (size > 0 && !content_decode(encoded, size, &reading->chunks, error)) {
		return NULL;
	}
	if (reading->chunks.depth > 0) {
		reading->lists = reading->chunks;
		reading->chunks = (Content){ 0 };
	}
	return g_steal_pointer(&reading);
}

void reader_free(DriveReading *reading)
{
	if (reading == NULL) {
		return;
	}
	content_clear(&reading->lists);
	content_clear(&reading->chunks);
	g_clear_pointer(&reading->scratch, g_byte_array_unref);
	g_free(reading);
}
