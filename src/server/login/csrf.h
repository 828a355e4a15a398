/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/*
 * The token that shows that a form was ours. It is made from the browser's cookie, which no other
 * site can read or set, and from its session, so that it ends with it; the server need not remember
 * it, and a restart does not spoil open pages.
 */

/* session: the cookie's value, NULL if nobody is signed in. */
char *csrf_token(const char *browser, const char *session);
bool csrf_is_right(const char *token, const char *browser, const char *session);

/* What stands for a secret where it is only compared: its SHA-256 in hexadecimal. */
char *csrf_digest(const char *secret);
