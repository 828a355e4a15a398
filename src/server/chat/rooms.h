/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/chat/chat_stanza.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Which domains serve chat rooms: there "name@domain" is a room, and what somebody in it writes to
 * the drive comes from that address. A domain is asked once (disco) when the first message comes
 * from it; the message waits for what it says. Bounded; not locked.
 */
typedef struct Rooms Rooms;

typedef enum RoomsLook {
	ROOMS_PEOPLE, /* it has none: the address is a person's */
	ROOMS_ROOMS,
	ROOMS_ASK,   /* not known: rooms_keep() the message, and ask with rooms_question() */
	ROOMS_ASKED, /* not known yet: rooms_keep() the message */
} RoomsLook;

Rooms *rooms_new(void);
void rooms_free(Rooms *rooms);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Rooms, rooms_free)

RoomsLook rooms_look(Rooms *rooms, const char *domain, int64_t now_us);

/* The id of the question, which the answer must have. Borrowed. After ROOMS_ASK. */
const char *rooms_question(Rooms *rooms, const char *domain);

/* Takes what is in the stanza. Some wait for each domain; more are dropped. */
void rooms_keep(Rooms *rooms, ChatStanza *stanza);

/* The domain's answer. If it is people's, func gets what was kept. */
typedef void (*RoomsFunc)(ChatStanza *stanza, void *data);
void rooms_answer(Rooms *rooms, const char *domain, const char *id, bool has_rooms, RoomsFunc func,
		  void *data);
