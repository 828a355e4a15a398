/* SPDX-License-Identifier: Apache-2.0 */
#include "server/oauth/pkce.h"

#include "base/secret.h"

#include <glib.h>
#include <sodium.h>
#include <string.h>

#define CHALLENGE_LENGTH 43
#define VERIFIER_LENGTH_MIN 43
#define VERIFIER_LENGTH_MAX 128

static bool consists_of(const char *text, const char *others)
{
	for (const char *at = text; *at; at++) {
		if (!g_ascii_isalnum(*at) && !strchr(others, *at)) {
			return false;
		}
	}
	return true;
}

bool pkce_is_challenge(const char *text)
{
	return strnlen(text, CHALLENGE_LENGTH + 1) == CHALLENGE_LENGTH && consists_of(text, "-_");
}

bool pkce_is_verifier(const char *text)
{
	size_t length = strnlen(text, VERIFIER_LENGTH_MAX + 1);
	return length >= VERIFIER_LENGTH_MIN && length <= VERIFIER_LENGTH_MAX &&
	       consists_of(text, "-._~");
}

bool pkce_verify(const char *verifier, const char *challenge)
{
	if (!pkce_is_verifier(verifier)) {
		return false;
	}
	g_autofree char *right = secret_challenge(verifier);
	return strlen(challenge) == CHALLENGE_LENGTH &&
	       sodium_memcmp(right, challenge, CHALLENGE_LENGTH) == 0;
}
