/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/socket.h>

/*
 * How many connections, or what else, each peer has, so that none takes them all. An IPv6 peer
 * counts by its /64, which is what one customer has; whoever is exempt does not count. Thread-safe.
 */
typedef struct Crowd Crowd;

Crowd *crowd_new(unsigned connections_per_peer);
void crowd_free(Crowd *crowd);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Crowd, crowd_free)

/* One more of this peer; false, and not counted, if it has as many as it may. */
bool crowd_enter(Crowd *crowd, const struct sockaddr *peer);
void crowd_leave(Crowd *crowd, const struct sockaddr *peer);

/* The same of a numeric address. */
bool crowd_enter_host(Crowd *crowd, const char *host);
void crowd_leave_host(Crowd *crowd, const char *host);
