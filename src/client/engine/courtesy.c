/* SPDX-License-Identifier: Apache-2.0 */
#include "client/engine/courtesy.h"

/* More changes than that in a window are many; then it goes on for as long as two. */
#define WINDOW_US 250000
#define CHANGES_MANY 150
/* For each µs of work so much of rest, whichever thread did it. */
#define REST_PER_WORK 4

struct Courtesy {
	GMutex lock;
	int64_t window_us; /* its begin */
	uint64_t changes;  /* until then */
	int64_t until_us;  /* it is due */
	int64_t resume_us; /* what was worked is rested until then */
};

Courtesy *courtesy_new(void)
{
	Courtesy *courtesy = g_new0(Courtesy, 1);
	g_mutex_init(&courtesy->lock);
	courtesy->window_us = -WINDOW_US;
	return courtesy;
}

void courtesy_free(Courtesy *courtesy)
{
	if (courtesy) {
		g_mutex_clear(&courtesy->lock);
		g_free(courtesy);
	}
}

void courtesy_note(Courtesy *courtesy, uint64_t changes, int64_t now_us)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&courtesy->lock);
	int64_t passed_us = MAX(now_us - courtesy->window_us, WINDOW_US);
	uint64_t since = changes - courtesy->changes;
	if (since > (uint64_t)(CHANGES_MANY * passed_us / WINDOW_US)) {
		courtesy->until_us = now_us + 2 * WINDOW_US;
	}
	if (now_us - courtesy->window_us >= WINDOW_US) {
		courtesy->window_us = now_us;
		courtesy->changes = changes;
	}
}

bool courtesy_is_due(Courtesy *courtesy, int64_t now_us)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&courtesy->lock);
	return now_us < courtesy->until_us;
}

int64_t courtesy_resume_us(Courtesy *courtesy, int64_t used_us, int64_t now_us)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&courtesy->lock);
	if (now_us >= courtesy->until_us) {
		return now_us;
	}
	int64_t rested_us = MAX(courtesy->resume_us, now_us) + used_us * REST_PER_WORK;
	courtesy->resume_us = MIN(rested_us, now_us + COURTESY_PAUSE_US);
	return courtesy->resume_us;
}
