/* SPDX-License-Identifier: Apache-2.0 */
#include "api/session.h"

#include "api/json_body.h"
#include "api/test_world.h"
#include "server/accounts/accounts.h"
#include "server/accounts/credentials.h"

#include <string.h>

static json_t *json_of(const Response *response)
{
	size_t size;
	const char *text = g_bytes_get_data(response->body, &size);
	json_t *value = json_loadb(text, size, 0, NULL);
	g_assert_nonnull(value);
	return value;
}

/* Status, and the challenge that came with it. */
static unsigned ask(TestWorld *world, const char *method, const char *path, const char *token,
		    char **ret_challenge)
{
	g_autofree char *authorization = g_strconcat("Bearer ", token, NULL);
	Request request = { .method = method, .path = path };
	request.headers[REQUEST_AUTHORIZATION] = authorization;
	g_auto(Response) response = { 0 };
	api_handle(world->api, &request, &response);
	for (unsigned i = 0; response.headers && i < response.headers->len; i++) {
		const char *header = response.headers->pdata[i];
		if (ret_challenge && g_str_has_prefix(header, "WWW-Authenticate: ")) {
			*ret_challenge = g_strdup(header);
		}
	}
	return response.status;
}

static char *token_for(TestWorld *world, unsigned scopes)
{
	const CredentialsGrant grant = {
		.account = world->alice.account,
		.epoch = -1,
		.device_name = "limited",
		.method = "test",
		.client = "imdrive",
		.scopes = scopes,
	};
	const AuditBy by = { .peer = "192.0.2.1", .now_us = g_get_real_time() };
	g_auto(Credentials) credentials = { 0 };
	g_autoptr(GError) error = NULL;
	credentials_issue(accounts_devices(world->accounts), &grant, &by, &credentials, &error);
	g_assert_no_error(error);
	return g_strdup(credentials.access);
}

typedef struct Need {
	const char *method;
	const char *path;
	unsigned scope; /* 0: any */
} Need;

static const Need needs[] = {
	{ "POST", "/sync/v1/changes", DEVICES_FILES_READ },
	{ "POST", "/sync/v1/fetch", DEVICES_FILES_READ },
	{ "GET", "/api/v1/versions", DEVICES_FILES_READ },
	{ "GET", "/api/v1/trash", DEVICES_FILES_READ },
	{ "POST", "/sync/v1/commit", DEVICES_FILES_WRITE },
	{ "POST", "/sync/v1/missing", DEVICES_FILES_WRITE },
	{ "POST", "/sync/v1/upload", DEVICES_FILES_WRITE },
	{ "POST", "/api/v1/restore", DEVICES_FILES_WRITE },
	{ "GET", "/api/v1/devices", DEVICES_ACCOUNT },
	{ "DELETE", "/api/v1/devices/999", DEVICES_ACCOUNT },
	{ "GET", "/api/v1/me", 0 },
};

static void test_a7_scopes_are_enforced(void)
{
	g_autoptr(TestWorld) world = test_world_new();
	g_autofree char *all = token_for(world, DEVICES_SCOPES_ALL);
	for (unsigned i = 0; i < G_N_ELEMENTS(needs); i++) {
		const Need *need = &needs[i];
		g_test_message("%s %s", need->method, need->path);
		g_autofree char *exact =
			token_for(world, need->scope ? need->scope : DEVICES_SHARE);
		g_autofree char *others = token_for(world, DEVICES_SCOPES_ALL & ~need->scope);
		g_autofree char *challenge = NULL;
		g_assert_cmpuint(ask(world, need->method, need->path, all, NULL), !=, 403);
		g_assert_cmpuint(ask(world, need->method, need->path, exact, NULL), !=, 403);
		unsigned status = ask(world, need->method, need->path, others, &challenge);
		if (need->scope == 0) {
			g_assert_cmpuint(status, ==, 200);
			continue;
		}
		g_assert_cmpuint(status, ==, 403);
		g_assert_nonnull(strstr(challenge, "error=\"insufficient_scope\""));
	}
}

static void test_a7_a_token_in_the_query_is_none(void)
{
	g_autoptr(TestWorld) world = test_world_new();
	g_autoptr(Parameters) query = parameters_new();
	g_assert_true(parameters_add(query, "access_token", world->alice.token, NULL));
	const Request request = { .method = "GET", .path = "/api/v1/me", .query = query };
	g_auto(Response) response = { 0 };
	api_handle(world->api, &request, &response);
	g_assert_cmpuint(response.status, ==, 401);
}

static json_t *sign_in(TestWorld *world, const char *more)
{
	g_autofree char *text = g_strdup_printf(
		"{\"name\":\"alice\",\"password\":\"%s\",\"device_name\":\"laptop\"%s}",
		TEST_WORLD_PASSWORD, more);
	g_autoptr(Bulk) body = bulk_new(0);
	bulk_append(body, text, strlen(text));
	g_auto(Response) response = { 0 };
	test_world_ask(world, NULL, "/api/v1/login", body, &response);
	g_assert_cmpuint(response.status, ==, 200);
	return json_of(&response);
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static void test_who_asks_gets_what_is_renewed(void)
{
	g_autoptr(TestWorld) world = test_world_new();
	g_autoptr(json_t) answer = sign_in(world, ",\"refresh\":true");
	g_assert_null(text_of(answer, "token"));
	g_assert_cmpstr(text_of(answer, "token_type"), ==, "Bearer");
	g_assert_cmpstr(text_of(answer, "client_id"), ==, "imdrive");
	g_assert_cmpint(json_integer_value(json_object_get(answer, "expires_in")), <=, 3600);
	g_assert_cmpuint(
		ask(world, "GET", "/api/v1/devices", text_of(answer, "access_token"), NULL), ==,
		200);
	/* The refresh token is no key to the drive. */
	g_assert_cmpuint(ask(world, "GET", "/api/v1/me", text_of(answer, "refresh_token"), NULL),
			 ==, 401);
	g_auto(Credentials) next = { 0 };
	g_autoptr(GError) error = NULL;
	credentials_refresh(accounts_devices(world->accounts), text_of(answer, "refresh_token"),
			    "imdrive", NULL, &next, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(ask(world, "GET", "/api/v1/me", next.access, NULL), ==, 200);
}

static void test_older_programs_get_what_lasts(void)
{
	g_autoptr(TestWorld) world = test_world_new();
	g_autoptr(json_t) answer = sign_in(world, "");
	g_assert_null(text_of(answer, "access_token"));
	g_assert_cmpuint(ask(world, "GET", "/api/v1/devices", text_of(answer, "token"), NULL), ==,
			 200);
}

#define ADD(name, function) g_test_add_func("/api/session/" name, function)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("a7-scopes-are-enforced", test_a7_scopes_are_enforced);
	ADD("a7-a-token-in-the-query-is-none", test_a7_a_token_in_the_query_is_none);
	ADD("who-asks-gets-what-is-renewed", test_who_asks_gets_what_is_renewed);
	ADD("older-programs-get-what-lasts", test_older_programs_get_what_lasts);
	return g_test_run();
}
