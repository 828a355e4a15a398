/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Input: one byte that chooses the message, then its packed bytes. What unpacks can be packed, and
 * packs to the same bytes from then on.
 */
#include "wire/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const ProtobufCMessageDescriptor *const descriptors[] = {
	&imdrive__sync__changes_request__descriptor, &imdrive__sync__changes_response__descriptor,
	&imdrive__sync__commit_request__descriptor,  &imdrive__sync__commit_response__descriptor,
	&imdrive__sync__missing_request__descriptor, &imdrive__sync__missing_response__descriptor,
	&imdrive__sync__upload_request__descriptor,  &imdrive__sync__upload_response__descriptor,
	&imdrive__sync__fetch_request__descriptor,   &imdrive__sync__fetch_response__descriptor,
};

static GBytes *pack(const ProtobufCMessage *message)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	uint8_t *packed = g_malloc(size);
	size_t done = protobuf_c_message_pack(message, packed);
	g_assert(done == size);
	return g_bytes_new_take(packed, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1) {
		return 0;
	}
	const ProtobufCMessageDescriptor *descriptor =
		descriptors[data[0] % G_N_ELEMENTS(descriptors)];
	ProtobufCMessage *message = message_unpack(descriptor, data + 1, size - 1, NULL);
	if (!message) {
		return 0;
	}
	g_autoptr(GBytes) packed = pack(message);
	message_free(message);
	size_t packed_size;
	const void *bytes = g_bytes_get_data(packed, &packed_size);
	ProtobufCMessage *again = message_unpack(descriptor, bytes, packed_size, NULL);
	if (again) {
		g_autoptr(GBytes) repacked = pack(again);
		message_free(again);
		g_assert(g_bytes_equal(repacked, packed));
	}
	return 0;
}
