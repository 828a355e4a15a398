/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>
#include <glib.h>
#include <stdbool.h>

/*
 * Where the browser brings the answer of a sign-in: a listener on 127.0.0.1, on a free port, for
 * one answer (RFC 8252 7.3, N2). Whatever is not that answer gets an error page and changes
 * nothing: another path, method or Host, another state. The page that the answer gets shows
 * nothing of it.
 */
typedef struct Loopback Loopback;

/* state: what the answer must bring back; issuer: from whom it must come (RFC 9207). */
Loopback *loopback_open(const char *state, const char *issuer, GError **error);
void loopback_close(Loopback *loopback);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Loopback, loopback_close)

/* "http://127.0.0.1:PORT/callback", borrowed. */
const char *loopback_redirect(const Loopback *loopback);

/*
 * Waits for the answer and gives its code (free with g_free()). DRIVE_ERROR_FORBIDDEN if the person
 * said no, DRIVE_ERROR_INVALID for another error or an answer that is not the drive's,
 * DRIVE_ERROR_OFFLINE if none came in time.
 */
char *loopback_wait(Loopback *loopback, unsigned timeout_ms, GCancellable *cancellable,
		    GError **error);
