/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Matrix, where the person types the server (Matrix 1.15, "OAuth 2.0 API"):
 *
 *	example.org -> /.well-known/matrix/client -> homeserver -> auth_metadata -> issuer
 *
 * The homeserver only names the issuer; what the issuer is like it says itself, at its own
 * /.well-known/openid-configuration. So no server can send somebody to a known issuer and have the
 * code redeemed elsewhere. The drive registers itself there (RFC 7591) as a public client, asks for
 * the scope "openid" and nothing of the account, and is from then on an ordinary OpenID Connect
 * relying party. The identity is (issuer, sub); "@name:server" is only where to write to.
 */
#include "server/provider/login_internal.h"

#include "base/error.h"
#include "server/provider/discovery.h"

#include <string.h>

#define SERVER_SIZE_MAX 255
#define REGISTRATION_KEEP_US (INT64_C(6 * 3600) * G_USEC_PER_SEC)

/* ---- the server ------------------------------------------------------------------------ */

static bool is_host(const char *server, bool loopback)
{
	size_t host = strcspn(server, ":");
	if (host == 0 || strlen(server) > SERVER_SIZE_MAX) {
		return false;
	}
	bool dot = memchr(server, '.', host) != NULL;
	bool letter = false;
	for (size_t i = 0; i < host; i++) {
		letter = letter || g_ascii_isalpha(server[i]);
		if (!g_ascii_isalnum(server[i]) && server[i] != '-' && server[i] != '.') {
			return false;
		}
	}
	const char *port = server[host] ? server + host + 1 : "443";
	guint64 number;
	bool ported = g_ascii_string_to_unsigned(port, 10, 1, 65535, &number, NULL);
	/* An address, which has no letter, is nobody's server name. */
	return ported && ((dot && letter) || loopback) && server[0] != '.' && server[0] != '-';
}

/* "example.org" of that, of "@alice:example.org" and of "https://example.org/". */
static char *read_server(const Record *record, const char *typed, GError **error)
{
	g_autofree char *text = g_ascii_strdown(typed ? typed : "", -1);
	char *server = g_strstrip(text);
	if (*server == '@') {
		server += strcspn(server, ":");
		server += *server ? 1 : 0;
	}
	server += g_str_has_prefix(server, "https://") ? strlen("https://") : 0;
	g_strdelimit(server, "/", '\0');
	if (!is_host(server, record->allow_http_loopback)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "what was typed is no server like example.org");
		return NULL;
	}
	if (record->servers && record->servers[0] &&
	    !g_strv_contains((const char *const *)record->servers, server)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN,
				    "this server is not among the record's 'servers'");
		return NULL;
	}
	return g_strdup(server);
}

static json_t *ask_typed(Login *login, const char *url, GError **error)
{
	const OutboundQuestion question = {
		.url = url,
		.typed = true,
		.loopback = login->record->allow_http_loopback,
	};
	return outbound_ask(login->providers->http, &question, error);
}

/* The base URL of the homeserver, without '/' at its end. */
static char *find_homeserver(Login *login, const char *server, GError **error)
{
	bool loopback = login->record->allow_http_loopback;
	g_autofree char *https = g_strdup_printf("https://%s", server);
	g_autofree char *http = g_strdup_printf("http://%s", server);
	bool test = loopback && record_is_loopback(http);
	g_autofree char *url = g_strconcat(test ? http : https, "/.well-known/matrix/client", NULL);
	g_autoptr(GError) wrong = NULL;
	json_t *said = ask_typed(login, url, &wrong);
	if (!said && !g_error_matches(wrong, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND)) {
		g_propagate_error(error, g_steal_pointer(&wrong));
		return NULL;
	}
	const char *base = said ? document_text(said, "m.homeserver base_url") : NULL;
	char *homeserver = g_strdup(base ? base : (test ? http : https));
	json_decref(said);
	size_t size = strlen(homeserver);
	if (size > 0 && homeserver[size - 1] == '/') {
		homeserver[size - 1] = '\0';
	}
	return homeserver;
}

/* What the server's issuer says of itself. */
static json_t *find_issuer(Login *login, const char *server, GError **error)
{
	g_autofree char *homeserver = find_homeserver(login, server, error);
	if (!homeserver) {
		return NULL;
	}
	g_autofree char *url = g_strconcat(homeserver, "/_matrix/client/v1/auth_metadata", NULL);
	json_t *said = ask_typed(login, url, error);
	const char *issuer = said ? document_text(said, "issuer") : NULL;
	json_t *metadata = NULL;
	if (issuer && strlen(issuer) <= SERVER_SIZE_MAX &&
	    record_is_url(issuer, login->record->allow_http_loopback)) {
		metadata = discovery_of_issuer(login->providers, login->record, issuer, error);
	} else if (said) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "the server names no place to sign in: it is too old for that");
	}
	json_decref(said);
	return metadata;
}

/* ---- registration ---------------------------------------------------------------------- */

static json_t *application(Login *login)
{
	g_autoptr(GUri) uri = g_uri_parse(login->redirect_uri, G_URI_FLAGS_ENCODED, NULL);
	g_autofree char *home = http_origin(login->redirect_uri);
	g_autofree char *name = g_strdup_printf("imdrive at %s", uri ? g_uri_get_host(uri) : "");
	return json_pack("{s:s, s:s, s:[s], s:[s], s:[s], s:s, s:s}", "client_name", name,
			 "client_uri", home, "redirect_uris", login->redirect_uri, "response_types",
			 "code", "grant_types", "authorization_code", "token_endpoint_auth_method",
			 "none", "application_type", "web");
}

static json_t *ask_to_register(Login *login, GError **error)
{
	json_t *ours = application(login);
	const OutboundQuestion question = {
		.url = document_text(login->metadata, "registration_endpoint"),
		.json = ours,
		.typed = true,
		.loopback = login->record->allow_http_loopback,
	};
	json_t *answer = outbound_ask(login->providers->http, &question, error);
	json_decref(ours);
	const char *id = answer ? document_text(answer, "client_id") : NULL;
	if (answer && (!id || !*id || strlen(id) > 1024)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "the server registers us without a client_id");
		json_decref(answer);
		return NULL;
	}
	if (!answer) {
		g_prefix_error(error, "register at the server: ");
	}
	return answer;
}

static bool register_client(Login *login, GError **error)
{
	const char *endpoint = document_text(login->metadata, "registration_endpoint");
	if (!endpoint) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_UNSUPPORTED,
				    "the server lets no application register itself");
		return false;
	}
	g_autofree char *key = g_strdup_printf("register %s %s", endpoint, login->redirect_uri);
	Memory *memory = login->providers->memory;
	json_t *client = memory_get(memory, key, REGISTRATION_KEEP_US);
	if (!client) {
		client = ask_to_register(login, error);
		if (!client) {
			return false;
		}
		memory_put(memory, key, client);
	}
	json_object_set(login->flight, "client_id", json_object_get(client, "client_id"));
	json_decref(client);
	return true;
}

/* ---- the login ------------------------------------------------------------------------- */

static bool prepare(Login *login, GError **error)
{
	g_autofree char *server = read_server(login->record, login->server, error);
	if (!server) {
		return false;
	}
	login->metadata = find_issuer(login, server, error);
	if (!login->metadata || !register_client(login, error)) {
		g_prefix_error(error, "%s: ", server);
		return false;
	}
	json_object_set_new(login->flight, "server", json_string(server));
	json_object_set(login->flight, "issuer", json_object_get(login->metadata, "issuer"));
	return true;
}

static bool resume(Login *login, GError **error)
{
	const char *issuer = document_text(login->flight, "issuer");
	if (!issuer) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "this login was begun without a server");
		return false;
	}
	login->metadata = discovery_of_issuer(login->providers, login->record, issuer, error);
	return login->metadata != NULL;
}

static json_t *identify(Login *login, const char *code, GError **error)
{
	json_t *claims = login_identify(login, code, error);
	const char *name = claims ? document_text(claims, "username") : NULL;
	if (name && *name && !strpbrk(name, "@:")) {
		const char *server = document_text(login->flight, "server");
		g_autofree char *address = g_strdup_printf("@%s:%s", name, server);
		json_object_set_new(claims, "mxid", json_string(address));
	}
	return claims;
}

const LoginKind matrix_kind = { prepare, resume, identify };
