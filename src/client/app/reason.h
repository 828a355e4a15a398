/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * Why something did not work, for people: what the daemon says, which is in English; in another
 * language, before it, what kind of failure that is. Free with g_free().
 */
char *reason_of(const GError *error);

/* The same from what the control socket calls the code (NULL: not known), and the message. */
char *reason_text(const char *code, const char *message);
