/* SPDX-License-Identifier: Apache-2.0 */
#include "server/login/csrf.h"

#include <string.h>

static void test_a11_token(void)
{
	g_autofree char *token = csrf_token("browser", "session");
	g_assert_true(csrf_is_right(token, "browser", "session"));
	g_assert_false(csrf_is_right(token, "other", "session"));
	g_assert_false(csrf_is_right(token, "browser", "other"));
	g_assert_false(csrf_is_right(token, "browser", NULL));
	g_assert_false(csrf_is_right("", "browser", "session"));
	token[0] ^= 1;
	g_assert_false(csrf_is_right(token, "browser", "session"));
	g_autofree char *open = csrf_token("browser", NULL);
	g_assert_true(csrf_is_right(open, "browser", NULL));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/server/login/csrf/a11-a-form-is-of-one-browser-and-session",
			test_a11_token);
	return g_test_run();
}
