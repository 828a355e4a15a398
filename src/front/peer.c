/* SPDX-License-Identifier: Apache-2.0 */
#include "front/peer.h"

#include "front/listener.h"

#include <arpa/inet.h>
#include <string.h>

static bool is_trusted(Front *front, const char *host)
{
	return front->trusted_proxies &&
	       g_strv_contains((const char *const *)front->trusted_proxies, host);
}

static bool is_address(const char *text)
{
	unsigned char address[sizeof(struct in6_addr)];
	return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
}

char *peer_of(Front *front, struct MHD_Connection *mhd, const Connection *connection)
{
	const char *forwarded =
		is_trusted(front, connection->peer)
			? MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, "X-Forwarded-For")
			: NULL;
	if (!forwarded) {
		return g_strdup(connection->peer);
	}
	/* Whoever is left of an address that is not trusted may be invented by it. */
	g_auto(GStrv) hops = g_strsplit(forwarded, ",", -1);
	for (unsigned i = g_strv_length(hops); i > 0; i--) {
		const char *host = g_strstrip(hops[i - 1]);
		if (!is_address(host)) {
			break;
		}
		if (!is_trusted(front, host)) {
			return g_strdup(host);
		}
	}
	return g_strdup(connection->peer);
}

bool peer_is_local(struct MHD_Connection *mhd, const Connection *connection)
{
	return listener_is_loopback(connection->peer) &&
	       !MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, "X-Forwarded-For") &&
	       !MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, "Forwarded");
}

bool peer_is_exempt(Front *front, const char *host)
{
	return listener_is_loopback(host) || is_trusted(front, host);
}
