/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The drive over HTTP. An answer other than 2xx carries JSON, {"error": code, "message": text}; the
 * status decides the code, since what stands between here and the drive (a proxy, a portal) answers
 * too, in its own words; of codes that share a status the name tells which.
 */
#include "client/remote/transport.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"
#include "http/http.h"

#include <jansson.h>
#include <string.h>

/* How long the server may be silent beyond what it was told to wait. */
#define SILENCE_MS 60000
#define MESSAGE_LENGTH_MAX 500

typedef struct HttpTransport {
	Transport transport;
	/* The server sorts connections by their first request: those that move content are read in
	 * larger pieces than those that wait for changes. */
	Http *http;
	Http *feed;
	char *base_url; /* ends in "/sync/v1/" */
	TransportToken token;
} HttpTransport;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_t, json_decref)

/* NULL if it is none. */
static json_t *json_of(const HttpResponse *response)
{
	size_t size = 0;
	const char *bytes = g_bytes_get_data(response->body, &size);
	bool is_json = g_strcmp0(response->content_type, "application/json") == 0;
	if (!is_json || size > JSON_BODY_SIZE_MAX) {
		return NULL;
	}
	return json_loadb(bytes, size, JSON_REJECT_DUPLICATES, NULL);
}

/* What the server said for people; NULL if it said nothing fit for it. Free with g_free(). */
static char *message_of(const json_t *json)
{
	const char *text = json_string_value(json_object_get(json, "message"));
	if (!text || !*text) {
		return NULL;
	}
	g_autofree char *start =
		g_utf8_substring(text, 0, MIN(g_utf8_strlen(text, -1), MESSAGE_LENGTH_MAX));
	return text_printable(start, strlen(start));
}

static void set_answer_error(GError **error, const HttpResponse *response)
{
	g_autoptr(json_t) json = json_of(response);
	g_autofree char *message = message_of(json);
	const char *name = json_string_value(json_object_get(json, "error"));
	int code = (int)error_code_from_http(response->status, name);
	if (response->status < 400) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "the server answered with status %u", response->status);
	} else if (message) {
		g_set_error(error, DRIVE_ERROR, code, "%s", message);
	} else {
		g_set_error(error, DRIVE_ERROR, code, "the server answered with status %u",
			    response->status);
	}
}

typedef struct Exchange {
	Http *http;
	const char *url;
	const Pieces *body;
	unsigned wait_ms;
	GCancellable *cancellable;
} Exchange;

static HttpResponse *send(const Exchange *call, const char *token, GError **error)
{
	g_autofree char *authorization = g_strconcat("Authorization: Bearer ", token, NULL);
	const char *const headers[] = {
		authorization,
		"Content-Type: application/octet-stream",
		NULL,
	};
	const HttpRequest request = {
		.method = "POST",
		.url = call->url,
		.headers = headers,
		.pieces = call->body,
		.response_size_max = BODY_SIZE_MAX,
		.stall_ms = call->wait_ms + SILENCE_MS,
	};
	return http_send(call->http, &request, call->cancellable, error);
}

/* With a token that is good, as far as anybody knows before the drive says no. */
static HttpResponse *send_signed(HttpTransport *self, const Exchange *call, GError **error)
{
	const TransportToken *from = &self->token;
	g_autofree char *token = from->get(from->data, NULL, call->cancellable, error);
	g_autoptr(HttpResponse) response = token ? send(call, token, error) : NULL;
	if (!response || response->status != 401) {
		return g_steal_pointer(&response);
	}
	g_autofree char *next = from->get(from->data, token, call->cancellable, error);
	return next ? send(call, next, error) : NULL;
}

static bool http_exchange(Transport *transport, const char *endpoint, const Pieces *body,
			  unsigned wait_ms, GCancellable *cancellable, GBytes **ret_body,
			  GError **error)
{
	HttpTransport *self = (HttpTransport *)transport;
	g_autofree char *url = g_strconcat(self->base_url, endpoint, NULL);
	Http *http = strcmp(endpoint, "changes") == 0 ? self->feed : self->http;
	const Exchange call = { http, url, body, wait_ms, cancellable };
	g_autoptr(HttpResponse) response = send_signed(self, &call, error);
	if (!response) {
		return false;
	}
	if (response->status < 200 || response->status > 299) {
		set_answer_error(error, response);
		return false;
	}
	if (response->status == 204) {
		*ret_body = NULL;
		return true;
	}
	if (response->content_type && g_str_has_prefix(response->content_type, "text/")) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_OFFLINE,
			    "a web page came instead of the drive's answer: does this network ask "
			    "for a sign-in, or is the address another server's?");
		return false;
	}
	*ret_body = g_steal_pointer(&response->body);
	return true;
}

static void http_transport_traffic(Transport *transport, uint64_t *ret_sent, uint64_t *ret_received)
{
	HttpTransport *self = (HttpTransport *)transport;
	uint64_t sent = 0, received = 0;
	http_traffic(self->http, ret_sent, ret_received);
	http_traffic(self->feed, &sent, &received);
	*ret_sent += sent;
	*ret_received += received;
}

static void http_transport_free(Transport *transport)
{
	HttpTransport *self = (HttpTransport *)transport;
	http_free(self->http);
	http_free(self->feed);
	g_free(self->base_url);
	g_free(self);
}

Transport *transport_http_new(const char *base_url, const TransportToken *token, GError **error)
{
	static const TransportVtable vtable = {
		.exchange = http_exchange,
		.traffic = http_transport_traffic,
		.free = http_transport_free,
	};
	g_autofree char *origin = http_origin(base_url);
	if (origin[0] == '(' || strpbrk(base_url, "?#")) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "not the address of a drive: it must look like "
			    "https://drive.example.org");
		return NULL;
	}
	size_t length = strlen(base_url);
	while (base_url[length - 1] == '/') {
		length--;
	}
	HttpTransport *self = g_new0(HttpTransport, 1);
	self->transport.vtable = &vtable;
	self->http = http_new("imdrive/" IMDRIVE_VERSION);
	self->feed = http_new("imdrive/" IMDRIVE_VERSION);
	self->base_url = g_strdup_printf("%.*s/sync/v1/", (int)length, base_url);
	self->token = *token;
	return &self->transport;
}
