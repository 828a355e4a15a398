/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The balance may go below zero: whoever takes more than is there waits until it would have come.
 * So a request of any size passes, and over time no more flows than the limit.
 */
#include "client/transfer/rate.h"

#include <glib.h>

#define SECOND_US 1000000

/* Beyond this, numbers below could overflow; nobody limits to that. */
#define RATE_MAX ((uint64_t)1 << 40)

void rate_init(Rate *rate, uint64_t rate_max, int64_t now_us)
{
	rate->rate_max = MIN(rate_max, RATE_MAX);
	rate->balance = (int64_t)rate->rate_max;
	rate->updated_us = now_us;
}

static void fill(Rate *rate, int64_t now_us)
{
	int64_t full = (int64_t)rate->rate_max;
	int64_t passed_us = MAX(now_us - rate->updated_us, 0);
	rate->updated_us = now_us;
	double more = (double)passed_us * (double)full / SECOND_US;
	if (more >= (double)(full - rate->balance)) {
		rate->balance = full;
	} else {
		rate->balance += (int64_t)more;
	}
}

int64_t rate_take(Rate *rate, uint64_t bytes, int64_t now_us)
{
	if (rate->rate_max == 0) {
		return 0;
	}
	g_assert(bytes <= RATE_MAX);
	fill(rate, now_us);
	rate->balance -= (int64_t)bytes;
	if (rate->balance >= 0) {
		return 0;
	}
	double seconds = (double)-rate->balance / (double)rate->rate_max;
	return (int64_t)(seconds * SECOND_US);
}
