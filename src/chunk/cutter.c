/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FastCDC (Xia et al., "FastCDC: a Fast and Efficient Content-Defined Chunking Approach for Data
 * Deduplication", USENIX ATC 2016) with normalisation level 2.
 *
 * A position is judged by the gear hash of the WINDOW bytes before it:
 *
 *	hash = sum of gear[byte k before the position] << (k - 1), k = 1..64, modulo 2^64
 *
 * A chunk ends at the first position p >= size_min where the hash is below a threshold, which is
 * the same as its first bits being zero: log2(size_average) + 2 bits before size_average,
 * log2(size_average) - 2 bits from there on; or at size_max. The first bits are the ones that
 * depend on the whole window. Because size_min >= WINDOW, the judgement depends on nothing but
 * those bytes, not on where the chunk began; bytes before size_min - WINDOW are never looked at.
 *
 * gear[i] = the first 8 bytes, little-endian, of SHA-256("imdrive gear" and the one byte i). Table,
 * thresholds and rule are part of the format (docs/formats/content.md) and never change.
 */
#include "chunk/cutter.h"

#include "base/limits.h"
#include "chunk/chunk_id.h"

#include <glib.h>
#include <string.h>

#define WINDOW 64
#define NORMALISATION 2
#define BLOCK (4 * KIB)
#define GEAR_LABEL "imdrive gear"

const CutterParameters cutter_default = {
	.size_min = CHUNK_SIZE_MIN,
	.size_average = CHUNK_SIZE_AVERAGE,
	.size_max = CHUNK_SIZE_MAX,
};

static void gear_fill(uint64_t gear[256])
{
	uint8_t input[sizeof GEAR_LABEL] = GEAR_LABEL;
	for (unsigned i = 0; i < 256; i++) {
		input[sizeof input - 1] = (uint8_t)i;
		ChunkId id = chunk_id_of(input, sizeof input);
		uint64_t word;
		memcpy(&word, id.bytes, sizeof word);
		gear[i] = GUINT64_FROM_LE(word);
	}
}

static const uint64_t *gear_table(void)
{
	static uint64_t gear[256];
	static gsize filled;
	if (g_once_init_enter(&filled)) {
		gear_fill(gear);
		g_once_init_leave(&filled, 1);
	}
	return gear;
}

/* The hash of the WINDOW - 1 bytes before: one more, and a position can be judged. */
static uint64_t hash_before(const uint64_t *gear, const uint8_t *bytes)
{
	uint64_t hash = 0;
	for (int i = 1 - WINDOW; i < 0; i++) {
		hash = (hash << 1) + gear[bytes[i]];
	}
	return hash;
}

/*
 * Two blocks side by side, since each hash waits for the one before: is a hash below threshold in
 * one of them? *hash is that of the window before them and moves along if not.
 */
static bool has_boundary(const uint64_t *gear, const uint8_t *bytes, uint64_t threshold,
			 uint64_t *hash)
{
	const uint8_t *more = bytes + BLOCK;
	uint64_t first = *hash;
	uint64_t second = hash_before(gear, more);
#pragma GCC unroll 8
	for (size_t i = 0; i < BLOCK; i++) {
		first = (first << 1) + gear[bytes[i]];
		second = (second << 1) + gear[more[i]];
		if (G_UNLIKELY(first < threshold || second < threshold)) {
			return true;
		}
	}
	*hash = second;
	return false;
}

/* First position in (from, to] whose hash is below threshold, or 0. from >= WINDOW - 1. */
static size_t find_boundary(const uint64_t *gear, const uint8_t *bytes, size_t from, size_t to,
			    uint64_t threshold)
{
	uint64_t hash = hash_before(gear, bytes + from);
	size_t at = from;
	while (to - at >= 2 * BLOCK && !has_boundary(gear, bytes + at, threshold, &hash)) {
		at += 2 * BLOCK;
	}
	for (; at < to; at++) {
		hash = (hash << 1) + gear[bytes[at]];
		if (G_UNLIKELY(hash < threshold)) {
			return at + 1;
		}
	}
	return 0;
}

size_t cutter_find(const CutterParameters *parameters, const uint8_t *bytes, size_t size,
		   size_t searched)
{
	const uint32_t size_average = parameters->size_average;
	g_assert(parameters->size_min >= WINDOW);
	g_assert(parameters->size_min <= size_average);
	g_assert(size_average <= parameters->size_max);
	g_assert((size_average & (size_average - 1)) == 0);

	const uint64_t *gear = gear_table();
	unsigned bits = (unsigned)__builtin_ctz(size_average);
	size_t end = MIN(size, parameters->size_max);
	size_t middle = MIN(end, size_average);
	uint64_t strict = 1ull << (64 - (bits + NORMALISATION));
	uint64_t loose = 1ull << (64 - (bits - NORMALISATION));

	/* size_min itself is the first position judged: its window ends just before it. */
	size_t at = MAX(searched, parameters->size_min - 1);
	size_t boundary = 0;
	if (at < middle) {
		boundary = find_boundary(gear, bytes, at, middle, strict);
	}
	at = MAX(at, middle);
	if (boundary == 0 && at < end) {
		boundary = find_boundary(gear, bytes, at, end, loose);
	}
	return boundary == 0 && end == parameters->size_max ? end : boundary;
}

size_t cutter_next(const CutterParameters *parameters, const uint8_t *bytes, size_t size)
{
	g_assert(size > 0);
	size_t found = cutter_find(parameters, bytes, size, 0);
	return found ? found : size;
}
