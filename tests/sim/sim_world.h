/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "sim_server.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What all parts of a simulation share: the seed's numbers, the clock, the server, and what people
 * have written. Everything that happens is drawn from the seed and happens on one thread, so the
 * same seed gives the same end.
 */
typedef struct SimWorld {
	uint64_t seed;
	GRand *random;
	int64_t now_us;
	SimServer *server;
	GHashTable *values; /* char * -> SimValue *: what people wrote, by content */
	unsigned value_count;
	unsigned parted; /* names that people changed since the drive refused them */
	bool kills;      /* processes and machines may stop at any moment */
	bool calm;       /* no more accidents: everything is to settle */
	bool verbose;
} SimWorld;

/*
 * A value is somebody's work until a person who sees it replaces or deletes it. excused: it was
 * lost with the power before the disk had it, or before anybody else had.
 */
typedef struct SimValue {
	bool released;
	bool excused;
} SimValue;

SimWorld *sim_world_new(uint64_t seed, bool verbose);
void sim_world_free(SimWorld *world);

/* 0 .. below - 1 */
unsigned sim_world_draw(SimWorld *world, unsigned below);
/* True once in `in` times, and never when calm. */
bool sim_world_accident(SimWorld *world, unsigned in);
/* A new content that nobody wrote before. Borrowed. */
const char *sim_world_value(SimWorld *world, const char *who);
SimValue *sim_world_find(SimWorld *world, const void *bytes, size_t size);
void sim_world_say(SimWorld *world, const char *who, const char *format, ...) G_GNUC_PRINTF(3, 4);
