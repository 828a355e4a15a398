/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bulk.h"

#include "base/memory.h"

#include <string.h>

#define CAPACITY_MIN 256

Bulk *bulk_new(size_t capacity)
{
	Bulk *bulk = g_new0(Bulk, 1);
	if (capacity > 0) {
		bulk->data = memory_take_block(capacity);
		bulk->capacity = capacity;
	}
	return bulk;
}

static void grow(Bulk *bulk, size_t wanted)
{
	size_t capacity = MAX(MAX(wanted, bulk->capacity * 2), CAPACITY_MIN);
	uint8_t *data = memory_take_block(capacity);
	if (bulk->len > 0) {
		memcpy(data, bulk->data, bulk->len);
	}
	memory_drop_block(bulk->data, bulk->capacity);
	bulk->data = data;
	bulk->capacity = capacity;
}

void bulk_append(Bulk *bulk, const void *bytes, size_t size)
{
	if (size == 0) {
		return;
	}
	g_assert(size <= SIZE_MAX / 2 - bulk->len);
	if (size > bulk->capacity - bulk->len) {
		grow(bulk, bulk->len + size);
	}
	memcpy(bulk->data + bulk->len, bytes, size);
	bulk->len += size;
}

void bulk_free(Bulk *bulk)
{
	if (bulk) {
		memory_drop_block(bulk->data, bulk->capacity);
		g_free(bulk);
	}
}

GBytes *bulk_free_to_bytes(Bulk *bulk)
{
	return g_bytes_new_with_free_func(bulk->data, bulk->len, (GDestroyNotify)bulk_free, bulk);
}
