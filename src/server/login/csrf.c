/* SPDX-License-Identifier: Apache-2.0 */
#include "server/login/csrf.h"

#include <sodium.h>
#include <string.h>

#define RANDOM_SIZE 32
#define VARIANT sodium_base64_VARIANT_URLSAFE_NO_PADDING

static char *to_text(const unsigned char *bytes, size_t size)
{
	size_t room = sodium_base64_encoded_len(size, VARIANT);
	char *text = g_malloc(room);
	sodium_bin2base64(text, room, bytes, size, VARIANT);
	return text;
}

char *csrf_random(void)
{
	unsigned char bytes[RANDOM_SIZE];
	randombytes_buf(bytes, sizeof bytes);
	char *text = to_text(bytes, sizeof bytes);
	sodium_memzero(bytes, sizeof bytes);
	return text;
}

char *csrf_token(const char *browser, const char *session)
{
	crypto_auth_hmacsha256_state state;
	unsigned char mac[crypto_auth_hmacsha256_BYTES];
	const char *text = session ? session : "";
	crypto_auth_hmacsha256_init(&state, (const unsigned char *)browser, strlen(browser));
	crypto_auth_hmacsha256_update(&state, (const unsigned char *)"form:", 5);
	crypto_auth_hmacsha256_update(&state, (const unsigned char *)text, strlen(text));
	crypto_auth_hmacsha256_final(&state, mac);
	return to_text(mac, sizeof mac);
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
