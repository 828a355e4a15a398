/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Credentials as text: 256 random bits in base64url behind a prefix that programs which look for
 * leaked secrets can know. They are stored as SHA-256: there is nothing to guess, so a plain hash
 * is enough. For the files of this folder only. sodium_init() must have been called.
 */

#define TOKEN_HASH_SIZE crypto_hash_sha256_BYTES
#define TOKEN_SALT_SIZE crypto_auth_hmacsha256_KEYBYTES

typedef enum TokenKind {
	TOKEN_DEVICE,     /* "imdrive_…": what devices had before there were the next two */
	TOKEN_ACCESS,     /* "imdrive_at_…" */
	TOKEN_REFRESH,    /* "imdrive_rt_", 24 characters of the family, 43 of its own */
	TOKEN_SESSION,    /* "imdrive_ws_…" */
	TOKEN_INVITATION, /* without prefix: people see it in links */
	TOKEN_NONE,       /* not the form of any */
} TokenKind;

/* A new one, yours to wipe with token_free(). */
char *token_new(TokenKind kind);
void token_free(char *token);

/* What a text looks like. */
TokenKind token_kind(const char *text);

/* Of a text that looks like a token. */
void token_hash(const char *token, uint8_t ret_hash[TOKEN_HASH_SIZE]);
/* Of the part of a refresh token that its successors share; the whole of another kind. */
void token_family_hash(const char *token, uint8_t ret_hash[TOKEN_HASH_SIZE]);

void token_new_salt(uint8_t ret_salt[TOKEN_SALT_SIZE]);
/*
 * The successor of that kind of a refresh or device token: always the same for the same salt, and
 * not to be found by who lacks either. A refresh token keeps its predecessor's family.
 */
char *token_successor(TokenKind kind, const char *before, const uint8_t salt[TOKEN_SALT_SIZE]);
