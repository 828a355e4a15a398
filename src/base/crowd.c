/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crowd.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

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

/* ---- keys ------------------------------------------------------------------------------ */

/* The first 64 bits of an IPv6 address; an IPv4 one as ::ffff:0:0/96 has it, without the zeros. */
uint64_t crowd_peer(const struct sockaddr *peer)
{
	uint64_t network = 0;
	if (peer->sa_family == AF_INET) {
		uint32_t host = ((const struct sockaddr_in *)peer)->sin_addr.s_addr;
		network = (uint64_t)0xffff << 32 | host;
	} else if (peer->sa_family == AF_INET6) {
		const struct in6_addr *host = &((const struct sockaddr_in6 *)peer)->sin6_addr;
		memcpy(&network, host->s6_addr, sizeof network);
		if (IN6_IS_ADDR_V4MAPPED(host)) {
			uint32_t inside;
			memcpy(&inside, host->s6_addr + 12, sizeof inside);
			network = (uint64_t)0xffff << 32 | inside;
		}
	}
	return network;
}

static struct sockaddr_in6 address_of(const char *host)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6 };
	if (inet_pton(AF_INET6, host, &address.sin6_addr) != 1) {
		g_autofree char *mapped = g_strconcat("::ffff:", host, NULL);
		inet_pton(AF_INET6, mapped, &address.sin6_addr);
	}
	return address;
}

uint64_t crowd_host(const char *host)
{
	if (!host) {
		return 0;
	}
	const struct sockaddr_in6 address = address_of(host);
	return crowd_peer((const struct sockaddr *)&address);
}
