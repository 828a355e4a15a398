/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How hard to compress, by what pays: what encoding costs against what link and disk save. Learns
 * from what was sent. Pure: time is measured by the caller. Not thread-safe.
 */

/* The level at which nothing is compressed. */
#define PAYS_RAW 0

#define PAYS_LEVELS 4

/* Costs of sending one byte of a file. */
typedef struct PaysCosts {
	double link_ns; /* for each encoded byte: until the server has it */
	double disk_ns; /* for each encoded byte: its room on disks, and the way to other devices */
	double read_ns; /* for each byte: reading, cutting, hashing */
} PaysCosts;

/* What a level does: nanoseconds for each byte, and encoded bytes for each. */
typedef struct PaysLevel {
	int level; /* of codec_encode(), or PAYS_RAW */
	double encode_ns;
	double ratio;
} PaysLevel;

/*
 * Cost of one byte at this level, for comparing levels. Reading with encoding and sending go on at
 * the same time, so the slower of the two decides; but both compete for the machine, so the sum
 * counts as well, a little.
 */
double pays_cost(const PaysCosts *costs, const PaysLevel *level);

typedef struct Pays {
	PaysCosts costs;
	PaysLevel levels[PAYS_LEVELS];
	bool is_here;
} Pays;

/*
 * Begins with what usual disks and processors do on usual files. is_here: the server is on this
 * machine. Then there is no link to measure, only the one processor that both compete for; and
 * the clock on the wall says nothing about the work, since the server's is done meanwhile.
 */
void pays_init(Pays *pays, bool is_here);

/* The level that costs least; for codec_encode() unless it is PAYS_RAW. */
int pays_level(const Pays *pays);

/* A request with this many bytes took so long until it was answered. */
void pays_note_sent(Pays *pays, size_t bytes, int64_t took_ns);

/*
 * Compressible bytes were encoded at this level; what one level tells, the others learn from. Both
 * times are of the clock on the wall: a machine too busy to encode is too busy to send, too.
 */
void pays_note_encoded(Pays *pays, int level, size_t bytes, size_t encoded, int64_t took_ns);

/* A batch was sent raw: what is known of the levels grows old, and one will be tried again. */
void pays_note_raw(Pays *pays);

/*
 * Encoded bytes that one request should carry: a few seconds' worth on slow links, so that little
 * is lost with a request; size_max on fast ones.
 */
size_t pays_request_size(const Pays *pays, size_t size_max);
