/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Where packs lie: a flat set of named byte sequences that only grow. See place_impl.h for who
 * implements it.
 */
typedef struct Place Place;

/* A folder of the local file system; created with 0700 if absent. */
Place *place_disk_new(const char *folder, GError **error);

/*
 * Memory, for tests and the simulator. place_memory_share() gives a further handle to the same
 * bytes, which live as long as any handle: what a restarted server opens. What was written and not
 * synced is lost, wholly or in part, by place_memory_crash(), which draws from the seed.
 */
Place *place_memory_new(void);
Place *place_memory_share(Place *place);
void place_memory_crash(Place *place, uint64_t seed);

/*
 * Fails the n-th call from now (1: the next) of the place below with this error, once or from then
 * on; 0 never fails. A write that fails may have written a part. Takes the place below.
 */
Place *place_faulty_new(Place *below);
void place_faulty_set(Place *place, unsigned nth, bool persistent, GQuark domain, int code);
/* Calls since place_faulty_set(). */
unsigned place_faulty_calls(Place *place);

void place_free(Place *place);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Place, place_free)
