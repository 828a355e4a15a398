/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One daemon of libmicrohttpd, one thread with an epoll set per core, and a pool of workers.
 *
 * A waiting device is a suspended connection: no thread, a pool of POOL_SIZE bytes, and what
 * exchange.c and the feed keep. Resuming one makes its thread walk the suspended ones of that
 * thread; DESIGN.md says what that costs.
 */
#include "front/front.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/log.h"
#include "front/connection.h"
#include "front/exchange.h"
#include "front/listener.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define LISTEN_DEFAULT "127.0.0.1:8090"
#define WORKERS_DEFAULT 32
#define BUFFERED_MAX_DEFAULT (256 * MIB)
#define HEADER_TIMEOUT_MS_DEFAULT 20000
#define IDLE_TIMEOUT_MS_DEFAULT 75000
#define BODY_TIMEOUT_MS_DEFAULT 60000
#define STOP_MS_MAX 5000

/* For a header, and for what is read at a time of a body. */
#define POOL_SIZE (8 * KIB)
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

static bool start_daemon(Front *front, const FrontOptions *options, int fd, GError **error)
{
	unsigned threads = options->threads > 0 ? options->threads : g_get_num_processors();
	unsigned flags =
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ERROR_LOG | MHD_ALLOW_SUSPEND_RESUME;
	struct MHD_OptionItem more[4] = { { MHD_OPTION_END, 0, NULL } };
	unsigned count = 0;
	if (threads > 1) {
		more[count++] =
			(struct MHD_OptionItem){ MHD_OPTION_THREAD_POOL_SIZE, threads, NULL };
	}
	if (options->tls_key) {
		flags |= MHD_USE_TLS;
		more[count++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_KEY, 0,
							 (void *)options->tls_key };
		more[count++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_CERT, 0,
							 (void *)options->tls_certificate };
	}
	more[count] = (struct MHD_OptionItem){ MHD_OPTION_END, 0, NULL };
	front->daemon = MHD_start_daemon(
		flags, 0, NULL, NULL, exchange_handle, front, MHD_OPTION_EXTERNAL_LOGGER, log_mhd,
		front, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
		connection_limit(options), MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL_SIZE,
		MHD_OPTION_NOTIFY_CONNECTION, connection_notify, front, MHD_OPTION_NOTIFY_COMPLETED,
		exchange_completed, front, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_ARRAY, more,
		MHD_OPTION_END);
	if (!front->daemon) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_IO, "start the HTTP server%s",
			    options->tls_key ? " (are certificate and key valid PEM?)" : "");
		return false;
	}
	return true;
}

static Front *front_new(const FrontOptions *options, Api *api)
{
	Front *front = g_new0(Front, 1);
	front->api = api;
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
	front->deadlines = timer_queue_new("deadlines");
	front->waits = timer_queue_new("waits");
	unsigned workers = options->workers > 0 ? options->workers : WORKERS_DEFAULT;
	front->workers = g_thread_pool_new(exchange_work, front, (int)workers, TRUE, NULL);
	return front;
}

Front *front_start(const FrontOptions *options, Api *api, GError **error)
{
	g_assert(!options->tls_key == !options->tls_certificate);
	g_autofree char *address = NULL;
	int fd = listener_open(options->listen ? options->listen : LISTEN_DEFAULT, &address, error);
	if (fd < 0) {
		return NULL;
	}
	Front *front = front_new(options, api);
	front->url = g_strconcat(options->tls_key ? "https://" : "http://", address, NULL);
	if (!start_daemon(front, options, fd, error)) {
		close(fd);
		front_stop(front);
		return NULL;
	}
	return front;
}

/* Lets what is being worked on be answered. */
static void drain(Front *front)
{
	int listen_fd = MHD_quiesce_daemon(front->daemon);
	if (listen_fd >= 0) {
		close(listen_fd);
	}
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
	if (front->daemon) {
		drain(front);
	}
	/* Exchanges that were pushed are worked on to their end: a commit is not given up. */
	g_thread_pool_free(front->workers, FALSE, TRUE);
	if (front->daemon) {
		MHD_stop_daemon(front->daemon);
	}
	timer_queue_free(front->waits);
	timer_queue_free(front->deadlines);
	g_strfreev(front->trusted_proxies);
	g_free(front->url);
	g_free(front);
}

const char *front_url(Front *front)
{
	return front->url;
}
