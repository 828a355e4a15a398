/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * A listener on 127.0.0.1 that waits for one browser to come back with one state: the callback of
 * "imdrived provider test". Anything else gets 404 and changes nothing.
 */
typedef struct Callback Callback;

/* port 0: any that is free. */
Callback *callback_listen(const char *path, unsigned port, GError **error);
void callback_free(Callback *callback);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Callback, callback_free)

/* "http://127.0.0.1:PORT/PATH", borrowed. */
const char *callback_url_of(const Callback *callback);

/* The parameters of the callback with this state; OFFLINE after timeout_s without one. */
GHashTable *callback_wait(Callback *callback, const char *state, unsigned timeout_s,
			  GError **error);

/*
 * The parameters behind the '?' of a URL, decoded. INVALID if one stands there twice, is malformed,
 * or if the state is another.
 */
GHashTable *callback_parse(const char *url, const char *state, GError **error);
