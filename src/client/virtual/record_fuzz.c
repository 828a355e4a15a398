/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Input: the bytes of an attribute. The first byte says of which: even a record, odd the ranges of
 * what is here. What is taken must be the same bytes again.
 */
#include "client/virtual/ranges.h"
#include "client/virtual/record.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_record(const uint8_t *data, size_t size)
{
	g_auto(Record) record = { 0 };
	uint8_t bytes[RECORD_SIZE_MAX];
	if (record_decode(data, size, &record, NULL)) {
		g_assert(record.is_aside == !record.content);
		g_assert(record_encode(&record, bytes) == size);
		g_assert(memcmp(bytes, data, size) == 0);
	}
}

static void try_ranges(const uint8_t *data, size_t size)
{
	g_auto(Ranges) ranges = { 0 };
	uint8_t bytes[RANGES_SIZE_MAX];
	if (ranges_decode(data, size, G_MAXUINT64, &ranges)) {
		g_assert(ranges_encode(&ranges, bytes) == size);
		g_assert(size == 0 || memcmp(bytes, data, size) == 0);
	} else {
		g_assert(ranges_are_empty(&ranges));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0 && data[0] % 2 == 0) {
		try_record(data + 1, size - 1);
	} else if (size > 0) {
		try_ranges(data + 1, size - 1);
	}
	return 0;
}
