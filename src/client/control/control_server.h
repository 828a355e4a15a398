/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <jansson.h>

/*
 * The only door for user interfaces: a socket in the profile folder (0600). One JSON object per
 * line: {"method": "status", "params": {…}} is answered by {"result": {…}} or {"error": {"code":
 * "busy", "message": "…"}}.
 *
 * Before an answer that takes long there are empty lines.
 *
 * The method "watch" is answered like "status", and from then on by another such line each time
 * that something has changed. Who reads slowly gets fewer lines, each of them the newest.
 */
typedef struct ControlServer ControlServer;

/* Called on the main context. Returns the result, or NULL with error. params is an object. */
typedef json_t *(*ControlHandler)(const char *method, json_t *params, void *data, GError **error);

/* Serves on the thread-default main context. Replaces a socket that a dead process left behind. */
ControlServer *control_server_new(const char *folder, ControlHandler handler, void *data,
				  GError **error);
/* What "status" says may have changed: watchers are told, if it has. */
void control_server_changed(ControlServer *server);
/* For tests: bytes that wait to be written. */
size_t control_server_backlog(const ControlServer *server);
/*
 * Methods (NULL-terminated, borrowed) that wait for others: handler is called on a thread of its
 * own for each, whose current GCancellable (g_cancellable_get_current()) ends with the server. A
 * connection's requests are answered one after the other all the same. Once, before the first
 * request.
 */
void control_server_set_slow(ControlServer *server, const char *const *methods,
			     ControlHandler handler, void *data);
/*
 * While a slow method runs, whoever asked gets an empty line every CONTROL_SERVER_BEAT_MS, so that
 * he need not guess how long it may take. In milliseconds, for tests; before the first request.
 */
#define CONTROL_SERVER_BEAT_MS 10000
void control_server_set_beat(ControlServer *server, unsigned beat_ms);
/* Gives up what is slow, and waits for it. */
void control_server_free(ControlServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ControlServer, control_server_free)
