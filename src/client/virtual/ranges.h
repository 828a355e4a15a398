/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Which bytes of a file are here: ranges that neither touch nor overlap, in order. A value.
 */
typedef struct Range {
	uint64_t from;
	uint64_t to; /* the first byte that is not of it */
} Range;

typedef struct Ranges {
	GArray *list; /* Range; NULL: empty */
} Ranges;

void ranges_clear(Ranges *ranges);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Ranges, ranges_clear)

void ranges_add(Ranges *ranges, uint64_t from, uint64_t to);
/* Are all bytes from..to here? */
bool ranges_have(const Ranges *ranges, uint64_t from, uint64_t to);
bool ranges_are_empty(const Ranges *ranges);

#define RANGES_ENCODED_MAX 64
#define RANGES_SIZE_MAX (RANGES_ENCODED_MAX * 16)

/*
 * from, to: u64 little-endian, each range; of too many the largest. Returns the size.
 */
size_t ranges_encode(const Ranges *ranges, uint8_t ret_bytes[RANGES_SIZE_MAX]);
/* False, and empty, unless they are ranges in order within size bytes of a file. */
bool ranges_decode(const uint8_t *bytes, size_t count, uint64_t size, Ranges *ret_ranges);
