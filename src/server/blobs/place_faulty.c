/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A place that fails on request, for fault walks: "fail the n-th call, n = 1, 2, 3 … until the
 * operation succeeds". A failing write leaves the first half of its bytes below, as a real one may.
 */
#include "server/blobs/place_impl.h"

#include "base/error.h"

typedef struct PlaceFaulty {
	Place place;
	Place *below;
	GMutex lock; /* guards all below */
	unsigned calls;
	unsigned nth;
	bool persistent;
	GQuark domain;
	int code;
} PlaceFaulty;

static Place *below(Place *place)
{
	return ((PlaceFaulty *)place)->below;
}

static bool must_fail(Place *place, const char *what, GError **error)
{
	PlaceFaulty *faulty = (PlaceFaulty *)place;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&faulty->lock);
	bool fail;

	faulty->calls++;
	fail = faulty->nth != 0 &&
	       (faulty->persistent ? faulty->calls >= faulty->nth : faulty->calls == faulty->nth);
	if (fail) {
		g_set_error(error, faulty->domain, faulty->code, "%s: call %u fails on request",
			    what, faulty->calls);
	}
	return fail;
}

static bool faulty_create(Place *place, uint64_t name, GError **error)
{
	return !must_fail(place, "create", error) && place_create(below(place), name, error);
}

static bool faulty_write(Place *place, const PlaceSpan *span, GError **error)
{
	struct iovec parts[PLACE_PARTS_MAX];
	PlaceSpan half = *span;
	size_t left = place_span_size(span) / 2;

	if (!must_fail(place, "write", error)) {
		return place_write(below(place), span, error);
	}
	half.parts = parts;
	half.count = 0;
	while (left > 0) {
		parts[half.count] = span->parts[half.count];
		parts[half.count].iov_len = MIN(left, parts[half.count].iov_len);
		left -= parts[half.count++].iov_len;
	}
	if (half.count > 0) {
		place_write(below(place), &half, NULL);
	}
	return false;
}

static bool faulty_sync(Place *place, uint64_t name, GError **error)
{
	return !must_fail(place, "sync", error) && place_sync(below(place), name, error);
}

static bool faulty_read(Place *place, const PlaceSpan *span, GError **error)
{
	return !must_fail(place, "read", error) && place_read(below(place), span, error);
}

static bool faulty_list(Place *place, GArray *ret_entries, GError **error)
{
	return !must_fail(place, "list", error) && place_list(below(place), ret_entries, error);
}

static bool faulty_truncate(Place *place, uint64_t name, uint64_t size, GError **error)
{
	return !must_fail(place, "truncate", error) &&
	       place_truncate(below(place), name, size, error);
}

static bool faulty_remove(Place *place, uint64_t name, GError **error)
{
	return !must_fail(place, "remove", error) && place_remove(below(place), name, error);
}

static void faulty_free(Place *place)
{
	PlaceFaulty *faulty = (PlaceFaulty *)place;

	place_free(faulty->below);
	g_mutex_clear(&faulty->lock);
	g_free(faulty);
}

static const PlaceOperations faulty_operations = {
	.create = faulty_create,
	.write = faulty_write,
	.sync = faulty_sync,
	.read = faulty_read,
	.list = faulty_list,
	.truncate = faulty_truncate,
	.remove = faulty_remove,
	.free = faulty_free,
};

Place *place_faulty_new(Place *below_taken)
{
	PlaceFaulty *faulty = g_new0(PlaceFaulty, 1);

	faulty->place.operations = &faulty_operations;
	faulty->below = below_taken;
	g_mutex_init(&faulty->lock);
	return &faulty->place;
}

void place_faulty_set(Place *place, unsigned nth, bool persistent, GQuark domain, int code)
{
	PlaceFaulty *faulty = (PlaceFaulty *)place;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&faulty->lock);

	g_assert(place->operations == &faulty_operations);
	faulty->calls = 0;
	faulty->nth = nth;
	faulty->persistent = persistent;
	faulty->domain = domain;
	faulty->code = code;
}

unsigned place_faulty_calls(Place *place)
{
	PlaceFaulty *faulty = (PlaceFaulty *)place;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&faulty->lock);

	g_assert(place->operations == &faulty_operations);
	return faulty->calls;
}
