/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "front/front.h"
#include "front/timer.h"

#include <microhttpd.h>
#include <stdint.h>

struct Front {
	Api *api;
	struct MHD_Daemon *daemon;
	GThreadPool *workers;  /* of Exchange */
	TimerQueue *deadlines; /* of connections: expiring cuts them */
	TimerQueue *waits;     /* of exchanges: expiring answers them */
	char *url;
	unsigned header_timeout_ms;
	unsigned idle_timeout_ms;
	unsigned body_timeout_ms;
	size_t buffered_max;
	char **trusted_proxies;
	bool metrics_public;
	_Atomic bool stopping;
	_Atomic size_t buffered; /* bytes of bodies, received or announced, and of answers */
	_Atomic unsigned connections;
	_Atomic unsigned exchanges;
	_Atomic uint64_t refused; /* for lack of room */
};

/* A connection, from accept to close; the socket context of MHD. */
typedef struct Connection {
	Front *front;
	int fd;
	char *peer;
	Timer deadline;
} Connection;
