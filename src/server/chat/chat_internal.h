/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/crowd.h"
#include "base/limits.h"
#include "server/chat/asked.h"
#include "server/chat/attempts.h"
#include "server/chat/chat.h"
#include "server/chat/words.h"

/* A driver, and what its messages are told with. */
typedef struct ChatLine {
	Chat *chat;
	ChatDriver *driver;
} ChatLine;

struct Chat {
	ChatOptions options;
	char *drive_name;
	char *drive_url;
	ChatLine lines[CHAT_DRIVERS_MAX];
	size_t line_count;

	Crowd *waiting; /* for rooms: all, by 0 */
	Crowd *waiting_accounts;

	GMutex lock; /* guards the rest; nothing that waits is called under it */
	Attempts *attempts;
	Asked *asked;        /* people, by chat_person_key() */
	Asked *peers;        /* by network_text() */
	Asked *notified;     /* people */
	Asked *senders;      /* of links: accounts */
	Asked *receivers;    /* of links: people */
	Asked *rooms;        /* of links: rooms, by chat_person_key() */
	GHashTable *unsaved; /* people whose STOP could not be written down */
};

int64_t chat_now_us(Chat *chat);
char *chat_person_key(const char *provider, const char *address);

/* NULL: this drive has none. */
ChatLine *chat_line(Chat *chat, const char *provider);

/* Not under the lock: these ask the database. When nobody can say, nobody is asked. */
bool chat_knows(Chat *chat, const char *provider, const char *address);
typedef enum ChatStopped {
	CHAT_STOPPED_NO,
	CHAT_STOPPED_YES,  /* or nobody can say */
	CHAT_STOPPED_FULL, /* he may have, and could not be noted: not written to either */
} ChatStopped;
ChatStopped chat_stopped(Chat *chat, const char *provider, const char *address);
/* ChatOptions.language */
char *chat_language(Chat *chat, const char *provider, const char *address);

/* A text about this attempt, in its language. */
char *chat_say(Chat *chat, Words words, const Attempt *attempt);
