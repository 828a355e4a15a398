/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages in the order they came, and where each chunk lies in them. A chunk that came again belongs
 * to the newer page. The bytes are the pages' bodies: what is kept is counted by them.
 */
#include "client/transfer/cache.h"

struct Cache {
	GMutex mutex; /* guards all */
	size_t size_max;
	size_t size;
	GQueue pages;       /* CachedPage, oldest first */
	GHashTable *chunks; /* ChunkId -> CachedChunk; the key lies in the value */
};

typedef struct CachedPage {
	GBytes *body;
	GArray *ids; /* ChunkId */
} CachedPage;

typedef struct CachedChunk {
	EncodedChunk chunk;
	const CachedPage *page;
} CachedChunk;

static void page_free(CachedPage *page)
{
	g_bytes_unref(page->body);
	g_array_unref(page->ids);
	g_free(page);
}

Cache *cache_new(size_t size_max)
{
	Cache *cache = g_new0(Cache, 1);
	cache->size_max = size_max;
	cache->chunks = g_hash_table_new_full(chunk_id_hash, chunk_id_equal, NULL, g_free);
	g_queue_init(&cache->pages);
	g_mutex_init(&cache->mutex);
	return cache;
}

static void drop_oldest(Cache *cache)
{
	CachedPage *page = g_queue_pop_head(&cache->pages);
	for (unsigned i = 0; i < page->ids->len; i++) {
		const ChunkId *id = &g_array_index(page->ids, ChunkId, i);
		const CachedChunk *chunk = g_hash_table_lookup(cache->chunks, id);
		if (chunk && chunk->page == page) {
			g_hash_table_remove(cache->chunks, id);
		}
	}
	cache->size -= g_bytes_get_size(page->body);
	page_free(page);
}

void cache_free(Cache *cache)
{
	if (!cache) {
		return;
	}
	while (!g_queue_is_empty(&cache->pages)) {
		drop_oldest(cache);
	}
	g_assert(cache->size == 0);
	g_assert(g_hash_table_size(cache->chunks) == 0);
	g_hash_table_unref(cache->chunks);
	g_mutex_clear(&cache->mutex);
	g_free(cache);
}

static void add_page(Cache *cache, const RemotePage *page)
{
	CachedPage *cached = g_new0(CachedPage, 1);
	cached->body = g_bytes_ref(page->body);
	cached->ids = g_array_sized_new(FALSE, FALSE, sizeof(ChunkId), page->chunks->len);
	for (unsigned i = 0; i < page->chunks->len; i++) {
		CachedChunk *chunk = g_new(CachedChunk, 1);
		chunk->chunk = g_array_index(page->chunks, EncodedChunk, i);
		chunk->page = cached;
		g_array_append_val(cached->ids, chunk->chunk.id);
		g_hash_table_replace(cache->chunks, &chunk->chunk.id, chunk);
	}
	cache->size += g_bytes_get_size(cached->body);
	g_queue_push_tail(&cache->pages, cached);
}

void cache_add(Cache *cache, const RemotePage *page)
{
	if (page->chunks->len == 0 || g_bytes_get_size(page->body) > cache->size_max) {
		return;
	}
	g_mutex_lock(&cache->mutex);
	add_page(cache, page);
	while (cache->size > cache->size_max) {
		drop_oldest(cache);
	}
	g_mutex_unlock(&cache->mutex);
}

bool cache_find(Cache *cache, const ChunkId *id, EncodedChunk *ret_chunk, GBytes **ret_body)
{
	g_mutex_lock(&cache->mutex);
	const CachedChunk *found = g_hash_table_lookup(cache->chunks, id);
	if (found) {
		*ret_chunk = found->chunk;
		*ret_body = g_bytes_ref(found->page->body);
	}
	g_mutex_unlock(&cache->mutex);
	return found != NULL;
}
