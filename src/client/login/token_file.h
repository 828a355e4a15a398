/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/login/tokens.h"

#include <gio/gio.h>
#include <glib.h>
#include <stdbool.h>

/*
 * PROFILE/token (0600): the tokens, and why the desktop's keyring does not have them; or one line
 * that says that it has. And PROFILE/token.lock, which whoever changes it holds:
 * so that a renewal that is under way does not bring back what somebody signed out of, or write
 * over what he signed in to.
 */

/* Waits for it. Close the descriptor to give it back; -1 with an error. */
int token_file_lock(const char *folder, GCancellable *cancellable, GError **error);

/* No file: signed out. DRIVE_ERROR_BUSY: the keyring has them, and does not open now. */
bool token_file_read(const char *folder, Tokens *ret_tokens, GError **error);

/*
 * Into the keyring if it takes them, else into the file; atomically, and on the disk when it
 * returns. tokens NULL: signed out, in both.
 */
bool token_file_write(const char *folder, const Tokens *tokens, GError **error);

/* Whether the keyring has them; else *ret_why says why not (NULL: nobody tried). Asks nobody. */
bool token_file_in_keyring(const char *folder, char **ret_why);

/*
 * Moves what lies in the file into the keyring, if it takes it now. Takes the lock.
 */
void token_file_move(const char *folder);

/*
 * Makes this text all of a file that others cannot read (0600), as is done with the tokens': after
 * a crash it is the old one or the new one, and once this returns true it is the new one.
 */
bool token_file_replace(const char *path, const char *text, GError **error);
