/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/*
 * A limit of bytes per second: a bucket that fills with time, up to one second's worth. Pure: the
 * clock is the caller's. Not thread-safe.
 */
typedef struct Rate {
	uint64_t rate_max;  /* bytes per second, 0: no limit */
	int64_t balance;    /* bytes that may be sent now; negative: sent ahead */
	int64_t updated_us; /* when that was true */
} Rate;

void rate_init(Rate *rate, uint64_t rate_max, int64_t now_us);

/*
 * Takes these bytes out of the bucket and tells how many microseconds to wait before they are sent.
 * Any amount can be taken at once: what is missing is waited for.
 */
int64_t rate_take(Rate *rate, uint64_t bytes, int64_t now_us);
