/* SPDX-License-Identifier: Apache-2.0 */
#include "server/oauth/entry_limit.h"

#include "base/limits.h"

#define LOCK_US (10 * G_TIME_SPAN_MINUTE)

/* Counts from the first wrong entry; all are forgotten ten minutes after the last. */
typedef struct Count {
	unsigned wrong;
	int64_t last_us;
} Count;

struct EntryLimit {
	GMutex lock;        /* guards counts */
	GHashTable *counts; /* char * -> Count * */
};

EntryLimit *entry_limit_new(void)
{
	EntryLimit *limit = g_new0(EntryLimit, 1);
	g_mutex_init(&limit->lock);
	limit->counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return limit;
}

void entry_limit_free(EntryLimit *limit)
{
	if (!limit) {
		return;
	}
	g_hash_table_unref(limit->counts);
	g_mutex_clear(&limit->lock);
	g_free(limit);
}

static gboolean is_before(void *key, void *count, void *time_us)
{
	return ((const Count *)count)->last_us <= *(const int64_t *)time_us;
}

/* Forgets what is over; if that is not enough, what is over in a minute, and so on. */
static void make_room(EntryLimit *limit, int64_t now_us)
{
	int64_t until_us = now_us - LOCK_US;
	while (g_hash_table_size(limit->counts) >= LOGIN_LIMIT_ENTRIES_MAX) {
		g_hash_table_foreach_remove(limit->counts, is_before, &until_us);
		until_us += G_TIME_SPAN_MINUTE;
	}
}

static bool is_locked(EntryLimit *limit, const char *key, int64_t now_us)
{
	Count *count = key ? g_hash_table_lookup(limit->counts, key) : NULL;
	if (count && now_us - count->last_us >= LOCK_US) {
		g_hash_table_remove(limit->counts, key);
		return false;
	}
	return count && count->wrong >= ENTRY_LIMIT_WRONG_MAX;
}

static void add_wrong(EntryLimit *limit, const char *key, int64_t now_us)
{
	Count *count = g_hash_table_lookup(limit->counts, key);
	if (!count) {
		make_room(limit, now_us);
		count = g_new0(Count, 1);
		g_hash_table_insert(limit->counts, g_strdup(key), count);
	}
	count->wrong++;
	count->last_us = now_us;
}

bool entry_limit_take(EntryLimit *limit, const char *const *keys, unsigned count, int64_t now_us)
{
	bool allowed = true;
	g_mutex_lock(&limit->lock);
	for (unsigned i = 0; i < count; i++) {
		allowed = allowed && !is_locked(limit, keys[i], now_us);
	}
	for (unsigned i = 0; i < count && allowed; i++) {
		if (keys[i]) {
			add_wrong(limit, keys[i], now_us);
		}
	}
	g_mutex_unlock(&limit->lock);
	return allowed;
}

void entry_limit_give_back(EntryLimit *limit, const char *const *keys, unsigned count)
{
	g_mutex_lock(&limit->lock);
	for (unsigned i = 0; i < count; i++) {
		Count *known = keys[i] ? g_hash_table_lookup(limit->counts, keys[i]) : NULL;
		if (known && known->wrong > 0) {
			known->wrong--;
		}
	}
	g_mutex_unlock(&limit->lock);
}
