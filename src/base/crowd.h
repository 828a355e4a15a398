/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * How much each has of what is scarce (connections, memory), so that none takes it all: of peers by
 * their networks (base/network.h), or of accounts. Thread-safe.
 */
typedef struct Crowd Crowd;

Crowd *crowd_new(unsigned each_max);
void crowd_free(Crowd *crowd);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Crowd, crowd_free)

/* So many more for who has this key; false, and nothing is counted, if that is more than he may. */
bool crowd_take(Crowd *crowd, uint64_t key, unsigned count);
/* What was taken. */
void crowd_give_back(Crowd *crowd, uint64_t key, unsigned count);
