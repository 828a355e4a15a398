/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "wire/sync.pb-c.h"

#include <glib.h>

/*
 * Packing and unpacking of any message of sync.proto within bounds: an unpacked message takes at
 * most MESSAGE_MEMORY_FACTOR times its packed size plus a page, whatever the bytes are.
 */
#define MESSAGE_MEMORY_FACTOR 64

/* Appends the packed message to body as its message frame. */
void message_append(GByteArray *body, const ProtobufCMessage *message);

/*
 * Unpacks; NULL with DRIVE_ERROR_INVALID on garbage and DRIVE_ERROR_TOO_LARGE beyond the bounds.
 * Free with message_free().
 */
ProtobufCMessage *message_unpack(const ProtobufCMessageDescriptor *descriptor, const void *bytes,
				 size_t size, GError **error);
void message_free(void *message);
