/* SPDX-License-Identifier: Apache-2.0 */
#include "client/login/loopback.h"

#include "base/error.h"
#include "base/text.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <sodium.h>
#include <string.h>

#define PATH "/callback"
#define CONNECTIONS_MAX 32
#define CONNECTION_TIMEOUT_S 10
#define MEMORY_SIZE (32 * 1024)
#define CANCEL_LOOK_MS 100
#define TEXT_LENGTH_MAX 200

static const char page_done[] =
	"<!doctype html><html lang=en><meta charset=utf-8><title>imdrive</title>"
	"<meta name=viewport content=\"width=device-width\">"
	"<style>:root{color-scheme:light dark}body{font:1.1rem system-ui;margin:20vh auto;"
	"max-width:30rem;padding:0 1rem;text-align:center}</style>"
	"<h1>Back to imdrive</h1><p>The answer has arrived. You can close this page."
	"<p lang=zh-CN>\xe5\x8f\xaf\xe4\xbb\xa5\xe5\x85\xb3\xe9\x97\xad\xe6\xad\xa4\xe9\xa1\xb5"
	"\xe9\x9d\xa2\xe4\xba\x86\xe3\x80\x82</html>";
static const char page_other[] =
	"<!doctype html><meta charset=utf-8><title>imdrive</title><p>There is nothing here.";
static const char page_over[] = "<!doctype html><meta charset=utf-8><title>imdrive</title>"
				"<p>This sign-in has been answered already.";

typedef enum Stage {
	WAITING,
	ANSWERING, /* the answer is here, its page is on the way */
	ANSWERED,
} Stage;

struct Loopback {
	char *state;
	char *issuer;
	char *redirect;
	char *host; /* "127.0.0.1:PORT" */
	struct MHD_Daemon *daemon;
	GMutex lock; /* guards the following */
	GCond changed;
	Stage stage;
	char *code;
	GError *failure;
};

/* ---- the answer ------------------------------------------------------------------------- */

typedef struct Count {
	const char *name;
	unsigned count;
} Count;

static enum MHD_Result count_one(void *data, enum MHD_ValueKind kind, const char *key,
				 const char *value)
{
	Count *count = data;
	count->count += strcmp(key, count->name) == 0;
	return MHD_YES;
}

/* A parameter that comes once; NULL else. */
static const char *parameter(struct MHD_Connection *connection, const char *name)
{
	Count count = { .name = name };
	MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, count_one, &count);
	return count.count == 1
		       ? MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, name)
		       : NULL;
}

static bool is_equal(const char *a, const char *b)
{
	size_t size = strlen(b);
	return a && strlen(a) == size && sodium_memcmp(a, b, size) == 0;
}

/* Reads what the browser brought; the lock is held, and the state is right. */
static void take_answer(Loopback *loopback, struct MHD_Connection *connection)
{
	const char *code = parameter(connection, "code");
	const char *error = parameter(connection, "error");
	const char *issuer = parameter(connection, "iss");
	loopback->stage = ANSWERING;
	if (!is_equal(issuer, loopback->issuer)) {
		g_set_error_literal(&loopback->failure, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "the answer came from another server than the drive, so "
				    "nobody was signed in: start again");
	} else if (code && *code && !error) {
		loopback->code = g_strdup(code);
	} else if (g_strcmp0(error, "access_denied") == 0) {
		g_set_error_literal(&loopback->failure, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN,
				    "the sign-in was not approved, so nobody was signed in: start "
				    "again if that was a mistake");
	} else {
		const char *text = parameter(connection, "error_description");
		text = text ? text : error ? error : "no code";
		g_autofree char *shown = text_printable(text, strnlen(text, TEXT_LENGTH_MAX));
		g_set_error(&loopback->failure, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "the drive answered: %s; start again", shown);
	}
}

/* ---- the listener ------------------------------------------------------------------------ */

static enum MHD_Result reply(struct MHD_Connection *connection, unsigned status, const char *page)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(strlen(page), (void *)page, MHD_RESPMEM_PERSISTENT);
	MHD_add_response_header(response, "Content-Type", "text/html; charset=utf-8");
	MHD_add_response_header(response, "Cache-Control", "no-store");
	MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(response, "X-Frame-Options", "DENY");
	MHD_add_response_header(
		response, "Content-Security-Policy",
		"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
	MHD_add_response_header(response, "Connection", "close");
	enum MHD_Result result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static bool is_own_name(Loopback *loopback, const char *host)
{
	g_mutex_lock(&loopback->lock);
	bool own = host && loopback->host && strcmp(host, loopback->host) == 0;
	g_mutex_unlock(&loopback->lock);
	return own;
}

static enum MHD_Result handle(void *data, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *upload,
			      size_t *upload_size, void **context)
{
	static char is_callback;
	Loopback *loopback = data;
	const char *host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host");
	if (!is_own_name(loopback, host) || strcmp(url, PATH) != 0 || strcmp(method, "GET") != 0) {
		return reply(connection, MHD_HTTP_NOT_FOUND, page_other);
	}
	g_mutex_lock(&loopback->lock);
	bool over = loopback->stage != WAITING;
	bool ours = is_equal(parameter(connection, "state"), loopback->state);
	if (!over && ours) {
		take_answer(loopback, connection);
		*context = &is_callback;
	}
	g_mutex_unlock(&loopback->lock);
	if (over) {
		return reply(connection, MHD_HTTP_GONE, page_over);
	}
	return ours ? reply(connection, MHD_HTTP_OK, page_done)
		    : reply(connection, MHD_HTTP_BAD_REQUEST, page_other);
}

/* The page has gone out, or its browser has: only now may the listener close. */
static void completed(void *data, struct MHD_Connection *connection, void **context,
		      enum MHD_RequestTerminationCode how)
{
	Loopback *loopback = data;
	if (!*context) {
		return;
	}
	g_mutex_lock(&loopback->lock);
	loopback->stage = ANSWERED;
	g_cond_broadcast(&loopback->changed);
	g_mutex_unlock(&loopback->lock);
}

static bool listen_on(Loopback *loopback, GError **error)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	loopback->daemon = MHD_start_daemon(
		MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL, 0, NULL, NULL, handle, loopback,
		MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_NOTIFY_COMPLETED, completed, loopback,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)CONNECTION_TIMEOUT_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_SIZE, MHD_OPTION_END);
	const union MHD_DaemonInfo *info =
		loopback->daemon ? MHD_get_daemon_info(loopback->daemon, MHD_DAEMON_INFO_BIND_PORT)
				 : NULL;
	if (!info) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_IO,
				    "no port of this machine can be listened on for the browser's "
				    "answer: try --device");
		return false;
	}
	loopback->host = g_strdup_printf("127.0.0.1:%u", (unsigned)info->port);
	loopback->redirect = g_strconcat("http://", loopback->host, PATH, NULL);
	return true;
}

Loopback *loopback_open(const char *state, const char *issuer, GError **error)
{
	g_autoptr(Loopback) loopback = g_new0(Loopback, 1);
	g_mutex_init(&loopback->lock);
	g_cond_init(&loopback->changed);
	loopback->state = g_strdup(state);
	loopback->issuer = g_strdup(issuer);
	/* Who connects at once waits until the listener knows its own name. */
	g_mutex_lock(&loopback->lock);
	bool listens = listen_on(loopback, error);
	g_mutex_unlock(&loopback->lock);
	return listens ? g_steal_pointer(&loopback) : NULL;
}

void loopback_close(Loopback *loopback)
{
	if (!loopback) {
		return;
	}
	if (loopback->daemon) {
		MHD_stop_daemon(loopback->daemon);
	}
	g_free(loopback->state);
	g_free(loopback->issuer);
	g_free(loopback->redirect);
	g_free(loopback->host);
	g_free(loopback->code);
	g_clear_error(&loopback->failure);
	g_mutex_clear(&loopback->lock);
	g_cond_clear(&loopback->changed);
	g_free(loopback);
}

const char *loopback_redirect(const Loopback *loopback)
{
	return loopback->redirect;
}

/* ---- waiting ----------------------------------------------------------------------------- */

char *loopback_wait(Loopback *loopback, unsigned timeout_ms, GCancellable *cancellable,
		    GError **error)
{
	int64_t end_us = g_get_monotonic_time() + timeout_ms * 1000ll;
	g_mutex_lock(&loopback->lock);
	while (loopback->stage != ANSWERED && !g_cancellable_is_cancelled(cancellable) &&
	       g_get_monotonic_time() < end_us) {
		int64_t look_us = g_get_monotonic_time() + CANCEL_LOOK_MS * 1000ll;
		g_cond_wait_until(&loopback->changed, &loopback->lock, MIN(look_us, end_us));
	}
	char *code = loopback->stage == ANSWERED ? g_steal_pointer(&loopback->code) : NULL;
	GError *failure = loopback->stage == ANSWERED ? g_steal_pointer(&loopback->failure) : NULL;
	/* Whoever comes now is late. */
	loopback->stage = ANSWERED;
	g_mutex_unlock(&loopback->lock);
	if (failure) {
		g_propagate_error(error, failure);
	} else if (!code && g_cancellable_is_cancelled(cancellable)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_CANCELLED, "given up");
	} else if (!code) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_OFFLINE,
				    "no answer came from the browser in time: start again, or use "
				    "--device if the browser is on another machine");
	}
	return code;
}
