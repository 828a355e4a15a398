/* SPDX-License-Identifier: Apache-2.0 */
#include "server/accounts/token.h"

#include <string.h>

#define RANDOM_SIZE 32
#define RANDOM_TEXT_SIZE 43 /* base64url without padding */
#define FAMILY_SIZE 18
#define FAMILY_TEXT_SIZE 24

static const struct {
	const char *prefix;
	size_t text_size; /* after the prefix */
} forms[] = {
	[TOKEN_DEVICE] = { "imdrive_", RANDOM_TEXT_SIZE },
	[TOKEN_ACCESS] = { "imdrive_at_", RANDOM_TEXT_SIZE },
	[TOKEN_REFRESH] = { "imdrive_rt_", FAMILY_TEXT_SIZE + RANDOM_TEXT_SIZE },
	[TOKEN_SESSION] = { "imdrive_ws_", RANDOM_TEXT_SIZE },
	[TOKEN_INVITATION] = { "", RANDOM_TEXT_SIZE },
};

static void append_text(GString *token, const uint8_t *bytes, size_t size)
{
	char text[RANDOM_TEXT_SIZE + 1];
	sodium_bin2base64(text, sizeof text, bytes, size, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	g_string_append(token, text);
	sodium_memzero(text, sizeof text);
}

/* Room for the whole from the start, so that no half of it is left behind in memory. */
static GString *begin(TokenKind kind)
{
	GString *token = g_string_sized_new(128);
	g_string_append(token, forms[kind].prefix);
	return token;
}

static void append_random(GString *token, size_t size)
{
	uint8_t random[RANDOM_SIZE];
	randombytes_buf(random, size);
	append_text(token, random, size);
	sodium_memzero(random, sizeof random);
}

char *token_new(TokenKind kind)
{
	GString *token = begin(kind);
	if (kind == TOKEN_REFRESH) {
		append_random(token, FAMILY_SIZE);
	}
	append_random(token, RANDOM_SIZE);
	return g_string_free(token, FALSE);
}

void token_free(char *token)
{
	if (token) {
		sodium_memzero(token, strlen(token));
		g_free(token);
	}
}

static bool has_form(const char *text, TokenKind kind)
{
	size_t prefix_size = strlen(forms[kind].prefix);
	size_t size = prefix_size + forms[kind].text_size;
	if (strnlen(text, size + 1) != size || !g_str_has_prefix(text, forms[kind].prefix)) {
		return false;
	}
	for (const char *at = text + prefix_size; *at; at++) {
		if (!g_ascii_isalnum(*at) && *at != '-' && *at != '_') {
			return false;
		}
	}
	return true;
}

TokenKind token_kind(const char *text)
{
	TokenKind kind = 0;
	while (kind < TOKEN_NONE && !has_form(text, kind)) {
		kind++;
	}
	return kind;
}

static void hash_text(const char *text, size_t size, uint8_t *ret_hash)
{
	crypto_hash_sha256(ret_hash, (const uint8_t *)text, size);
}

void token_hash(const char *token, uint8_t ret_hash[TOKEN_HASH_SIZE])
{
	hash_text(token, strlen(token), ret_hash);
}

void token_family_hash(const char *token, uint8_t ret_hash[TOKEN_HASH_SIZE])
{
	bool whole = !has_form(token, TOKEN_REFRESH);
	hash_text(token, strlen(token) - (whole ? 0 : RANDOM_TEXT_SIZE), ret_hash);
}

void token_new_salt(uint8_t ret_salt[TOKEN_SALT_SIZE])
{
	randombytes_buf(ret_salt, TOKEN_SALT_SIZE);
}

static void derive(const char *label, const char *before, const uint8_t *salt, uint8_t *ret_bytes)
{
	crypto_auth_hmacsha256_state state;
	crypto_auth_hmacsha256_init(&state, salt, TOKEN_SALT_SIZE);
	crypto_auth_hmacsha256_update(&state, (const uint8_t *)label, strlen(label) + 1);
	crypto_auth_hmacsha256_update(&state, (const uint8_t *)before, strlen(before));
	crypto_auth_hmacsha256_final(&state, ret_bytes);
	sodium_memzero(&state, sizeof state);
}

char *token_successor(TokenKind kind, const char *before, const uint8_t salt[TOKEN_SALT_SIZE])
{
	uint8_t bytes[crypto_auth_hmacsha256_BYTES];
	GString *token = begin(kind);
	if (kind == TOKEN_REFRESH && has_form(before, TOKEN_REFRESH)) {
		g_string_append_len(token, before + strlen(forms[kind].prefix), FAMILY_TEXT_SIZE);
	} else if (kind == TOKEN_REFRESH) {
		derive("family", before, salt, bytes);
		append_text(token, bytes, FAMILY_SIZE);
	}
	derive(forms[kind].prefix, before, salt, bytes);
	append_text(token, bytes, RANDOM_SIZE);
	sodium_memzero(bytes, sizeof bytes);
	return g_string_free(token, FALSE);
}
