/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/plan/plan.h"

/*
 * A small world in which tests let plans come true: a disk, a server, the three trees of a device
 * between them, and people who change both sides. What really happens to bytes is left out; what a
 * plan may rely on is checked.
 */
typedef struct World {
	/* What the device has observed. The disk is observed at once, the server is heard of. */
	Tree *trees[SIDE_COUNT];
	Tree *server;
	GHashTable *tombs;  /* key -> seq, of what was deleted on the server */
	GHashTable *hidden; /* key -> GBytes: content of local files that are not hashed */
	uint64_t seq;       /* of the server */
	uint64_t heard;     /* up to here the remote tree has the server's changes */
	int64_t next_key;
	int64_t clock;

	/* What people did: strings of content, and keys. */
	GHashTable *written;
	GHashTable *given_up;  /* content that somebody saw, and replaced or deleted */
	GHashTable *deleted;   /* nodes that somebody deleted, alone or with a folder */
	GHashTable *successor; /* key -> key: of an adopted or renewed node */

	GHashTable *left_out;   /* keys of folders */
	GHashTable *taken_away; /* keys: removed from the disk, and still in synced */
	bool crashes;           /* before what was taken away is written down */

	GHashTable *changed; /* keys changed in the three trees since it was last emptied */
	bool settles_late;   /* the device writes down what is agreed only when told to */
	const char *why;     /* why the last action failed */
} World;

/* A set or map of keys takes them as they are. */
#define WORLD_KEY(key) ((void *)(intptr_t)(key))

World *world_new(void);
void world_free(World *world);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

/* The three trees as the planner sees them. */
PlanView world_view(World *world);
bool world_is_left_out(World *world, int64_t key);
bool world_is_taken_away(World *world, int64_t key);
bool world_is_at_head(const World *world);
/* Keys that need a plan. */
void world_divergent(World *world, GArray *ret_keys);

/* ---- people: on SIDE_LOCAL or SIDE_REMOTE (the server); false if it cannot be done ---------- */

/* In all three trees and on the server, settled. */
bool world_settled(World *world, int64_t key, int64_t parent, const char *name, EntryKind kind,
		   const char *content);
/* fields: key, parent, name, kind. content is NULL for a folder. */
bool world_create(World *world, Side side, const Entry *fields, const char *content);
bool world_edit(World *world, Side side, int64_t key, const char *content);
/* mtime; with flip, also the executable bit. */
bool world_touch(World *world, Side side, int64_t key, bool flip);
bool world_delete(World *world, Side side, int64_t key);
bool world_move(World *world, Side side, int64_t key, int64_t parent, const char *name);
/* Each of the keys takes the place of the next one, the last that of the first. */
bool world_rotate(World *world, Side side, const int64_t *keys, size_t count);
/* The content of this local file is not known any more: it has to be hashed again. */
bool world_unhash(World *world, int64_t key);
/* The device forgets that it agreed. */
bool world_lose_synced(World *world, int64_t key);
/* The node is found parked, as after a crash. */
bool world_park(World *world, int64_t key);
/* The folder is left out from now on, or taken in again. */
bool world_leave_out(World *world, int64_t key, bool leave_out);
/* The server's changes up to seq arrive; what lies below no root any more is dropped at head. */
void world_hear(World *world, uint64_t seq);

/* ---- results -------------------------------------------------------------------------------- */

/* What holds at any time is that names are unique, and everything is below a root. NULL if so. */
const char *world_find_damage(World *world);
/* NULL if all is settled and equal on both sides, and nothing is parked; else what is not. */
const char *world_find_discord(World *world);
/* "a/ a/x=content …", sorted, a blank after each; "*" marks what is executable. */
char *world_print(World *world, const Tree *tree, bool with_mtime);
/* True content of an entry of that side (SIDE_REMOTE: any other tree); borrowed. */
GBytes *world_content(World *world, Side side, const Entry *entry);
