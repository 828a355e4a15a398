/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "front/acceptor.h"
#include "front/front.h"
#include "front/timer.h"

#include <microhttpd.h>
#include <stdint.h>

struct Front {
	Service services[FRONT_SERVICES_MAX];
	unsigned service_count;
	Crowd *crowd;
	Acceptor *acceptor;
	struct MHD_Daemon *many; /* small pools, many threads: those that wait */
	struct MHD_Daemon *bulk; /* large pools: those that move content; NULL with TLS */
	GThreadPool *workers;    /* of Exchange */
	TimerQueue *deadlines;   /* of connections: expiring cuts them */
	TimerQueue *waits;       /* of exchanges: expiring answers them */
	char *url;
	unsigned header_timeout_ms;
	unsigned idle_timeout_ms;
	unsigned body_timeout_ms;
	size_t buffered_max;
	char **trusted_proxies;
	bool metrics_public;
	_Atomic bool stopping;
	_Atomic size_t buffered; /* bytes of bodies, received or announced, and of answers */
	unsigned connections_max;
	_Atomic unsigned connections;
	_Atomic unsigned bulk_connections; /* of these, given to bulk */
	_Atomic unsigned exchanges;
	_Atomic unsigned streams; /* answers that are made while they are sent */
	Crowd *readers;           /* whose they are */
	_Atomic uint64_t refused; /* for lack of room */
};

/* A connection, from accept to close; the socket context of MHD. */
typedef struct Connection {
	Front *front;
	int fd;
	char *peer;
	bool bulk;
	bool counted; /* in the crowd */
	Timer deadline;
} Connection;
