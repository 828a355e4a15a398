/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The door to the places: preconditions that hold for all of them.
 */
#include "server/blobs/place.h"

#include "server/blobs/place_impl.h"

static bool name_is_valid(uint64_t name)
{
	return name != 0 && name <= INT64_MAX;
}

static bool span_is_valid(const PlaceSpan *span)
{
	return name_is_valid(span->name) && span->count > 0 && span->count <= PLACE_PARTS_MAX &&
	       span->offset <= INT64_MAX - place_span_size(span);
}

bool place_create(Place *place, uint64_t name, GError **error)
{
	g_assert(name_is_valid(name));
	return place->operations->create(place, name, error);
}

bool place_write(Place *place, const PlaceSpan *span, GError **error)
{
	g_assert(span_is_valid(span));
	return place->operations->write(place, span, error);
}

bool place_sync(Place *place, uint64_t name, GError **error)
{
	g_assert(name_is_valid(name));
	return place->operations->sync(place, name, error);
}

bool place_read(Place *place, const PlaceSpan *span, GError **error)
{
	g_assert(span_is_valid(span));
	return place->operations->read(place, span, error);
}

bool place_list(Place *place, GArray *ret_entries, GError **error)
{
	g_assert(g_array_get_element_size(ret_entries) == sizeof(PlaceEntry));
	return place->operations->list(place, ret_entries, error);
}

bool place_truncate(Place *place, uint64_t name, uint64_t size, GError **error)
{
	g_assert(name_is_valid(name));
	return place->operations->truncate(place, name, size, error);
}

bool place_remove(Place *place, uint64_t name, GError **error)
{
	g_assert(name_is_valid(name));
	return place->operations->remove(place, name, error);
}

void place_free(Place *place)
{
	if (place != NULL) {
		place->operations->free(place);
	}
}

size_t place_span_size(const PlaceSpan *span)
{
	size_t size = 0;

	for (unsigned i = 0; i < span->count; i++) {
		size += span->parts[i].iov_len;
	}
	return size;
}
