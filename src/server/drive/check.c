/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The promises about the data at rest: those of the journal about itself, and that every chunk that
 * the journal names is in its pack.
 */
#include "server/drive/check_internal.h"

#include "base/error.h"
#include "base/limits.h"
#include "server/drive/drive_internal.h"
#include "server/drive/packs_internal.h"
#include "server/drive/workspace_internal.h"

#include <inttypes.h>

#define STEP_CHUNKS 256
#define PROBLEMS_MAX 1000 /* of the packs; a lost disk need not be told chunk by chunk */

typedef struct Check {
	Drive *drive;
	DriveCheck mode;
	GPtrArray *problems;
	unsigned found; /* in the packs */
	GByteArray *scratch;
} Check;

G_GNUC_PRINTF(2, 3)
static void add_problem(Check *check, const char *format, ...)
{
	va_list args;

	if (++check->found > PROBLEMS_MAX) {
		return;
	}
	va_start(args, format);
	g_ptr_array_add(check->problems, g_strdup_vprintf(format, args));
	va_end(args);
}

static bool chunk_is_whole(Check *check, const JournalStored *stored, GError **error)
{
	const BlobsLocation *location = &stored->location;
	Blobs *blobs = check->drive->options.blobs;
	EncodedChunk chunk = {
		.id = stored->id,
		.encoding = location->encoding,
		.raw_size = location->raw_size,
		.size = location->size,
	};

	if (check->mode == DRIVE_CHECK_QUICK) {
		return blobs_probe(blobs, &stored->id, location, error);
	}
	g_byte_array_set_size(check->scratch, 0);
	if (!blobs_read(blobs, &stored->id, location, check->scratch, error)) {
		return false;
	}
	chunk.bytes = check->scratch->data;
	return codec_open(workspace_codec(), &chunk, workspace_bytes(), error);
}

/* *ret_next: where to go on, 0 after the last. */
static bool check_some(Check *check, uint64_t pack, uint64_t offset, uint64_t *ret_next,
		       GError **error)
{
	g_auto(TrafficPass) pass = traffic_enter(check->drive->traffic);
	g_autoptr(GArray) stored = g_array_new(false, false, sizeof(JournalStored));

	*ret_next = 0;
	if (!journal_pack_chunks(check->drive->options.journal, pack, offset, STEP_CHUNKS, stored,
				 error)) {
		return false;
	}
	for (unsigned i = 0; i < stored->len; i++) {
		const JournalStored *chunk = &g_array_index(stored, JournalStored, i);
		g_autoptr(GError) cause = NULL;

		*ret_next = blobs_location_end(&chunk->location);
		if (!chunk_is_whole(check, chunk, &cause)) {
			g_autofree char *hex = workspace_hex(&chunk->id);

			add_problem(check,
				    "chunk %s at byte %" PRIu64 " of pack %016" PRIx64 ": %s", hex,
				    chunk->location.offset, pack, cause->message);
		}
	}
	return true;
}

static bool check_pack(Check *check, const PacksEntry *entry, GError **error)
{
	uint64_t offset = 0;

	if (!entry->known) {
		add_problem(check,
			    "pack %016" PRIx64 " (%" PRIu64 " bytes) is not of this database",
			    entry->pack, entry->size);
		return true;
	}
	if (!entry->present && entry->row.count > 0) {
		add_problem(check, "pack %016" PRIx64 " with %" PRIu64 " chunks is missing",
			    entry->pack, entry->row.count);
		return true;
	}
	if (entry->row.count == 0) {
		return true;
	}
	do {
		if (!check_some(check, entry->pack, offset, &offset, error)) {
			return false;
		}
	} while (offset != 0);
	return true;
}

bool check_run(Drive *drive, DriveCheck mode, GPtrArray *ret_problems, GError **error)
{
	g_autoptr(GByteArray) scratch = g_byte_array_new();
	g_autoptr(GArray) entries = NULL;
	Check check = {
		.drive = drive,
		.mode = mode,
		.problems = ret_problems,
		.scratch = scratch,
	};

	if (!journal_check(drive->options.journal, ret_problems, error)) {
		return false;
	}
	entries = packs_survey(drive, error);
	if (entries == NULL) {
		return false;
	}
	for (unsigned i = 0; i < entries->len; i++) {
		if (!check_pack(&check, &g_array_index(entries, PacksEntry, i), error)) {
			return false;
		}
	}
	if (check.found > PROBLEMS_MAX) {
		g_ptr_array_add(ret_problems, g_strdup_printf("and %u more of this kind",
							      check.found - PROBLEMS_MAX));
	}
	return true;
}
