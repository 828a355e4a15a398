/* SPDX-License-Identifier: Apache-2.0 */
#include "server/login/csrf.h"

#include <sodium.h>
#include <string.h>

#define VARIANT sodium_base64_VARIANT_URLSAFE_NO_PADDING

char *csrf_token(const char *browser, const char *session)
{
	crypto_auth_hmacsha256_state state;
	unsigned char mac[crypto_auth_hmacsha256_BYTES];
	const char *text = session ? session : "";
	crypto_auth_hmacsha256_init(&state, (const unsigned char *)browser, strlen(browser));
	crypto_auth_hmacsha256_update(&state, (const unsigned char *)"form:", 5);
	crypto_auth_hmacsha256_update(&state, (const unsigned char *)text, strlen(text));
	crypto_auth_hmacsha256_final(&state, mac);
	size_t size = sodium_base64_encoded_len(sizeof mac, VARIANT);
	return sodium_bin2base64(g_malloc(size), size, mac, sizeof mac, VARIANT);
}

bool csrf_is_right(const char *token, const char *browser, const char *session)
{
	g_autofree char *right = csrf_token(browser, session);
	return strlen(token) == strlen(right) && sodium_memcmp(token, right, strlen(right)) == 0;
}

char *csrf_digest(const char *secret)
{
	return g_compute_checksum_for_string(G_CHECKSUM_SHA256, secret, -1);
}
