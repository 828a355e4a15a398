/* SPDX-License-Identifier: Apache-2.0 */
#include "server/accounts/password.h"

#include "base/error.h"
#include "base/limits.h"

#include <string.h>

static bool verify(const char *hash, const char *password)
{
	bool right = false;
	g_autoptr(GError) error = NULL;
	bool done = password_verify(hash, password, &right, &error);
	g_assert_no_error(error);
	g_assert_true(done);
	return right;
}

static void test_verifies_what_was_hashed(void)
{
	g_autofree char *hash = password_hash("correct horse", NULL);
	g_autofree char *again = password_hash("correct horse", NULL);
	g_assert_true(g_str_has_prefix(hash, "$argon2id$"));
	g_assert_cmpstr(hash, !=, again);
	g_assert_null(strstr(hash, "horse"));
	g_assert_true(verify(hash, "correct horse"));
	g_assert_false(verify(hash, "correct horse "));
	g_assert_false(verify(hash, ""));
	g_assert_false(password_is_outdated(hash));
}

static void test_composition_does_not_matter(void)
{
	g_autofree char *hash = password_hash("caf\u00e9", NULL);
	g_assert_true(verify(hash, "cafe\u0301"));
}

static void test_nobody_takes_as_long(void)
{
	g_autofree char *hash = password_hash("secret", NULL);
	gint64 start = g_get_monotonic_time();
	g_assert_false(verify(hash, "wrong"));
	gint64 known = g_get_monotonic_time() - start;
	start = g_get_monotonic_time();
	g_assert_false(verify(NULL, "wrong"));
	gint64 unknown = g_get_monotonic_time() - start;
	g_test_message("known %" G_GINT64_FORMAT " us, unknown %" G_GINT64_FORMAT " us", known,
		       unknown);
	/* A hundredth would be the sign of a hash that was never computed; load makes factors. */
	g_assert_cmpint(unknown, >, known / 10);
}

static void test_refuses(void)
{
	g_autofree char *longest = g_strnfill(PASSWORD_SIZE_MAX, 'x');
	g_autofree char *too_long = g_strnfill(PASSWORD_SIZE_MAX + 1, 'x');
	const char *const bad[] = { "", too_long, "\xff", "a\tb", "a\nb" };
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;
		g_assert_null(password_hash(bad[i], &error));
		g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID);
	}
	g_autofree char *hash = password_hash(longest, NULL);
	g_assert_true(verify(hash, longest));
	g_assert_false(verify(hash, too_long));
}

/* ---- concurrency ----------------------------------------------------------------------- */

static void *verify_nobody(void *data)
{
	bool right = false;
	g_autoptr(GError) error = NULL;
	if (!password_verify(NULL, "guess", &right, &error)) {
		g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_BUSY);
		g_atomic_int_inc((int *)data);
	}
	return NULL;
}

static void test_flood_is_turned_away(void)
{
	int refused = 0;
	GThread *threads[12];
	for (size_t i = 0; i < G_N_ELEMENTS(threads); i++) {
		threads[i] = g_thread_new("guess", verify_nobody, &refused);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(threads); i++) {
		g_thread_join(threads[i]);
	}
	g_assert_cmpint(refused, >, 0);
	g_assert_cmpint(refused, <, 12);
	g_autofree char *hash = password_hash("afterwards", NULL);
	g_assert_true(verify(hash, "afterwards"));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/server/accounts/password/verifies-what-was-hashed",
			test_verifies_what_was_hashed);
	g_test_add_func("/server/accounts/password/composition-does-not-matter",
			test_composition_does_not_matter);
	g_test_add_func("/server/accounts/password/nobody-takes-as-long",
			test_nobody_takes_as_long);
	g_test_add_func("/server/accounts/password/refuses", test_refuses);
	g_test_add_func("/server/accounts/password/flood-is-turned-away",
			test_flood_is_turned_away);
	return g_test_run();
}
