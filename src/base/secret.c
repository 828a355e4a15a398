/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include <sodium.h>
#include <string.h>

G_STATIC_ASSERT(SECRET_HASH_SIZE == crypto_hash_sha256_BYTES);

static char *to_text(const uint8_t bytes[SECRET_HASH_SIZE])
{
	char *text = g_malloc(SECRET_LENGTH + 1);
	return sodium_bin2base64(text, SECRET_LENGTH + 1, bytes, SECRET_HASH_SIZE,
				 sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

char *secret_make(void)
{
	uint8_t random[SECRET_HASH_SIZE];
	randombytes_buf(random, sizeof random);
	char *secret = to_text(random);
	sodium_memzero(random, sizeof random);
	return secret;
}

void secret_hash(const char *secret, uint8_t ret_hash[SECRET_HASH_SIZE])
{
	crypto_hash_sha256(ret_hash, (const uint8_t *)secret, strlen(secret));
}

char *secret_challenge(const char *secret)
{
	uint8_t hash[SECRET_HASH_SIZE];
	secret_hash(secret, hash);
	return to_text(hash);
}

unsigned secret_hash_hash(const void *hash)
{
	unsigned start;
	memcpy(&start, hash, sizeof start);
	return start;
}

gboolean secret_hash_equal(const void *a, const void *b)
{
	return sodium_memcmp(a, b, SECRET_HASH_SIZE) == 0;
}
