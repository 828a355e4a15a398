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

/* An id from the system's random source. Thread-safe. */
NodeId node_id_random(void);

/*
 * An id for a new node. Those that a process makes one after another lie together in order: 40 bits
 * are random for the process, 24 bits count, 64 bits are random. So an index of ids is written in
 * one place when a tree is made, instead of in one place for each node. Thread-safe.
 */
NodeId node_id_new(void);

/* False, with *ret_id untouched, unless size is exactly NODE_ID_SIZE and not all bytes are zero. */
bool node_id_from_bytes(const void *bytes, size_t size, NodeId *ret_id);

/* For GHashTable; the keys point to NodeId. */
unsigned node_id_hash(const void *id);
gboolean node_id_equal(const void *a, const void *b);

int node_id_compare(const NodeId *a, const NodeId *b);

/* Lower-case hexadecimal, NUL-terminated, into ret_hex[NODE_ID_HEX_SIZE]. */
void node_id_to_hex(const NodeId *id, char *ret_hex);
bool node_id_from_hex(const char *hex, NodeId *ret_id);
