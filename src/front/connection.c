/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deadlines: libmicrohttpd's own time-out starts anew with every byte, so that a peer who sends one
 * byte a second stays for ever. Ours are for whole steps: a header, a body, an answer.
 *
 * Cutting is shutdown(2), which makes libmicrohttpd see the end and close. The descriptor cannot be
 * another's by then: the timer is removed, under its queue's lock, before it is closed.
 */
#include "front/connection.h"

#include "base/network.h"
#include "front/listener.h"
#include "front/peer.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

static void cut(void *data)
{
	Connection *connection = data;
	shutdown(connection->fd, SHUT_RDWR);
}

static const struct sockaddr *address_of(struct MHD_Connection *mhd)
{
	return MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
}

static Connection *connection_new(Front *front, struct MHD_Connection *mhd)
{
	const int on = 1;
	Connection *connection = g_new0(Connection, 1);
	connection->front = front;
	connection->fd =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	connection->peer = listener_host(address_of(mhd));
	connection->counted = !peer_is_exempt(front, connection->peer);
	connection->deadline.func = cut;
	connection->deadline.data = connection;
	setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	return connection;
}

void connection_notify_bulk(void *cls, struct MHD_Connection *mhd, void **socket_context,
			    enum MHD_ConnectionNotificationCode code)
{
	connection_notify(cls, mhd, socket_context, code);
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		Connection *connection = *socket_context;
		connection->bulk = true;
		connection->front->bulk_connections++;
	}
}

void connection_notify(void *cls, struct MHD_Connection *mhd, void **socket_context,
		       enum MHD_ConnectionNotificationCode code)
{
	Front *front = cls;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		Connection *connection = connection_new(front, mhd);
		*socket_context = connection;
		front->connections++;
		connection_expect(connection, front->header_timeout_ms);
		return;
	}
	Connection *connection = *socket_context;
	timer_remove(front->deadlines, &connection->deadline);
	if (connection->counted) {
		crowd_give_back(front->crowd, network_of_peer(address_of(mhd)), 1);
	}
	front->connections--;
	front->bulk_connections -= connection->bulk;
	g_free(connection->peer);
	g_free(connection);
}

Connection *connection_of(struct MHD_Connection *mhd)
{
	return MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

void connection_expect(Connection *connection, unsigned timeout_ms)
{
	timer_set(connection->front->deadlines, &connection->deadline, timeout_ms);
}

void connection_hold(Connection *connection)
{
	timer_unset(connection->front->deadlines, &connection->deadline);
}
