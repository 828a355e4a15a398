/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/chat/chat.h"

/*
 * A link that somebody shares, written by the drive to a person or a room whom he names. Nobody is
 * pestered: written to is only who might be asked, too (CHAT_ASK: the drive knows the address, or
 * the operator named its domain), and rooms of the operator's own; never after STOP, and within the
 * limits of base/limits.h for whoever sends and whoever receives. Each try counts for its sender,
 * so that nobody finds out by trying whom the drive knows.
 */
typedef struct ChatShare {
	const char *to;       /* as typed */
	int64_t account;      /* who sends */
	const char *name;     /* what that account is called */
	const char *address;  /* his own at the service of `to`; NULL: none */
	const char *language; /* his; the receiver's goes before it. May be NULL */
	const char *what;     /* name of the file or folder */
	bool folder;
	const char *link;
	/*
	 * May be NULL. When nothing is left to do but to send: what must stand before is written
	 * down here. False: it is not sent.
	 */
	bool (*sending)(const char *provider, const char *address, void *data, GError **error);
	void *data;
} ChatShare;

/*
 * Hands the message to the chat service, which says nothing about whether it reaches a person; of a
 * room it waits (CHAT_ROOM_S at most) until the message stands in it. Texts but the link are
 * cleaned here. *ret_to: the address, normalised. Errors have a text for people:
 * DRIVE_ERROR_INVALID: no address, or no such room. DRIVE_ERROR_FORBIDDEN: not to this one.
 * DRIVE_ERROR_CONFLICT: somebody in the room has the drive's name. DRIVE_ERROR_BUSY: a limit, or it
 * cannot be reached. DRIVE_ERROR_UNSUPPORTED: the drive has no chat.
 */
bool chat_share_send(Chat *chat, const ChatShare *share, char **ret_to, GError **error);
