/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/share/share.h"

/*
 * Links that the drive brings to people's chat programs, for whoever shares them.
 */

/* May and can the drive write to chat addresses now? */
bool share_message_is_possible(Share *share);

typedef struct ShareMessage {
	NodeId node;    /* has a link, of the account in AuditBy */
	const char *to; /* a chat address, as typed */
} ShareMessage;

/*
 * Sends the node's link as chat_share_send() says, whose errors it has; and DRIVE_ERROR_NOT_FOUND
 * if it has none, or leads to nothing now. *ret_to: the address, normalised.
 */
bool share_message_send(Share *share, const ShareMessage *message, const AuditBy *by, char **ret_to,
			GError **error);
