/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "request/service.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * The listener: HTTP/1.1 on one port, with the limits that keep strangers from taking the server's
 * memory, time and threads; routes to services. The only place that logs requests.
 */
typedef struct Front Front;

/* 0 or NULL takes the default. All borrowed for the call of front_start(). */
typedef struct FrontOptions {
	const char *listen;            /* "HOST:PORT"; port 0: any free one */
	unsigned threads;              /* that do the network's work; one per core */
	unsigned workers;              /* that handle requests and may wait for the disk */
	unsigned connections_max;      /* as many as the limit on open files allows */
	unsigned connections_per_peer; /* but loopback and trusted proxies */
	size_t buffered_max;           /* bytes of bodies in memory */
	unsigned header_timeout_ms;    /* from the connection to the end of its first header */
	unsigned idle_timeout_ms; /* from one request's end to the end of the next one's header */
	unsigned body_timeout_ms; /* for a body; more is given to large ones */
	const char *tls_certificate; /* PEM; both or none */
	const char *tls_key;
	const char *const *trusted_proxies; /* numeric addresses, ends with NULL */
	bool metrics_public;                /* /metrics for others than loopback peers */
} FrontOptions;

/*
 * Begins to serve. services: copied, 1..FRONT_SERVICES_MAX; the first that serves a path gets its
 * requests, and the last must serve all; what they point to is borrowed.
 */
Front *front_start(const FrontOptions *options, const Service *services, unsigned count,
		   GError **error);
#define FRONT_SERVICES_MAX 4

/*
 * Stops accepting, ends the waits, finishes what is being worked on, closes. Takes a few seconds at
 * most if the disk answers.
 */
void front_stop(Front *front);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Front, front_stop)

/* Where it listens, as a URL: "http://127.0.0.1:8090". */
const char *front_url(Front *front);
