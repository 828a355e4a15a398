/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The id_token of OpenID Connect, a signed JWT, believed only when all of R5 holds. The token's own
 * header decides nothing: its algorithm must be one that the record lists, its key one of the
 * service's keys of that algorithm's type, and it may not ask for extensions.
 *
 * cjose does the signatures. It ignores "crit", takes the last of two equal header keys and accepts
 * any algorithm that fits the key, as rhonabwy does, so that all of that is checked here before it
 * sees the token.
 */
typedef struct IdTokenCheck {
	const char *issuer; /* may hold {tenantid}, which stands for the token's tid */
	const char *client_id;
	char *const *algorithms;  /* ends with NULL */
	const json_t *keys;       /* a JWK set; NULL with secret */
	const char *secret;       /* for HS256; NULL with keys */
	const char *nonce;        /* that must be in it; NULL: none was sent */
	const char *access_token; /* that came with it, for at_hash; NULL: none */
	int64_t now_s;            /* Unix time */
} IdTokenCheck;

#define ID_TOKEN_SKEW_S 60

/*
 * The claims, of which iss, sub, aud, exp and iat are there and right. json_decref(). INVALID says
 * which check failed; NOT_FOUND: the key that it names is not among the keys, which may be old.
 */
json_t *id_token_verify(const IdTokenCheck *check, const char *token, GError **error);
