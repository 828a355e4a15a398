/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/pieces.h"

#include <gio/gio.h>
#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Outbound HTTP/1.1, for all of imdrive: one set of connections that are kept and used again, by
 * any number of threads at once. A call takes an idle connection, or opens one.
 *
 * Always: http and https only, certificates verified, redirects not followed (a 3xx is an answer
 * like any other), no content encodings, no cookies, proxy from the environment (http_proxy,
 * https_proxy, no_proxy), answers bounded.
 */
typedef struct Http Http;

/* product is what User-Agent says, "imdrive/1.0". SIGPIPE of the process is ignored from now on. */
Http *http_new(const char *product);
/* No call may be running. */
void http_free(Http *http);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Http, http_free)

/* All memory borrowed for the call. */
typedef struct HttpRequest {
	const char *method;         /* "GET", "POST", … */
	const char *url;            /* absolute */
	const char *const *headers; /* "Name: value" each, NULL-terminated; NULL: none */
	const void *body;           /* not copied; NULL: none */
	size_t body_size;           /* bytes */
	const Pieces *pieces;       /* a body in pieces, instead; not copied; NULL: none */
	size_t response_size_max;   /* bytes of the answer's body; 0: none may come */
	/*
	 * Limits of time, each 0 for the default: reaching the server (10 s); the whole call
	 * (none); and how long fewer than HTTP_STALL_BYTES a second may flow in both directions
	 * together (60 s, counted in whole seconds). A request whose answer may rightly be kept
	 * back adds that time to stall_ms.
	 */
	unsigned connect_timeout_ms;
	unsigned timeout_ms;
	unsigned stall_ms;
	/*
	 * For a server that somebody typed: connects to addresses of the public internet only, else
	 * FORBIDDEN. What is checked is the very address that is connected to, so that no answer of
	 * a name server comes between. Goes around proxies, on a connection of its own.
	 */
	bool public_only;
} HttpRequest;

#define HTTP_STALL_BYTES 64

typedef struct HttpResponse {
	unsigned status;     /* 200..599 */
	GBytes *body;        /* never NULL */
	char *content_type;  /* lower case, without parameters: "application/json"; NULL if none */
	GHashTable *headers; /* char * -> char *: lower-case name -> value, the last of each name */
} HttpResponse;

void http_response_free(HttpResponse *response);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HttpResponse, http_response_free)

/*
 * Sends the request and waits for the whole answer; NULL if there was none. Any status is an
 * answer. Errors:
 *
 *	OFFLINE    not reached, no or broken TLS, refused certificate, cut, timed out, stalled
 *	CANCELLED  within milliseconds, whatever the call was waiting for
 *	TOO_LARGE  more body than response_size_max, or absurdly large headers
 *	INVALID    the URL or a header is not one, or what came back is not HTTP
 *	FORBIDDEN  public_only, and the server has no public address
 *
 * Messages name the server ("https://host:port"), never path, query, user or headers, which may be
 * secrets. A request on a kept connection that the server had just closed is sent once more on a
 * new one, as all HTTP clients do.
 */
HttpResponse *http_send(Http *http, const HttpRequest *request, GCancellable *cancellable,
			GError **error);

/* Bytes sent and received so far, headers included, TLS and TCP overhead not. Any thread. */
void http_traffic(Http *http, uint64_t *ret_sent, uint64_t *ret_received);

/* "https://host:port" of a URL for messages; "(no URL)" if it is none. Free with g_free(). */
char *http_origin(const char *url);
