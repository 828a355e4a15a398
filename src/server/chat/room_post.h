/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/chat/driver.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <strophe.h>

/*
 * One message to a chat room (XEP-0045): the drive asks whether there is such a room, enters it,
 * writes, sees what it wrote come back, and leaves. It makes no room: what is none is refused.
 *
 *	ASKING --is a room--> ENTERING --is inside--> WRITING --comes back--> OVER
 *	   |                     |                       |                     ^
 *	   +---------------------+--- refused, time over +---------------------+
 *
 * Speaks by `send`, and knows no connection. One thread.
 */
typedef struct RoomPost RoomPost;

typedef struct RoomPostWay {
	xmpp_ctx_t *context;
	const char *address;                             /* the drive's own */
	void (*send)(xmpp_stanza_t *stanza, void *data); /* borrows the stanza */
	void *data;
} RoomPostWay;

/* Begins. Copies the message, which has `name` and `posted`, and the way, but not what is in that.
 */
RoomPost *room_post_new(const RoomPostWay *way, const ChatMessage *message, int64_t until_us);

/* Leaves the room if it is inside, and calls `posted`. Accepts NULL. */
void room_post_free(RoomPost *post);

/* What came in; false if it was not meant for this. */
bool room_post_hear(RoomPost *post, xmpp_stanza_t *stanza);

/* Over, also because the time is. */
bool room_post_is_over(RoomPost *post, int64_t now_us);
