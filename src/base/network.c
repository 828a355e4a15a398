/* SPDX-License-Identifier: Apache-2.0 */
#include "base/network.h"

#include <arpa/inet.h>
#include <glib.h>
#include <netinet/in.h>
#include <string.h>

/* The first 64 bits of an IPv6 address; an IPv4 one as ::ffff:0:0/96 has it, without the zeros. */
uint64_t network_of_peer(const struct sockaddr *peer)
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

uint64_t network_of_host(const char *host)
{
	if (!host) {
		return 0;
	}
	const struct sockaddr_in6 address = address_of(host);
	return network_of_peer((const struct sockaddr *)&address);
}

char *network_text(const char *host)
{
	struct in6_addr address;
	if (!host || inet_pton(AF_INET6, host, &address) != 1) {
		return g_strdup(host);
	}
	char text[INET6_ADDRSTRLEN];
	if (IN6_IS_ADDR_V4MAPPED(&address)) {
		return g_strdup(inet_ntop(AF_INET, address.s6_addr + 12, text, sizeof text));
	}
	memset(address.s6_addr + 8, 0, 8);
	return g_strdup(inet_ntop(AF_INET6, &address, text, sizeof text));
}
