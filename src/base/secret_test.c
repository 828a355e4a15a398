/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include <string.h>

/* The example of RFC 7636, appendix B. */
#define VERIFIER "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

static void test_r3_has_256_bits(void)
{
	g_autofree char *one = secret_make();
	g_autofree char *other = secret_make();
	/* 43 characters of 6 bits, more than the 128 that are asked for. */
	g_assert_cmpuint(strlen(one), ==, 43);
	g_assert_cmpuint(strlen(other), ==, 43);
	g_assert_cmpstr(one, !=, other);
	for (const char *at = one; *at; at++) {
		g_assert_true(g_ascii_isalnum(*at) || *at == '-' || *at == '_');
	}
}

static void test_hashes_are_equal_where_secrets_are(void)
{
	uint8_t one[SECRET_HASH_SIZE];
	uint8_t same[SECRET_HASH_SIZE];
	uint8_t other[SECRET_HASH_SIZE];
	secret_hash("one", one);
	secret_hash("one", same);
	secret_hash("other", other);
	g_assert_true(secret_hash_equal(one, same));
	g_assert_cmpuint(secret_hash_hash(one), ==, secret_hash_hash(same));
	g_assert_false(secret_hash_equal(one, other));
}

static void test_challenges_as_the_example_of_the_rfc(void)
{
	g_autofree char *challenge = secret_challenge(VERIFIER);
	g_assert_cmpstr(challenge, ==, CHALLENGE);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/base/secret/r3-has-256-bits", test_r3_has_256_bits);
	g_test_add_func("/base/secret/hashes-are-equal-where-secrets-are",
			test_hashes_are_equal_where_secrets_are);
	g_test_add_func("/base/secret/challenges-as-the-example-of-the-rfc",
			test_challenges_as_the_example_of_the_rfc);
	return g_test_run();
}
