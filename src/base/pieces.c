/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pieces.h"

#include <glib.h>
#include <string.h>

size_t pieces_size(const Pieces *pieces)
{
	size_t size = 0;
	for (size_t i = 0; i < pieces->count; i++) {
		g_assert(pieces->pieces[i].size <= SIZE_MAX - size);
		size += pieces->pieces[i].size;
	}
	return size;
}

Bulk *pieces_join(const Pieces *pieces)
{
	Bulk *joined = bulk_new(pieces_size(pieces));
	for (size_t i = 0; i < pieces->count; i++) {
		bulk_append(joined, pieces->pieces[i].bytes, pieces->pieces[i].size);
	}
	return joined;
}

void pieces_reader_init(PiecesReader *reader, const Pieces *pieces, size_t offset)
{
	*reader = (PiecesReader){ pieces, 0, offset };
	while (reader->index < pieces->count &&
	       reader->offset >= pieces->pieces[reader->index].size) {
		reader->offset -= pieces->pieces[reader->index].size;
		reader->index++;
	}
	g_assert(reader->index < pieces->count || reader->offset == 0);
}

size_t pieces_reader_take(PiecesReader *reader, void *ret_bytes, size_t size)
{
	uint8_t *to = ret_bytes;
	size_t taken = 0;
	while (taken < size && reader->index < reader->pieces->count) {
		const Piece *piece = &reader->pieces->pieces[reader->index];
		size_t part = MIN(piece->size - reader->offset, size - taken);
		if (part > 0) {
			memcpy(to + taken, (const uint8_t *)piece->bytes + reader->offset, part);
		}
		taken += part;
		reader->offset += part;
		if (reader->offset == piece->size) {
			reader->index++;
			reader->offset = 0;
		}
	}
	return taken;
}
