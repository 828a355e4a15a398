/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running averages decide. A measured level moves the others by the same factor: a slow processor
 * is slow at each level, and files that compress well do so at each.
 */
#include "client/transfer/pays.h"

#include "base/limits.h"
#include "chunk/codec.h"

#include <glib.h>
#include <stdbool.h>

/* Weight of a new measurement. */
#define WEIGHT 0.25
/* Of the start, whenever nothing was measured. */
#define WEIGHT_OLD 0.02
/* Of the sum, beside the slower half. */
#define SUM_WEIGHT 0.25

/* Requests below these say more about latency than about bytes. */
#define SENT_SIZE_MIN (1 * MIB)
#define SENT_SIZE_MIN_SLOW (64 * KIB)
#define SENT_SLOW_NS 250000000
#define ENCODED_SIZE_MIN (256 * KIB)

/* Copying a byte to another program and on to the next device. */
#define LINK_HERE_NS 1.0

#define REQUEST_SECONDS 4
#define REQUEST_SIZE_MIN (256 * KIB)

static const PaysLevel usual[PAYS_LEVELS] = {
	{ PAYS_RAW, 0.15, 1.0 },
	{ CODEC_LEVEL_LZ4, 1.0, 0.55 },
	{ 1, 2.2, 0.40 },
	{ 3, 4.0, 0.36 },
};

double pays_cost(const PaysCosts *costs, const PaysLevel *level)
{
	double here = costs->read_ns + level->encode_ns;
	double there = (costs->link_ns + costs->disk_ns) * level->ratio;
	return MAX(here, there) + SUM_WEIGHT * (here + there);
}

void pays_init(Pays *pays, bool is_here)
{
	pays->is_here = is_here;
	/* A server that writes and syncs 250 MB/s behind a link that is faster. */
	pays->costs = (PaysCosts){ .link_ns = 4.0, .disk_ns = 2.0, .read_ns = 1.0 };
	if (is_here) {
		pays->costs.link_ns = LINK_HERE_NS;
	}
	for (size_t i = 0; i < PAYS_LEVELS; i++) {
		pays->levels[i] = usual[i];
	}
}

int pays_level(const Pays *pays)
{
	size_t best = 0;
	for (size_t i = 1; i < PAYS_LEVELS; i++) {
		if (pays_cost(&pays->costs, &pays->levels[i]) <
		    pays_cost(&pays->costs, &pays->levels[best])) {
			best = i;
		}
	}
	return pays->levels[best].level;
}

static void approach(double *value, double seen, double min, double max)
{
	*value = CLAMP(*value + WEIGHT * (seen - *value), min, max);
}

void pays_note_sent(Pays *pays, size_t bytes, int64_t took_ns)
{
	bool slow = bytes >= SENT_SIZE_MIN_SLOW && took_ns >= SENT_SLOW_NS;
	if (pays->is_here || took_ns <= 0 || (bytes < SENT_SIZE_MIN && !slow)) {
		return;
	}
	approach(&pays->costs.link_ns, (double)took_ns / (double)bytes, 0.05, 1e6);
}

void pays_note_encoded(Pays *pays, int level, size_t bytes, size_t encoded, int64_t took_ns)
{
	g_assert(level != PAYS_RAW);
	if (took_ns <= 0 || bytes < ENCODED_SIZE_MIN) {
		return;
	}
	PaysLevel *measured = NULL;
	const PaysLevel *start = NULL;
	for (size_t i = 0; i < PAYS_LEVELS; i++) {
		if (pays->levels[i].level == level) {
			measured = &pays->levels[i];
			start = &usual[i];
		}
	}
	g_assert(measured);
	if (!pays->is_here) {
		approach(&measured->encode_ns, (double)took_ns / (double)bytes, 0.1, 1000);
	}
	approach(&measured->ratio, (double)encoded / (double)bytes, 0.01, 1);
	double slower = measured->encode_ns / start->encode_ns;
	double larger = measured->ratio / start->ratio;
	for (size_t i = 0; i < PAYS_LEVELS; i++) {
		PaysLevel *other = &pays->levels[i];
		if (other != measured && other->level != PAYS_RAW) {
			other->encode_ns = usual[i].encode_ns * slower;
			other->ratio = MIN(usual[i].ratio * larger, 1.0);
		}
	}
}

void pays_note_raw(Pays *pays)
{
	for (size_t i = 0; i < PAYS_LEVELS; i++) {
		PaysLevel *level = &pays->levels[i];
		level->encode_ns += WEIGHT_OLD * (usual[i].encode_ns - level->encode_ns);
		level->ratio += WEIGHT_OLD * (usual[i].ratio - level->ratio);
	}
}

size_t pays_request_size(const Pays *pays, size_t size_max)
{
	double size = REQUEST_SECONDS * 1e9 / pays->costs.link_ns;
	if (size >= (double)size_max) {
		return size_max;
	}
	return MIN(MAX((size_t)size, (size_t)REQUEST_SIZE_MIN), size_max);
}
