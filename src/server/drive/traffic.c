/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers are given in order of entry. There are as many at a time as there are worker threads, so
 * a walk over all of them is short.
 */
#include "server/drive/traffic_internal.h"

struct Traffic {
	GMutex lock;    /* guards all below */
	uint64_t next;  /* number of the next who enters */
	GArray *inside; /* uint64_t, in no order */
};

Traffic *traffic_new(void)
{
	Traffic *traffic = g_new0(Traffic, 1);

	g_mutex_init(&traffic->lock);
	traffic->inside = g_array_new(false, false, sizeof(uint64_t));
	return traffic;
}

void traffic_free(Traffic *traffic)
{
	if (traffic == NULL) {
		return;
	}
	g_assert(traffic->inside->len == 0);
	g_array_unref(traffic->inside);
	g_mutex_clear(&traffic->lock);
	g_free(traffic);
}

TrafficPass traffic_enter(Traffic *traffic)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&traffic->lock);
	TrafficPass pass = { traffic, traffic->next++ };

	g_array_append_val(traffic->inside, pass.number);
	return pass;
}

void traffic_leave(TrafficPass *pass)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&pass->traffic->lock);
	GArray *inside = pass->traffic->inside;
	unsigned i = 0;

	while (i < inside->len && g_array_index(inside, uint64_t, i) != pass->number) {
		i++;
	}
	g_assert(i < inside->len);
	g_array_remove_index_fast(inside, i);
}

uint64_t traffic_now(Traffic *traffic)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&traffic->lock);

	return traffic->next;
}

bool traffic_passed(Traffic *traffic, uint64_t moment)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&traffic->lock);

	for (unsigned i = 0; i < traffic->inside->len; i++) {
		if (g_array_index(traffic->inside, uint64_t, i) < moment) {
			return false;
		}
	}
	return true;
}
