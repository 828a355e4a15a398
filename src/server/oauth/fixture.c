/* SPDX-License-Identifier: Apache-2.0 */
#include "server/oauth/fixture.h"

#include <glib/gstdio.h>
#include <string.h>

static bool home(int64_t account, NodeId *ret_drive, void *data, GError **error)
{
	*ret_drive = (NodeId){ .bytes = { 1, 2, 3 } };
	return true;
}

void fixture_set_up(Fixture *fixture)
{
	g_autoptr(GError) error = NULL;
	*fixture = (Fixture){ .folder = g_dir_make_tmp("imdrive-oauth-XXXXXX", NULL) };
	g_autofree char *path = g_build_filename(fixture->folder, "db", NULL);
	fixture->sql = sql_open(path, &(SqlOptions){ .durability = SQL_ORDERED }, &error);
	g_assert_no_error(error);
	fixture->accounts = accounts_open(fixture->sql, 0, &error);
	g_assert_no_error(error);
	accounts_add(fixture->accounts, "alice", NULL, &fixture->alice, &error);
	g_assert_no_error(error);
	Account account = { 0 };
	accounts_get(fixture->accounts, fixture->alice, &account, &error);
	g_assert_no_error(error);
	fixture->epoch = account.epoch;
	accounts_account_clear(&account);
	const OauthOptions options = {
		.accounts = fixture->accounts,
		.sql = fixture->sql,
		.home = home,
	};
	fixture->oauth = oauth_open(&options, &error);
	g_assert_no_error(error);
	oauth_set_issuer(fixture->oauth, FIXTURE_ISSUER);
	fixture->service = oauth_service(fixture->oauth);
}

void fixture_tear_down(Fixture *fixture)
{
	oauth_close(fixture->oauth);
	accounts_close(fixture->accounts);
	sql_close(fixture->sql);
	static const char *const names[] = { "db", "db-wal", "db-shm" };
	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = g_build_filename(fixture->folder, names[i], NULL);
		g_unlink(path);
	}
	g_rmdir(fixture->folder);
	g_free(fixture->folder);
}

OauthBegun fixture_begin(Fixture *fixture, const char *query, char **ret_pending,
			 char **ret_redirect, GError **error)
{
	g_autoptr(Parameters) parameters = parameters_parse(query, strlen(query), NULL);
	g_assert_nonnull(parameters);
	return oauth_begin(fixture->oauth, parameters, g_get_real_time(), ret_pending, ret_redirect,
			   error);
}

char *fixture_approve(Fixture *fixture, const char *query)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *pending = NULL;
	char *redirect = NULL;
	g_assert_cmpint(fixture_begin(fixture, query, &pending, &redirect, &error), ==,
			OAUTH_PENDING);
	const OauthApproval approval = {
		.account = fixture->alice,
		.epoch = fixture->epoch,
		.method = "xmpp",
		.now_us = g_get_real_time(),
	};
	oauth_approve(fixture->oauth, pending, &approval, &redirect, &error);
	g_assert_no_error(error);
	g_assert_nonnull(redirect);
	return redirect;
}

char *fixture_parameter(const char *url, const char *name)
{
	const char *query = strchr(url, '?');
	g_autoptr(Parameters) parameters =
		query ? parameters_parse(query + 1, strlen(query + 1), NULL) : NULL;
	g_assert_true(!parameters || !parameters_repeated(parameters));
	return parameters ? g_strdup(parameters_get(parameters, name)) : NULL;
}

unsigned fixture_ask(Fixture *fixture, const char *path, const char *form, json_t **ret_object)
{
	g_autoptr(GBytes) body = form ? g_bytes_new_static(form, strlen(form)) : NULL;
	Request request = {
		.method = form ? "POST" : "GET",
		.path = path,
		.body = body,
		.peer = "192.0.2.1",
	};
	request.headers[REQUEST_CONTENT_TYPE] = form ? "application/x-www-form-urlencoded" : NULL;
	g_auto(Response) response = { 0 };
	fixture->service.handle(fixture->service.data, &request, &response);
	if (ret_object) {
		size_t size = 0;
		const char *text = response.body ? g_bytes_get_data(response.body, &size) : NULL;
		*ret_object =
			size > 0 ? json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL) : NULL;
	}
	return response.status;
}

void fixture_assert_error(Fixture *fixture, const char *path, const char *form, unsigned status,
			  const char *code)
{
	json_auto_t *object = NULL;
	g_test_message("%s %s", path, form);
	g_assert_cmpuint(fixture_ask(fixture, path, form, &object), ==, status);
	g_assert_cmpstr(json_string_value(json_object_get(object, "error")), ==, code);
	g_assert_nonnull(json_string_value(json_object_get(object, "error_description")));
}
