/* SPDX-License-Identifier: Apache-2.0 */
#include "request/range.h"

#include <stdbool.h>
#include <string.h>

#define UNIT "bytes="

/* Digits up to end; false if there is none, anything else, or too many. */
static bool read_number(const char *text, const char *end, uint64_t *ret_number)
{
	g_autofree char *digits = g_strndup(text, (size_t)(end - text));
	return g_ascii_string_to_unsigned(digits, 10, 0, INT64_MAX, ret_number, NULL);
}

/* "500-999", "500-", "-500" */
static bool read_spec(const char *spec, uint64_t size, uint64_t *ret_first, uint64_t *ret_last)
{
	const char *dash = strchr(spec, '-');
	const char *end = spec + strlen(spec);
	if (!dash || (dash == spec && dash + 1 == end)) {
		return false;
	}
	if (dash == spec) {
		uint64_t count;
		bool is = read_number(dash + 1, end, &count);
		*ret_first = is && count > 0 ? size - MIN(count, size) : size;
		*ret_last = size - 1;
		return is;
	}
	*ret_last = INT64_MAX;
	return read_number(spec, dash, ret_first) &&
	       (dash + 1 == end || read_number(dash + 1, end, ret_last)) && *ret_first <= *ret_last;
}

RangeAsked range_read(const char *range, const char *if_range, const char *etag, uint64_t size,
		      Range *ret_range)
{
	uint64_t first;
	uint64_t last;
	if (!range || g_ascii_strncasecmp(range, UNIT, strlen(UNIT)) != 0 ||
	    (if_range && strcmp(if_range, etag) != 0) ||
	    !read_spec(range + strlen(UNIT), size, &first, &last)) {
		return RANGE_WHOLE;
	}
	if (first >= size) {
		return RANGE_NONE;
	}
	*ret_range = (Range){ .offset = first, .length = MIN(last, size - 1) - first + 1 };
	return RANGE_PART;
}
