/* SPDX-License-Identifier: Apache-2.0 */
/* The bucket of rate.c with a lock and a real clock. */
#include "client/transfer/pace.h"

#include "base/error.h"
#include "base/limits.h"
#include "client/transfer/rate.h"

#define REQUEST_SIZE_MIN (256 * KIB)

/* How soon a change of the limit is noticed by those who wait. */
#define LOOK_US 200000

struct Pace {
	GMutex mutex;     /* guards all below */
	unsigned changes; /* of the limit */
	Rate rate;
};

Pace *pace_new(uint64_t rate_max)
{
	Pace *pace = g_new0(Pace, 1);
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

void pace_set(Pace *pace, uint64_t rate_max)
{
	g_mutex_lock(&pace->mutex);
	pace->changes++;
	rate_init(&pace->rate, rate_max, g_get_monotonic_time());
	g_mutex_unlock(&pace->mutex);
}

uint64_t pace_rate(Pace *pace)
{
	g_mutex_lock(&pace->mutex);
	uint64_t rate_max = pace->rate.rate_max;
	g_mutex_unlock(&pace->mutex);
	return rate_max;
}

static bool has_changed(Pace *pace, unsigned changes)
{
	g_mutex_lock(&pace->mutex);
	bool changed = pace->changes != changes;
	g_mutex_unlock(&pace->mutex);
	return changed;
}

static void sleep_until(Pace *pace, unsigned changes, int64_t until_us, GCancellable *cancellable)
{
	GPollFD poll = { 0 };
	unsigned count = g_cancellable_make_pollfd(cancellable, &poll) ? 1 : 0;
	for (;;) {
		int64_t left_us = until_us - g_get_monotonic_time();
		if (left_us <= 0 || g_cancellable_is_cancelled(cancellable) ||
		    has_changed(pace, changes)) {
			break;
		}
		g_poll(&poll, count, (int)((MIN(left_us, LOOK_US) + 999) / 1000));
	}
	if (count > 0) {
		g_cancellable_release_fd(cancellable);
	}
}

bool pace_wait(Pace *pace, uint64_t bytes, GCancellable *cancellable, GError **error)
{
	if (pace) {
		g_mutex_lock(&pace->mutex);
		int64_t now_us = g_get_monotonic_time();
		int64_t wait_us = rate_take(&pace->rate, bytes, now_us);
		unsigned changes = pace->changes;
		g_mutex_unlock(&pace->mutex);
		if (wait_us > 0) {
			sleep_until(pace, changes, now_us + wait_us, cancellable);
		}
	}
	if (g_cancellable_is_cancelled(cancellable)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CANCELLED, "cancelled");
		return false;
	}
	return true;
}

size_t pace_request_size(Pace *pace, size_t size_max)
{
	uint64_t rate_max = pace ? pace_rate(pace) : 0;
	if (rate_max == 0) {
		return size_max;
	}
	return (size_t)MIN(MAX(rate_max, REQUEST_SIZE_MIN), (uint64_t)size_max);
}
