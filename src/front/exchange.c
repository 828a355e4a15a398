/* SPDX-License-Identifier: Apache-2.0 */
#include "front/exchange.h"

#include "base/bulk.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/network.h"
#include "front/connection.h"
#include "front/metrics.h"
#include "front/nap.h"
#include "front/peer.h"
#include "request/service.h"

#include <string.h>

/* Bodies up to this are read from strangers too, since one of them may be about to sign in. */
#define STRANGER_BODY_SIZE_MAX (64 * KIB)
/* What is read and thrown away so that the answer arrives instead of a reset connection. */
#define DROPPED_SIZE_MAX (2 * BODY_SIZE_MAX)
/* The slowest line that a body or an answer is given time for. */
#define LINE_BYTES_PER_MS 8

/* Answers that are made while they are sent, each with a piece of them in memory. */
#define STREAMS_MAX 128
#define SOURCE_BLOCK_SIZE (64 * KIB)

#define PATH_LOG_SIZE_MAX 200

typedef enum Stage {
	EXCHANGE_ADMITTING,
	EXCHANGE_READING,
	EXCHANGE_DROPPING, /* the body; the answer may be there already */
	EXCHANGE_WORKING,
	EXCHANGE_ANSWERED,
	EXCHANGE_FETCHING, /* the next piece of the answer, of which some is sent */
} Stage;

struct Exchange {
	Front *front;
	Connection *connection;
	struct MHD_Connection *mhd;
	/* In MHD's memory, while the exchange lives. */
	const char *method;
	const char *path;
	const char *headers[REQUEST_HEADERS];
	Parameters *query;
	const Service *service;
	char *peer;
	int64_t start_us;

	Stage stage;
	bool admitted;   /* what a worker found out in ADMITTING */
	size_t body_max; /* that was announced or, without, may be */
	size_t reserved; /* of front->buffered */
	size_t dropped;
	Bulk *receiving;
	GBytes *body;
	Response response;
	/* Of an answer with a source. */
	bool streams; /* counted in front->streams … */
	bool reads;   /* … and in front->readers */
	bool fetched; /* what follows is what the source said last */
	bool failed;
	GBytes *piece; /* NULL: its end */
	size_t taken;  /* of the piece */
	uint64_t streamed;

	void *waiting;      /* the api's */
	int64_t handled_us; /* when it was first handled */
	Timer timer;
	Nap nap; /* between what the feed and the timer notice and the worker */
};

/* ---- life ------------------------------------------------------------------------------ */

static void reserve(Exchange *exchange, size_t size)
{
	exchange->reserved += size;
	exchange->front->buffered += size;
}

static void release(Exchange *exchange)
{
	exchange->front->buffered -= exchange->reserved;
	exchange->reserved = 0;
}

static void time_is_up(void *data);
static void wake(void *data);

static const Service *find_service(const Front *front, const char *path)
{
	unsigned i = 0;
	while (i + 1 < front->service_count &&
	       !front->services[i].serves(front->services[i].data, path)) {
		i++;
	}
	return &front->services[i];
}

static Exchange *exchange_new(Front *front, struct MHD_Connection *mhd, const char *method,
			      const char *path)
{
	Exchange *exchange = g_new0(Exchange, 1);
	exchange->front = front;
	exchange->mhd = mhd;
	exchange->connection = connection_of(mhd);
	exchange->method = method;
	exchange->path = path;
	exchange->service = find_service(front, path);
	for (unsigned i = 0; i < REQUEST_HEADERS; i++) {
		exchange->headers[i] =
			MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, request_header_name(i));
	}
	exchange->peer = peer_of(front, mhd, exchange->connection);
	exchange->start_us = g_get_monotonic_time();
	exchange->timer.func = time_is_up;
	exchange->timer.data = exchange;
	nap_init(&exchange->nap);
	front->exchanges++;
	return exchange;
}

static void exchange_free(Exchange *exchange)
{
	timer_remove(exchange->front->waits, &exchange->timer);
	release(exchange);
	exchange->front->exchanges--;
	exchange->front->streams -= exchange->streams;
	if (exchange->reads) {
		crowd_give_back(exchange->front->readers, network_of_host(exchange->peer), 1);
	}
	g_clear_pointer(&exchange->piece, g_bytes_unref);
	g_clear_pointer(&exchange->query, parameters_free);
	g_clear_pointer(&exchange->receiving, bulk_free);
	g_clear_pointer(&exchange->body, g_bytes_unref);
	response_clear(&exchange->response);
	nap_clear(&exchange->nap);
	g_free(exchange->peer);
	g_free(exchange);
}

/* ---- answering ------------------------------------------------------------------------- */

static void free_bytes(void *bytes)
{
	g_bytes_unref(bytes);
}

/* line: "Name: value" */
static void add_header(struct MHD_Response *response, const char *line)
{
	const char *colon = strchr(line, ':');
	g_autofree char *name = g_strndup(line, (size_t)(colon - line));
	MHD_add_response_header(response, name, colon + 2);
}

static ssize_t read_piece(void *cls, uint64_t position, char *ret_bytes, size_t size_max);

static struct MHD_Response *make_body(Exchange *exchange)
{
	const Response *from = &exchange->response;
	if (from->source.next) {
		return MHD_create_response_from_callback(from->source.size, SOURCE_BLOCK_SIZE,
							 read_piece, exchange, NULL);
	}
	if (from->body) {
		size_t size;
		const void *data = g_bytes_get_data(from->body, &size);
		return MHD_create_response_from_buffer_with_free_callback_cls(
			size, (void *)data, free_bytes, g_bytes_ref(from->body));
	}
	return MHD_create_response_from_buffer(0, (void *)"", MHD_RESPMEM_PERSISTENT);
}

static struct MHD_Response *make_response(Exchange *exchange)
{
	const Response *from = &exchange->response;
	struct MHD_Response *response = make_body(exchange);
	g_assert(response);
	if (from->content_type) {
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, from->content_type);
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL,
				from->cache_control ? from->cache_control : "no-store");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	for (unsigned i = 0; from->headers && i < from->headers->len; i++) {
		add_header(response, from->headers->pdata[i]);
	}
	if (from->status == MHD_HTTP_UNAUTHORIZED) {
		MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
	}
	if (from->retry_after_s > 0) {
		char seconds[16];
		g_snprintf(seconds, sizeof seconds, "%u", from->retry_after_s);
		MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
	}
	return response;
}

static unsigned line_time_ms(const Exchange *exchange, size_t size)
{
	return exchange->front->body_timeout_ms + (unsigned)(size / LINE_BYTES_PER_MS);
}

/* Hands the answer to MHD; on MHD's thread. */
static enum MHD_Result send_answer(Exchange *exchange)
{
	size_t size = exchange->response.body ? g_bytes_get_size(exchange->response.body) : 0;
	struct MHD_Response *response = make_response(exchange);
	if (exchange->front->stopping) {
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	}
	exchange->stage = EXCHANGE_ANSWERED;
	connection_expect(exchange->connection, line_time_ms(exchange, size));
	enum MHD_Result result =
		MHD_queue_response(exchange->mhd, exchange->response.status, response);
	MHD_destroy_response(response);
	return result;
}

static void refuse(Exchange *exchange, unsigned status, const char *name, const char *message)
{
	response_fail(&exchange->response, status, name, message);
	if (status == MHD_HTTP_SERVICE_UNAVAILABLE) {
		exchange->response.retry_after_s = 1;
		exchange->front->refused++;
	}
}

/* ---- an answer in pieces --------------------------------------------------------------- */

/* Whether one more may lie in memory piece by piece, for however long its reader takes. */
static bool may_stream(Exchange *exchange)
{
	Front *front = exchange->front;
	if (!peer_is_exempt(front, exchange->peer)) {
		exchange->reads = crowd_take(front->readers, network_of_host(exchange->peer), 1);
		if (!exchange->reads) {
			return false;
		}
	}
	exchange->streams = true;
	return ++front->streams <= STREAMS_MAX;
}

static void suspend(Exchange *exchange, Stage stage);

/*
 * MHD_ContentReaderCallback, on MHD's thread: from the piece that is here. A worker fetches the
 * next one while the connection sleeps.
 */
static ssize_t read_piece(void *cls, uint64_t position, char *ret_bytes, size_t size_max)
{
	Exchange *exchange = cls;
	if (!exchange->fetched && !exchange->front->stopping) {
		suspend(exchange, EXCHANGE_FETCHING);
		return 0;
	}
	if (!exchange->fetched) {
		return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	if (!exchange->piece) {
		return exchange->failed ? MHD_CONTENT_READER_END_WITH_ERROR
					: MHD_CONTENT_READER_END_OF_STREAM;
	}
	size_t whole;
	const char *bytes = g_bytes_get_data(exchange->piece, &whole);
	size_t size = MIN(size_max, whole - exchange->taken);
	if (exchange->taken == 0) {
		connection_expect(exchange->connection, line_time_ms(exchange, whole));
	}
	memcpy(ret_bytes, bytes + exchange->taken, size);
	exchange->taken += size;
	exchange->streamed += size;
	if (exchange->taken == whole) {
		g_clear_pointer(&exchange->piece, g_bytes_unref);
		exchange->taken = 0;
		exchange->fetched = false;
	}
	return (ssize_t)size;
}

/* On a worker. */
static void fetch_piece(Exchange *exchange)
{
	const ResponseSource *source = &exchange->response.source;
	g_autoptr(GError) error = NULL;
	if (!source->next(source->data, &exchange->piece, &error)) {
		exchange->failed = true;
		exchange->response.detail = g_strdup(error->message);
	}
	exchange->fetched = true;
}

/* ---- the header ------------------------------------------------------------------------ */

static const char *header(Exchange *exchange, const char *name)
{
	return MHD_lookup_connection_value(exchange->mhd, MHD_HEADER_KIND, name);
}

/* The size of the body to come: announced, or for a chunked one what may be at the most. */
static bool read_body_size(Exchange *exchange, size_t allowed, uint64_t *ret_size)
{
	const char *length = header(exchange, MHD_HTTP_HEADER_CONTENT_LENGTH);
	const char *encoding = header(exchange, MHD_HTTP_HEADER_TRANSFER_ENCODING);
	if (length && encoding) {
		/* A proxy before us may have read the other one: request smuggling. */
		refuse(exchange, MHD_HTTP_BAD_REQUEST, "invalid",
		       "the request has both Content-Length and Transfer-Encoding");
		return false;
	}
	if (length && !g_ascii_string_to_unsigned(length, 10, 0, G_MAXINT64, ret_size, NULL)) {
		refuse(exchange, MHD_HTTP_BAD_REQUEST, "invalid", "Content-Length is no number");
		return false;
	}
	if (!length) {
		*ret_size = encoding ? allowed : 0;
	}
	return true;
}

static void push(Exchange *exchange)
{
	g_thread_pool_push(exchange->front->workers, exchange, NULL);
}

/* Gives the exchange to a worker until it resumes the connection. */
static void suspend(Exchange *exchange, Stage stage)
{
	exchange->stage = stage;
	connection_hold(exchange->connection);
	MHD_suspend_connection(exchange->mhd);
	push(exchange);
}

/* For a body that is dropped, and for the answer that comes after it. */
static enum MHD_Result begin_dropping(Exchange *exchange)
{
	exchange->stage = EXCHANGE_DROPPING;
	connection_expect(exchange->connection, line_time_ms(exchange, 0));
	return MHD_YES;
}

static enum MHD_Result begin_reading(Exchange *exchange)
{
	Front *front = exchange->front;
	size_t size = exchange->body_max;
	/* Small ones have as much again, so that a sign-in finds room among bulk. */
	size_t room = front->buffered_max * (size > STRANGER_BODY_SIZE_MAX ? 1 : 2);
	if (front->buffered + size > room) {
		refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "busy",
		       "too much is being transferred, try again in a moment");
		return send_answer(exchange);
	}
	reserve(exchange, size);
	exchange->stage = EXCHANGE_READING;
	connection_expect(exchange->connection, line_time_ms(exchange, size));
	return MHD_YES;
}

/* Whether memory knows who is asking: of him a large body may be read. */
static bool is_remembered(const Exchange *exchange)
{
	const Service *service = exchange->service;
	return service->remembers &&
	       service->remembers(service->data, exchange->headers[REQUEST_AUTHORIZATION]);
}

/* The same from the database. */
static bool is_admitted(const Exchange *exchange)
{
	const Service *service = exchange->service;
	return service->admits &&
	       service->admits(service->data, exchange->headers[REQUEST_AUTHORIZATION]);
}

static enum MHD_Result begin(Exchange *exchange)
{
	Front *front = exchange->front;
	const Service *service = exchange->service;
	size_t allowed = service->body_max(service->data, exchange->method, exchange->path);
	uint64_t size = 0;
	if (front->stopping) {
		refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "busy", "the drive is stopping");
	} else if (read_body_size(exchange, allowed, &size) &&
		   size > MAX(allowed, STRANGER_BODY_SIZE_MAX)) {
		refuse(exchange, MHD_HTTP_CONTENT_TOO_LARGE, "too-large",
		       "the body is larger than this request may have");
	}
	if (exchange->response.status != 0) {
		return send_answer(exchange);
	}
	exchange->body_max = size;
	if (allowed == 0) {
		return begin_dropping(exchange);
	}
	if (size > STRANGER_BODY_SIZE_MAX && !is_remembered(exchange)) {
		suspend(exchange, EXCHANGE_ADMITTING);
		return MHD_YES;
	}
	return begin_reading(exchange);
}

/* ---- the body -------------------------------------------------------------------------- */

static enum MHD_Result receive(Exchange *exchange, const char *bytes, size_t *size)
{
	if (exchange->stage == EXCHANGE_READING) {
		if (!exchange->receiving) {
			exchange->receiving = bulk_new(exchange->body_max);
		}
		if (*size > exchange->body_max - exchange->receiving->len) {
			refuse(exchange, MHD_HTTP_CONTENT_TOO_LARGE, "too-large",
			       "the body is larger than this request may have");
			g_clear_pointer(&exchange->receiving, bulk_free);
			release(exchange);
			exchange->stage = EXCHANGE_DROPPING;
		} else {
			bulk_append(exchange->receiving, bytes, *size);
		}
	}
	if (exchange->stage == EXCHANGE_DROPPING) {
		exchange->dropped += *size;
		if (exchange->dropped > DROPPED_SIZE_MAX) {
			return MHD_NO;
		}
	}
	*size = 0;
	return MHD_YES;
}

static enum MHD_Result add_query(void *data, enum MHD_ValueKind kind, const char *key,
				 const char *value)
{
	Exchange *exchange = data;
	if (!exchange->query) {
		exchange->query = parameters_new();
	}
	g_autoptr(GError) error = NULL;
	if (!parameters_add(exchange->query, key, value ? value : "", &error)) {
		refuse(exchange, MHD_HTTP_BAD_REQUEST, "invalid", error->message);
		return MHD_NO;
	}
	return MHD_YES;
}

/* ---- the service ----------------------------------------------------------------------- */

static Request request_of(Exchange *exchange)
{
	int64_t now_us = g_get_monotonic_time();
	if (exchange->handled_us == 0) {
		exchange->handled_us = now_us;
	}
	Request request = {
		.method = exchange->method,
		.path = exchange->path,
		.query = exchange->query,
		.body = exchange->body,
		.peer = exchange->peer,
		.wake = nap_is_expired(&exchange->nap) ? NULL : wake,
		.wake_data = exchange,
		.waited_ms = (unsigned)((now_us - exchange->handled_us) / 1000),
	};
	memcpy(request.headers, exchange->headers, sizeof request.headers);
	return request;
}

static void handle(Exchange *exchange)
{
	const Request request = request_of(exchange);
	if (strcmp(exchange->path, "/metrics") == 0) {
		metrics_handle(exchange->front, exchange->mhd, exchange->connection,
			       &exchange->response);
	} else {
		const Service *service = exchange->service;
		exchange->response = (Response){ 0 };
		service->handle(service->data, &request, &exchange->response);
	}
	exchange->waiting = exchange->response.waiting;
}

/* Whether it is handled here and now, on MHD's thread. */
static bool is_quick(Exchange *exchange)
{
	const Service *service = exchange->service;
	const Request request = request_of(exchange);
	return service->is_quick && service->is_quick(service->data, &request);
}

/* All has arrived, or the worker is done. */
static enum MHD_Result finish(Exchange *exchange)
{
	if (exchange->response.status != 0) {
		return send_answer(exchange);
	}
	if (exchange->front->stopping) {
		refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "busy", "the drive is stopping");
		return send_answer(exchange);
	}
	MHD_get_connection_values(exchange->mhd, MHD_GET_ARGUMENT_KIND, add_query, exchange);
	if (exchange->response.status != 0) {
		return send_answer(exchange);
	}
	if (exchange->receiving) {
		exchange->body = bulk_free_to_bytes(g_steal_pointer(&exchange->receiving));
	}
	if (is_quick(exchange)) {
		handle(exchange);
		g_assert(exchange->response.status != 0 && !exchange->waiting);
		return send_answer(exchange);
	}
	suspend(exchange, EXCHANGE_WORKING);
	return MHD_YES;
}

enum MHD_Result exchange_handle(void *cls, struct MHD_Connection *mhd, const char *url,
				const char *method, const char *version, const char *upload_data,
				size_t *upload_data_size, void **request_context)
{
	Exchange *exchange = *request_context;
	if (!exchange) {
		exchange = exchange_new(cls, mhd, method, url);
		*request_context = exchange;
		return begin(exchange);
	}
	if (exchange->stage == EXCHANGE_ADMITTING) {
		/* Resumed in the header, which MHD hands over once more: the body is to come. */
		return exchange->admitted ? begin_reading(exchange) : begin_dropping(exchange);
	}
	if (*upload_data_size > 0) {
		return receive(exchange, upload_data, upload_data_size);
	}
	return finish(exchange);
}

/* ---- working and waiting --------------------------------------------------------------- */

/* A sleeping exchange becomes a worker's again; one that is being handled will look once more. */
static void wake(void *data)
{
	Exchange *exchange = data;
	if (nap_notice(&exchange->nap, false)) {
		push(exchange);
	}
}

static void time_is_up(void *data)
{
	Exchange *exchange = data;
	if (nap_notice(&exchange->nap, true)) {
		push(exchange);
	}
}

/* Once asleep, another worker may have it before this returns. */
static bool fall_asleep(Exchange *exchange)
{
	timer_set(exchange->front->waits, &exchange->timer, exchange->response.wait_ms);
	return nap_fall_asleep(&exchange->nap);
}

/* Before handling it again: nothing of the last time can come in any more. */
static void wake_up(Exchange *exchange)
{
	timer_unset(exchange->front->waits, &exchange->timer);
	if (exchange->waiting) {
		const Service *service = exchange->service;
		service->forget(service->data, g_steal_pointer(&exchange->waiting));
	}
	nap_begin(&exchange->nap);
}

/* Gives the connection back to MHD; the exchange must not be touched after. */
static void resume(Exchange *exchange)
{
	MHD_resume_connection(exchange->mhd);
}

void exchange_work(void *data, void *front)
{
	Exchange *exchange = data;
	if (exchange->stage == EXCHANGE_ADMITTING) {
		exchange->admitted = is_admitted(exchange);
		resume(exchange);
		return;
	}
	if (exchange->stage == EXCHANGE_FETCHING) {
		fetch_piece(exchange);
		resume(exchange);
		return;
	}
	do {
		wake_up(exchange);
		handle(exchange);
		if (exchange->response.status == 0 && fall_asleep(exchange)) {
			return;
		}
	} while (exchange->response.status == 0);
	g_clear_pointer(&exchange->body, g_bytes_unref);
	release(exchange);
	if (exchange->response.body) {
		reserve(exchange, g_bytes_get_size(exchange->response.body));
	}
	if (exchange->response.source.next && !may_stream(exchange)) {
		response_clear(&exchange->response);
		refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "busy",
		       "too much is being downloaded, try again in a moment");
	}
	resume(exchange);
}

/* ---- the end --------------------------------------------------------------------------- */

/* Escaped, so that a path cannot look like another field. */
static char *dup_shown_path(const Exchange *exchange)
{
	const char *below = exchange->service ? exchange->service->secret_below : NULL;
	if (below && g_str_has_prefix(exchange->path, below)) {
		return g_strconcat(below, "...", NULL);
	}
	g_autofree char *start = g_strndup(exchange->path, PATH_LOG_SIZE_MAX);
	return g_uri_escape_string(start, "/", FALSE);
}

static void log_request(const Exchange *exchange, enum MHD_RequestTerminationCode how)
{
	const Response *response = &exchange->response;
	LogLevel level = response->status == 500 || exchange->failed ? LOG_ERROR
			 : response->status >= 400                   ? LOG_INFO
								     : LOG_DEBUG;
	g_autofree char *path = dup_shown_path(exchange);
	uint64_t size = response->body ? g_bytes_get_size(response->body) : exchange->streamed;
	log_event(level, "request",
		  "peer=%s method=%s path=%s status=%u sent=%" G_GUINT64_FORMAT
		  " ms=%" G_GINT64_FORMAT " device=%" G_GINT64_FORMAT "%s%s%s",
		  exchange->peer, exchange->method, path, response->status, size,
		  (g_get_monotonic_time() - exchange->start_us) / 1000, response->device,
		  how == MHD_REQUEST_TERMINATED_COMPLETED_OK ? "" : " cut=1",
		  response->detail ? " detail: " : "", response->detail ? response->detail : "");
}

void exchange_completed(void *cls, struct MHD_Connection *mhd, void **request_context,
			enum MHD_RequestTerminationCode how)
{
	Exchange *exchange = *request_context;
	if (!exchange) {
		return;
	}
	*request_context = NULL;
	log_request(exchange, how);
	connection_expect(exchange->connection, exchange->front->idle_timeout_ms);
	exchange_free(exchange);
}
