/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/pieces.h"

#include <gio/gio.h>
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * How a request reaches the server. Implementations: HTTP (transport_http.c), and the simulator's,
 * which calls the server's api/ in the same process.
 */
typedef struct Transport Transport;

typedef struct TransportVtable {
	/*
	 * POSTs a body to /sync/v1/<endpoint> and gives the body of a 2xx answer (204: *ret_body
	 * NULL). Blocks; called from several threads at once. wait_ms is how long the server may
	 * rightly keep the answer back. Any other answer is an error with the server's message and
	 * the code of error_code_from_http().
	 */
	bool (*exchange)(Transport *transport, const char *endpoint, const Pieces *body,
			 unsigned wait_ms, GCancellable *cancellable, GBytes **ret_body,
			 GError **error);
	void (*traffic)(Transport *transport, uint64_t *ret_sent, uint64_t *ret_received);
	void (*free)(Transport *transport);
} TransportVtable;

struct Transport {
	const TransportVtable *vtable;
};

/*
 * Whence the device's credential comes. get() is called before each exchange; when the drive
 * refuses a token with 401, it is called once more with that token in `refused`, and the exchange
 * is tried again with what it gives. Called from several threads; free with g_free().
 */
typedef struct TransportToken {
	char *(*get)(void *data, const char *refused, GCancellable *cancellable, GError **error);
	void *data;
} TransportToken;

/* base_url "https://drive.example.org"; token is copied, its data borrowed. */
Transport *transport_http_new(const char *base_url, const TransportToken *token, GError **error);
