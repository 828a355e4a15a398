/* SPDX-License-Identifier: Apache-2.0 */
#include "server/oauth/secret.h"

#include <sodium.h>
#include <string.h>

#define RANDOM_SIZE 32

G_STATIC_ASSERT(SECRET_HASH_SIZE == crypto_hash_sha256_BYTES);

char *secret_make(void)
{
	uint8_t random[RANDOM_SIZE];
	char *secret = g_malloc(SECRET_LENGTH + 1);
	randombytes_buf(random, sizeof random);
	sodium_bin2base64(secret, SECRET_LENGTH + 1, random, sizeof random,
			  sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sodium_memzero(random, sizeof random);
	return secret;
}

void secret_hash(const char *secret, uint8_t ret_hash[SECRET_HASH_SIZE])
{
	crypto_hash_sha256(ret_hash, (const uint8_t *)secret, strlen(secret));
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
