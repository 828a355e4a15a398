/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What lets a device in, and what gets it the next: the content of PROFILE/token. One line of JSON;
 * a text that is none is a credential of an older version, which lasts and is not renewed.
 */
typedef struct Tokens {
	char *access;     /* ""; signed out */
	char *refresh;    /* NULL: access lasts */
	int64_t renew_us; /* from then on a new one is asked for (UTC) */
	int64_t expires_us;
	char *client_id;           /* that refresh was given to */
	char *token_endpoint;      /* where it is redeemed */
	char *revocation_endpoint; /* where it is ended */
} Tokens;

void tokens_clear(Tokens *tokens);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Tokens, tokens_clear)

void tokens_copy(const Tokens *from, Tokens *ret_tokens);

/* DRIVE_ERROR_CORRUPT for JSON that is not of this form. */
bool tokens_parse(const char *text, Tokens *ret_tokens, GError **error);
/* Free with g_free(), wiped. */
char *tokens_format(const Tokens *tokens);

/*
 * Takes access, refresh and times from the answer of a token endpoint (RFC 6749 5.1);
 * DRIVE_ERROR_INVALID, nothing changed, if it is none. An answer without a refresh token leaves the
 * one that was there.
 */
bool tokens_take(Tokens *tokens, const json_t *answer, int64_t now_us, GError **error);
