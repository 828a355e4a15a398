/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One table each way over the same promises.
 */
#include "client/state/promises.h"

typedef struct Promise {
	NodeId id;
	int64_t key;
} Promise;

struct Promises {
	GHashTable *by_id;  /* &Promise.id -> Promise, owned */
	GHashTable *by_key; /* &Promise.key -> Promise, borrowed */
};

Promises *promises_new(void)
{
	Promises *promises = g_new(Promises, 1);
	*promises = (Promises){
		.by_id = g_hash_table_new_full(node_id_hash, node_id_equal, NULL, g_free),
		.by_key = g_hash_table_new(g_int64_hash, g_int64_equal),
	};
	return promises;
}

void promises_free(Promises *promises)
{
	if (!promises) {
		return;
	}
	g_hash_table_unref(promises->by_key);
	g_hash_table_unref(promises->by_id);
	g_free(promises);
}

void promises_add(Promises *promises, const NodeId *id, int64_t key)
{
	Promise *promise = g_new(Promise, 1);
	*promise = (Promise){ .id = *id, .key = key };
	bool new_id = g_hash_table_insert(promises->by_id, &promise->id, promise);
	bool new_key = g_hash_table_insert(promises->by_key, &promise->key, promise);
	g_assert(new_id && new_key);
}

void promises_drop(Promises *promises, int64_t key)
{
	Promise *promise = g_hash_table_lookup(promises->by_key, &key);
	if (promise) {
		g_hash_table_remove(promises->by_key, &key);
		g_hash_table_remove(promises->by_id, &promise->id);
	}
}

void promises_clear(Promises *promises)
{
	g_hash_table_remove_all(promises->by_key);
	g_hash_table_remove_all(promises->by_id);
}

int64_t promises_key_of(const Promises *promises, const NodeId *id)
{
	const Promise *promise = g_hash_table_lookup(promises->by_id, id);
	return promise ? promise->key : ENTRY_KEY_NONE;
}

const NodeId *promises_id_of(const Promises *promises, int64_t key)
{
	const Promise *promise = g_hash_table_lookup(promises->by_key, &key);
	return promise ? &promise->id : NULL;
}

void promises_keys(const Promises *promises, GArray *ret_keys)
{
	GHashTableIter iter;
	void *key;
	g_hash_table_iter_init(&iter, promises->by_key);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		g_array_append_val(ret_keys, *(int64_t *)key);
	}
}

size_t promises_count(const Promises *promises)
{
	return g_hash_table_size(promises->by_id);
}
