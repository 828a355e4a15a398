/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bulk.h"

#include <stddef.h>

/*
 * Bytes that lie in several places and follow one another: what is sent from where it lies instead
 * of being copied together. Everything is borrowed.
 */
typedef struct Piece {
	const void *bytes;
	size_t size;
} Piece;

typedef struct Pieces {
	const Piece *pieces;
	size_t count;
} Pieces;

/* How many bytes they are. */
size_t pieces_size(const Pieces *pieces);

/* All of them in one. */
Bulk *pieces_join(const Pieces *pieces);

/* Reads them in order, from any offset up to their size. One thread at a time. */
typedef struct PiecesReader {
	const Pieces *pieces;
	size_t index;
	size_t offset; /* in that piece */
} PiecesReader;

void pieces_reader_init(PiecesReader *reader, const Pieces *pieces, size_t offset);
/* Copies as much as there is, size at most; how much that was: 0 at the end. */
size_t pieces_reader_take(PiecesReader *reader, void *ret_bytes, size_t size);
