/* SPDX-License-Identifier: Apache-2.0 */
#include "request/request.h"

#include "base/error.h"

static Parameters *form_of(const char *content_type, GError **error)
{
	g_autoptr(GBytes) body = g_bytes_new_static("a=1&b=2", 7);
	const Request request = {
		.headers = { [REQUEST_CONTENT_TYPE] = content_type },
		.body = body,
	};
	return request_form(&request, error);
}

static void test_form(void)
{
	g_autoptr(Parameters) form = form_of("application/x-www-form-urlencoded", NULL);
	g_assert_cmpstr(parameters_get(form, "b"), ==, "2");
	g_autoptr(Parameters) same =
		form_of("Application/X-WWW-Form-URLencoded; charset=utf-8", NULL);
	g_assert_cmpstr(parameters_get(same, "a"), ==, "1");
}

static void test_form_of_another_type_is_none(void)
{
	const char *const types[] = { NULL, "application/json",
				      "application/x-www-form-urlencoded-not" };
	for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
		g_autoptr(GError) error = NULL;
		g_assert_null(form_of(types[i], &error));
		g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID);
	}
}

static void test_query(void)
{
	Request request = { 0 };
	g_assert_null(request_query(&request, "a"));
	g_autoptr(Parameters) query = parameters_parse("a=1", 3, NULL);
	request.query = query;
	g_assert_cmpstr(request_query(&request, "a"), ==, "1");
}

static void test_every_header_has_a_name(void)
{
	for (unsigned i = 0; i < REQUEST_HEADERS; i++) {
		g_assert_nonnull(request_header_name(i));
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/request/request/form", test_form);
	g_test_add_func("/request/request/form-of-another-type-is-none",
			test_form_of_another_type_is_none);
	g_test_add_func("/request/request/query", test_query);
	g_test_add_func("/request/request/every-header-has-a-name", test_every_header_has_a_name);
	return g_test_run();
}
