/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Bytes that are appended to one another, in memory that suits bodies of requests and answers
 * (memory_take_block()): what a GByteArray is for less. One thread at a time.
 */
typedef struct Bulk {
	uint8_t *data; /* NULL as long as there is nothing */
	size_t len;
	size_t capacity;
} Bulk;

/* capacity: for so many bytes there is room at once; whoever knows it spares copying. */
Bulk *bulk_new(size_t capacity);
void bulk_append(Bulk *bulk, const void *bytes, size_t size);
void bulk_free(Bulk *bulk);

/* The bytes, once they are complete; bulk is gone. */
GBytes *bulk_free_to_bytes(Bulk *bulk);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bulk, bulk_free)
