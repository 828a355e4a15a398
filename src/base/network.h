/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/*
 * By what a peer is counted: an IPv4 one by its address, an IPv6 one by its /64, which is what one
 * customer has.
 */

struct sockaddr;

/* As a number. */
uint64_t network_of_peer(const struct sockaddr *peer);
/* The same of a numeric address; NULL: 0, which is nobody's. */
uint64_t network_of_host(const char *host);
/* As text, of a numeric address. Free with g_free(); NULL for NULL. */
char *network_text(const char *host);
