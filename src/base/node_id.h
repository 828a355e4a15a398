/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A node's name for life: 128 random bits, chosen by whoever creates the node. Also used for
 * drives. The root of a drive has the drive's own id.
 */
#define NODE_ID_SIZE 16
#define NODE_ID_HEX_SIZE (2 * NODE_ID_SIZE + 1)

typedef struct NodeId {
	uint8_t bytes[NODE_ID_SIZE];
} NodeId;

/* A new id from the system's random source. Thread-safe. */
NodeId node_id_random(void);

/* False, with *ret_id untouched, unless size is exactly NODE_ID_SIZE and not all bytes are zero. */
bool node_id_from_bytes(const void *bytes, size_t size, NodeId *ret_id);

/* For GHashTable; the keys point to NodeId. */
unsigned node_id_hash(const void *id);
gboolean node_id_equal(const void *a, const void *b);

int node_id_compare(const NodeId *a, const NodeId *b);

/* Lower-case hexadecimal, NUL-terminated, into ret_hex[NODE_ID_HEX_SIZE]. */
void node_id_to_hex(const NodeId *id, char *ret_hex);
bool node_id_from_hex(const char *hex, NodeId *ret_id);
