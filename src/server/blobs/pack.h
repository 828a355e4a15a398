/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "chunk/chunk_id.h"
#include "chunk/codec.h"
#include "server/blobs/blobs.h"
#include "server/blobs/place.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The form of a pack (docs/formats/pack.md): a header, then records, each at a multiple of
 * BLOBS_ALIGNMENT.
 */
#define PACK_HEADER_SIZE 16
#define PACK_RECORD_HEADER_SIZE BLOBS_RECORD_OVERHEAD

void pack_header_encode(uint64_t pack, uint8_t ret_bytes[PACK_HEADER_SIZE]);

/* DRIVE_ERROR_CORRUPT if this is not the header of that pack, UNSUPPORTED if of a later form. */
bool pack_header_decode(uint64_t pack, const uint8_t bytes[PACK_HEADER_SIZE], GError **error);

/* The header of a record that begins at this offset of this pack. */
void pack_record_encode(uint64_t pack, uint64_t offset, const EncodedChunk *chunk,
			uint8_t ret_bytes[PACK_RECORD_HEADER_SIZE]);

/*
 * Fills ret_chunk but for its bytes. DRIVE_ERROR_CORRUPT unless the header was written for this
 * place and its sizes are within the limits.
 */
bool pack_record_decode(uint64_t pack, uint64_t offset,
			const uint8_t bytes[PACK_RECORD_HEADER_SIZE], EncodedChunk *ret_chunk,
			GError **error);

/* Bytes of pack that a record of these encoded bytes takes. */
uint64_t pack_record_size(uint32_t size);

/*
 * Visits the records of the first size bytes of a pack in order. Where there is none, the next is
 * looked for at every multiple of BLOBS_ALIGNMENT.
 */
bool pack_scan(Place *place, const BlobsPack *pack, BlobsVisit visit, void *data, GError **error);
