/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/chat/driver.h"

#include <glib.h>
#include <stdbool.h>
#include <strophe.h>

/*
 * Stanzas of XMPP, and what they mean to the drive: RFC 6121 messages, XEP-0070 confirmation.
 * Pure.
 */

/* Set by contrib/prosody/mod_imdrive_checked on what came from a peer with a good certificate. */
#define CHAT_STANZA_CHECKED_NS "urn:imdrive:checked:0"

/* A message as ChatReceived, and what the driver must know beside. */
typedef struct ChatStanza {
	ChatReceivedKind kind;
	char *from;    /* bare, prepared */
	char *domain;  /* of from */
	char *thread;  /* NULL: none */
	char *answers; /* CHAT_RECEIVED_BOUNCE: NULL if it does not say */
	char *text;
	bool checked; /* has the mark, made with this secret */
} ChatStanza;

/*
 * Reads a <message/>. False if it says nothing to the drive: of a group, a copy or a forward of
 * another message, history, no person's, without words, too long.
 */
bool chat_stanza_read(xmpp_stanza_t *stanza, const char *secret, ChatStanza *ret_stanza);
void chat_stanza_clear(ChatStanza *stanza);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ChatStanza, chat_stanza_clear)

/* A new child, with that namespace if ns is not NULL; borrowed, its parent holds it. */
xmpp_stanza_t *chat_stanza_add(xmpp_stanza_t *parent, const char *name, const char *ns);

/* To be released. */
xmpp_stanza_t *chat_stanza_write(xmpp_ctx_t *context, const char *from, const ChatMessage *message);

/* A result of disco#info: is this a service of chat rooms? */
bool chat_stanza_is_room_service(xmpp_stanza_t *iq);

/* The same: is this a room of the chat server itself, and none that a gateway has of elsewhere? */
bool chat_stanza_is_room(xmpp_stanza_t *iq);

/* The answer to an <iq/> of type get or set, to be released; NULL if it wants none. */
xmpp_stanza_t *chat_stanza_answer_iq(xmpp_ctx_t *context, xmpp_stanza_t *iq);
