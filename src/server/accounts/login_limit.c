/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bucket is kept as the time at which it was or will be full again; taking a token moves that
 * time by the seconds that one token takes to come back. A bucket whose time has passed is full and
 * need not be kept.
 */
#include "server/accounts/login_limit.h"

#include "base/limits.h"
#include "base/network.h"

#include <string.h>

#define PEER_TOKENS 30
#define PEER_REFILL_US (10 * G_TIME_SPAN_SECOND)
#define NAME_TOKENS 10
#define NAME_REFILL_US (30 * G_TIME_SPAN_SECOND)

struct LoginLimit {
	GMutex lock;         /* guards full_at */
	GHashTable *full_at; /* "p<peer>" or "n<name>" -> time in us (int64_t *) */
};

typedef struct Bucket {
	char *key;
	int64_t refill_us;
	int64_t tokens;
} Bucket;

LoginLimit *login_limit_new(void)
{
	LoginLimit *limit = g_new0(LoginLimit, 1);
	g_mutex_init(&limit->lock);
	limit->full_at = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return limit;
}

void login_limit_free(LoginLimit *limit)
{
	if (!limit) {
		return;
	}
	g_hash_table_unref(limit->full_at);
	g_mutex_clear(&limit->lock);
	g_free(limit);
}

static char *network_key(const char *peer)
{
	g_autofree char *key = network_text(peer);
	return g_strconcat("p", key, NULL);
}

/* A name of any length and form, as one tries it. */
static char *name_key(const char *name)
{
	g_autofree char *folded =
		g_utf8_validate(name, -1, NULL) ? g_utf8_casefold(name, -1) : NULL;
	g_autofree char *key = g_strconcat("n", folded ? folded : name, NULL);
	return g_strndup(key, 4 * ACCOUNT_NAME_SIZE_MAX);
}

static unsigned buckets_for(const char *peer, const char *name, Bucket ret_buckets[2])
{
	unsigned count = 0;
	ret_buckets[count++] = (Bucket){ name_key(name), NAME_REFILL_US, NAME_TOKENS };
	if (peer) {
		ret_buckets[count++] = (Bucket){ network_key(peer), PEER_REFILL_US, PEER_TOKENS };
	}
	return count;
}

/* How far the bucket is from full, in time; 0: full. */
static int64_t debt_of(LoginLimit *limit, const Bucket *bucket, int64_t now_us)
{
	const int64_t *full_at = g_hash_table_lookup(limit->full_at, bucket->key);
	return full_at ? MAX(*full_at - now_us, 0) : 0;
}

static gboolean is_before(void *key, void *full_at, void *time_us)
{
	return *(int64_t *)full_at <= *(int64_t *)time_us;
}

/* Forgets full buckets; if that is not enough, those that will be full in a minute, and so on. */
static void make_room(LoginLimit *limit, int64_t now_us)
{
	int64_t until_us = now_us;
	while (g_hash_table_size(limit->full_at) >= LOGIN_LIMIT_ENTRIES_MAX) {
		g_hash_table_foreach_remove(limit->full_at, is_before, &until_us);
		until_us += G_TIME_SPAN_MINUTE;
	}
}

static void set_debt(LoginLimit *limit, const Bucket *bucket, int64_t debt_us, int64_t now_us)
{
	if (debt_us <= 0) {
		g_hash_table_remove(limit->full_at, bucket->key);
		return;
	}
	make_room(limit, now_us);
	int64_t full_at = now_us + debt_us;
	g_hash_table_replace(limit->full_at, g_strdup(bucket->key),
			     g_memdup2(&full_at, sizeof full_at));
}

bool login_limit_take(LoginLimit *limit, const char *peer, const char *name, int64_t now_us,
		      unsigned *ret_retry_s)
{
	Bucket buckets[2];
	unsigned count = buckets_for(peer, name, buckets);
	int64_t wait_us = 0;
	g_mutex_lock(&limit->lock);
	for (unsigned i = 0; i < count; i++) {
		int64_t room_us = (buckets[i].tokens - 1) * buckets[i].refill_us;
		wait_us = MAX(wait_us, debt_of(limit, &buckets[i], now_us) - room_us);
	}
	for (unsigned i = 0; i < count && wait_us <= 0; i++) {
		int64_t debt_us = debt_of(limit, &buckets[i], now_us);
		set_debt(limit, &buckets[i], debt_us + buckets[i].refill_us, now_us);
	}
	g_mutex_unlock(&limit->lock);
	for (unsigned i = 0; i < count; i++) {
		g_free(buckets[i].key);
	}
	if (wait_us > 0) {
		*ret_retry_s = (unsigned)(wait_us / G_TIME_SPAN_SECOND) + 1;
	}
	return wait_us <= 0;
}

void login_limit_give_back(LoginLimit *limit, const char *peer, const char *name, int64_t now_us)
{
	Bucket buckets[2];
	unsigned count = buckets_for(peer, name, buckets);
	g_mutex_lock(&limit->lock);
	for (unsigned i = 0; i < count; i++) {
		int64_t debt_us = debt_of(limit, &buckets[i], now_us);
		set_debt(limit, &buckets[i], debt_us - buckets[i].refill_us, now_us);
	}
	g_mutex_unlock(&limit->lock);
	for (unsigned i = 0; i < count; i++) {
		g_free(buckets[i].key);
	}
}
