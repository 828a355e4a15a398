/* SPDX-License-Identifier: Apache-2.0 */
/* The bucket of rate.c with a lock and a real clock. */
#include "client/transfer/pace.h"

#include "base/error.h"
#include "base/limits.h"
#include "client/transfer/rate.h"

#define REQUEST_SIZE_MIN (256 * KIB)

struct Pace {
	uint64_t rate_max;
	GMutex mutex;
	Rate rate; /* guarded by mutex */
};

Pace *pace_new(uint64_t rate_max)
{
	Pace *pace = g_new0(Pace, 1);
	pace->rate_max = rate_max;
	g_mutex_init(&pace->mutex);
	rate_init(&pace->rate, rate_max, g_get_monotonic_time());
	return pace;
}

void pace_free(Pace *pace)
{
	if (!pace) {
		return;
	}
	g_mutex_clear(&pace->mutex);
	g_free(pace);
}

static void sleep_until(int64_t until_us, GCancellable *cancellable)
{
	GPollFD poll = { 0 };
	unsigned count = g_cancellable_make_pollfd(cancellable, &poll) ? 1 : 0;
	for (;;) {
		int64_t left_us = until_us - g_get_monotonic_time();
		if (left_us <= 0 || g_cancellable_is_cancelled(cancellable)) {
			break;
		}
		g_poll(&poll, count, (int)MIN((left_us + 999) / 1000, G_MAXINT));
	}
	if (count > 0) {
		g_cancellable_release_fd(cancellable);
	}
}

bool pace_wait(Pace *pace, uint64_t bytes, GCancellable *cancellable, GError **error)
{
	g_mutex_lock(&pace->mutex);
	int64_t now_us = g_get_monotonic_time();
	int64_t wait_us = rate_take(&pace->rate, bytes, now_us);
	g_mutex_unlock(&pace->mutex);
	if (wait_us > 0) {
		sleep_until(now_us + wait_us, cancellable);
	}
	if (g_cancellable_is_cancelled(cancellable)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CANCELLED, "cancelled");
		return false;
	}
	return true;
}

size_t pace_request_size(const Pace *pace, size_t size_max)
{
	if (pace->rate_max == 0) {
		return size_max;
	}
	return (size_t)MIN(MAX(pace->rate_max, REQUEST_SIZE_MIN), (uint64_t)size_max);
}
