/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A chunk's name: SHA-256 (FIPS 180-4) of its bytes before storage encoding. Knowing an id gives
 * nobody the content.
 */
#define CHUNK_ID_SIZE 32

typedef struct ChunkId {
	uint8_t bytes[CHUNK_ID_SIZE];
} ChunkId;

/* Thread-safe. */
ChunkId chunk_id_of(const void *bytes, size_t size);

/* For GHashTable; the keys point to ChunkId. */
unsigned chunk_id_hash(const void *id);
gboolean chunk_id_equal(const void *a, const void *b);
int chunk_id_compare(const ChunkId *a, const ChunkId *b);
