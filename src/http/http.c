/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line is one curl handle with a connection cache of its own. Idle lines lie on a stack, so that
 * the line used last, whose connection is the most likely to be alive, is taken first. Each call
 * has a line to itself and drives it through curl's multi interface, because only that can be woken
 * from another thread at once when the call is cancelled.
 *
 * The body of an answer goes into one buffer, taken at its full size as soon as Content-Length is
 * known.
 */
#include "http/http.h"

#include "base/bulk.h"
#include "base/error.h"
#include "base/limits.h"
#include "http/address.h"

#include <curl/curl.h>
#include <signal.h>
#include <string.h>

/* Lines beyond this are closed when their call ends. */
#define IDLE_LINES_MAX 8
/* Connections that a line keeps: sign-in talks to several servers in turn. */
#define LINE_CONNECTIONS_MAX 4
#define CONNECT_TIMEOUT_DEFAULT_MS 10000
#define STALL_DEFAULT_MS 60000
#define RECEIVE_BUFFER_SIZE (256 * KIB)
#define SEND_BUFFER_SIZE (256 * KIB)
#define HEADERS_SIZE_MAX (64 * KIB)
/* First buffer for an answer that does not tell its length. */
#define BODY_SIZE_FIRST (16 * KIB)
/* curl sends smaller bodies together with the headers, and counts them as headers. */
#define JOINED_BODY_SIZE_MAX (64 * KIB)
/* Cancelling wakes a call; this only bounds what a lost wake-up could cost. */
#define POLL_MS 1000

struct Http {
	char *product;
	GMutex mutex;
	GPtrArray *idle;   /* Line, guarded by mutex */
	uint64_t sent;     /* guarded by mutex */
	uint64_t received; /* guarded by mutex */
};

typedef struct Line {
	CURLM *multi;
	CURL *easy;
	char message[CURL_ERROR_SIZE];
} Line;

/* What curl's callbacks see of one call. */
typedef struct Call {
	const HttpRequest *request;
	CURL *easy;
	HttpResponse *response;
	size_t headers_size;
	Bulk *body;     /* NULL before it begins */
	size_t to_send; /* bytes of the request's body */
	Bulk *joined;   /* pieces that are few bytes, in one */
	PiecesReader reader;
	bool not_public; /* an address was refused */
	GError *error;
} Call;

/* ---- lines ------------------------------------------------------------------------------- */

static void line_free(void *data)
{
	Line *line = data;
	curl_easy_cleanup(line->easy);
	curl_multi_cleanup(line->multi);
	g_free(line);
}

static Line *line_new(const char *product)
{
	Line *line = g_new0(Line, 1);
	line->multi = curl_multi_init();
	line->easy = curl_easy_init();
	g_assert(line->multi && line->easy);
	curl_multi_setopt(line->multi, CURLMOPT_MAXCONNECTS, (long)LINE_CONNECTIONS_MAX);
	CURL *easy = line->easy;
	CURLcode code = curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	g_assert(code == CURLE_OK);
	code = curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	g_assert(code == CURLE_OK);
	code = curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	g_assert(code == CURLE_OK);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, 30L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, 10L);
	curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	/* A cancelled call does not wait for a name server that is silent. */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)RECEIVE_BUFFER_SIZE);
	curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)SEND_BUFFER_SIZE);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, product);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, line->message);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, (long)HTTP_STALL_BYTES);
	return line;
}

static Line *take_line(Http *http)
{
	g_mutex_lock(&http->mutex);
	Line *line = NULL;
	if (http->idle->len > 0) {
		line = g_ptr_array_steal_index(http->idle, http->idle->len - 1);
	}
	g_mutex_unlock(&http->mutex);
	return line ? line : line_new(http->product);
}

static void give_line(Http *http, Line *line)
{
	g_mutex_lock(&http->mutex);
	bool keep = http->idle->len < IDLE_LINES_MAX;
	if (keep) {
		g_ptr_array_add(http->idle, line);
	}
	g_mutex_unlock(&http->mutex);
	if (!keep) {
		line_free(line);
	}
}

Http *http_new(const char *product)
{
	static gsize ready = 0;
	if (g_once_init_enter(&ready)) {
		CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
		g_assert(code == CURLE_OK);
		/* OpenSSL writes to sockets without MSG_NOSIGNAL. */
		struct sigaction ignore = { .sa_handler = SIG_IGN };
		sigaction(SIGPIPE, &ignore, NULL);
		g_once_init_leave(&ready, 1);
	}
	Http *http = g_new0(Http, 1);
	http->product = g_strdup(product);
	http->idle = g_ptr_array_new_with_free_func(line_free);
	g_mutex_init(&http->mutex);
	return http;
}

void http_free(Http *http)
{
	if (!http) {
		return;
	}
	g_ptr_array_unref(http->idle);
	g_mutex_clear(&http->mutex);
	g_free(http->product);
	g_free(http);
}

void http_traffic(Http *http, uint64_t *ret_sent, uint64_t *ret_received)
{
	g_mutex_lock(&http->mutex);
	*ret_sent = http->sent;
	*ret_received = http->received;
	g_mutex_unlock(&http->mutex);
}

static void count_traffic(Http *http, CURL *easy, const Call *call)
{
	long request_size = 0;
	long header_size = 0;
	curl_off_t up = 0;
	curl_off_t down = 0;
	curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &request_size);
	curl_easy_getinfo(easy, CURLINFO_HEADER_SIZE, &header_size);
	curl_easy_getinfo(easy, CURLINFO_SIZE_UPLOAD_T, &up);
	curl_easy_getinfo(easy, CURLINFO_SIZE_DOWNLOAD_T, &down);
	if (call->to_send < JOINED_BODY_SIZE_MAX) {
		up = 0;
	}
	g_mutex_lock(&http->mutex);
	http->sent += (uint64_t)request_size + (uint64_t)up;
	http->received += (uint64_t)header_size + (uint64_t)down;
	g_mutex_unlock(&http->mutex);
}

/* ---- URLs and headers -------------------------------------------------------------------- */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CURLU, curl_url_cleanup)

static char *url_part(CURLU *url, CURLUPart part)
{
	char *text = NULL;
	if (curl_url_get(url, part, &text, 0)) {
		return NULL;
	}
	char *copy = g_strdup(text);
	curl_free(text);
	return copy;
}

/* NULL unless it is an http or https URL with a host. */
static char *origin_of(const char *text)
{
	g_autoptr(CURLU) url = curl_url();
	g_assert(url);
	if (curl_url_set(url, CURLUPART_URL, text, 0)) {
		return NULL;
	}
	g_autofree char *scheme = url_part(url, CURLUPART_SCHEME);
	g_autofree char *host = url_part(url, CURLUPART_HOST);
	g_autofree char *port = url_part(url, CURLUPART_PORT);
	if (!scheme || !host || !*host) {
		return NULL;
	}
	if (!g_str_equal(scheme, "http") && !g_str_equal(scheme, "https")) {
		return NULL;
	}
	return g_strdup_printf("%s://%s%s%s", scheme, host, port ? ":" : "", port ? port : "");
}

char *http_origin(const char *url)
{
	char *origin = url ? origin_of(url) : NULL;
	return origin ? origin : g_strdup("(no URL)");
}

static bool is_header(const char *header)
{
	const char *colon = strchr(header, ':');
	if (!colon || colon == header) {
		return false;
	}
	for (const char *at = header; *at; at++) {
		bool control = g_ascii_iscntrl(*at);
		if (control || (at < colon && *at == ' ')) {
			return false;
		}
	}
	return true;
}

/* False for what is not a header; *ret_list is to be freed in any case. */
static bool list_headers(const HttpRequest *request, struct curl_slist **ret_list)
{
	/* Without these, curl waits for "100 Continue" and names a form as what a body is. */
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");
	bool typed = false;
	bool whole = true;
	for (size_t i = 0; request->headers && request->headers[i]; i++) {
		whole = whole && is_header(request->headers[i]);
		typed |= g_ascii_strncasecmp(request->headers[i], "Content-Type:", 13) == 0;
		list = curl_slist_append(list, request->headers[i]);
	}
	if (!typed) {
		list = curl_slist_append(list, "Content-Type:");
	}
	g_assert(list);
	*ret_list = list;
	return whole;
}

/* ---- the answer -------------------------------------------------------------------------- */

void http_response_free(HttpResponse *response)
{
	if (!response) {
		return;
	}
	g_clear_pointer(&response->body, g_bytes_unref);
	g_clear_pointer(&response->headers, g_hash_table_unref);
	g_free(response->content_type);
	g_free(response);
}

static HttpResponse *response_new(void)
{
	HttpResponse *response = g_new0(HttpResponse, 1);
	response->headers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return response;
}

static size_t on_header(char *bytes, size_t one, size_t size, void *data)
{
	Call *call = data;
	call->headers_size += size;
	if (call->headers_size > HEADERS_SIZE_MAX) {
		g_set_error(&call->error, DRIVE_ERROR, DRIVE_ERROR_TOO_LARGE,
			    "the answer has more than %llu bytes of headers", HEADERS_SIZE_MAX);
		return 0;
	}
	if (size >= 5 && memcmp(bytes, "HTTP/", 5) == 0) {
		/* An interim answer (1xx) came before. */
		g_hash_table_remove_all(call->response->headers);
		return size;
	}
	const char *colon = memchr(bytes, ':', size);
	if (colon) {
		char *name = g_ascii_strdown(bytes, colon - bytes);
		char *value = g_strndup(colon + 1, size - (size_t)(colon + 1 - bytes));
		g_hash_table_replace(call->response->headers, name, g_strstrip(value));
	}
	return size;
}

static bool refuse_body(Call *call)
{
	g_set_error(&call->error, DRIVE_ERROR, DRIVE_ERROR_TOO_LARGE,
		    "the answer is larger than %zu bytes", call->request->response_size_max);
	return false;
}

/* Room for all of it at once, if the server says how much that is. */
static bool begin_body(Call *call)
{
	curl_off_t length = -1;
	curl_easy_getinfo(call->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	if (length > 0 && (uint64_t)length > call->request->response_size_max) {
		return refuse_body(call);
	}
	call->body = bulk_new(length > 0 ? (size_t)length : BODY_SIZE_FIRST);
	return true;
}

static size_t on_body(char *bytes, size_t one, size_t size, void *data)
{
	Call *call = data;
	if (size == 0) {
		return 0;
	}
	size_t so_far = call->body ? call->body->len : 0;
	if (size > call->request->response_size_max - so_far) {
		refuse_body(call);
		return 0;
	}
	if (!call->body && !begin_body(call)) {
		return 0;
	}
	bulk_append(call->body, bytes, size);
	return size;
}

static char *plain_content_type(const HttpResponse *response)
{
	const char *type = g_hash_table_lookup(response->headers, "content-type");
	if (!type) {
		return NULL;
	}
	char *plain = g_ascii_strdown(type, (gssize)strcspn(type, ";"));
	return g_strstrip(plain);
}

/* ---- the call ---------------------------------------------------------------------------- */

static long at_least_one_ms(unsigned ms, unsigned otherwise)
{
	return (long)(ms > 0 ? ms : otherwise);
}

static size_t on_send(char *buffer, size_t one, size_t room, void *data)
{
	Call *call = data;
	return pieces_reader_take(&call->reader, buffer, room);
}

/* A request that finds its connection closed is sent again. */
static int on_rewind(void *data, curl_off_t offset, int origin)
{
	Call *call = data;
	if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > call->to_send) {
		return CURL_SEEKFUNC_FAIL;
	}
	pieces_reader_init(&call->reader, call->request->pieces, (size_t)offset);
	return CURL_SEEKFUNC_OK;
}

/* curl sends what it has in one piece together with the headers, if it is not much. */
static void set_body(CURL *easy, Call *call)
{
	const HttpRequest *request = call->request;
	const void *body = request->body ? request->body : "";
	call->to_send = request->pieces ? pieces_size(request->pieces) : request->body_size;
	bool in_pieces = request->pieces && call->to_send >= JOINED_BODY_SIZE_MAX;
	if (in_pieces) {
		pieces_reader_init(&call->reader, request->pieces, 0);
		body = NULL;
	} else if (request->pieces && call->to_send > 0) {
		call->joined = pieces_join(request->pieces);
		body = call->joined->data;
	}
	curl_easy_setopt(easy, CURLOPT_POST, 1L);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->to_send);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
	curl_easy_setopt(easy, CURLOPT_READFUNCTION, in_pieces ? on_send : NULL);
	curl_easy_setopt(easy, CURLOPT_READDATA, call);
	curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, in_pieces ? on_rewind : NULL);
	curl_easy_setopt(easy, CURLOPT_SEEKDATA, call);
}

static void set_method(CURL *easy, Call *call)
{
	const HttpRequest *request = call->request;
	bool post = request->body || request->pieces || g_str_equal(request->method, "POST") ||
		    g_str_equal(request->method, "PUT") || g_str_equal(request->method, "PATCH");
	if (post) {
		set_body(easy, call);
	} else {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, NULL);
		curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
	}
	curl_easy_setopt(easy, CURLOPT_NOBODY, g_str_equal(request->method, "HEAD") ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

/* curl asks for a socket for each address that it tries. */
static curl_socket_t open_public(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
	Call *call = data;
	if (!address_is_public(&address->addr)) {
		call->not_public = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static void set_reach(CURL *easy, Call *call)
{
	bool public_only = call->request->public_only;
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, public_only ? open_public : NULL);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, call);
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, public_only ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, public_only ? 1L : 0L);
	/* "": none; NULL: from the environment. */
	curl_easy_setopt(easy, CURLOPT_PROXY, public_only ? "" : NULL);
}

static void set_call(Line *line, Call *call, struct curl_slist *headers)
{
	CURL *easy = line->easy;
	const HttpRequest *request = call->request;
	line->message[0] = '\0';
	set_method(easy, call);
	set_reach(easy, call);
	curl_easy_setopt(easy, CURLOPT_URL, request->url);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	long connect_ms = at_least_one_ms(request->connect_timeout_ms, CONNECT_TIMEOUT_DEFAULT_MS);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
	long stall_ms = at_least_one_ms(request->stall_ms, STALL_DEFAULT_MS);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (stall_ms + 999) / 1000);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
}

static void on_cancelled(GCancellable *cancellable, void *multi)
{
	curl_multi_wakeup(multi);
}

/* Runs the transfer to its end; CURLE_ABORTED_BY_CALLBACK when cancelled. */
static CURLcode transfer(Line *line, GCancellable *cancellable)
{
	CURLMcode added = curl_multi_add_handle(line->multi, line->easy);
	g_assert(added == CURLM_OK);
	gulong handler = 0;
	if (cancellable) {
		handler = g_cancellable_connect(cancellable, G_CALLBACK(on_cancelled), line->multi,
						NULL);
	}
	CURLcode code = CURLE_OK;
	int running = 1;
	CURLMcode state = CURLM_OK;
	while (running && state == CURLM_OK) {
		if (g_cancellable_is_cancelled(cancellable)) {
			code = CURLE_ABORTED_BY_CALLBACK;
			break;
		}
		state = curl_multi_perform(line->multi, &running);
		if (state == CURLM_OK && running) {
			state = curl_multi_poll(line->multi, NULL, 0, POLL_MS, NULL);
		}
	}
	g_cancellable_disconnect(cancellable, handler);
	int left = 0;
	CURLMsg *message = curl_multi_info_read(line->multi, &left);
	if (message && message->msg == CURLMSG_DONE) {
		code = message->data.result;
	} else if (code == CURLE_OK) {
		code = CURLE_FAILED_INIT;
	}
	/* Closes the connection of a transfer that is not done. */
	curl_multi_remove_handle(line->multi, line->easy);
	return code;
}

static DriveError code_of(CURLcode code)
{
	switch (code) {
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_BAD_CONTENT_ENCODING:
		return DRIVE_ERROR_INVALID;
	case CURLE_ABORTED_BY_CALLBACK:
		return DRIVE_ERROR_CANCELLED;
	case CURLE_OUT_OF_MEMORY:
		return DRIVE_ERROR_TOO_LARGE;
	default:
		return DRIVE_ERROR_OFFLINE;
	}
}

static void set_transfer_error(GError **error, CURLcode code, const Line *line)
{
	const char *detail = line->message;
	if (code == CURLE_ABORTED_BY_CALLBACK) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CANCELLED, "cancelled");
		return;
	}
	if (code == CURLE_URL_MALFORMAT) {
		/* curl's detail quotes the URL. */
		detail = "";
	}
	g_set_error(error, DRIVE_ERROR, (int)code_of(code), "%s",
		    *detail ? detail : curl_easy_strerror(code));
}

static bool run_call(Http *http, Call *call, GCancellable *cancellable, GError **error)
{
	struct curl_slist *headers = NULL;
	if (!list_headers(call->request, &headers)) {
		curl_slist_free_all(headers);
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID, "malformed request header");
		return false;
	}
	Line *line = take_line(http);
	call->easy = line->easy;
	set_call(line, call, headers);
	CURLcode code = transfer(line, cancellable);
	count_traffic(http, line->easy, call);
	long status = 0;
	curl_easy_getinfo(line->easy, CURLINFO_RESPONSE_CODE, &status);
	bool ok = false;
	if (call->error) {
		g_propagate_error(error, g_steal_pointer(&call->error));
	} else if (code != CURLE_OK && call->not_public) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN,
				    "is not on the public internet");
	} else if (code != CURLE_OK) {
		set_transfer_error(error, code, line);
	} else if (status < 200 || status > 599) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID, "answer with status %ld",
			    status);
	} else {
		call->response->status = (unsigned)status;
		ok = true;
	}
	curl_easy_setopt(line->easy, CURLOPT_HTTPHEADER, NULL);
	curl_easy_setopt(line->easy, CURLOPT_POSTFIELDS, NULL);
	curl_slist_free_all(headers);
	g_clear_pointer(&call->joined, bulk_free);
	give_line(http, line);
	return ok;
}

HttpResponse *http_send(Http *http, const HttpRequest *request, GCancellable *cancellable,
			GError **error)
{
	g_assert(request->method && request->url);
	g_assert(request->body || request->body_size == 0);
	g_assert(!request->body || !request->pieces);
	g_autofree char *origin = origin_of(request->url);
	if (!origin) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID, "not an http(s) URL");
		return NULL;
	}
	g_autoptr(HttpResponse) response = response_new();
	Call call = { .request = request, .response = response };
	if (!run_call(http, &call, cancellable, error)) {
		bulk_free(call.body);
		g_prefix_error(error, "%s: ", origin);
		return NULL;
	}
	response->body = bulk_free_to_bytes(call.body ? call.body : bulk_new(0));
	response->content_type = plain_content_type(response);
	return g_steal_pointer(&response);
}
