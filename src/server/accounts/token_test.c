/* SPDX-License-Identifier: Apache-2.0 */
#include "server/accounts/token.h"

#include <string.h>

static void test_kinds_are_told_apart(void)
{
	for (TokenKind kind = TOKEN_DEVICE; kind < TOKEN_NONE; kind++) {
		char *token = token_new(kind);
		char *other = token_new(kind);
		g_assert_cmpint(token_kind(token), ==, kind);
		g_assert_cmpstr(token, !=, other);
		token_free(token);
		token_free(other);
	}
	g_autofree char *broken = token_new(TOKEN_ACCESS);
	broken[20] = '=';
	g_assert_cmpint(token_kind(broken), ==, TOKEN_NONE);
	g_assert_cmpint(token_kind(""), ==, TOKEN_NONE);
	g_assert_cmpint(token_kind("imdrive_"), ==, TOKEN_NONE);
}

static void test_successor_is_the_same_for_the_same_salt(void)
{
	uint8_t salt[TOKEN_SALT_SIZE];
	uint8_t other_salt[TOKEN_SALT_SIZE];
	token_new_salt(salt);
	token_new_salt(other_salt);
	g_autofree char *first = token_new(TOKEN_REFRESH);
	g_autofree char *next = token_successor(TOKEN_REFRESH, first, salt);
	g_autofree char *again = token_successor(TOKEN_REFRESH, first, salt);
	g_autofree char *other = token_successor(TOKEN_REFRESH, first, other_salt);
	g_autofree char *access = token_successor(TOKEN_ACCESS, first, salt);
	g_assert_cmpstr(next, ==, again);
	g_assert_cmpstr(next, !=, other);
	g_assert_cmpint(token_kind(next), ==, TOKEN_REFRESH);
	g_assert_cmpint(token_kind(access), ==, TOKEN_ACCESS);
	g_assert_null(strstr(next, access + strlen("imdrive_at_")));
}

static void test_family_stays(void)
{
	uint8_t salt[TOKEN_SALT_SIZE];
	uint8_t family[3][TOKEN_HASH_SIZE];
	token_new_salt(salt);
	g_autofree char *device = token_new(TOKEN_DEVICE);
	g_autofree char *first = token_successor(TOKEN_REFRESH, device, salt);
	g_autofree char *next = token_successor(TOKEN_REFRESH, first, salt);
	g_autofree char *stranger = token_new(TOKEN_REFRESH);
	token_family_hash(first, family[0]);
	token_family_hash(next, family[1]);
	token_family_hash(stranger, family[2]);
	g_assert_cmpint(token_kind(first), ==, TOKEN_REFRESH);
	g_assert_cmpmem(family[0], TOKEN_HASH_SIZE, family[1], TOKEN_HASH_SIZE);
	g_assert_cmpint(memcmp(family[0], family[2], TOKEN_HASH_SIZE), !=, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_assert_cmpint(sodium_init(), >=, 0);
	g_test_add_func("/server/accounts/token/kinds-are-told-apart", test_kinds_are_told_apart);
	g_test_add_func("/server/accounts/token/successor-is-the-same-for-the-same-salt",
			test_successor_is_the_same_for_the_same_salt);
	g_test_add_func("/server/accounts/token/family-stays", test_family_stays);
	return g_test_run();
}
