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

/*
 * What a record takes in its pack: the encoded bytes and a header, rounded up to BLOBS_ALIGNMENT.
 * Records begin at multiples of it.
 */
#define BLOBS_RECORD_OVERHEAD 56
#define BLOBS_ALIGNMENT 8

/* Where the record ends and the next may begin. */
uint64_t blobs_location_end(const BlobsLocation *location);

/* Takes the place. Never appends to a pack that was there before. */
Blobs *blobs_open(Place *place, GError **error);
/*
 * Says who is to be told of a new pack before it is created; if that fails, so does the append that
 * needed it. Not to call blobs. Before the first append.
 */
typedef bool (*BlobsBegin)(uint64_t pack, void *data, GError **error);
void blobs_on_begin(Blobs *blobs, BlobsBegin begin, void *data);

void blobs_close(Blobs *blobs);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Blobs, blobs_close)

/*
 * Appends encoded chunks whose ids the caller has verified and whose encoded sizes are at most
 * their raw sizes, in their order, many with one write. Not durable before blobs_sync(). If it
 * fails, none counts as stored.
 */
bool blobs_append(Blobs *blobs, const EncodedChunk *chunks, size_t count,
		  BlobsLocation *ret_locations, GError **error);

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

/* True if blobs_read() would find the record and its bytes there; their content is not looked at.
 */
bool blobs_probe(Blobs *blobs, const ChunkId *id, const BlobsLocation *location, GError **error);

typedef struct BlobsPack {
	uint64_t pack;
	uint64_t size; /* bytes; of an open pack: at some moment during the call */
} BlobsPack;

/* Appends all packs (BlobsPack), in no order. */
bool blobs_list(Blobs *blobs, GArray *ret_packs, GError **error);

/*
 * Visits the records of a pack in order, without the index, past holes and a torn tail. The bytes
 * are as they lie there: whether they are those of the id is for codec_open() to say. Visiting
 * stops when visit returns false with its error.
 */
typedef bool (*BlobsVisit)(const EncodedChunk *chunk, const BlobsLocation *location, void *data,
			   GError **error);
bool blobs_scan(Blobs *blobs, const BlobsPack *pack, BlobsVisit visit, void *data, GError **error);

/* Cuts a sealed pack that is longer to size_known bytes: a torn tail that nothing refers to. */
bool blobs_trim(Blobs *blobs, uint64_t pack, uint64_t size_known, GError **error);

/* Removes a sealed pack that nothing refers to any more. */
bool blobs_remove(Blobs *blobs, uint64_t pack, GError **error);

/*
 * True while the pack is being written by this process or not wholly on disk, and must be left
 * alone. Once false for a pack that was begun, it stays so. That nobody is about to name what lies
 * in it is for the caller to know.
 */
bool blobs_is_open(Blobs *blobs, uint64_t pack);
