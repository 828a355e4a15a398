/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/remote/remote.h"

#include <glib.h>
#include <stdbool.h>

/*
 * Encoded chunks that came beside a page of changes, kept until they are applied: a bounded map,
 * the oldest page goes first. A miss costs one fetch, nothing else. Thread-safe.
 */
typedef struct Cache Cache;

/* size_max: bytes of page bodies kept. */
Cache *cache_new(size_t size_max);
void cache_free(Cache *cache);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Cache, cache_free)

/* Keeps the chunks of this page (references its body). */
void cache_add(Cache *cache, const RemotePage *page);

/*
 * False if unknown. ret_chunk's bytes stay as long as the reference *ret_body, to be unreffed.
 */
bool cache_find(Cache *cache, const ChunkId *id, EncodedChunk *ret_chunk, GBytes **ret_body);
