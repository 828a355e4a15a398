/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

/*
 * Proof Key for Code Exchange (RFC 7636), method S256 only: whoever redeems a code knows the
 * verifier whose hash came with the request.
 */

/* 43 characters of base64url, as SHA-256 gives. */
bool pkce_is_challenge(const char *text);

/* 43 to 128 unreserved characters. */
bool pkce_is_verifier(const char *text);

/* Whether the verifier is one, and the challenge's. In constant time. */
bool pkce_verify(const char *verifier, const char *challenge);
