/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crowd.h"

struct Crowd {
	unsigned each_max;
	GMutex lock;        /* guards counts */
	GHashTable *counts; /* key (uint64_t *) -> GUINT_TO_POINTER(count) */
};

Crowd *crowd_new(unsigned each_max)
{
	Crowd *crowd = g_new0(Crowd, 1);
	crowd->each_max = each_max;
	g_mutex_init(&crowd->lock);
	crowd->counts = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	return crowd;
}

void crowd_free(Crowd *crowd)
{
	if (!crowd) {
		return;
	}
	g_hash_table_unref(crowd->counts);
	g_mutex_clear(&crowd->lock);
	g_free(crowd);
}

/* Locked. */
static unsigned count_of(Crowd *crowd, uint64_t key)
{
	return GPOINTER_TO_UINT(g_hash_table_lookup(crowd->counts, &key));
}

/* Locked. Who has nothing is not kept. */
static void set(Crowd *crowd, uint64_t key, unsigned count)
{
	if (count > 0) {
		g_hash_table_replace(crowd->counts, g_memdup2(&key, sizeof key),
				     GUINT_TO_POINTER(count));
	} else {
		g_hash_table_remove(crowd->counts, &key);
	}
}

bool crowd_take(Crowd *crowd, uint64_t key, unsigned count)
{
	g_mutex_lock(&crowd->lock);
	unsigned had = count_of(crowd, key);
	bool taken = count <= crowd->each_max - had;
	if (taken) {
		set(crowd, key, had + count);
	}
	g_mutex_unlock(&crowd->lock);
	return taken;
}

void crowd_give_back(Crowd *crowd, uint64_t key, unsigned count)
{
	g_mutex_lock(&crowd->lock);
	unsigned had = count_of(crowd, key);
	g_assert(count <= had);
	set(crowd, key, had - count);
	g_mutex_unlock(&crowd->lock);
}
