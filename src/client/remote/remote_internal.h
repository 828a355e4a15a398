/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/remote/remote.h"
#include "wire/message.h"

/*
 * Fills an empty page from what the server said about this drive; INVALID unless every field is
 * what it must be, UNSUPPORTED for a kind of node that this version does not know. Takes nothing of
 * the message with it.
 */
bool remote_page_read(RemotePage *page, const NodeId *drive, const Imdrive__Sync__Page *message,
		      GError **error);
