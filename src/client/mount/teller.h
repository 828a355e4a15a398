/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/mount/node.h"

/*
 * Tells the kernel what it must no longer believe. It does so from a thread of its own: the kernel
 * makes the teller wait for requests that are under way in the same folder, so whoever notices a
 * change must not.
 */
typedef struct Teller Teller;

/* What is told, by the teller's thread. */
typedef struct TellerClass {
	/* What has this name in the folder may be another, or none. */
	void (*entry)(const Node *folder, const char *name, void *data);
	/* What lies in this folder changed; after its entries. Or: the bytes of this file. */
	void (*pages)(const Node *node, void *data);
	/* The attributes of this node changed. */
	void (*attributes)(const Node *node, void *data);
} TellerClass;

/* nodes_max: beyond so many, the kernel is told to forget some of those it does not use. */
Teller *teller_new(NodeTable *nodes, size_t nodes_max, const TellerClass *class, void *data);
/* Nothing is told any more: what was not told yet never is. Requests must still be served. */
void teller_stop(Teller *teller);
void teller_free(Teller *teller);

/* Any thread, no wait. What the kernel does not know needs no telling. */
void teller_entry(Teller *teller, const NodeKey *folder, const char *name);
void teller_attributes(Teller *teller, const NodeKey *key);
/* The bytes of a file. */
void teller_pages(Teller *teller, const NodeKey *key);
/* There are more nodes than before. */
void teller_grown(Teller *teller);
/* For tests: waits until all that was noted is told. */
void teller_flush(Teller *teller);
