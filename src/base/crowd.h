/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * How much each has of what is scarce (connections, memory), so that none takes it all: of peers by
 * their networks, or of accounts. Thread-safe.
 */
typedef struct Crowd Crowd;

struct sockaddr;

Crowd *crowd_new(unsigned each_max);
void crowd_free(Crowd *crowd);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Crowd, crowd_free)

/* So many more for who has this key; false, and nothing is counted, if that is more than he may. */
bool crowd_take(Crowd *crowd, uint64_t key, unsigned count);
/* What was taken. */
void crowd_give_back(Crowd *crowd, uint64_t key, unsigned count);

/* The key of a peer: an IPv6 one counts by its /64, which is what one customer has. */
uint64_t crowd_peer(const struct sockaddr *peer);
/* The same of a numeric address; NULL: 0, which is nobody's. */
uint64_t crowd_host(const char *host);
