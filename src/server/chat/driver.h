/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/accounts/entry.h"

#include <glib.h>
#include <stdbool.h>

/*
 * What carries messages between the drive and the people of one chat service: XMPP (xmpp.h), a
 * memory for tests (chat_memory.h), and bots of Telegram, Matrix or Mattermost. A driver knows the
 * service's protocol and addresses, and nothing of attempts, numbers, codes or limits; chat.c is
 * the other way round. So a further service is one file here and a group in the configuration.
 */
typedef struct ChatDriver ChatDriver;

typedef enum ChatReceivedKind {
	CHAT_RECEIVED_TEXT,    /* written by the person */
	CHAT_RECEIVED_CONFIRM, /* pressed "yes" where the service has such a button; without number
				*/
	CHAT_RECEIVED_DENY,    /* pressed "no" */
	CHAT_RECEIVED_BOUNCE,  /* the service says that the message `answers` cannot be delivered */
} ChatReceivedKind;

/*
 * A message that somebody sent to the drive. The driver passes only what comes from the person
 * himself: no groups, copies, forwards, history, and nothing whose sender the service did not
 * check.
 */
typedef struct ChatReceived {
	ChatReceivedKind kind;
	const char *from;    /* the person's address, normalised */
	const char *thread;  /* conversation it belongs to; NULL: not said */
	const char *answers; /* id of the message that it answers or that bounced; NULL: not said */
	const char *text;    /* UTF-8, at most CHAT_TEXT_SIZE_MAX bytes; "" if there is none */
} ChatReceived;

/* Called by the driver's own thread, one message at a time. */
typedef void (*ChatReceiveFunc)(const ChatReceived *received, void *data);

/*
 * How a message to a room went, once, by the driver's thread or that of ChatDriverOps.send(), in
 * any case and within CHAT_ROOM_S; error NULL: it stands in the room. Short, no chat_*.
 */
typedef void (*ChatPostedFunc)(const GError *error, void *data);

/* A message of the drive. */
typedef struct ChatMessage {
	const char *to;     /* normalised */
	const char *id;     /* what a bounce refers to */
	const char *thread; /* NULL: none */
	const char *text;
	const char *ask_id; /* not NULL: a question, which programs may raise specially; its id … */
	const char *ask_url; /* … and what it is about */
	/*
	 * Not NULL: `to` may be a room (ChatPolicy.rooms). The driver finds out whether it is, goes
	 * in by this name, writes, and leaves.
	 */
	const char *name;
	ChatPostedFunc posted; /* of a room only; not called if send() fails */
	void *posted_data;
} ChatMessage;

typedef enum ChatCircle {
	CHAT_CIRCLE_NONE, /* not let in */
	CHAT_CIRCLE_OPEN, /* anybody of the world: proves himself by sending a code first */
	CHAT_CIRCLE_OWN,  /* the operator's own people: may be asked by the drive */
} ChatCircle;

typedef struct ChatPolicy {
	ChatCircle circle;
	EntryPolicy registers; /* what the first proof of an address does */
	bool rooms; /* it may be a room of the operator's own: the drive may write in it */
} ChatPolicy;

typedef struct ChatDriverOps {
	/* From here on received is called. */
	bool (*start)(ChatDriver *driver, ChatReceiveFunc received, void *data, GError **error);
	/* Ends it and frees the driver; when it returns, received is not running. Also if not
	 * started. */
	void (*stop)(ChatDriver *driver);
	/* Is the service reached just now? */
	bool (*is_online)(ChatDriver *driver);
	/* NULL with DRIVE_ERROR_INVALID if typed is no address of this service; a text for people.
	 */
	char *(*normalize)(ChatDriver *driver, const char *typed, GError **error);
	/* What the operator says of this address. */
	ChatPolicy (*policy)(ChatDriver *driver, const char *address);
	/*
	 * Sends, or keeps until the service is reached; copies the message, does not wait. keep_s:
	 * how long it is worth keeping; 0: not at all. DRIVE_ERROR_BUSY if too many wait,
	 * DRIVE_ERROR_OFFLINE if it would have to be kept and is not worth it.
	 */
	bool (*send)(ChatDriver *driver, const ChatMessage *message, unsigned keep_s,
		     GError **error);
	/* The drive's own address, as a person would type it. */
	const char *(*address)(ChatDriver *driver);
	/* A link that opens the person's chat program with this text to the drive; NULL if none. */
	char *(*link)(ChatDriver *driver, const char *text);
} ChatDriverOps;

/* First member of each driver's struct. */
struct ChatDriver {
	const ChatDriverOps *ops;
	const char *provider; /* "xmpp": the provider of Proof; never changes */
};
