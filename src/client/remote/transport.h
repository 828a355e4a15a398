/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

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
	bool (*exchange)(Transport *transport, const char *endpoint, GByteArray *body,
			 unsigned wait_ms, GCancellable *cancellable, GBytes **ret_body,
			 GError **error);
	void (*traffic)(Transport *transport, uint64_t *ret_sent, uint64_t *ret_received);
	void (*free)(Transport *transport);
} TransportVtable;

struct Transport {
	const TransportVtable *vtable;
};

/* base_url "https://drive.example.org"; token is the device's credential. */
Transport *transport_http_new(const char *base_url, const char *token, GError **error);
