/* SPDX-License-Identifier: Apache-2.0 */
#include "base/node_id.h"

#include <sodium.h>
#include <string.h>

NodeId node_id_random(void)
{
	static const NodeId none;
	NodeId id;
	do {
		randombytes_buf(id.bytes, sizeof id.bytes);
	} while (memcmp(&id, &none, sizeof id) == 0);
	return id;
}

bool node_id_from_bytes(const void *bytes, size_t size, NodeId *ret_id)
{
	static const NodeId none;
	if (size != NODE_ID_SIZE || memcmp(bytes, &none, sizeof none) == 0) {
		return false;
	}
	memcpy(ret_id->bytes, bytes, NODE_ID_SIZE);
	return true;
}

unsigned node_id_hash(const void *id)
{
	unsigned hash;
	memcpy(&hash, id, sizeof hash);
	return hash;
}

gboolean node_id_equal(const void *a, const void *b)
{
	return memcmp(a, b, NODE_ID_SIZE) == 0;
}

int node_id_compare(const NodeId *a, const NodeId *b)
{
	return memcmp(a->bytes, b->bytes, NODE_ID_SIZE);
}

void node_id_to_hex(const NodeId *id, char *ret_hex)
{
	sodium_bin2hex(ret_hex, NODE_ID_HEX_SIZE, id->bytes, NODE_ID_SIZE);
}

bool node_id_from_hex(const char *hex, NodeId *ret_id)
{
	const size_t digits = NODE_ID_HEX_SIZE - 1;
	NodeId id;
	size_t size = 0;
	if (strlen(hex) != digits ||
	    sodium_hex2bin(id.bytes, sizeof id.bytes, hex, digits, NULL, &size, NULL) != 0) {
		return false;
	}
	return node_id_from_bytes(id.bytes, size, ret_id);
}
