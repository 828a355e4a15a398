/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The authorization server as a whole: its life, what the broker asks of it, and the table of its
 * endpoints for programs.
 */
#include "server/oauth/oauth_internal.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/network.h"
#include "server/oauth/authorize.h"
#include "server/oauth/device_endpoint.h"
#include "server/oauth/metadata.h"
#include "server/oauth/revoke_endpoint.h"
#include "server/oauth/scope.h"
#include "server/oauth/token_endpoint.h"

#include <string.h>

/* ---- life ------------------------------------------------------------------------------ */

Oauth *oauth_open(const OauthOptions *options, GError **error)
{
	if (!oauth_client_migrate(options->sql, error)) {
		return NULL;
	}
	Oauth *oauth = g_new0(Oauth, 1);
	oauth->accounts = options->accounts;
	oauth->sql = options->sql;
	oauth->home = options->home;
	oauth->home_data = options->home_data;
	oauth->grants = grant_table_new();
	oauth->entries = entry_limit_new();
	return oauth;
}

void oauth_close(Oauth *oauth)
{
	if (!oauth) {
		return;
	}
	grant_table_free(oauth->grants);
	entry_limit_free(oauth->entries);
	g_free(oauth->issuer);
	g_free(oauth);
}

/* Plain http is read by whoever is on the way: only on this machine. */
static bool is_safe(const char *issuer)
{
	g_autoptr(GUri) uri = g_uri_parse(issuer, G_URI_FLAGS_NONE, NULL);
	const char *host = uri ? g_uri_get_host(uri) : NULL;
	if (!host || !*host) {
		return false;
	}
	if (strcmp(g_uri_get_scheme(uri), "https") == 0) {
		return true;
	}
	return strcmp(g_uri_get_scheme(uri), "http") == 0 &&
	       (g_hostname_is_ip_address(host)
			? g_str_has_prefix(host, "127.") || strcmp(host, "::1") == 0
			: strcmp(host, "localhost") == 0);
}

void oauth_set_issuer(Oauth *oauth, const char *issuer)
{
	g_assert(!oauth->issuer);
	if (is_safe(issuer)) {
		size_t size = strlen(issuer);
		while (issuer[size - 1] == '/') {
			size--;
		}
		oauth->issuer = g_strndup(issuer, size);
	}
}

const char *oauth_issuer(Oauth *oauth)
{
	return oauth->issuer;
}

/* ---- for the broker -------------------------------------------------------------------- */

OauthBegun oauth_begin(Oauth *oauth, const Parameters *query, int64_t now_us, char **ret_pending,
		       char **ret_redirect, GError **error)
{
	if (!oauth->issuer) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN,
				    "nobody signs in over plain http: this drive needs https");
		return OAUTH_REFUSED;
	}
	return authorize_begin(oauth, query, now_us, ret_pending, ret_redirect, error);
}

static bool set_over(GError **error)
{
	g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
			    "this sign-in was answered already, or took too long: start it again "
			    "where you began");
	return false;
}

bool oauth_find_device(Oauth *oauth, const OauthEntry *entry, char **ret_pending, GError **error)
{
	g_autofree char *session = entry->session ? g_strconcat("s", entry->session, NULL) : NULL;
	g_autofree char *address = network_text(entry->peer);
	g_autofree char *peer = address ? g_strconcat("p", address, NULL) : NULL;
	const char *const keys[] = { session, peer };
	if (!entry_limit_take(oauth->entries, keys, G_N_ELEMENTS(keys), entry->now_us)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_BUSY,
				    "too many wrong codes: try again in ten minutes");
		return false;
	}
	char code[USER_CODE_SIZE];
	char *id = user_code_read(entry->user_code, code)
			   ? grant_find(oauth->grants, code, entry->now_us)
			   : NULL;
	if (!id) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
				    "no device shows this code: compare it with the device's "
				    "screen; a code is good for ten minutes");
		return false;
	}
	entry_limit_give_back(oauth->entries, keys, G_N_ELEMENTS(keys));
	*ret_pending = id;
	return true;
}

void oauth_ask_clear(OauthAsk *ask)
{
	g_clear_pointer(&ask->client_id, g_free);
	g_clear_pointer(&ask->client_name, g_free);
	g_clear_pointer(&ask->device_name, g_free);
	g_clear_pointer(&ask->provider, g_free);
	g_clear_pointer(&ask->login_hint, g_free);
	g_clear_pointer(&ask->scope, g_free);
	g_clear_pointer(&ask->user_code, g_free);
	g_clear_pointer(&ask->peer, g_free);
	g_clear_pointer(&ask->form_action, g_free);
}

bool oauth_ask(Oauth *oauth, const char *pending, int64_t now_us, OauthAsk *ret_ask, GError **error)
{
	g_auto(GrantShown) shown = { 0 };
	if (!grant_show(oauth->grants, pending, now_us, &shown)) {
		return set_over(error);
	}
	char code[USER_CODE_SHOWN_SIZE];
	bool is_device = shown.ask.kind == GRANT_DEVICE;
	if (is_device) {
		user_code_show(shown.user_code, code);
	}
	*ret_ask = (OauthAsk){
		.client_id = g_steal_pointer(&shown.ask.client_id),
		.client_name = g_steal_pointer(&shown.ask.client_name),
		.own = shown.ask.own,
		.device_name = g_steal_pointer(&shown.ask.device_name),
		.provider = g_steal_pointer(&shown.ask.provider),
		.login_hint = g_steal_pointer(&shown.ask.login_hint),
		.scope = scope_show(shown.ask.scopes),
		.user_code = is_device ? g_strdup(code) : NULL,
		.peer = g_steal_pointer(&shown.ask.peer),
		.asked_us = shown.asked_us,
		.expires_us = shown.expires_us,
		.form_action = is_device ? NULL : authorize_form_action(shown.ask.redirect),
	};
	return true;
}

bool oauth_approve(Oauth *oauth, const char *pending, const OauthApproval *approval,
		   char **ret_redirect, GError **error)
{
	const GrantApproval granted = {
		.account = approval->account,
		.epoch = approval->epoch,
		.registered = approval->registered,
		.method = (char *)approval->method,
		.peer = (char *)approval->peer,
	};
	g_auto(GrantShown) shown = { 0 };
	g_autofree char *code = NULL;
	if (!grant_show(oauth->grants, pending, approval->now_us, &shown) ||
	    !grant_approve(oauth->grants, pending, &granted, approval->now_us, &code)) {
		return set_over(error);
	}
	*ret_redirect = code ? authorize_redirect(oauth, &shown.ask, "code", code) : NULL;
	return true;
}

bool oauth_deny(Oauth *oauth, const char *pending, int64_t now_us, char **ret_redirect,
		GError **error)
{
	g_auto(GrantShown) shown = { 0 };
	if (!grant_show(oauth->grants, pending, now_us, &shown) ||
	    !grant_deny(oauth->grants, pending, now_us)) {
		return set_over(error);
	}
	*ret_redirect = shown.ask.kind == GRANT_CODE
				? authorize_redirect(oauth, &shown.ask, "error", "access_denied")
				: NULL;
	return true;
}

/* ---- answers to programs --------------------------------------------------------------- */

static void set_json(OauthCall *call, unsigned status, json_t *value)
{
	g_assert(value);
	char *text = json_dumps(value, JSON_COMPACT);
	g_assert(text);
	json_decref(value);
	call->response->status = status;
	call->response->content_type = "application/json";
	call->response->body = g_bytes_new_take(text, strlen(text));
}

void oauth_reply(OauthCall *call, json_t *value)
{
	set_json(call, 200, value);
}

void oauth_refuse(OauthCall *call, unsigned status, const char *code, const char *description)
{
	set_json(call, status,
		 json_pack("{s:s, s:s}", "error", code, "error_description", description));
}

void oauth_fail(OauthCall *call, const GError *error)
{
	bool busy = g_error_matches(error, DRIVE_ERROR, DRIVE_ERROR_BUSY);
	oauth_refuse(call, busy ? 503 : 500, busy ? "temporarily_unavailable" : "server_error",
		     "the drive cannot do that now: try again");
	call->response->detail = g_strdup(error->message);
}

const char *oauth_value(const OauthCall *call, const char *name)
{
	const char *value = call->form ? parameters_get(call->form, name) : NULL;
	return value && *value ? value : NULL;
}

const char *oauth_required(OauthCall *call, const char *name)
{
	const char *value = oauth_value(call, name);
	if (!value) {
		g_autofree char *text = g_strdup_printf("the parameter %s is missing", name);
		oauth_refuse(call, 400, "invalid_request", text);
	}
	return value;
}

static bool set_not_a_client(OauthCall *call, unsigned status, const char *text)
{
	oauth_refuse(call, status, "invalid_client", text);
	return false;
}

/* All clients are public: whoever brings a secret means another server. */
static bool is_public(OauthCall *call)
{
	if (call->request->headers[REQUEST_AUTHORIZATION]) {
		return set_not_a_client(call, 401, "clients here have no secret: send client_id");
	}
	if (oauth_value(call, "client_secret") || oauth_value(call, "client_assertion")) {
		return set_not_a_client(call, 400, "clients here have no secret");
	}
	return true;
}

OauthClient *oauth_caller(OauthCall *call)
{
	if (!is_public(call)) {
		return NULL;
	}
	const char *id = oauth_required(call, "client_id");
	if (!id) {
		return NULL;
	}
	g_autoptr(GError) error = NULL;
	OauthClient *client = oauth_client_find(call->oauth->sql, id, &error);
	if (!client && g_error_matches(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND)) {
		set_not_a_client(call, 400, "there is no such client");
	} else if (!client) {
		oauth_fail(call, error);
	}
	return client;
}

char *oauth_shown_name(const char *text, const char *fallback)
{
	g_autoptr(GString) name = g_string_new(NULL);
	for (const char *at = text ? text : ""; *at; at = g_utf8_next_char(at)) {
		gunichar c = g_utf8_get_char(at);
		char bytes[6];
		size_t size = (size_t)g_unichar_to_utf8(c, bytes);
		if (g_unichar_isprint(c) && name->len + size <= DEVICE_NAME_SIZE_MAX) {
			g_string_append_len(name, bytes, (gssize)size);
		}
	}
	g_strstrip(name->str);
	return g_strdup(*name->str ? name->str : fallback);
}

/* ---- endpoints ------------------------------------------------------------------------- */

typedef struct Endpoint {
	const char *method;
	const char *path;
	void (*handle)(OauthCall *call);
} Endpoint;

static const Endpoint endpoints[] = {
	{ "POST", "/oauth/token", token_endpoint_handle },
	{ "POST", "/oauth/device", device_endpoint_handle },
	{ "POST", "/oauth/revoke", revoke_endpoint_handle },
	{ "GET", "/.well-known/oauth-authorization-server", metadata_handle },
};

static const Endpoint *find_endpoint(const char *path)
{
	for (size_t i = 0; i < G_N_ELEMENTS(endpoints); i++) {
		if (strcmp(endpoints[i].path, path) == 0) {
			return &endpoints[i];
		}
	}
	return NULL;
}

static bool serves(void *data, const char *path)
{
	return find_endpoint(path);
}

static size_t body_max(void *data, const char *method, const char *path)
{
	const Endpoint *endpoint = find_endpoint(path);
	bool takes =
		endpoint && strcmp(endpoint->method, "POST") == 0 && strcmp(method, "POST") == 0;
	return takes ? OAUTH_FORM_SIZE_MAX : 0;
}

static bool is_method(const Endpoint *endpoint, const char *method)
{
	return strcmp(endpoint->method, method) == 0 ||
	       (strcmp(endpoint->method, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

/* The form of a POST, in which nothing may come twice; NULL, and refused, if it is none. */
static Parameters *read_form(OauthCall *call)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Parameters) form = request_form(call->request, &error);
	if (!form) {
		oauth_refuse(call, 400, "invalid_request", error->message);
		return NULL;
	}
	if (parameters_repeated(form)) {
		oauth_refuse(call, 400, "invalid_request", "a parameter comes more than once");
		return NULL;
	}
	return g_steal_pointer(&form);
}

static void handle(void *data, const Request *request, Response *ret_response)
{
	Oauth *oauth = data;
	OauthCall call = {
		.oauth = oauth,
		.issuer = oauth->issuer,
		.request = request,
		.now_us = g_get_real_time(),
		.response = ret_response,
	};
	response_add_header(ret_response, "Pragma", "no-cache");
	const Endpoint *endpoint = find_endpoint(request->path);
	if (!endpoint || !is_method(endpoint, request->method)) {
		oauth_refuse(&call, endpoint ? 405 : 404, "invalid_request",
			     "there is nothing here for this method");
		return;
	}
	if (!call.issuer) {
		oauth_refuse(&call, 403, "invalid_request",
			     "nobody signs in over plain http: this drive needs https");
		return;
	}
	g_autoptr(Parameters) form = NULL;
	if (strcmp(endpoint->method, "POST") == 0) {
		form = read_form(&call);
		if (!form) {
			return;
		}
		call.form = form;
	}
	endpoint->handle(&call);
}

Service oauth_service(Oauth *oauth)
{
	return (Service){
		.serves = serves,
		.body_max = body_max,
		.handle = handle,
		.data = oauth,
	};
}
