/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/plan/world.h"

/* Changes in a tree of the world; what changes for the device is marked. */
void world_put(World *world, Tree *tree, const Entry *fields);
void world_drop(World *world, Tree *tree, int64_t key);
/* Puts it on the server, with the next seq. */
void world_put_server(World *world, const Entry *fields);

bool world_is_folder(const Tree *tree, int64_t key);
bool world_is_below(const Tree *tree, int64_t key, int64_t folder);
/* key and all below it, parents first. */
GArray *world_list_below(const Tree *tree, int64_t key);
/* Appends the keys of the children. */
void world_list_children(const Tree *tree, int64_t parent, GArray *ret_keys);
/* A place that two entries share; NULL if none is. */
const Entry *world_find_twin(const Tree *tree);

/* As if the file had been written to, or made, just now. */
void world_touch_stamp(World *world, Entry *fields);
void world_fresh_stamp(World *world, Entry *fields);
/* Value, place and kind of an entry, without what belongs to one side only. */
Entry world_plain(const Entry *entry);
