/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two hash tables of plain numbers: GLib keeps numbers below 2^32 in 4 bytes each, and a table is
 * at least 7/15 full, so that one of a million folders costs no allocation of its own.
 */
#include "client/observe/watch_keys.h"

static void *of_key(int64_t key)
{
	g_assert(key > 0 && (uint64_t)key <= G_MAXSIZE);
	return GSIZE_TO_POINTER((size_t)key);
}

void watch_keys_init(WatchKeys *keys)
{
	keys->key_of = g_hash_table_new(NULL, NULL);
	keys->number_of = g_hash_table_new(NULL, NULL);
}

void watch_keys_clear(WatchKeys *keys)
{
	g_clear_pointer(&keys->key_of, g_hash_table_unref);
	g_clear_pointer(&keys->number_of, g_hash_table_unref);
}

size_t watch_keys_count(const WatchKeys *keys)
{
	return g_hash_table_size(keys->key_of);
}

int64_t watch_keys_key(const WatchKeys *keys, int number)
{
	void *key = g_hash_table_lookup(keys->key_of, GINT_TO_POINTER(number));
	return (int64_t)GPOINTER_TO_SIZE(key);
}

int watch_keys_put(WatchKeys *keys, int number, int64_t key)
{
	g_assert(number > 0);
	int64_t key_before = watch_keys_key(keys, number);
	if (key_before == key) {
		return 0;
	}
	if (key_before > 0) {
		g_hash_table_remove(keys->number_of, of_key(key_before));
	}
	int number_before = watch_keys_remove(keys, key);
	g_hash_table_insert(keys->key_of, GINT_TO_POINTER(number), of_key(key));
	g_hash_table_insert(keys->number_of, of_key(key), GINT_TO_POINTER(number));
	return number_before;
}

int watch_keys_remove(WatchKeys *keys, int64_t key)
{
	int number = GPOINTER_TO_INT(g_hash_table_lookup(keys->number_of, of_key(key)));
	if (number > 0) {
		g_hash_table_remove(keys->number_of, of_key(key));
		g_hash_table_remove(keys->key_of, GINT_TO_POINTER(number));
	}
	return number;
}

int watch_keys_rekey(WatchKeys *keys, int64_t key, int64_t new_key)
{
	int number = watch_keys_remove(keys, key);
	return number > 0 ? watch_keys_put(keys, number, new_key) : 0;
}

void watch_keys_check(const WatchKeys *keys)
{
	GHashTableIter iter;
	void *number, *key;
	g_assert(g_hash_table_size(keys->key_of) == g_hash_table_size(keys->number_of));
	g_hash_table_iter_init(&iter, keys->key_of);
	while (g_hash_table_iter_next(&iter, &number, &key)) {
		g_assert(g_hash_table_lookup(keys->number_of, key) == number);
	}
}
