/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/drive/drive.h"

/*
 * Chunks out of the packs. The caller has a pass (traffic_internal.h) from before it asked the
 * journal where they lie. A chunk that cannot be read is reported, and fails with DRIVE_ERROR_IO:
 * it is the server's trouble and not the request's.
 */

/* The chunk as it is stored; its bytes lie in scratch, which is emptied first. */
bool reader_encoded(Drive *drive, const JournalStored *stored, GByteArray *scratch,
		    EncodedChunk *ret_chunk, GError **error);

/* The same, and its verified bytes into ret_bytes[stored->location.raw_size]. */
bool reader_open(Drive *drive, const JournalStored *stored, GByteArray *scratch,
		 EncodedChunk *ret_chunk, void *ret_bytes, GError **error);

/* drive_read() once the caller is known to own the drive. Enters by itself. */
DriveReading *reader_range(Drive *drive, const NodeId *drive_id, const DriveRange *range,
			   GError **error);
/* drive_reading_next(), drive_reading_free() */
bool reader_next(DriveReading *reading, GBytes **ret_bytes, GError **error);
void reader_free(DriveReading *reading);
