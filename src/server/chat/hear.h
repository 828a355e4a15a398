/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/chat/driver.h"

/*
 * What an answer does to attempts. Whatever does not fit exactly does nothing, and is answered by
 * nothing: late, double, from another address, in another conversation.
 */

/* A ChatReceiveFunc; data is the ChatLine it came by. */
void hear_received(const ChatReceived *received, void *data);
