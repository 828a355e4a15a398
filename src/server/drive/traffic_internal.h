/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Who is under way between the packs and the journal: has appended what the journal does not know
 * yet, or has asked the journal where something lies and not read it yet. Whoever wants to remove
 * a pack waits until all have left who came before it was decided.
 */
typedef struct Traffic Traffic;

Traffic *traffic_new(void);
/* Everybody must have left. */
void traffic_free(Traffic *traffic);

/* Between the two a pack that the caller uses stays. */
typedef struct TrafficPass {
	Traffic *traffic;
	uint64_t number;
} TrafficPass;
TrafficPass traffic_enter(Traffic *traffic);
void traffic_leave(TrafficPass *pass);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TrafficPass, traffic_leave)

/* A moment, to be given to traffic_passed() later. */
uint64_t traffic_now(Traffic *traffic);

/* True when all have left who entered before that moment. Never waits. */
bool traffic_passed(Traffic *traffic, uint64_t moment);
