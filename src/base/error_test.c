/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <errno.h>

static void test_every_code_has_a_name_and_a_status(void)
{
	for (int code = 0; code < DRIVE_ERROR_LAST; code++) {
		g_autoptr(GError) error = g_error_new_literal(DRIVE_ERROR, code, "x");
		g_assert_nonnull(error_code_name((DriveError)code));
		g_assert_cmpuint(error_http_status(error), >=, 400);
	}
}

static void test_errno_keeps_the_reason(void)
{
	g_autoptr(GError) error = NULL;
	g_assert_false(error_set_errno(&error, ENOSPC, "write '%s'", "a.txt"));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NO_SPACE);
	g_assert_true(g_str_has_prefix(error->message, "write 'a.txt': "));
}

static void test_http_round_trip(void)
{
	g_assert_cmpint(error_code_from_http(401, NULL), ==, DRIVE_ERROR_UNAUTHENTICATED);
	g_assert_cmpint(error_code_from_http(507, NULL), ==, DRIVE_ERROR_QUOTA);
	g_assert_cmpint(error_code_from_http(429, NULL), ==, DRIVE_ERROR_BUSY);
	g_assert_cmpint(error_code_from_http(418, NULL), ==, DRIVE_ERROR_INVALID);
	g_assert_cmpint(error_code_from_http(500, NULL), ==, DRIVE_ERROR_BUSY);
}

static void test_name_tells_codes_of_one_status_apart(void)
{
	g_assert_cmpint(error_code_from_http(507, "no-space"), ==, DRIVE_ERROR_NO_SPACE);
	g_assert_cmpint(error_code_from_http(507, "quota"), ==, DRIVE_ERROR_QUOTA);
	g_assert_cmpint(error_code_from_http(507, "nonsense"), ==, DRIVE_ERROR_QUOTA);
	/* A name that is not of the status says nothing. */
	g_assert_cmpint(error_code_from_http(401, "no-space"), ==, DRIVE_ERROR_UNAUTHENTICATED);
	g_assert_cmpint(error_code_from_http(500, "io"), ==, DRIVE_ERROR_BUSY);
}

static void test_says_what_to_do(void)
{
	g_autoptr(GError) error = NULL;
	error_append(NULL, DRIVE_ERROR_BUSY, "; wait");
	error_append(&error, DRIVE_ERROR_BUSY, "; wait");
	g_assert_no_error(error);
	g_set_error_literal(&error, DRIVE_ERROR, DRIVE_ERROR_BUSY, "it is taken");
	error_append(&error, DRIVE_ERROR_QUOTA, "; delete something");
	error_append(&error, DRIVE_ERROR_BUSY, "; wait");
	g_assert_cmpstr(error->message, ==, "it is taken; wait");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/base/error/every-code-has-a-name-and-a-status",
			test_every_code_has_a_name_and_a_status);
	g_test_add_func("/base/error/errno-keeps-the-reason", test_errno_keeps_the_reason);
	g_test_add_func("/base/error/http-round-trip", test_http_round_trip);
	g_test_add_func("/base/error/name-tells-codes-of-one-status-apart",
			test_name_tells_codes_of_one_status_apart);
	g_test_add_func("/base/error/says-what-to-do", test_says_what_to_do);
	return g_test_run();
}
