/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The part of the disk that content may fill. A reserve stays free for what makes room again
 * (deletions, upkeep) and for the database. Room is taken before the bytes are written, so that
 * uploads that come together do not fill the reserve.
 */
typedef struct Room Room;

/* Bytes that are free on the disk now; false: not known. Any thread. */
typedef bool (*RoomFree)(uint64_t *ret_bytes, void *data);

/* ask NULL: nothing is ever refused. */
Room *room_new(uint64_t reserve, RoomFree ask, void *data);
void room_free(Room *room);

/* NO_SPACE, and nothing is taken, if the reserve would be touched. */
bool room_take(Room *room, uint64_t size, GError **error);
/* They are written, or will not be. */
void room_give_back(Room *room, uint64_t size);
