/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/*
 * The desktop's Secret Service (freedesktop.org), where there is one: a keyring that is locked
 * while nobody is logged in. Never asks the person for anything, never starts a bus, and waits for
 * SECRET_STORE_WAIT_US at most: a service that is locked or does not answer counts as none.
 *
 * Fails with DRIVE_ERROR_BUSY, and a text that says why, in half a sentence; where there is no
 * session bus, with DRIVE_ERROR_UNSUPPORTED. Any thread.
 */
#define SECRET_STORE_WAIT_US (3 * G_TIME_SPAN_SECOND)

/* Is there a session bus to ask? Asks nobody. */
bool secret_store_may_be_there(void);

/* profile: the folder whose secret it is. text: anything, UTF-8. */
bool secret_store_write(const char *profile, const char *text, GError **error);
/* Free with g_free(), wiped. DRIVE_ERROR_NOT_FOUND: the service works, and does not have it. */
char *secret_store_read(const char *profile, GError **error);
/* Also if there is none. */
bool secret_store_remove(const char *profile, GError **error);
