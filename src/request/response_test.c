/* SPDX-License-Identifier: Apache-2.0 */
#include "request/response.h"

#include <jansson.h>
#include <string.h>

static void test_fail_quotes_anything(void)
{
	g_auto(Response) response = { 0 };
	response_fail(&response, 400, "invalid", "not \"good\": \xff\n");
	g_assert_cmpuint(response.status, ==, 400);
	size_t size;
	const char *text = g_bytes_get_data(response.body, &size);
	json_t *object = json_loadb(text, size, 0, NULL);
	g_assert_nonnull(object);
	g_assert_cmpstr(json_string_value(json_object_get(object, "error")), ==, "invalid");
	g_assert_true(g_str_has_prefix(json_string_value(json_object_get(object, "message")),
				       "not \"good\": "));
	json_decref(object);
}

static void test_redirect(void)
{
	g_auto(Response) response = { 0 };
	response_redirect(&response, "/login");
	g_assert_cmpuint(response.status, ==, 303);
	g_assert_cmpstr(response.headers->pdata[0], ==, "Location: /login");
}

static void test_no_header_can_be_smuggled_in(void)
{
	if (g_test_subprocess()) {
		g_auto(Response) response = { 0 };
		response_redirect(&response, "/x\r\nSet-Cookie: a=b");
		return;
	}
	g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
	g_test_trap_assert_failed();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/request/response/fail-quotes-anything", test_fail_quotes_anything);
	g_test_add_func("/request/response/redirect", test_redirect);
	g_test_add_func("/request/response/no-header-can-be-smuggled-in",
			test_no_header_can_be_smuggled_in);
	return g_test_run();
}
