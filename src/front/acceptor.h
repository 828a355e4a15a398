/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/crowd.h"
#include "front/timer.h"

#include <glib.h>
#include <stdbool.h>
#include <sys/socket.h>

/*
 * Accepts connections on a thread of its own and looks at how the first request begins, without
 * taking it, so that connections can be sorted: those that move content from the many that wait.
 */
typedef struct Acceptor Acceptor;

typedef struct AcceptorConnection {
	int fd;
	struct sockaddr_storage address;
	socklen_t address_size;
	bool counted; /* in the crowd: whoever closes it says so there */
	bool bulk;    /* begins with a request that moves content */
} AcceptorConnection;

typedef struct AcceptorOptions {
	int listen_fd;         /* taken */
	TimerQueue *deadlines; /* borrowed */
	unsigned timeout_ms;   /* until the first byte */
	bool look;    /* false: hand over at once, as with TLS, where there is nothing to see */
	Crowd *crowd; /* borrowed; a peer that has too many connections already is hung up on */
	/* Does not count against its peer, as a proxy. */
	bool (*is_exempt)(const struct sockaddr *peer, void *data);
	/* True: accept no more for now. silent: how many have not said anything. */
	bool (*is_full)(unsigned silent, void *data);
	/* Takes connection->fd. Called on the acceptor's thread. */
	void (*hand_over)(const AcceptorConnection *connection, void *data);
	void *data;
} AcceptorOptions;

Acceptor *acceptor_start(const AcceptorOptions *options, GError **error);
/* Stops listening; connections that were not handed over are closed. */
void acceptor_stop(Acceptor *acceptor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Acceptor, acceptor_stop)
