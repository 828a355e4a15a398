/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdint.h>

/*
 * What only one party may know: 256 random bits as base64url, which is 43 characters. Kept and
 * looked up by its SHA-256, so that neither memory nor the time of a look-up tells it.
 * sodium_init() must have been called.
 */
#define SECRET_LENGTH 43
#define SECRET_HASH_SIZE 32

/* Free with g_free(). */
char *secret_make(void);

/* Of any text. */
void secret_hash(const char *secret, uint8_t ret_hash[SECRET_HASH_SIZE]);

/* The same as base64url, 43 characters, too: the challenge S256 of RFC 7636. Free with g_free(). */
char *secret_challenge(const char *secret);

/* For GHashTable; the keys are hashes. */
unsigned secret_hash_hash(const void *hash);
gboolean secret_hash_equal(const void *a, const void *b);
