/* SPDX-License-Identifier: Apache-2.0 */
/* The packs as the journal and the disk see them, side by side. */
#include "server/drive/packs_internal.h"

#include "base/error.h"
#include "server/drive/drive_internal.h"

static int compare_entries(const void *a, const void *b)
{
	const PacksEntry *left = a;
	const PacksEntry *right = b;

	return left->pack < right->pack ? -1 : left->pack > right->pack;
}

static void add_present(GArray *entries, const GArray *present)
{
	for (unsigned i = 0; i < present->len; i++) {
		const BlobsPack *pack = &g_array_index(present, BlobsPack, i);
		PacksEntry entry = {
			.pack = pack->pack,
			.present = true,
			.size = pack->size,
		};

		g_array_append_val(entries, entry);
	}
	g_array_sort(entries, compare_entries);
}

static void add_known(GArray *entries, const GArray *known)
{
	unsigned present = entries->len;

	for (unsigned i = 0; i < known->len; i++) {
		const JournalPack *row = &g_array_index(known, JournalPack, i);
		PacksEntry entry = { .pack = row->pack, .known = true, .row = *row };
		PacksEntry *found = NULL;

		if (present > 0) {
			found = bsearch(&entry, entries->data, present, sizeof(entry),
					compare_entries);
		}
		if (found != NULL) {
			found->known = true;
			found->row = *row;
		} else {
			g_array_append_val(entries, entry);
		}
	}
	g_array_sort(entries, compare_entries);
}

GArray *packs_survey(Drive *drive, GError **error)
{
	g_autoptr(GArray) entries = g_array_new(false, false, sizeof(PacksEntry));
	g_autoptr(GArray) present = g_array_new(false, false, sizeof(BlobsPack));
	g_autoptr(GArray) known = g_array_new(false, false, sizeof(JournalPack));

	if (!blobs_list(drive->options.blobs, present, error) ||
	    !journal_packs(drive->options.journal, known, error)) {
		return NULL;
	}
	add_present(entries, present);
	add_known(entries, known);
	return g_steal_pointer(&entries);
}

bool packs_remove(Drive *drive, const PacksEntry *entry, GError **error)
{
	g_assert(entry->known && entry->row.count == 0);
	/* In this order: a pack that the journal does not know would stay for ever. */
	if (entry->present && !blobs_remove(drive->options.blobs, entry->pack, error)) {
		return false;
	}
	return journal_pack_forget(drive->options.journal, entry->pack, error);
}
