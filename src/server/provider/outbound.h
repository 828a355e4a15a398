/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "http/http.h"
#include "server/provider/document.h"

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

/*
 * A question to a service, under the rules of R9: https, no redirects, PROVIDER_TIMEOUT_MS,
 * PROVIDER_ANSWER_SIZE_MAX; what a person typed is asked on public addresses only.
 */
typedef struct OutboundQuestion {
	const char *url;
	const GString *query;       /* goes into the URL; may be NULL */
	const GString *form;        /* makes it a POST; may be NULL */
	const json_t *json;         /* makes it a POST; may be NULL */
	const char *const *headers; /* ends with NULL; may be NULL */
	DocumentForm answer;
	bool typed;    /* a server that somebody typed, or that such a server named */
	bool loopback; /* the operator's test flag: http on loopback is right, too */
} OutboundQuestion;

/*
 * The answer, if its status is 200 to 299. Else OFFLINE (5xx, 429, not reached), NOT_FOUND (404) or
 * INVALID, with the service's own words if it has any. A FORBIDDEN or INVALID URL is not asked.
 */
json_t *outbound_ask(Http *http, const OutboundQuestion *question, GError **error);

/*
 * The service's own words about what is wrong (RFC 6749's error and error_description, errcode and
 * errmsg, code and msg, …), printable and bounded; "" if none. Free with g_free().
 */
char *outbound_words(const json_t *document);

/* Whether one of the record's err_test finds an error in what came under a good status (R8). */
bool outbound_is_error(const json_t *document, char *const *err_test);
