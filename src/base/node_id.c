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

#define PREFIX_SIZE 5
#define COUNT_SIZE 3
/* Ids whose random bytes are asked of the system at once: each question is a system call. */
#define POOL_IDS 64

NodeId node_id_new(void)
{
	static GMutex lock;
	static NodeId pool[POOL_IDS];
	static unsigned left; /* of the pool */
	static uint8_t prefix[PREFIX_SIZE];
	static uint32_t count; /* of the ids with this prefix */

	g_mutex_lock(&lock);
	if (left == 0) {
		randombytes_buf(pool, sizeof pool);
		left = POOL_IDS;
	}
	NodeId id = pool[--left];
	if (count == 0) {
		memcpy(prefix, id.bytes, PREFIX_SIZE);
	}
	uint32_t number = GUINT32_TO_BE(count);
	count = (count + 1) % (1u << (8 * COUNT_SIZE));
	memcpy(id.bytes, prefix, PREFIX_SIZE);
	g_mutex_unlock(&lock);
	memcpy(id.bytes + PREFIX_SIZE, (const uint8_t *)&number + sizeof number - COUNT_SIZE,
	       COUNT_SIZE);
	/* Not all zero, whatever the rest. */
	id.bytes[NODE_ID_SIZE - 1] |= id.bytes[NODE_ID_SIZE - 1] == 0;
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
	/* The last bytes, since the first ones of neighbours are equal. */
	unsigned hash;
	memcpy(&hash, ((const NodeId *)id)->bytes + NODE_ID_SIZE - sizeof hash, sizeof hash);
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
