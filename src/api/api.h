/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The endpoints: request in, response out. Knows nothing of sockets, so that the simulator calls it
 * as front/ does. api_handle() blocks (disk sync) and is called from worker threads.
 */
typedef struct Api Api;

typedef struct ApiRequest {
	const char *method;        /* "GET", "POST", … */
	const char *path;          /* "/sync/v1/changes", without query */
	GHashTable *query;         /* char * -> char *, may be NULL */
	const char *authorization; /* header as it came, or NULL */
	GBytes *body;              /* may be NULL */
	const char *peer;          /* address for logs and rate limits */
	/*
	 * For a request that may wait: called at most once, from any thread, when it is worth
	 * calling api_handle() again. NULL: never wait.
	 */
	void (*wake)(void *data);
	void *wake_data;
} ApiRequest;

typedef struct ApiResponse {
	unsigned status; /* 0: nothing yet; wake was registered, call again after it or at wait_ms */
	GBytes *body;
	const char *content_type; /* static */
	unsigned wait_ms;
	void *waiting; /* to be given to api_forget() before the next call for this request */
} ApiResponse;

void api_handle(Api *api, const ApiRequest *request, ApiResponse *ret_response);
/* The request will not wait any more; after this wake is not called. */
void api_forget(Api *api, void *waiting);
void api_response_clear(ApiResponse *response);
