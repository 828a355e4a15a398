/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/login/tokens.h"

#include <gio/gio.h>
#include <glib.h>
#include <stdbool.h>

/*
 * PROFILE/token (0600), and PROFILE/token.lock, which whoever changes it holds: so that a renewal
 * that is under way does not bring back what somebody signed out of, or write over what he signed
 * in to.
 */

/* Waits for it. Close the descriptor to give it back; -1 with an error. */
int token_file_lock(const char *folder, GCancellable *cancellable, GError **error);

/* No file: signed out. */
bool token_file_read(const char *folder, Tokens *ret_tokens, GError **error);

/* Atomically, and on the disk when it returns. tokens NULL: signed out. */
bool token_file_write(const char *folder, const Tokens *tokens, GError **error);
