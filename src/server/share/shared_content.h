/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/share/share_internal.h"

/* Sends the bytes of the call's node, or the part that is asked for (RFC 9110, 14). */
bool shared_content_send(ShareCall *call, GError **error);

/* The headers of what is downloaded under this name, whatever it is. */
void shared_content_add_headers(Response *response, const char *name);
