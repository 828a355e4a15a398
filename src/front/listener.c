/* SPDX-License-Identifier: Apache-2.0 */
#include "front/listener.h"

#include "base/error.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool split(const char *address, char **ret_host, char **ret_port, GError **error)
{
	const char *colon = strrchr(address, ':');
	bool bracketed = colon && address[0] == '[' && colon > address && colon[-1] == ']';
	bool plain = colon && !memchr(address, ':', (size_t)(colon - address));
	uint64_t port;
	if (!(bracketed || plain) ||
	    !g_ascii_string_to_unsigned(colon + 1, 10, 0, G_MAXUINT16, &port, NULL)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "listen on '%s': want HOST:PORT, or [IPV6]:PORT", address);
		return false;
	}
	size_t size = (size_t)(colon - address);
	*ret_host = bracketed ? g_strndup(address + 1, size - 2) : g_strndup(address, size);
	*ret_port = g_strdup(colon + 1);
	return true;
}

static int open_one(const struct addrinfo *info)
{
	const int on = 1;
	int fd = socket(info->ai_family, info->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		return -1;
	}
	/* An address that old connections of the last server linger on can be used at once. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0) {
		return fd;
	}
	int errnum = errno;
	close(fd);
	errno = errnum;
	return -1;
}

char *listener_host(const struct sockaddr *address)
{
	char host[INET6_ADDRSTRLEN] = "";
	if (address->sa_family == AF_INET) {
		inet_ntop(AF_INET, &((const struct sockaddr_in *)address)->sin_addr, host,
			  sizeof host);
	} else if (address->sa_family == AF_INET6) {
		const struct in6_addr *in6 = &((const struct sockaddr_in6 *)address)->sin6_addr;
		if (IN6_IS_ADDR_V4MAPPED(in6)) {
			inet_ntop(AF_INET, in6->s6_addr + 12, host, sizeof host);
		} else {
			inet_ntop(AF_INET6, in6, host, sizeof host);
		}
	}
	return g_strdup(host);
}

bool listener_is_loopback(const char *host)
{
	struct in_addr address;
	if (inet_pton(AF_INET, host, &address) == 1) {
		return ntohl(address.s_addr) >> 24 == 127;
	}
	return strcmp(host, "::1") == 0;
}

static char *address_of(int fd)
{
	struct sockaddr_storage bound = { 0 };
	socklen_t size = sizeof bound;
	if (getsockname(fd, (struct sockaddr *)&bound, &size) != 0) {
		return NULL;
	}
	g_autofree char *host = listener_host((struct sockaddr *)&bound);
	bool six = strchr(host, ':') != NULL;
	unsigned port = bound.ss_family == AF_INET6
				? ntohs(((struct sockaddr_in6 *)&bound)->sin6_port)
				: ntohs(((struct sockaddr_in *)&bound)->sin_port);
	return g_strdup_printf(six ? "[%s]:%u" : "%s:%u", host, port);
}

int listener_open(const char *address, char **ret_address, GError **error)
{
	g_autofree char *host = NULL;
	g_autofree char *port = NULL;
	if (!split(address, &host, &port, error)) {
		return -1;
	}
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
	struct addrinfo *found = NULL;
	int result = getaddrinfo(*host ? host : NULL, port, &hints, &found);
	if (result != 0) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID, "listen on '%s': %s", address,
			    gai_strerror(result));
		return -1;
	}
	int fd = -1;
	int errnum = 0;
	for (struct addrinfo *info = found; info && fd < 0; info = info->ai_next) {
		fd = open_one(info);
		errnum = errno;
	}
	freeaddrinfo(found);
	if (fd < 0) {
		error_set_errno(error, errnum, "listen on '%s'", address);
		if (error && errnum == EADDRINUSE) {
			g_clear_error(error);
			g_set_error(
				error, DRIVE_ERROR, DRIVE_ERROR_BUSY,
				"listen on '%s': another program listens there: end it, or choose "
				"another port with --listen HOST:PORT",
				address);
		}
		return -1;
	}
	*ret_address = address_of(fd);
	return fd;
}
