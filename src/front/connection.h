/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "front/front_internal.h"

/*
 * MHD_NotifyConnectionCallback of the daemons: makes and frees the Connection. cls: the Front.
 * (Which daemon has a connection cannot be asked: each of its threads is one of its own.)
 */
void connection_notify(void *cls, struct MHD_Connection *mhd, void **socket_context,
		       enum MHD_ConnectionNotificationCode code);
void connection_notify_bulk(void *cls, struct MHD_Connection *mhd, void **socket_context,
			    enum MHD_ConnectionNotificationCode code);

Connection *connection_of(struct MHD_Connection *mhd);

/* Cuts the connection unless it is told otherwise within this time. */
void connection_expect(Connection *connection, unsigned timeout_ms);

/* The connection waits for us: no deadline. */
void connection_hold(Connection *connection);
