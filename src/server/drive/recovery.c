/* SPDX-License-Identifier: Apache-2.0 */
/*
 * After any end of the process:
 *  - what was acknowledged is in the journal, and on disk up to the `end` of its pack's row;
 *  - behind that end lies what was appended and never named: it is cut off;
 *  - a pack of which no chunk is named holds nothing: it is removed.
 * Nothing is under way yet, so nobody can be about to name what goes.
 */
#include "server/drive/recovery_internal.h"

#include "server/drive/drive_internal.h"
#include "server/drive/packs_internal.h"

#include <inttypes.h>

static bool recover_pack(Drive *drive, const PacksEntry *entry, GError **error)
{
	if (!entry->known) {
		drive_report(drive,
			     "pack %016" PRIx64 " (%" PRIu64 " bytes) is not of this database: it "
			     "is left alone",
			     entry->pack, entry->size);
		return true;
	}
	if (entry->row.count == 0) {
		return packs_remove(drive, entry, error);
	}
	if (!entry->present) {
		drive_report(drive, "pack %016" PRIx64 " with %" PRIu64 " chunks is missing",
			     entry->pack, entry->row.count);
		return true;
	}
	if (entry->size < entry->row.end) {
		drive_report(drive,
			     "pack %016" PRIx64 " has %" PRIu64 " bytes, it must have %" PRIu64,
			     entry->pack, entry->size, entry->row.end);
		return true;
	}
	return blobs_trim(drive->options.blobs, entry->pack, entry->row.end, error);
}

bool recovery_run(Drive *drive, GError **error)
{
	g_autoptr(GArray) entries = packs_survey(drive, error);

	if (entries == NULL) {
		return false;
	}
	for (unsigned i = 0; i < entries->len; i++) {
		if (!recover_pack(drive, &g_array_index(entries, PacksEntry, i), error)) {
			return false;
		}
	}
	return true;
}
