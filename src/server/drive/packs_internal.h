/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/drive/drive.h"

/* A pack as the journal and the disk see it. */
typedef struct PacksEntry {
	uint64_t pack;
	bool known;      /* by the journal */
	bool present;    /* on disk */
	uint64_t size;   /* on disk, bytes */
	JournalPack row; /* if known */
} PacksEntry;

/*
 * All packs, by name (GArray of PacksEntry). The journal is asked last: what it says of a pack that
 * was sealed before the call includes all that was committed before the call.
 */
GArray *packs_survey(Drive *drive, GError **error);

/* Removes a pack that holds nothing, and lets the journal forget it. */
bool packs_remove(Drive *drive, const PacksEntry *entry, GError **error);
