/* SPDX-License-Identifier: Apache-2.0 */
#include "server/accounts/proof.h"

#include "base/error.h"

#include <string.h>

static void assert_refused(const Proof *proof, const char *what)
{
	g_autoptr(GError) error = NULL;
	g_assert_false(proof_check(proof, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID);
	g_assert_nonnull(strstr(error->message, what));
}

static char *long_text(size_t size)
{
	return g_strnfill(size, 'x');
}

static void test_accepts(void)
{
	g_autofree char *longest = long_text(PROOF_SUBJECT_SIZE_MAX);
	g_assert_true(proof_check(&(Proof){ .provider = "qq", .subject = "1" }, NULL));
	g_assert_true(proof_check(&(Proof){ .provider = "x", .subject = longest }, NULL));
	const Proof whole = { .provider = "x",
			      .tenant = "https://example.org",
			      .subject = "alice@example.org",
			      .name = "Алиса\n" };
	g_assert_true(proof_check(&whole, NULL));
}

static void test_r8_refuses_what_is_no_subject(void)
{
	g_autofree char *too_long = long_text(PROOF_SUBJECT_SIZE_MAX + 1);
	char *const wrong[] = { NULL, "", too_long, "a\nb", "a\x7f", "\xff", "\xc2\x85" };
	for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
		assert_refused(&(Proof){ .provider = "qq", .subject = wrong[i] }, "the subject");
	}
	assert_refused(&(Proof){ .provider = "qq", .subject = "1", .tenant = too_long }, "tenant");
	assert_refused(&(Proof){ .provider = "qq", .subject = "1", .tenant = "\t" }, "tenant");
}

static void test_refuses_other_providers_names(void)
{
	g_autofree char *too_long = long_text(PROOF_PROVIDER_SIZE_MAX + 1);
	char *const wrong[] = { NULL, "", "QQ", "a/b", "a b", too_long };
	for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
		assert_refused(&(Proof){ .provider = wrong[i], .subject = "1" }, "provider");
	}
}

static void test_refuses_texts_without_end(void)
{
	g_autofree char *too_long = long_text(PROOF_TEXT_SIZE_MAX + 1);
	const Proof proof = { .provider = "qq", .subject = "1", .name = too_long };
	assert_refused(&proof, "the name");
	const Proof broken = { .provider = "qq", .subject = "1", .email = "\xc3" };
	assert_refused(&broken, "e-mail");
}

static void test_clears_twice(void)
{
	Proof proof = { .provider = g_strdup("qq"), .subject = g_strdup("1") };
	proof_clear(&proof);
	g_assert_null(proof.subject);
	proof_clear(&proof);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/server/accounts/proof/accepts", test_accepts);
	g_test_add_func("/server/accounts/proof/R8-refuses-what-is-no-subject",
			test_r8_refuses_what_is_no_subject);
	g_test_add_func("/server/accounts/proof/refuses-other-providers-names",
			test_refuses_other_providers_names);
	g_test_add_func("/server/accounts/proof/refuses-texts-without-end",
			test_refuses_texts_without_end);
	g_test_add_func("/server/accounts/proof/clears-twice", test_clears_twice);
	return g_test_run();
}
