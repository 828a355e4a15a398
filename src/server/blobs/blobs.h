/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "chunk/codec.h"
#include "server/blobs/place.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Chunks at rest: append-only packs with random names, one writer each, sealed after a restart.
 * Which chunk lies where is the journal's knowledge; a pack carries enough beside the bytes to
 * find it out again (docs/formats/pack.md).
 *
 * All functions may be called from any thread.
 */
typedef struct Blobs Blobs;

typedef struct BlobsLocation {
	uint64_t pack;   /* the pack's random name, below 2^63 */
	uint64_t offset; /* of the record, bytes */
	uint32_t size;   /* of the encoded bytes */
	uint32_t raw_size;
	CodecEncoding encoding;
} BlobsLocation;

/* Takes the place. Never appends to a pack that was there before. */
Blobs *blobs_open(Place *place, GError **error);
void blobs_close(Blobs *blobs);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Blobs, blobs_close)

/* Appends an encoded chunk whose id the caller has verified. Not durable before blobs_sync(). */
bool blobs_append(Blobs *blobs, const EncodedChunk *chunk, BlobsLocation *ret_location,
		  GError **error);

/*
 * When it returns true, everything appended before the call is on disk. Concurrent calls share one
 * sync. After a failed sync every later append and sync fails: what the disk holds is unknown
 * until a restart (fsync errors are not repeated by Linux).
 */
bool blobs_sync(Blobs *blobs, GError **error);

/*
 * Appends the encoded bytes of a record to ret_bytes. Fails with DRIVE_ERROR_CORRUPT if the record
 * there is not one of this id and size; does not hash.
 */
bool blobs_read(Blobs *blobs, const ChunkId *id, const BlobsLocation *location,
		GByteArray *ret_bytes, GError **error);

/* Names of all packs. */
bool blobs_list(Blobs *blobs, GArray *ret_packs, GError **error);

/* Cuts a sealed pack to size_known bytes: a torn tail that nothing refers to. */
bool blobs_trim(Blobs *blobs, uint64_t pack, uint64_t size_known, GError **error);

/* Removes a sealed pack that nothing refers to any more. */
bool blobs_remove(Blobs *blobs, uint64_t pack, GError **error);

/* True if the pack is being written by this process and must be left alone by sweep. */
bool blobs_is_open(Blobs *blobs, uint64_t pack);
