/* SPDX-License-Identifier: Apache-2.0 */
#include "server/oauth/oauth_client.h"

#include "base/error.h"
#include "base/limits.h"
#include "server/oauth/scope.h"
#include "sql/ask.h"

#include <sodium.h>
#include <string.h>

#define ID_RANDOM_SIZE 12
#define PORT_DIGITS_MAX 5

static const char *const loopbacks[] = { "http://127.0.0.1", "http://[::1]" };

/* ---- the drive's own ------------------------------------------------------------------- */

typedef struct Own {
	const char *id;
	const char *name;
} Own;

static const Own own_clients[] = {
	{ "imdrive", "imdrive" },
	{ "imdrive-app", "imdrive desktop app" },
};

static OauthClient *find_own(const char *id)
{
	static const char *const redirects[] = {
		"http://127.0.0.1/callback",
		"http://[::1]/callback",
		NULL,
	};
	for (size_t i = 0; i < G_N_ELEMENTS(own_clients); i++) {
		if (strcmp(own_clients[i].id, id) == 0) {
			OauthClient *client = g_new0(OauthClient, 1);
			client->id = g_strdup(id);
			client->name = g_strdup(own_clients[i].name);
			client->own = true;
			client->redirects = g_strdupv((char **)redirects);
			client->scopes = DEVICES_SCOPES_ALL;
			return client;
		}
	}
	return NULL;
}

void oauth_client_free(void *data)
{
	OauthClient *client = data;
	if (!client) {
		return;
	}
	g_free(client->id);
	g_free(client->name);
	g_strfreev(client->redirects);
	g_free(client);
}

/* ---- redirects ------------------------------------------------------------------------- */

/* Behind the loopback host of a URL, where its port may stand; NULL if it is not on loopback. */
static const char *behind_loopback(const char *url)
{
	for (size_t i = 0; i < G_N_ELEMENTS(loopbacks); i++) {
		if (g_str_has_prefix(url, loopbacks[i])) {
			return url + strlen(loopbacks[i]);
		}
	}
	return NULL;
}

/* Behind ":8080"; NULL if what stands there is no port. */
static const char *behind_port(const char *at)
{
	if (*at != ':') {
		return at;
	}
	unsigned port = 0;
	unsigned digits = 0;
	for (at++; g_ascii_isdigit(*at) && digits <= PORT_DIGITS_MAX; at++, digits++) {
		port = port * 10 + (unsigned)(*at - '0');
	}
	return digits > 0 && port > 0 && port <= G_MAXUINT16 ? at : NULL;
}

static bool matches(const char *registered, const char *redirect)
{
	if (strcmp(registered, redirect) == 0) {
		return true;
	}
	const char *path = behind_loopback(registered);
	if (!path) {
		return false;
	}
	size_t host_size = (size_t)(path - registered);
	if (strncmp(registered, redirect, host_size) != 0) {
		return false;
	}
	const char *rest = behind_port(redirect + host_size);
	return rest && strcmp(rest, path) == 0;
}

bool oauth_client_allows(const OauthClient *client, const char *redirect)
{
	for (char **registered = client->redirects; *registered; registered++) {
		if (matches(*registered, redirect)) {
			return true;
		}
	}
	return false;
}

static bool is_url_text(const char *text)
{
	size_t size = strnlen(text, OAUTH_PARAMETER_SIZE_MAX + 1);
	if (size == 0 || size > OAUTH_PARAMETER_SIZE_MAX) {
		return false;
	}
	for (const char *at = text; *at; at++) {
		if (*at <= ' ' || *at > '~' || strchr("#*\"'<>\\^`{|}", *at)) {
			return false;
		}
	}
	return true;
}

static bool may_register(const char *redirect)
{
	g_autoptr(GUri) uri =
		is_url_text(redirect) ? g_uri_parse(redirect, G_URI_FLAGS_NONE, NULL) : NULL;
	if (!uri || g_uri_get_userinfo(uri)) {
		return false;
	}
	const char *scheme = g_uri_get_scheme(uri);
	const char *host = g_uri_get_host(uri);
	if (strcmp(scheme, "https") == 0) {
		return host && *host && *g_uri_get_path(uri) == '/';
	}
	if (strcmp(scheme, "http") == 0) {
		const char *port = behind_loopback(redirect);
		const char *path = port ? behind_port(port) : NULL;
		return path && *path == '/';
	}
	return strchr(scheme, '.') && (!host || !*host) && *g_uri_get_path(uri) == '/';
}

/* "http://127.0.0.1:8080/callback" is registered without its port, since any may come. */
static char *registered_form(const char *redirect)
{
	const char *port = behind_loopback(redirect);
	const char *path = port ? behind_port(port) : NULL;
	return path ? g_strdup_printf("%.*s%s", (int)(port - redirect), redirect, path)
		    : g_strdup(redirect);
}

/* ---- the table ------------------------------------------------------------------------- */

bool oauth_client_migrate(Sql *sql, GError **error)
{
	static const char *const steps[] = {
		"CREATE TABLE oauth_client ("
		" id TEXT PRIMARY KEY,"
		" name TEXT NOT NULL,"
		" redirects TEXT NOT NULL," /* with a line feed between them */
		" scopes TEXT NOT NULL,"
		" created_us BIGINT NOT NULL)",
	};
	return sql_migrate(sql, "oauth", steps, G_N_ELEMENTS(steps), error);
}

#define SELECT_CLIENT "SELECT id, name, redirects, scopes, created_us FROM oauth_client "

static OauthClient *read_row(SqlStatement *select)
{
	OauthClient *client = g_new0(OauthClient, 1);
	client->id = g_strdup(sql_column_text(select, 0));
	client->name = g_strdup(sql_column_text(select, 1));
	client->redirects = g_strsplit(sql_column_text(select, 2), "\n", -1);
	/* A scope that this version does not know is not granted. */
	if (!scope_read(sql_column_text(select, 3), &client->scopes)) {
		client->scopes = 0;
	}
	client->created_us = sql_column_int(select, 4);
	return client;
}

static bool set_unknown(const char *id, GError **error)
{
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND, "there is no client '%s'", id);
	return false;
}

OauthClient *oauth_client_find(Sql *sql, const char *id, GError **error)
{
	OauthClient *own = find_own(id);
	if (own) {
		return own;
	}
	g_autoptr(SqlSession) session = sql_read(sql, error);
	SqlStatement *row;
	if (!session || !ask_find(session, SELECT_CLIENT "WHERE id = $1", ASK_VALUES(ASK_TEXT(id)),
				  &row, error)) {
		return NULL;
	}
	if (!row) {
		set_unknown(id, error);
		return NULL;
	}
	return read_row(row);
}

bool oauth_client_list(Sql *sql, GPtrArray **ret_clients, GError **error)
{
	g_autoptr(GPtrArray) clients = g_ptr_array_new_with_free_func(oauth_client_free);
	g_autoptr(SqlSession) session = sql_read(sql, error);
	SqlStatement *select =
		session ? sql_statement(session, SELECT_CLIENT "ORDER BY created_us, id", error)
			: NULL;
	bool row = true;
	while (select && sql_step(select, &row, error)) {
		if (!row) {
			*ret_clients = g_steal_pointer(&clients);
			return true;
		}
		g_ptr_array_add(clients, read_row(select));
	}
	return false;
}

/* ---- adding and removing --------------------------------------------------------------- */

static bool is_name(const char *name)
{
	size_t size = strnlen(name, DEVICE_NAME_SIZE_MAX + 1);
	if (size == 0 || size > DEVICE_NAME_SIZE_MAX || !g_utf8_validate(name, -1, NULL)) {
		return false;
	}
	for (const char *at = name; *at; at = g_utf8_next_char(at)) {
		if (!g_unichar_isprint(g_utf8_get_char(at))) {
			return false;
		}
	}
	return true;
}

/* The redirects as they are kept; NULL with an error. */
static char *join_redirects(const char *const *redirects, GError **error)
{
	g_autoptr(GString) joined = g_string_new(NULL);
	unsigned count = 0;
	for (; redirects[count]; count++) {
		if (count == OAUTH_REDIRECTS_MAX) {
			g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "a client has at most %d redirects", OAUTH_REDIRECTS_MAX);
			return NULL;
		}
		if (!may_register(redirects[count])) {
			g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "'%s' cannot be a redirect: it must be https, or http on "
				    "127.0.0.1 or [::1], or have a scheme like org.example.app, "
				    "and neither fragment nor wildcard nor user",
				    redirects[count]);
			return NULL;
		}
		g_autofree char *form = registered_form(redirects[count]);
		g_string_append_printf(joined, "%s%s", count > 0 ? "\n" : "", form);
	}
	if (count == 0) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "a client needs a redirect");
		return NULL;
	}
	return g_string_free(g_steal_pointer(&joined), FALSE);
}

static char *make_id(void)
{
	uint8_t random[ID_RANDOM_SIZE];
	char text[sodium_base64_ENCODED_LEN(ID_RANDOM_SIZE,
					    sodium_base64_VARIANT_URLSAFE_NO_PADDING)];
	randombytes_buf(random, sizeof random);
	sodium_bin2base64(text, sizeof text, random, sizeof random,
			  sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	return g_strconcat("client-", text, NULL);
}

static bool insert(SqlSession *session, const OauthClientNew *what, const char *id,
		   const char *redirects, GError **error)
{
	g_autofree char *scopes = scope_show(what->scopes);
	return ask_run(session,
		       "INSERT INTO oauth_client (id, name, redirects, scopes, created_us)"
		       " VALUES ($1, $2, $3, $4, $5)",
		       ASK_VALUES(ASK_TEXT(id), ASK_TEXT(what->name), ASK_TEXT(redirects),
				  ASK_TEXT(scopes), ASK_INT(what->now_us)),
		       error);
}

bool oauth_client_add(Sql *sql, const OauthClientNew *what, char **ret_id, GError **error)
{
	if (!is_name(what->name)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "a client's name has 1 to %d bytes of visible UTF-8",
			    DEVICE_NAME_SIZE_MAX);
		return false;
	}
	g_autofree char *redirects = join_redirects(what->redirects, error);
	g_autoptr(SqlSession) session = redirects ? sql_write(sql, error) : NULL;
	if (!session) {
		return false;
	}
	g_autofree char *id = make_id();
	if (!insert(session, what, id, redirects, error) || !sql_commit(session, error)) {
		return false;
	}
	*ret_id = g_steal_pointer(&id);
	return true;
}

bool oauth_client_remove(Sql *sql, const char *id, GError **error)
{
	g_autoptr(SqlSession) session = sql_write(sql, error);
	if (!session || !ask_run(session, "DELETE FROM oauth_client WHERE id = $1",
				 ASK_VALUES(ASK_TEXT(id)), error)) {
		return false;
	}
	if (sql_changes(session) == 0) {
		return set_unknown(id, error);
	}
	return sql_commit(session, error);
}
