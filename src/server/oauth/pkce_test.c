/* SPDX-License-Identifier: Apache-2.0 */
#include "server/oauth/pkce.h"

#include <glib.h>

/* The example of RFC 7636, appendix B. */
#define VERIFIER "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

static void a2_verifies_the_example_of_the_rfc(void)
{
	g_assert_true(pkce_is_challenge(CHALLENGE));
	g_assert_true(pkce_is_verifier(VERIFIER));
	g_assert_true(pkce_verify(VERIFIER, CHALLENGE));
}

static void a2_refuses_all_others(void)
{
	g_assert_false(pkce_verify("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl", CHALLENGE));
	g_assert_false(pkce_verify(VERIFIER "x", CHALLENGE));
	g_assert_false(pkce_verify("", CHALLENGE));
	/* "plain": the challenge is its own verifier. */
	g_assert_false(pkce_verify(CHALLENGE, CHALLENGE));
	g_assert_false(pkce_verify(VERIFIER, VERIFIER));
	g_assert_false(pkce_verify(VERIFIER, ""));
}

static void a2_knows_the_form_of_both(void)
{
	g_autofree char *longest = g_strnfill(128, '~');
	g_autofree char *longer = g_strnfill(129, '~');
	g_assert_true(pkce_is_verifier(longest));
	g_assert_false(pkce_is_verifier(longer));
	g_assert_false(pkce_is_verifier("too-short"));
	g_assert_false(pkce_is_verifier(VERIFIER " "));
	g_assert_false(pkce_is_challenge(CHALLENGE "="));
	g_assert_false(pkce_is_challenge("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"));
	g_assert_false(pkce_is_challenge(""));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/server/oauth/pkce/a2-verifies-the-example-of-the-rfc",
			a2_verifies_the_example_of_the_rfc);
	g_test_add_func("/server/oauth/pkce/a2-refuses-all-others", a2_refuses_all_others);
	g_test_add_func("/server/oauth/pkce/a2-knows-the-form-of-both", a2_knows_the_form_of_both);
	return g_test_run();
}
