/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was taken counts until it is given back, also after some of it was written: for a moment
 * those bytes count twice, which refuses too early rather than too late.
 */
#include "server/drive/room_internal.h"

#include "base/error.h"

struct Room {
	uint64_t reserve;
	RoomFree ask;
	void *data;
	GMutex lock; /* guards taken */
	uint64_t taken;
};

Room *room_new(uint64_t reserve, RoomFree ask, void *data)
{
	Room *room = g_new0(Room, 1);

	room->reserve = reserve;
	room->ask = ask;
	room->data = data;
	g_mutex_init(&room->lock);
	return room;
}

void room_free(Room *room)
{
	if (room == NULL) {
		return;
	}
	g_assert(room->taken == 0);
	g_mutex_clear(&room->lock);
	g_free(room);
}

bool room_take(Room *room, uint64_t size, GError **error)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&room->lock);
	uint64_t bytes;

	if (room->ask != NULL && room->ask(&bytes, room->data) &&
	    (bytes < room->reserve || bytes - room->reserve < room->taken + size)) {
		g_autofree char *free_text = g_format_size_full(bytes, G_FORMAT_SIZE_IEC_UNITS);
		g_autofree char *reserve =
			g_format_size_full(room->reserve, G_FORMAT_SIZE_IEC_UNITS);

		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NO_SPACE,
			    "the drive's disk is full: %s are free, of which %s are kept "
			    "(storage/reserve)",
			    free_text, reserve);
		return false;
	}
	room->taken += size;
	return true;
}

void room_give_back(Room *room, uint64_t size)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&room->lock);

	g_assert(room->taken >= size);
	room->taken -= size;
}
