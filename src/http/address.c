/* SPDX-License-Identifier: Apache-2.0 */
#include "http/address.h"

#include <glib.h>
#include <netinet/in.h>
#include <string.h>

typedef struct Block {
	uint32_t network;
	unsigned bits;
} Block;

#define V4(a, b, c, d) ((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d))

static const Block special_blocks[] = {
	{ V4(0, 0, 0, 0), 8 },       /* this network */
	{ V4(10, 0, 0, 0), 8 },      /* private */
	{ V4(100, 64, 0, 0), 10 },   /* shared, carriers */
	{ V4(127, 0, 0, 0), 8 },     /* loopback */
	{ V4(169, 254, 0, 0), 16 },  /* link-local, metadata of clouds */
	{ V4(172, 16, 0, 0), 12 },   /* private */
	{ V4(192, 0, 0, 0), 24 },    /* protocol assignments */
	{ V4(192, 0, 2, 0), 24 },    /* documentation */
	{ V4(192, 88, 99, 0), 24 },  /* 6to4 relays */
	{ V4(192, 168, 0, 0), 16 },  /* private */
	{ V4(198, 18, 0, 0), 15 },   /* benchmarks */
	{ V4(198, 51, 100, 0), 24 }, /* documentation */
	{ V4(203, 0, 113, 0), 24 },  /* documentation */
	{ V4(224, 0, 0, 0), 3 },     /* multicast, reserved, broadcast */
};

static bool is_public_v4(uint32_t address)
{
	for (size_t i = 0; i < G_N_ELEMENTS(special_blocks); i++) {
		unsigned shift = 32 - special_blocks[i].bits;
		if (address >> shift == special_blocks[i].network >> shift) {
			return false;
		}
	}
	return true;
}

static bool is_public_v6(const uint8_t *bytes)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	if (memcmp(bytes, mapped, sizeof mapped) == 0) {
		return is_public_v4(V4(bytes[12], bytes[13], bytes[14], bytes[15]));
	}
	/* Only 2000::/3 is given out; NAT64, unique local and link-local lie outside of it. */
	if ((bytes[0] & 0xe0) != 0x20) {
		return false;
	}
	bool special = bytes[0] == 0x20 && bytes[1] == 0x01 && bytes[2] < 0x02; /* 2001::/23 */
	bool documentation = memcmp(bytes, "\x20\x01\x0d\xb8", 4) == 0 ||
			     (bytes[0] == 0x3f && bytes[1] == 0xff && bytes[2] < 0x10);
	bool six_to_four = bytes[0] == 0x20 && bytes[1] == 0x02;
	return !special && !documentation && !six_to_four;
}

bool address_is_public(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET) {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
		return is_public_v4(g_ntohl(v4->sin_addr.s_addr));
	}
	if (address->sa_family == AF_INET6) {
		const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
		return is_public_v6(v6->sin6_addr.s6_addr);
	}
	return false;
}
