/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/chat/driver.h"

/*
 * A chat service in memory, for tests: keeps what the drive writes, and says what a test lets
 * people write. Addresses are XMPP's; domains decide the circle ("own.example" is CHAT_CIRCLE_OWN,
 * "open.example" is CHAT_CIRCLE_OPEN, all else CHAT_CIRCLE_NONE; "rooms.example" has rooms, of
 * which "closed" lets nobody in, and those whose names begin with "slow" answer when a test lets
 * them).
 */
ChatDriver *chat_memory_new(void);

void chat_memory_set_online(ChatDriver *driver, bool online);

/* Until so many wait for slow rooms; and what lets them know that their messages stand there. */
void chat_memory_await_slow(ChatDriver *driver, unsigned count);
void chat_memory_release_slow(ChatDriver *driver);

/* Somebody writes; in the thread that calls. */
void chat_memory_receive(ChatDriver *driver, const ChatReceived *received);

/* A message of the drive, copied. */
typedef struct ChatMemoryMessage {
	char *to;
	char *id;
	char *thread;
	char *text;
	char *name; /* of the drive in a room */
	bool asks;
} ChatMemoryMessage;

/* The oldest one that was not taken; false if there is none. To be cleared. */
bool chat_memory_take(ChatDriver *driver, ChatMemoryMessage *ret_message);
void chat_memory_message_clear(ChatMemoryMessage *message);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ChatMemoryMessage, chat_memory_message_clear)
