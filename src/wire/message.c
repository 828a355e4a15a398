/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages within bounds. protobuf-c takes memory as the bytes tell it to: two bytes on the wire
 * can become a struct of two hundred. So every unpacking has a budget, and the allocator says no
 * when it is used up. What is freed on the way is not given back: the budget bounds the work too.
 */
#include "wire/message.h"

#include "base/error.h"
#include "base/limits.h"
#include "wire/frame.h"

#include <stdlib.h>

#define BUDGET_BASE (4 * KIB)
#define ALLOCATION_OVERHEAD 16 /* what malloc takes for itself, about */

typedef struct Budget {
	size_t left;
	bool exceeded;
} Budget;

static void *budget_alloc(void *data, size_t size)
{
	Budget *budget = data;
	if (size > budget->left || ALLOCATION_OVERHEAD > budget->left - size) {
		budget->exceeded = true;
		return NULL;
	}
	budget->left -= size + ALLOCATION_OVERHEAD;
	return malloc(size);
}

static void budget_free(void *data, void *memory)
{
	free(memory);
}

bool message_append(Bulk *body, const ProtobufCMessage *message, GError **error)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	if (size > MESSAGE_SIZE_MAX) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_TOO_LARGE,
			    "pack message %s: %zu bytes are more than a message can have",
			    message->descriptor->short_name, size);
		return false;
	}
	g_autofree uint8_t *packed = g_malloc(size);
	size_t done = protobuf_c_message_pack(message, packed);
	g_assert(done == size);
	frame_append_message(body, packed, size);
	return true;
}

ProtobufCMessage *message_unpack(const ProtobufCMessageDescriptor *descriptor, const void *bytes,
				 size_t size, GError **error)
{
	if (size > MESSAGE_SIZE_MAX) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_TOO_LARGE,
			    "unpack message %s: %zu bytes are more than a message can have",
			    descriptor->short_name, size);
		return NULL;
	}
	Budget budget = { .left = BUDGET_BASE + MESSAGE_MEMORY_FACTOR * size };
	ProtobufCAllocator allocator = {
		.alloc = budget_alloc,
		.free = budget_free,
		.allocator_data = &budget,
	};
	ProtobufCMessage *message = protobuf_c_message_unpack(descriptor, &allocator, size, bytes);
	if (message) {
		return message;
	}
	if (budget.exceeded) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_TOO_LARGE,
			    "unpack message %s: its %zu bytes need too much memory",
			    descriptor->short_name, size);
	} else {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID, "unpack message %s: malformed",
			    descriptor->short_name);
	}
	return NULL;
}

void message_free(void *message)
{
	/* NULL is the allocator of malloc() and free(), which the budget's is beneath. */
	if (message) {
		protobuf_c_message_free_unpacked(message, NULL);
	}
}
