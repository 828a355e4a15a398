/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/drive/drive.h"

/* Chunks into the packs. */

/*
 * True if every chunk is what its id says, DRIVE_ERROR_CORRUPT if not. Those that are keys of
 * lists (ChunkId -> GBytes, may be NULL) become known there with their bytes.
 */
bool store_verify(const EncodedChunk *chunks, size_t count, GHashTable *lists, GError **error);

/*
 * Appends to ret_stored (JournalStored) where each of these verified chunks lies, each once: where
 * the index has it already, if the caller may name it, else where it was appended now. On disk when
 * it returns true. The caller has a pass until the journal knows them.
 */
bool store_append(Drive *drive, const DriveCaller *caller, const EncodedChunk *chunks, size_t count,
		  GArray *ret_stored, GError **error);

/* blobs_sync(), and what must happen if it fails. */
bool store_sync(Drive *drive, GError **error);
