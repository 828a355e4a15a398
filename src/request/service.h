/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "request/request.h"
#include "request/response.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Who answers requests: api/ for devices, server/login for browsers. front/ asks its services in
 * their order which of them serves a path. All functions are called from any thread.
 */
typedef struct Service {
	/* True if the path is this service's. Never blocks. */
	bool (*serves)(void *data, const char *path);
	/* What follows this in a path is a secret, and stays out of logs; NULL: nothing is. */
	const char *secret_below;
	/* How large a body may be with this method and path; 0: none. Never blocks. */
	size_t (*body_max)(void *data, const char *method, const char *path);
	/*
	 * Whether a large body may be read from whoever sends this Authorization, as far as memory
	 * knows (never blocks), or as the database says (may block). NULL: from nobody.
	 */
	bool (*remembers)(void *data, const char *authorization);
	bool (*admits)(void *data, const char *authorization);
	/*
	 * Handles a request. May block, hence for worker threads, but for one that is_quick().
	 * *ret_response is all zero.
	 */
	void (*handle)(void *data, const Request *request, Response *ret_response);
	/*
	 * Whether handling this request computes for a moment and asks neither disk nor network,
	 * and does not make it wait: handing it to a worker would cost more. Never blocks. NULL:
	 * none.
	 */
	bool (*is_quick)(void *data, const Request *request);
	/*
	 * The request of this Response.waiting will not wait any more; when it returns, wake is
	 * neither running nor will be called. NULL: requests never wait.
	 */
	void (*forget)(void *data, void *waiting);
	/* Appends counters in the text form of Prometheus; NULL: there are none. */
	void (*metrics)(void *data, GString *ret_text);
	void *data;
} Service;
