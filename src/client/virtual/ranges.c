/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. Lookups are binary searches; ranges grow at their ends. */
#include "client/virtual/ranges.h"

#include "base/bytes.h"

static Range *at(const Ranges *ranges, unsigned index)
{
	return &g_array_index(ranges->list, Range, index);
}

static unsigned count_of(const Ranges *ranges)
{
	return ranges->list ? ranges->list->len : 0;
}

void ranges_clear(Ranges *ranges)
{
	g_clear_pointer(&ranges->list, g_array_unref);
}

bool ranges_are_empty(const Ranges *ranges)
{
	return count_of(ranges) == 0;
}

/* The first that ends at or after offset. */
static unsigned find(const Ranges *ranges, uint64_t offset)
{
	unsigned low = 0, high = count_of(ranges);
	while (low < high) {
		unsigned middle = low + (high - low) / 2;
		if (at(ranges, middle)->to < offset) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

void ranges_add(Ranges *ranges, uint64_t from, uint64_t to)
{
	if (from >= to) {
		return;
	}
	if (!ranges->list) {
		ranges->list = g_array_new(FALSE, FALSE, sizeof(Range));
	}
	unsigned first = find(ranges, from), end = first;
	Range merged = { from, to };
	while (end < ranges->list->len && at(ranges, end)->from <= to) {
		merged.from = MIN(merged.from, at(ranges, end)->from);
		merged.to = MAX(merged.to, at(ranges, end)->to);
		end++;
	}
	if (end == first) {
		g_array_insert_val(ranges->list, first, merged);
		return;
	}
	*at(ranges, first) = merged;
	if (end > first + 1) {
		g_array_remove_range(ranges->list, first + 1, end - first - 1);
	}
}

bool ranges_have(const Ranges *ranges, uint64_t from, uint64_t to)
{
	if (from >= to) {
		return true;
	}
	unsigned index = find(ranges, to);
	return index < count_of(ranges) && at(ranges, index)->from <= from;
}

/* ---- bytes -------------------------------------------------------------------------------- */

static int compare_size(const void *a_data, const void *b_data)
{
	const Range *a = a_data, *b = b_data;
	uint64_t size_a = a->to - a->from, size_b = b->to - b->from;
	return size_a > size_b ? -1 : size_a < size_b;
}

static int compare_place(const void *a_data, const void *b_data)
{
	const Range *a = a_data, *b = b_data;
	return a->from < b->from ? -1 : a->from > b->from;
}

size_t ranges_encode(const Ranges *ranges, uint8_t ret_bytes[RANGES_SIZE_MAX])
{
	if (ranges_are_empty(ranges)) {
		return 0;
	}
	g_autoptr(GArray) kept = g_array_copy(ranges->list);
	if (kept->len > RANGES_ENCODED_MAX) {
		g_array_sort(kept, compare_size);
		g_array_set_size(kept, RANGES_ENCODED_MAX);
		g_array_sort(kept, compare_place);
	}
	for (unsigned i = 0; i < kept->len; i++) {
		const Range *range = &g_array_index(kept, Range, i);
		bytes_put64(ret_bytes + 16 * (size_t)i, range->from);
		bytes_put64(ret_bytes + 16 * (size_t)i + 8, range->to);
	}
	return 16 * (size_t)kept->len;
}

bool ranges_decode(const uint8_t *bytes, size_t count, uint64_t size, Ranges *ret_ranges)
{
	Ranges ranges = { 0 };
	bool ok = count % 16 == 0 && count <= RANGES_SIZE_MAX;
	uint64_t end = 0;
	for (size_t i = 0; ok && i < count; i += 16) {
		uint64_t from = bytes_get64(bytes + i), to = bytes_get64(bytes + i + 8);
		ok = from < to && to <= size && (i == 0 || from > end);
		end = to;
		if (ok) {
			ranges_add(&ranges, from, to);
		}
	}
	if (!ok) {
		ranges_clear(&ranges);
	}
	*ret_ranges = ranges;
	return ok;
}
