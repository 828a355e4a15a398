/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/chat/driver.h"

#include <stdint.h>

/*
 * XMPP as a driver: a component (XEP-0114) of one chat server, on a thread of its own, that
 * connects again by itself. The connection is not encrypted: to be on this machine or a network of
 * one's own.
 */

/* Chat addresses of servers that are not the operator's. */
typedef enum ChatXmppRemote {
	CHAT_XMPP_REMOTE_OFF,
	CHAT_XMPP_REMOTE_CHECKED, /* with the mark of contrib/prosody/mod_imdrive_checked */
	CHAT_XMPP_REMOTE_TRUSTED, /* the operator says that his server checks certificates */
} ChatXmppRemote;

typedef struct ChatXmppOptions {
	const char *component; /* "drive.example.org" */
	const char *host;      /* of the chat server's component port */
	uint16_t port;
	const char *secret;
	const char *const *domains;        /* the operator's own, as typed */
	const char *const *prompt_domains; /* whose people may be asked; NULL: domains */
	ChatXmppRemote remote;
	EntryPolicy registers;        /* people of domains */
	EntryPolicy registers_remote; /* all others */
	/* May be NULL. It is online now, or no more (why: for the log); called by the thread. */
	void (*changed)(bool online, const char *why, void *data);
	void *data;
} ChatXmppOptions;

/* Copies the options. DRIVE_ERROR_INVALID: a domain or the component is none. */
ChatDriver *chat_xmpp_new(const ChatXmppOptions *options, GError **error);
