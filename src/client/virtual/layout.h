/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "chunk/content.h"
#include "client/remote/remote.h"

#include <gio/gio.h>

/*
 * Where in a file each of its chunks lies. Constant. About 44 bytes for each chunk: 90 KiB for a
 * file of 1 GiB.
 */
typedef struct LayoutChunk {
	uint64_t offset;
	ContentRef ref;
} LayoutChunk;

typedef struct Layout {
	GArray *chunks; /* LayoutChunk, in order */
	uint64_t size;
} Layout;

/*
 * Of a content of size bytes; the lists of a long one are fetched, which blocks. CORRUPT unless its
 * chunks are of that size together.
 */
Layout *layout_new(GBytes *content, uint64_t size, Remote *remote, GCancellable *cancellable,
		   GError **error);
void layout_free(Layout *layout);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Layout, layout_free)

/* The chunk that offset lies in; offset < size. */
unsigned layout_find(const Layout *layout, uint64_t offset);
const LayoutChunk *layout_chunk(const Layout *layout, unsigned index);
