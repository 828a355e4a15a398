/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "front/front_internal.h"

/*
 * Who asks, as a numeric address: the peer of the connection or, if that is a trusted proxy, the
 * last in its X-Forwarded-For that is none.
 */
char *peer_of(Front *front, struct MHD_Connection *mhd, const Connection *connection);

/* The request was made on this machine and not for somebody elsewhere. */
bool peer_is_local(struct MHD_Connection *mhd, const Connection *connection);

/* Connections of this machine and of trusted proxies are those of many. */
bool peer_is_exempt(Front *front, const char *host);
