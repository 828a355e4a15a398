/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An acceptor, two daemons of libmicrohttpd with their epoll threads, and a pool of workers.
 *
 * A waiting device is a suspended connection: no thread, a pool of MANY_POOL_SIZE bytes, and what
 * exchange.c and the feed keep. Resuming one makes its thread walk all suspended ones of that
 * thread, hence the many threads. Content in such small pools would be read a few KiB at a time,
 * hence the other daemon. A connection may ask for anything in either; only the speed differs.
 * DESIGN.md has the figures.
 */
#include "front/front.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/log.h"
#include "front/connection.h"
#include "front/exchange.h"
#include "front/listener.h"
#include "front/peer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define LISTEN_DEFAULT "127.0.0.1:8090"
#define WORKERS_DEFAULT 32
#define CONNECTIONS_PER_PEER_DEFAULT 1024
/* Of the answers that are made while they are sent (STREAMS_MAX). */
#define STREAMS_PER_PEER_MAX 32
#define BUFFERED_MAX_DEFAULT (256 * MIB)
#define HEADER_TIMEOUT_MS_DEFAULT 20000
#define IDLE_TIMEOUT_MS_DEFAULT 75000
#define BODY_TIMEOUT_MS_DEFAULT 60000
#define STOP_MS_MAX 5000

/* For a header, and for what is read at a time of a body. */
#define MANY_POOL_SIZE (8 * KIB)
#define TLS_POOL_SIZE (32 * KIB)
#define BULK_POOL_SIZE (128 * KIB)
#define MANY_THREADS 16
#define BULK_CONNECTIONS_MAX 512
/* Descriptors that are not connections: database, packs, epoll sets. */
#define FILES_RESERVED 256

G_GNUC_PRINTF(2, 0)
static void log_mhd(void *cls, const char *format, va_list args)
{
	g_autofree char *text = g_strdup_vprintf(format, args);
	log_event(LOG_DEBUG, "http", "%s", g_strchomp(text));
}

/* As many open files as the system lets us have. */
static unsigned raise_files(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
		return 1024;
	}
	if (limit.rlim_cur < limit.rlim_max) {
		struct rlimit raised = { limit.rlim_max, limit.rlim_max };
		if (setrlimit(RLIMIT_NOFILE, &raised) == 0) {
			limit = raised;
		}
	}
	return (unsigned)MIN(limit.rlim_cur, 1u << 20);
}

static unsigned connection_limit(const FrontOptions *options)
{
	unsigned files = raise_files();
	unsigned possible = files > 2 * FILES_RESERVED ? files - FILES_RESERVED : files / 2;
	return options->connections_max > 0 ? MIN(options->connections_max, possible) : possible;
}

/* ---- the daemons ----------------------------------------------------------------------- */

/*
 * Our deadlines give a slow line time for a large answer; this one, of libmicrohttpd, ends it when
 * nothing moves at all.
 */
static unsigned stall_seconds(const Front *front)
{
	return MAX(front->idle_timeout_ms, front->body_timeout_ms) / 1000 + 1;
}

typedef struct DaemonOptions {
	unsigned threads;
	unsigned connections_max;
	size_t pool_size;
	MHD_NotifyConnectionCallback notify;
	const FrontOptions *front; /* with TLS; or NULL */
} DaemonOptions;

static struct MHD_Daemon *start_daemon(Front *front, const DaemonOptions *options, GError **error)
{
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ERROR_LOG | MHD_USE_ITC |
			 MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET;
	struct MHD_OptionItem more[4] = { 0 };
	unsigned count = 0;
	if (options->threads > 1) {
		more[count++] = (struct MHD_OptionItem){ MHD_OPTION_THREAD_POOL_SIZE,
							 options->threads, NULL };
	}
	if (options->front) {
		flags |= MHD_USE_TLS;
		more[count++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_KEY, 0,
							 (void *)options->front->tls_key };
		more[count++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_CERT, 0,
							 (void *)options->front->tls_certificate };
	}
	more[count] = (struct MHD_OptionItem){ MHD_OPTION_END, 0, NULL };
	struct MHD_Daemon *daemon = MHD_start_daemon(
		flags, 0, NULL, NULL, exchange_handle, front, MHD_OPTION_EXTERNAL_LOGGER, log_mhd,
		front, MHD_OPTION_CONNECTION_LIMIT, options->connections_max,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, options->pool_size,
		MHD_OPTION_CONNECTION_TIMEOUT, stall_seconds(front), MHD_OPTION_NOTIFY_CONNECTION,
		options->notify, front, MHD_OPTION_NOTIFY_COMPLETED, exchange_completed, front,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_ARRAY, more, MHD_OPTION_END);
	if (!daemon) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_IO, "start the HTTP server%s",
			    options->front ? " (are certificate and key valid PEM?)" : "");
	}
	return daemon;
}

static bool start_daemons(Front *front, const FrontOptions *options, GError **error)
{
	DaemonOptions many = {
		.threads = MANY_THREADS,
		/* Each thread gets its share, and connections are spread only about evenly. */
		.connections_max = front->connections_max + 2 * MANY_THREADS,
		.pool_size = options->tls_key ? TLS_POOL_SIZE : MANY_POOL_SIZE,
		.notify = connection_notify,
		.front = options->tls_key ? options : NULL,
	};
	front->many = start_daemon(front, &many, error);
	if (!front->many || options->tls_key) {
		return front->many != NULL;
	}
	DaemonOptions bulk = {
		.threads = options->threads > 0 ? options->threads : g_get_num_processors(),
		.connections_max = 2 * BULK_CONNECTIONS_MAX,
		.pool_size = BULK_POOL_SIZE,
		.notify = connection_notify_bulk,
	};
	front->bulk = start_daemon(front, &bulk, error);
	return front->bulk != NULL;
}

static bool is_full(unsigned silent, void *data)
{
	Front *front = data;
	return front->connections + silent >= front->connections_max;
}

static bool is_exempt(const struct sockaddr *peer, void *data)
{
	g_autofree char *host = listener_host(peer);
	return peer_is_exempt(data, host);
}

static void hand_over(const AcceptorConnection *connection, void *data)
{
	Front *front = data;
	bool bulk =
		connection->bulk && front->bulk && front->bulk_connections < BULK_CONNECTIONS_MAX;
	/* A connection that MHD has no room for is closed by it. */
	MHD_add_connection(bulk ? front->bulk : front->many, connection->fd,
			   (const struct sockaddr *)&connection->address, connection->address_size);
}

/* ---- life ------------------------------------------------------------------------------ */

static Front *front_new(const FrontOptions *options, const Service *services, unsigned count)
{
	Front *front = g_new0(Front, 1);
	memcpy(front->services, services, count * sizeof *services);
	front->service_count = count;
	front->header_timeout_ms = options->header_timeout_ms > 0 ? options->header_timeout_ms
								  : HEADER_TIMEOUT_MS_DEFAULT;
	front->idle_timeout_ms =
		options->idle_timeout_ms > 0 ? options->idle_timeout_ms : IDLE_TIMEOUT_MS_DEFAULT;
	front->body_timeout_ms =
		options->body_timeout_ms > 0 ? options->body_timeout_ms : BODY_TIMEOUT_MS_DEFAULT;
	front->buffered_max =
		options->buffered_max > 0 ? options->buffered_max : BUFFERED_MAX_DEFAULT;
	front->trusted_proxies = g_strdupv((char **)options->trusted_proxies);
	front->metrics_public = options->metrics_public;
	front->connections_max = connection_limit(options);
	front->crowd = crowd_new(options->connections_per_peer > 0 ? options->connections_per_peer
								   : CONNECTIONS_PER_PEER_DEFAULT);
	front->readers = crowd_new(STREAMS_PER_PEER_MAX);
	front->deadlines = timer_queue_new("deadlines");
	front->waits = timer_queue_new("waits");
	unsigned workers = options->workers > 0 ? options->workers : WORKERS_DEFAULT;
	front->workers = g_thread_pool_new(exchange_work, front, (int)workers, TRUE, NULL);
	return front;
}

static bool start(Front *front, const FrontOptions *options, int listen_fd, GError **error)
{
	const AcceptorOptions acceptor = {
		.listen_fd = listen_fd,
		.deadlines = front->deadlines,
		.timeout_ms = front->header_timeout_ms,
		.look = !options->tls_key,
		.crowd = front->crowd,
		.is_exempt = is_exempt,
		.is_full = is_full,
		.hand_over = hand_over,
		.data = front,
	};
	if (!start_daemons(front, options, error)) {
		close(listen_fd);
		return false;
	}
	front->acceptor = acceptor_start(&acceptor, error);
	return front->acceptor != NULL;
}

Front *front_start(const FrontOptions *options, const Service *services, unsigned count,
		   GError **error)
{
	g_assert(count >= 1 && count <= FRONT_SERVICES_MAX);
	g_assert(!options->tls_key == !options->tls_certificate);
	g_autofree char *address = NULL;
	int fd = listener_open(options->listen ? options->listen : LISTEN_DEFAULT, &address, error);
	if (fd < 0) {
		return NULL;
	}
	g_autoptr(Front) front = front_new(options, services, count);
	front->url = g_strconcat(options->tls_key ? "https://" : "http://", address, NULL);
	return start(front, options, fd, error) ? g_steal_pointer(&front) : NULL;
}

/* Lets what is being worked on be answered. */
static void drain(Front *front)
{
	g_clear_pointer(&front->acceptor, acceptor_stop);
	front->stopping = true;
	timer_queue_expire(front->waits);
	for (unsigned waited_ms = 0; front->exchanges > 0 && waited_ms < STOP_MS_MAX;
	     waited_ms += 10) {
		g_usleep(10000);
	}
}

void front_stop(Front *front)
{
	if (!front) {
		return;
	}
	drain(front);
	/* Exchanges that were pushed are worked on to their end: a commit is not given up. */
	g_thread_pool_free(front->workers, FALSE, TRUE);
	if (front->many) {
		MHD_stop_daemon(front->many);
	}
	if (front->bulk) {
		MHD_stop_daemon(front->bulk);
	}
	timer_queue_free(front->waits);
	timer_queue_free(front->deadlines);
	crowd_free(front->crowd);
	crowd_free(front->readers);
	g_strfreev(front->trusted_proxies);
	g_free(front->url);
	g_free(front);
}

const char *front_url(Front *front)
{
	return front->url;
}
