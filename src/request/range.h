/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdint.h>

/* What of a body a Range header asks for (RFC 9110, 14.2). Pure. */
typedef enum RangeAsked {
	RANGE_WHOLE, /* no range, more than one, or one that is not understood: all of it (200) */
	RANGE_PART,  /* 206 */
	RANGE_NONE,  /* it begins behind the end (416) */
} RangeAsked;

typedef struct Range {
	uint64_t offset;
	uint64_t length; /* never 0 */
} Range;

/*
 * range: the header as it came, or NULL. if_range: If-Range, or NULL; unless it is this entity tag
 * (in quotes, strong), the body may be another than the asker has a part of. *ret_range is set for
 * RANGE_PART only.
 */
RangeAsked range_read(const char *range, const char *if_range, const char *etag, uint64_t size,
		      Range *ret_range);
