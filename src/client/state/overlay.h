/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/tree/entry.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * How a tree differs from the one below it: for some keys an entry that stands in its place, or
 * that there is none. About all other keys it says nothing. Holds references.
 *
 * Tree (client/tree) keeps its entries in order, which costs a walk down a balanced tree for each
 * change; here nothing is in order, and a first sync passes every file through three overlays.
 */
typedef struct Overlay Overlay;

typedef void (*OverlayVisitor)(int64_t key, const Entry *entry, uint64_t tag, void *data);
/* True to take the node with this key. */
typedef bool (*KeyAccept)(int64_t key, void *data);

Overlay *overlay_new(void);
void overlay_free(Overlay *overlay);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Overlay, overlay_free)

/*
 * Says what stands at key: entry, or with entry NULL that nothing does. tag is a number of the
 * caller's.
 */
void overlay_put(Overlay *overlay, int64_t key, const Entry *entry, uint64_t tag);
/* Says nothing about key any more. */
void overlay_drop(Overlay *overlay, int64_t key);
void overlay_clear(Overlay *overlay);

/* True if it says something about key: *ret_entry is borrowed, NULL for "absent". */
bool overlay_get(const Overlay *overlay, int64_t key, const Entry **ret_entry);
bool overlay_has(const Overlay *overlay, int64_t key);
/* 0 if it says nothing about key. */
uint64_t overlay_tag(const Overlay *overlay, int64_t key);
/* Keys it says something about. */
size_t overlay_size(const Overlay *overlay);

/*
 * An accepted (accept NULL: any) entry with that place, or with that inode and birth;
 * ENTRY_KEY_NONE if there is none.
 */
int64_t overlay_find(const Overlay *overlay, int64_t parent, const char *name, KeyAccept accept,
		     void *data);
int64_t overlay_key_of_file(const Overlay *overlay, uint64_t inode, int64_t birth_ns,
			    KeyAccept accept, void *data);
int64_t overlay_key_of_id(const Overlay *overlay, const NodeId *id);
bool overlay_has_children(const Overlay *overlay, int64_t parent);
/* Entries with that parent, in no order; visit must not change the overlay. */
void overlay_children(const Overlay *overlay, int64_t parent, OverlayVisitor visit, void *data);
/* Everything it says, in no order. */
void overlay_each(const Overlay *overlay, OverlayVisitor visit, void *data);
/* Entries with the name of a conflict copy (ENTRY_CONFLICT_MARK), in no order. */
void overlay_conflict_copies(const Overlay *overlay, OverlayVisitor visit, void *data);

/* Aborts unless the indexes agree with the entries. */
void overlay_check(const Overlay *overlay);
