/* SPDX-License-Identifier: Apache-2.0 */
#include "server/provider/memory.h"

#include "base/limits.h"

struct Memory {
	GMutex mutex;     /* guards all of it, and the counts of jansson's references */
	GHashTable *kept; /* char * -> Kept */
	GQueue order;     /* keys of kept, borrowed, the oldest first */
};

typedef struct Kept {
	json_t *document;
	int64_t put_us; /* monotonic */
} Kept;

static void free_kept(void *data)
{
	Kept *kept = data;
	json_decref(kept->document);
	g_free(kept);
}

Memory *memory_new(void)
{
	Memory *memory = g_new0(Memory, 1);
	g_mutex_init(&memory->mutex);
	g_queue_init(&memory->order);
	memory->kept = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_kept);
	return memory;
}

void memory_free(Memory *memory)
{
	if (!memory) {
		return;
	}
	g_queue_clear(&memory->order);
	g_hash_table_unref(memory->kept);
	g_mutex_clear(&memory->mutex);
	g_free(memory);
}

json_t *memory_get(Memory *memory, const char *key, int64_t age_us)
{
	g_autoptr(GMutexLocker) lock = g_mutex_locker_new(&memory->mutex);
	const Kept *kept = g_hash_table_lookup(memory->kept, key);
	if (!kept || g_get_monotonic_time() - kept->put_us > age_us) {
		return NULL;
	}
	return json_deep_copy(kept->document);
}

static void drop(Memory *memory, const char *key)
{
	GList *place = g_queue_find_custom(&memory->order, key, (GCompareFunc)g_strcmp0);
	if (place) {
		char *own = place->data;
		g_queue_delete_link(&memory->order, place);
		g_hash_table_remove(memory->kept, own);
	}
}

void memory_drop(Memory *memory, const char *key)
{
	g_autoptr(GMutexLocker) lock = g_mutex_locker_new(&memory->mutex);
	drop(memory, key);
}

void memory_put(Memory *memory, const char *key, const json_t *document)
{
	g_autoptr(GMutexLocker) lock = g_mutex_locker_new(&memory->mutex);
	drop(memory, key);
	if (g_queue_get_length(&memory->order) >= PROVIDER_SERVERS_MAX) {
		drop(memory, g_queue_peek_head(&memory->order));
	}
	Kept *kept = g_new(Kept, 1);
	*kept = (Kept){ json_deep_copy(document), g_get_monotonic_time() };
	char *own = g_strdup(key);
	g_hash_table_insert(memory->kept, own, kept);
	g_queue_push_tail(&memory->order, own);
}
