/* SPDX-License-Identifier: Apache-2.0 */
#include "server/oauth/oauth_client.h"

#include "base/error.h"
#include "server/oauth/scope.h"

#include <string.h>

static Sql *open_sql(void)
{
	g_autoptr(GError) error = NULL;
	Sql *sql = sql_open(":memory:", &(SqlOptions){ .durability = SQL_ORDERED }, &error);
	g_assert_no_error(error);
	g_assert_true(oauth_client_migrate(sql, &error));
	return sql;
}

static bool add(Sql *sql, const char *redirect, char **ret_id, GError **error)
{
	const char *const redirects[] = { redirect, NULL };
	const OauthClientNew what = {
		.name = "Notes",
		.redirects = redirects,
		.scopes = SCOPE_FILES,
		.now_us = 1,
	};
	return oauth_client_add(sql, &what, ret_id, error);
}

static void a1_own_clients_take_loopback_on_any_port(void)
{
	g_autoptr(Sql) sql = open_sql();
	static const char *const ids[] = { "imdrive", "imdrive-app" };
	for (unsigned i = 0; i < G_N_ELEMENTS(ids); i++) {
		g_autoptr(OauthClient) client = oauth_client_find(sql, ids[i], NULL);
		g_assert_true(client->own);
		g_assert_true(oauth_client_allows(client, "http://127.0.0.1:40123/callback"));
		g_assert_true(oauth_client_allows(client, "http://127.0.0.1:1/callback"));
		g_assert_true(oauth_client_allows(client, "http://127.0.0.1:65535/callback"));
		g_assert_true(oauth_client_allows(client, "http://127.0.0.1/callback"));
		g_assert_true(oauth_client_allows(client, "http://[::1]:40123/callback"));
	}
}

static void a1_near_misses_are_refused(void)
{
	static const char *const near[] = {
		"",
		"http://127.0.0.1:40123",
		"http://127.0.0.1:40123/",
		"http://127.0.0.1:40123/callback/",
		"http://127.0.0.1:40123/callback?x=1",
		"http://127.0.0.1:40123/callback#x",
		"http://127.0.0.1:40123/Callback",
		"http://127.0.0.1:40123/%63allback",
		"http://127.0.0.1:40123/./callback",
		"http://127.0.0.1:40123/../callback",
		"http://127.0.0.1:40123//callback",
		"http://127.0.0.1:/callback",
		"http://127.0.0.1:0/callback",
		"http://127.0.0.1:65536/callback",
		"http://127.0.0.1:1000000/callback",
		"http://127.0.0.1:+1/callback",
		"http://127.0.0.1:40123@evil.example/callback",
		"http://127.0.0.1:*/callback",
		"http://127.0.0.1.evil.example/callback",
		"http://127.0.0.1@evil.example/callback",
		"http://user@127.0.0.1:40123/callback",
		"http://127.0.0.2:40123/callback",
		"http://127.1:40123/callback",
		"http://2130706433:40123/callback",
		"http://0.0.0.0:40123/callback",
		"http://localhost:40123/callback",
		"http://[::1:40123/callback",
		"http://[::ffff:127.0.0.1]:40123/callback",
		"https://127.0.0.1:40123/callback",
		"HTTP://127.0.0.1:40123/callback",
		" http://127.0.0.1:40123/callback",
		"http://127.0.0.1:40123/callback ",
		"http://127.0.0.1:40123/callback\n",
		"http:/127.0.0.1:40123/callback",
		"//127.0.0.1:40123/callback",
		"javascript:alert(1)",
		"https://evil.example/callback",
	};
	g_autoptr(Sql) sql = open_sql();
	g_autoptr(OauthClient) client = oauth_client_find(sql, "imdrive", NULL);
	for (unsigned i = 0; i < G_N_ELEMENTS(near); i++) {
		g_test_message("%s", near[i]);
		g_assert_false(oauth_client_allows(client, near[i]));
	}
}

static void a1_added_clients_match_exactly(void)
{
	g_autoptr(Sql) sql = open_sql();
	g_autoptr(GError) error = NULL;
	g_autofree char *id = NULL;
	g_assert_true(add(sql, "https://notes.example.org/done?via=drive", &id, &error));
	g_autoptr(OauthClient) client = oauth_client_find(sql, id, &error);
	g_assert_no_error(error);
	g_assert_false(client->own);
	g_assert_cmpuint(client->scopes, ==, SCOPE_FILES);
	g_assert_true(oauth_client_allows(client, "https://notes.example.org/done?via=drive"));
	static const char *const near[] = {
		"https://notes.example.org/done",
		"https://notes.example.org:443/done?via=drive",
		"https://notes.example.org:8443/done?via=drive",
		"http://notes.example.org/done?via=drive",
		"https://notes.example.org/done?via=drive&x",
		"https://Notes.example.org/done?via=drive",
		"https://notes.example.org.evil.example/done?via=drive",
		"https://evil.example/https://notes.example.org/done?via=drive",
	};
	for (unsigned i = 0; i < G_N_ELEMENTS(near); i++) {
		g_assert_false(oauth_client_allows(client, near[i]));
	}
}

static void a1_what_may_be_registered(void)
{
	static const char *const good[] = {
		"https://notes.example.org/done",
		"https://notes.example.org:8443/",
		"http://127.0.0.1/done",
		"http://127.0.0.1:8080/done",
		"http://[::1]/done",
		"org.example.notes:/done",
	};
	static const char *const bad[] = {
		"",
		"/done",
		"http://notes.example.org/done",
		"http://localhost/done",
		"http://127.0.0.1",
		"http://127.0.0.1.evil.example/done",
		"https://notes.example.org",
		"https://notes.example.org/done#part",
		"https://*.example.org/done",
		"https://notes.example.org/*",
		"https://user@notes.example.org/done",
		"https:///done",
		"https://notes.example.org/a b",
		"notes:/done",
		"javascript:alert(1)",
		"data:text/html,x",
		"file:///etc/passwd",
		"org.example.notes://host/done",
	};
	g_autoptr(Sql) sql = open_sql();
	for (unsigned i = 0; i < G_N_ELEMENTS(good); i++) {
		g_autofree char *id = NULL;
		g_autoptr(GError) error = NULL;
		g_test_message("%s", good[i]);
		add(sql, good[i], &id, &error);
		g_assert_no_error(error);
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autofree char *id = NULL;
		g_autoptr(GError) error = NULL;
		g_test_message("%s", bad[i]);
		g_assert_false(add(sql, bad[i], &id, &error));
		g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID);
	}
}

static void a1_a_loopback_client_keeps_no_port(void)
{
	g_autoptr(Sql) sql = open_sql();
	g_autofree char *id = NULL;
	g_assert_true(add(sql, "http://127.0.0.1:8080/done", &id, NULL));
	g_autoptr(OauthClient) client = oauth_client_find(sql, id, NULL);
	g_assert_true(oauth_client_allows(client, "http://127.0.0.1:9090/done"));
	g_assert_false(oauth_client_allows(client, "http://127.0.0.1:9090/callback"));
}

static void what_is_removed_is_unknown(void)
{
	g_autoptr(Sql) sql = open_sql();
	g_autoptr(GError) error = NULL;
	g_autofree char *id = NULL;
	g_assert_true(add(sql, "https://notes.example.org/done", &id, &error));
	g_autoptr(GPtrArray) clients = NULL;
	g_assert_true(oauth_client_list(sql, &clients, &error));
	g_assert_cmpuint(clients->len, ==, 1);
	g_assert_true(oauth_client_remove(sql, id, &error));
	g_assert_null(oauth_client_find(sql, id, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
	g_clear_error(&error);
	g_assert_false(oauth_client_remove(sql, id, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
	g_clear_error(&error);
	/* The drive's own are no rows. */
	g_assert_false(oauth_client_remove(sql, "imdrive", &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
}

static void a14_a_name_that_cannot_be_seen_is_refused(void)
{
	static const char *const names[] = { "", "a\nb",
					     ("a\xe2\x80\xae"
					      "b"),
					     "\xff" };
	g_autoptr(Sql) sql = open_sql();
	const char *const redirects[] = { "https://notes.example.org/done", NULL };
	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
		const OauthClientNew what = { .name = names[i], .redirects = redirects };
		g_autofree char *id = NULL;
		g_assert_false(oauth_client_add(sql, &what, &id, NULL));
	}
}

#define ADD(name, function) g_test_add_func("/server/oauth/oauth_client/" name, function)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("a1-own-clients-take-loopback-on-any-port", a1_own_clients_take_loopback_on_any_port);
	ADD("a1-near-misses-are-refused", a1_near_misses_are_refused);
	ADD("a1-added-clients-match-exactly", a1_added_clients_match_exactly);
	ADD("a1-what-may-be-registered", a1_what_may_be_registered);
	ADD("a1-a-loopback-client-keeps-no-port", a1_a_loopback_client_keeps_no_port);
	ADD("what-is-removed-is-unknown", what_is_removed_is_unknown);
	ADD("a14-a-name-that-cannot-be-seen-is-refused", a14_a_name_that_cannot_be_seen_is_refused);
	return g_test_run();
}
