/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The endpoints: request in, response out. Knows nothing of sockets, so that the simulator calls it
 * as front/ does.
 *
 *	POST   /sync/v1/changes, commit, missing, upload, fetch       (wire/sync.proto)
 *	POST   /api/v1/login, logout, restore
 *	GET    /api/v1/me, devices, versions, trash
 *	DELETE /api/v1/devices/ID
 *	GET    /healthz
 *
 * All functions may be called from any thread.
 */
typedef struct Api Api;
typedef struct Accounts Accounts;
typedef struct Drive Drive;
typedef struct Feed Feed;

/*
 * Borrows all three. From then on an ended credential wakes the waits of its account, so that they
 * end; whoever opened the drive wakes the feed when it changed.
 */
Api *api_new(Accounts *accounts, Drive *drive, Feed *feed);
/* No request may be waiting any more. */
void api_free(Api *api);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Api, api_free)

/* All borrowed for the call; a request that waits is given again each time, equal but for these. */
typedef struct ApiRequest {
	const char *method;        /* "GET", "POST", … */
	const char *path;          /* "/sync/v1/changes", decoded, without query */
	GHashTable *query;         /* char * -> char *, decoded; may be NULL */
	const char *authorization; /* header as it came, or NULL */
	GBytes *body;              /* may be NULL */
	const char *peer;          /* numeric address, for rate limits; NULL: trusted, none */
	/*
	 * For a request that may wait: called at most once, from any thread, when it is worth
	 * calling api_handle() again; it must neither block nor call the api. NULL: never wait.
	 */
	void (*wake)(void *data);
	void *wake_data;
	unsigned waited_ms; /* since this request was first handled */
} ApiRequest;

typedef struct ApiResponse {
	unsigned status; /* 0: nothing yet; call again when woken, or after wait_ms without wake */
	GBytes *body;    /* NULL: none */
	const char *content_type; /* static */
	unsigned wait_ms;
	void *waiting; /* to be given to api_forget() before the next call for this request */
	unsigned retry_after_s; /* 0: not said */
	char *detail;   /* what went wrong inside, for the log and never for the peer; or NULL */
	int64_t device; /* who asked, for the log; 0: unknown */
} ApiResponse;

/* Handles a request. May block for the disk, hence for worker threads. */
void api_handle(Api *api, const ApiRequest *request, ApiResponse *ret_response);

/* The request will not wait any more; when it returns, wake is not running nor will be called. */
void api_forget(Api *api, void *waiting);

void api_response_clear(ApiResponse *response);

/* A response for what goes wrong before api_handle(): the form that all errors have. */
void api_fail(ApiResponse *ret_response, unsigned status, const char *name, const char *message);

/*
 * How large a body may be with this method and path, for whoever reads it; 0: none. Never blocks.
 */
size_t api_body_max(const char *method, const char *path);

/* True if memory knows the bearer of this header: his bodies may be read. Never blocks. */
bool api_remembers(Api *api, const char *authorization);
/* The same from the database, which may block. */
bool api_admits(Api *api, const char *authorization);

/* Appends counters in the text form of Prometheus. */
void api_metrics(Api *api, GString *ret_text);
