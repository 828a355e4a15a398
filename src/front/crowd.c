/* SPDX-License-Identifier: Apache-2.0 */
#include "front/crowd.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

struct Crowd {
	unsigned connections_per_peer;
	GMutex lock;        /* guards counts */
	GHashTable *counts; /* network (uint64_t *) -> GUINT_TO_POINTER(connections) */
};

Crowd *crowd_new(unsigned connections_per_peer)
{
	Crowd *crowd = g_new0(Crowd, 1);
	crowd->connections_per_peer = connections_per_peer;
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

/* The first 64 bits of an IPv6 address; an IPv4 one as ::ffff:0:0/96 has it, without the zeros. */
static uint64_t network_of(const struct sockaddr *peer)
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

bool crowd_enter(Crowd *crowd, const struct sockaddr *peer)
{
	uint64_t network = network_of(peer);
	g_mutex_lock(&crowd->lock);
	unsigned count = GPOINTER_TO_UINT(g_hash_table_lookup(crowd->counts, &network));
	bool enters = count < crowd->connections_per_peer;
	if (enters) {
		g_hash_table_replace(crowd->counts, g_memdup2(&network, sizeof network),
				     GUINT_TO_POINTER(count + 1));
	}
	g_mutex_unlock(&crowd->lock);
	return enters;
}

void crowd_leave(Crowd *crowd, const struct sockaddr *peer)
{
	uint64_t network = network_of(peer);
	g_mutex_lock(&crowd->lock);
	unsigned count = GPOINTER_TO_UINT(g_hash_table_lookup(crowd->counts, &network));
	g_assert(count > 0);
	if (count > 1) {
		g_hash_table_replace(crowd->counts, g_memdup2(&network, sizeof network),
				     GUINT_TO_POINTER(count - 1));
	} else {
		g_hash_table_remove(crowd->counts, &network);
	}
	g_mutex_unlock(&crowd->lock);
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

bool crowd_enter_host(Crowd *crowd, const char *host)
{
	const struct sockaddr_in6 address = address_of(host);
	return crowd_enter(crowd, (const struct sockaddr *)&address);
}

void crowd_leave_host(Crowd *crowd, const char *host)
{
	const struct sockaddr_in6 address = address_of(host);
	crowd_leave(crowd, (const struct sockaddr *)&address);
}
