/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>

/*
 * Whether this is an address of the public internet: no loopback, link-local, private, shared,
 * multicast, documentation, benchmarking or reserved one, nor one that only wraps such an address
 * (IPv4-mapped, 6to4, Teredo, NAT64). After the special-purpose registries of RFC 6890. False for
 * families other than IPv4 and IPv6.
 */
bool address_is_public(const struct sockaddr *address);
