/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "request/parameters.h"

#include <glib.h>

/* The headers that services look at. */
typedef enum RequestHeader {
	REQUEST_ACCEPT_LANGUAGE,
	REQUEST_AUTHORIZATION,
	REQUEST_CONTENT_TYPE,
	REQUEST_COOKIE,
	REQUEST_HOST,
	REQUEST_IF_NONE_MATCH,
	REQUEST_IF_RANGE,
	REQUEST_ORIGIN,
	REQUEST_RANGE,
	REQUEST_SEC_FETCH_SITE,
	REQUEST_USER_AGENT,
	REQUEST_HEADERS, /* how many there are */
} RequestHeader;

/* As in HTTP: "Accept-Language", … */
const char *request_header_name(RequestHeader header);

/*
 * An HTTP request as a value, without its socket. All borrowed for the call that handles it; one
 * that waits is given again each time, equal but for waited_ms and wake.
 */
typedef struct Request {
	const char *method;                   /* "GET", "POST", … */
	const char *path;                     /* "/sync/v1/changes", decoded, without query */
	const Parameters *query;              /* may be NULL: none */
	const char *headers[REQUEST_HEADERS]; /* as they came; NULL: absent */
	GBytes *body;                         /* may be NULL */
	const char *peer; /* numeric address, for rate limits; NULL: trusted, none */
	/*
	 * For a request that may wait: called at most once, from any thread, when it is worth
	 * handling it again; it must neither block nor call the service. NULL: never wait.
	 */
	void (*wake)(void *data);
	void *wake_data;
	unsigned waited_ms; /* since this request was first handled */
} Request;

/* The value of a parameter of the query, borrowed; NULL if there is none. */
const char *request_query(const Request *request, const char *name);

/*
 * The parameters of a body in application/x-www-form-urlencoded. DRIVE_ERROR_INVALID if it is of
 * another type or not well-formed; see parameters_parse().
 */
Parameters *request_form(const Request *request, GError **error);
