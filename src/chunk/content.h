/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "chunk/chunk_id.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A file's content by name: the list of its chunks.
 *
 *	content  = (empty, for a file of no bytes)
 *	         | depth refs
 *	depth    = u8: 0, the refs are the file's chunks; 1, each ref is a *list chunk*, whose bytes
 *	           are the refs of the file's chunks
 *	refs     = 1.. × (32 bytes chunk id, u32 little-endian length of that chunk in bytes)
 *
 * More than CONTENT_DIRECT_MAX chunks are cut into list chunks at boundaries that the chunk ids
 * themselves define, so that a change in a large file renews one list chunk. The encoding is
 * canonical: equal bytes in a file <=> equal content, on every device.
 */
#define CONTENT_REF_SIZE (CHUNK_ID_SIZE + 4)

typedef struct ContentRef {
	ChunkId id;
	uint32_t length;
} ContentRef;

typedef struct Content {
	unsigned depth;
	size_t count;
	ContentRef *refs;
} Content;

/*
 * Encodes the chunks of a file, in order, as content. For depth 1 the list chunks (GBytes) are
 * appended to ret_lists in order, to be stored like any other chunk. Every length is
 * 1..CHUNK_SIZE_MAX. The result is over CONTENT_SIZE_MAX, and refused by whoever decodes it, only
 * for files near FILE_SIZE_MAX that are cut into unusually small chunks (never below 100 GiB).
 */
GBytes *content_encode(const ContentRef *refs, size_t count, GPtrArray *ret_lists);

/*
 * Parses an encoded content. Fails with DRIVE_ERROR_INVALID on any deviation from the format
 * (bad depth, size, zero or too large lengths, more than CONTENT_DIRECT_MAX refs at depth 0, lists
 * of lengths that content_encode() does not make) and with DRIVE_ERROR_TOO_LARGE over
 * CONTENT_SIZE_MAX. *ret_content is to be cleared.
 */
bool content_decode(const void *bytes, size_t size, Content *ret_content, GError **error);

/*
 * Parses the bytes of a list chunk into a content of depth 0, whose count can be above
 * CONTENT_DIRECT_MAX. DRIVE_ERROR_INVALID on any deviation, such as a list that goes on after its
 * end.
 */
bool content_decode_list(const void *bytes, size_t size, Content *ret_content, GError **error);

void content_clear(Content *content);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Content, content_clear)

/* Sum of the lengths: bytes of the file at depth 0, bytes of its lists at depth 1. */
uint64_t content_length(const Content *content);
