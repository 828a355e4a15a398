/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "request/service.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The endpoints: request in, response out. Knows nothing of sockets, so that the simulator calls it
 * as front/ does.
 *
 *	POST   /sync/v1/changes, commit, missing, upload, fetch       (wire/sync.proto)
 *	*      /api/v1/…                                              (docs/openapi.yaml)
 *	GET    /healthz
 *
 * All functions may be called from any thread.
 */
typedef struct Api Api;
typedef struct Accounts Accounts;
typedef struct Drive Drive;
typedef struct Feed Feed;
typedef struct LoginLimit LoginLimit;
typedef struct Share Share;

typedef struct ApiOptions {
	Accounts *accounts;
	Drive *drive;
	Feed *feed;
	Share *share;
} ApiOptions;

/*
 * Borrows all four. From then on an ended credential wakes the waits of its account, so that they
 * end; whoever opened the drive wakes the feed when it changed.
 */
Api *api_new(const ApiOptions *options);
/* No request may be waiting any more. */
void api_free(Api *api);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Api, api_free)

/* Handles a request. May block for the disk, hence for worker threads. */
void api_handle(Api *api, const Request *request, Response *ret_response);

/* The request will not wait any more; when it returns, wake is not running nor will be called. */
void api_forget(Api *api, void *waiting);

/*
 * How large a body may be with this method and path, for whoever reads it; 0: none. Never blocks.
 */
size_t api_body_max(const char *method, const char *path);

/* True if memory knows the bearer of this header: his bodies may be read. Never blocks. */
bool api_remembers(Api *api, const char *authorization);
/* The same from the database, which may block. */
bool api_admits(Api *api, const char *authorization);

/* How often somebody may fail to sign in, for whoever else lets people in. Borrowed. */
LoginLimit *api_login_limit(Api *api);

/* Appends counters in the text form of Prometheus. */
void api_metrics(Api *api, GString *ret_text);

/* The same as a service that serves every path: what it does not know is 404. Borrows the api. */
Service api_service(Api *api);
