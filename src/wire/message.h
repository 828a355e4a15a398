/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bulk.h"
#include "wire/sync.pb-c.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Packing and unpacking of any message of sync.proto within bounds: an unpacked message takes at
 * most MESSAGE_MEMORY_FACTOR times its packed size plus a page, whatever the bytes are. Fields that
 * the schema does not know are kept and ignored; bytes fields can have any length, enums any number
 * and strings any bytes: checking them is the reader's.
 */
#define MESSAGE_MEMORY_FACTOR 64

/*
 * Appends the packed message to body as its message frame. DRIVE_ERROR_TOO_LARGE, with body
 * untouched, over MESSAGE_SIZE_MAX: whoever fills a message with entries counts their bytes.
 */
bool message_append(Bulk *body, const ProtobufCMessage *message,
		    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Unpacks; NULL with DRIVE_ERROR_INVALID on garbage and DRIVE_ERROR_TOO_LARGE beyond the bounds.
 * Free with message_free().
 */
ProtobufCMessage *message_unpack(const ProtobufCMessageDescriptor *descriptor, const void *bytes,
				 size_t size, GError **error);
void message_free(void *message);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Imdrive__Sync__ChangesRequest, message_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Imdrive__Sync__ChangesResponse, message_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Imdrive__Sync__CommitRequest, message_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Imdrive__Sync__CommitResponse, message_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Imdrive__Sync__MissingRequest, message_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Imdrive__Sync__MissingResponse, message_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Imdrive__Sync__UploadRequest, message_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Imdrive__Sync__UploadResponse, message_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Imdrive__Sync__FetchRequest, message_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Imdrive__Sync__FetchResponse, message_free)
