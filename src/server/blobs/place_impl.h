/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/blobs/place.h"

#include <sys/uio.h>

/*
 * For those who implement a place (place_disk.c, place_memory.c, place_faulty.c) and for blobs.c
 * and pack.c, which use it.
 */
#define PLACE_PARTS_MAX 192

/* A range of a sequence and the memory that it is read into or written from. */
typedef struct PlaceSpan {
	uint64_t name;
	uint64_t offset;
	const struct iovec *parts; /* 1..PLACE_PARTS_MAX */
	unsigned count;
} PlaceSpan;

typedef struct PlaceEntry {
	uint64_t name;
	uint64_t size;
} PlaceEntry;

/*
 * Names are 1..2^63-1. Every slot may be called from any thread; ranges that are written at the
 * same time do not overlap. DRIVE_ERROR_NOT_FOUND if there is no such name.
 */
typedef struct PlaceOperations {
	/*
	 * A new, empty sequence; DRIVE_ERROR_CONFLICT if the name is in use. When it returns true
	 * the name survives a crash.
	 */
	bool (*create)(Place *place, uint64_t name, GError **error);
	/* Writes all of it, at, across or beyond the end. After a failure the range holds anything.
	 */
	bool (*write)(Place *place, const PlaceSpan *span, GError **error);
	/* When it returns true, every write that returned before the call is on disk. */
	bool (*sync)(Place *place, uint64_t name, GError **error);
	/* Reads all of it; DRIVE_ERROR_CORRUPT if the sequence ends before. */
	bool (*read)(Place *place, const PlaceSpan *span, GError **error);
	/* Appends what there is (PlaceEntry), in no order. */
	bool (*list)(Place *place, GArray *ret_entries, GError **error);
	/* Cuts to size if it is longer. */
	bool (*truncate)(Place *place, uint64_t name, uint64_t size, GError **error);
	/*
	 * Reads that are under way end as if it were still there. When it returns true it does not
	 * come back after a crash.
	 */
	bool (*remove)(Place *place, uint64_t name, GError **error);
	void (*free)(Place *place);
} PlaceOperations;

struct Place {
	const PlaceOperations *operations;
};

bool place_create(Place *place, uint64_t name, GError **error);
bool place_write(Place *place, const PlaceSpan *span, GError **error);
bool place_sync(Place *place, uint64_t name, GError **error);
bool place_read(Place *place, const PlaceSpan *span, GError **error);
bool place_list(Place *place, GArray *ret_entries, GError **error);
bool place_truncate(Place *place, uint64_t name, uint64_t size, GError **error);
bool place_remove(Place *place, uint64_t name, GError **error);

/* Bytes in all parts. */
size_t place_span_size(const PlaceSpan *span);
