/* SPDX-License-Identifier: Apache-2.0 */
#include "front/acceptor.h"

#include "base/error.h"
#include "base/network.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define EVENTS_MAX 64
#define LOOK_SIZE 32
/* How long to leave new connections in the kernel's queue when there is no room for them. */
#define FULL_PAUSE_MS 20

/* One that has not said anything yet. */
typedef struct Silent {
	AcceptorConnection connection;
	Timer deadline;
} Silent;

struct Acceptor {
	AcceptorOptions options;
	int epoll_fd;
	int stop_fd;
	GHashTable *silent; /* set of Silent; the thread's own */
	GThread *thread;
};

/* A request that is cut in the middle of these counts as none of them: sorting is only for speed.
 */
static bool is_bulk(const char *begin, size_t size)
{
	static const char *const paths[] = {
		"POST /sync/v1/missing ", /* what is missing follows */
		"POST /sync/v1/upload ",
		"POST /sync/v1/commit ",
		"POST /sync/v1/fetch ",
	};
	for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
		if (size >= strlen(paths[i]) && memcmp(begin, paths[i], strlen(paths[i])) == 0) {
			return true;
		}
	}
	return false;
}

static const struct sockaddr *peer_address(const AcceptorConnection *connection)
{
	return (const struct sockaddr *)&connection->address;
}

static void hang_up(Acceptor *acceptor, const AcceptorConnection *connection)
{
	close(connection->fd);
	if (connection->counted) {
		crowd_give_back(acceptor->options.crowd, network_of_peer(peer_address(connection)),
				1);
	}
}

/* False if it has not said anything; else it is handed over, or closed if it ended. */
static bool look(Acceptor *acceptor, AcceptorConnection *connection)
{
	char begin[LOOK_SIZE];
	ssize_t size = recv(connection->fd, begin, sizeof begin, MSG_PEEK | MSG_DONTWAIT);
	if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
		return false;
	}
	if (size <= 0) {
		hang_up(acceptor, connection);
		return true;
	}
	connection->bulk = is_bulk(begin, (size_t)size);
	acceptor->options.hand_over(connection, acceptor->options.data);
	return true;
}

/* ---- the silent ------------------------------------------------------------------------ */

static void cut(void *data)
{
	/* Which epoll reports as the end. */
	shutdown(((Silent *)data)->connection.fd, SHUT_RDWR);
}

static void silent_free(Acceptor *acceptor, Silent *silent)
{
	timer_remove(acceptor->options.deadlines, &silent->deadline);
	g_hash_table_remove(acceptor->silent, silent);
	g_free(silent);
}

static void wait_for_first_byte(Acceptor *acceptor, const AcceptorConnection *connection)
{
	Silent *silent = g_new0(Silent, 1);
	silent->connection = *connection;
	silent->deadline.func = cut;
	silent->deadline.data = silent;
	struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP, .data.ptr = silent };
	if (epoll_ctl(acceptor->epoll_fd, EPOLL_CTL_ADD, connection->fd, &event) != 0) {
		hang_up(acceptor, connection);
		g_free(silent);
		return;
	}
	g_hash_table_add(acceptor->silent, silent);
	timer_set(acceptor->options.deadlines, &silent->deadline, acceptor->options.timeout_ms);
}

static void hear(Acceptor *acceptor, Silent *silent)
{
	AcceptorConnection connection = silent->connection;
	epoll_ctl(acceptor->epoll_fd, EPOLL_CTL_DEL, connection.fd, NULL);
	silent_free(acceptor, silent);
	if (!look(acceptor, &connection)) {
		wait_for_first_byte(acceptor, &connection);
	}
}

/* ---- accepting ------------------------------------------------------------------------- */

static bool accept_one(Acceptor *acceptor)
{
	AcceptorConnection connection = { .address_size = sizeof connection.address };
	connection.fd = accept4(acceptor->options.listen_fd, (struct sockaddr *)&connection.address,
				&connection.address_size, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (connection.fd < 0) {
		return false;
	}
	connection.counted =
		!acceptor->options.is_exempt(peer_address(&connection), acceptor->options.data);
	if (connection.counted &&
	    !crowd_take(acceptor->options.crowd, network_of_peer(peer_address(&connection)), 1)) {
		close(connection.fd);
		return true;
	}
	if (!acceptor->options.look) {
		acceptor->options.hand_over(&connection, acceptor->options.data);
	} else if (!look(acceptor, &connection)) {
		wait_for_first_byte(acceptor, &connection);
	}
	return true;
}

/* True if there may be more that could not be taken. */
static bool accept_all(Acceptor *acceptor)
{
	for (unsigned i = 0; i < EVENTS_MAX; i++) {
		if (acceptor->options.is_full(g_hash_table_size(acceptor->silent),
					      acceptor->options.data)) {
			return true;
		}
		if (!accept_one(acceptor)) {
			return errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
			       errno == ENOMEM;
		}
	}
	return false;
}

static void listen_again(Acceptor *acceptor, bool on)
{
	struct epoll_event event = { .events = on ? EPOLLIN : 0, .data.ptr = acceptor };
	epoll_ctl(acceptor->epoll_fd, EPOLL_CTL_MOD, acceptor->options.listen_fd, &event);
}

static void *run(void *data)
{
	Acceptor *acceptor = data;
	struct epoll_event events[EVENTS_MAX];
	bool full = false;
	for (;;) {
		int count = epoll_wait(acceptor->epoll_fd, events, EVENTS_MAX,
				       full ? FULL_PAUSE_MS : -1);
		if (full) {
			full = false;
			listen_again(acceptor, true);
		}
		for (int i = 0; i < count; i++) {
			void *whose = events[i].data.ptr;
			if (!whose) {
				return NULL;
			}
			if (whose != acceptor) {
				hear(acceptor, whose);
			} else if (accept_all(acceptor)) {
				full = true;
				listen_again(acceptor, false);
			}
		}
	}
}

static bool watch(Acceptor *acceptor, int fd, void *whose, GError **error)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = whose };
	return (fd >= 0 && epoll_ctl(acceptor->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0) ||
	       error_set_errno(error, errno, "watch for connections");
}

Acceptor *acceptor_start(const AcceptorOptions *options, GError **error)
{
	g_autoptr(Acceptor) acceptor = g_new0(Acceptor, 1);
	acceptor->options = *options;
	acceptor->silent = g_hash_table_new(NULL, NULL);
	acceptor->stop_fd = eventfd(0, EFD_CLOEXEC);
	acceptor->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (!watch(acceptor, acceptor->stop_fd, NULL, error) ||
	    !watch(acceptor, options->listen_fd, acceptor, error)) {
		return NULL;
	}
	acceptor->thread = g_thread_new("accept", run, acceptor);
	return g_steal_pointer(&acceptor);
}

static void close_fd(int fd)
{
	if (fd >= 0) {
		close(fd);
	}
}

void acceptor_stop(Acceptor *acceptor)
{
	if (!acceptor) {
		return;
	}
	if (acceptor->thread) {
		eventfd_write(acceptor->stop_fd, 1);
		g_thread_join(acceptor->thread);
	}
	g_autoptr(GList) left = g_hash_table_get_keys(acceptor->silent);
	for (GList *item = left; item; item = item->next) {
		Silent *silent = item->data;
		AcceptorConnection connection = silent->connection;
		silent_free(acceptor, silent);
		hang_up(acceptor, &connection);
	}
	close_fd(acceptor->options.listen_fd);
	close_fd(acceptor->stop_fd);
	close_fd(acceptor->epoll_fd);
	g_hash_table_unref(acceptor->silent);
	g_free(acceptor);
}
