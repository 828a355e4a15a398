/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * A body that is made while it is sent: more than should lie in memory, or of a size that nobody
 * knows before. Its functions are called by one thread at a time, from any.
 */
typedef struct ResponseSource {
	uint64_t size; /* of the whole; RESPONSE_SIZE_UNKNOWN: it ends where next() says so */
	/*
	 * The next piece, not empty, which lies in memory; NULL: there is no more. May block. After
	 * false the connection is cut, so that nobody takes a part for the whole.
	 */
	bool (*next)(void *data, GBytes **ret_piece, GError **error);
	void (*free)(void *data);
	void *data;
} ResponseSource;

#define RESPONSE_SIZE_UNKNOWN UINT64_MAX

/*
 * The answer to a Request, as a value; all zero to begin with. Unless cache_control says otherwise
 * it goes out with "Cache-Control: no-store", always with "X-Content-Type-Options: nosniff".
 */
typedef struct Response {
	unsigned status; /* 0: nothing yet; handle again when woken, or after wait_ms without */
	GBytes *body;    /* NULL: none */
	ResponseSource source;     /* in place of a body; next NULL: none */
	const char *content_type;  /* static */
	const char *cache_control; /* static */
	GPtrArray *headers;        /* of char *, "Name: value"; NULL: no others */
	unsigned wait_ms;
	void *waiting; /* to be given to the service's forget() before it handles this again */
	unsigned retry_after_s; /* 0: not said */
	char *detail;   /* what went wrong inside, for the log and never for the peer; or NULL */
	int64_t device; /* who asked, for the log; 0: unknown */
} Response;

void response_clear(Response *response);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Response, response_clear)

/* A header more. Asserts that neither has a line break: what came from outside is escaped. */
void response_add_header(Response *response, const char *name, const char *value);

/* 303 See Other: the browser goes on with GET, also after a POST. location is a URL. */
void response_redirect(Response *response, const char *location);

/* JSON for what went wrong: {"error": name, "message": message}. Takes a body that was there. */
void response_fail(Response *response, unsigned status, const char *name, const char *message);
