/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/*
 * Passwords of the drive's own accounts: Argon2id (RFC 9106) through libsodium. A hash takes
 * 64 MiB of memory for about a tenth of a second, so only two are worked on at a time and few
 * may queue; beyond that callers get DRIVE_ERROR_BUSY at once.
 *
 * All functions may be called from any thread.
 */

/*
 * A new salted hash as text. DRIVE_ERROR_INVALID unless the password is 1..PASSWORD_SIZE_MAX bytes
 * of UTF-8 without control characters. Compared in NFC, so that every keyboard's "ë" is the same.
 */
char *password_hash(const char *password, GError **error);

/*
 * Whether the password belongs to the hash. With hash NULL (no such account, or one without a
 * password) it takes as long and is false, so that the time tells nothing about names.
 */
bool password_verify(const char *hash, const char *password, bool *ret_right, GError **error);

/* True if the hash was made at another cost than today's. */
bool password_is_outdated(const char *hash);
