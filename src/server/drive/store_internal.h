/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/drive/drive.h"

/* Chunks into the packs. */

/*
 * True if every chunk is what its id says, DRIVE_ERROR_CORRUPT if not. Those that are keys of
 * lists (ChunkId -> GBytes, may be NULL) become known there with their bytes.
 */
bool store_verify(const EncodedChunk *chunks, size_t count, GHashTable *lists, GError **error);

typedef struct StoreRequest {
	const EncodedChunk *chunks; /* verified */
	size_t count;
	uint64_t quota_bytes; /* what they take of the quota, 0 if the journal will look at it */
} StoreRequest;

/*
 * Appends those that the caller may not name yet, each once, and appends to ret_stored
 * (JournalStored) where they lie. On disk when it returns true. The caller has a pass until the
 * journal knows them.
 */
bool store_append(Drive *drive, const DriveCaller *caller, const StoreRequest *request,
		  GArray *ret_stored, GError **error);

/* blobs_sync(), and what must happen if it fails. */
bool store_sync(Drive *drive, GError **error);
