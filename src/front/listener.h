/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <netinet/in.h>
#include <stdbool.h>

/*
 * A listening TCP socket on "HOST:PORT", "[IPV6]:PORT" or ":PORT" (all addresses); port 0 takes a
 * free one. Returns the descriptor, non-blocking and close-on-exec, or -1.
 * *ret_address is where it listens, in the form that a URL takes ("127.0.0.1:8090", "[::1]:8090").
 */
int listener_open(const char *address, char **ret_address, GError **error);

/* The numeric host of an address, an IPv4 one inside IPv6 as IPv4. */
char *listener_host(const struct sockaddr *address);

/* True for 127.0.0.0/8 and ::1. */
bool listener_is_loopback(const char *host);
