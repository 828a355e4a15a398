/* SPDX-License-Identifier: Apache-2.0 */
#include "server/oauth/authorize.h"

#include "base/error.h"
#include "base/limits.h"
#include "server/oauth/pkce.h"
#include "server/oauth/scope.h"

#include <string.h>

/* What is wrong with a request whose client and redirect are right. */
typedef struct Fault {
	const char *code;
	const char *description;
} Fault;

/* ---- reading --------------------------------------------------------------------------- */

/* The value of the one parameter of this name; one without value counts as absent. */
static const char *value_of(const Parameters *query, const char *name)
{
	const char *value = query ? parameters_get(query, name) : NULL;
	return value && *value ? value : NULL;
}

static bool is_repeated(const Parameters *query, const char *name)
{
	const char *at;
	const char *value;
	unsigned count = 0;
	for (unsigned i = 0; query && parameters_at(query, i, &at, &value); i++) {
		count += strcmp(at, name) == 0;
	}
	return count > 1;
}

static bool is_too_long(const Parameters *query)
{
	const char *name;
	const char *value;
	for (unsigned i = 0; query && parameters_at(query, i, &name, &value); i++) {
		if (strnlen(value, OAUTH_PARAMETER_SIZE_MAX + 1) > OAUTH_PARAMETER_SIZE_MAX) {
			return true;
		}
	}
	return false;
}

static bool is_provider_id(const char *text)
{
	size_t size = strnlen(text, OAUTH_PROVIDER_SIZE_MAX + 1);
	return size <= OAUTH_PROVIDER_SIZE_MAX &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_") == size;
}

/*
 * An address without anything that is not seen: it is shown in a field, for a person to look at
 * before he presses anything (C3).
 */
static bool is_login_hint(const char *text)
{
	size_t size = strnlen(text, OAUTH_LOGIN_HINT_SIZE_MAX + 1);
	if (size > OAUTH_LOGIN_HINT_SIZE_MAX || !g_utf8_validate(text, (gssize)size, NULL)) {
		return false;
	}
	for (; *text; text = g_utf8_next_char(text)) {
		if (!g_unichar_isgraph(g_utf8_get_char(text))) {
			return false;
		}
	}
	return true;
}

/* ---- judging --------------------------------------------------------------------------- */

static Fault check_response(const Parameters *query)
{
	const char *type = value_of(query, "response_type");
	const char *mode = value_of(query, "response_mode");
	if (!type) {
		return (Fault){ "invalid_request", "response_type is missing" };
	}
	if (strcmp(type, "code") != 0) {
		return (Fault){ "unsupported_response_type", "only response_type=code" };
	}
	if (mode && strcmp(mode, "query") != 0) {
		return (Fault){ "invalid_request", "only response_mode=query" };
	}
	if (value_of(query, "request")) {
		return (Fault){ "request_not_supported", "no request objects" };
	}
	if (value_of(query, "request_uri")) {
		return (Fault){ "request_uri_not_supported", "no pushed requests" };
	}
	return (Fault){ 0 };
}

static Fault check_pkce(const Parameters *query)
{
	const char *challenge = value_of(query, "code_challenge");
	const char *method = value_of(query, "code_challenge_method");
	if (!challenge) {
		return (Fault){ "invalid_request", "code_challenge is missing: PKCE is required" };
	}
	if (!method || strcmp(method, "S256") != 0) {
		return (Fault){ "invalid_request", "only code_challenge_method=S256" };
	}
	if (!pkce_is_challenge(challenge)) {
		return (Fault){ "invalid_request", "code_challenge is no SHA-256 in base64url" };
	}
	return (Fault){ 0 };
}

static Fault check(const Parameters *query, const OauthClient *client, unsigned *ret_scopes)
{
	const char *provider = value_of(query, "provider");
	const char *hint = value_of(query, "login_hint");
	const char *scope = value_of(query, "scope");
	if (query && parameters_repeated(query)) {
		return (Fault){ "invalid_request", "a parameter comes more than once" };
	}
	if (is_too_long(query)) {
		return (Fault){ "invalid_request", "a parameter is too long" };
	}
	if (provider && !is_provider_id(provider)) {
		return (Fault){ "invalid_request", "provider is no way of signing in" };
	}
	if (hint && !is_login_hint(hint)) {
		return (Fault){ "invalid_request", "login_hint is no address" };
	}
	*ret_scopes = client->scopes;
	if ((scope && !scope_read(scope, ret_scopes)) || *ret_scopes & ~client->scopes ||
	    *ret_scopes == 0) {
		return (Fault){ "invalid_scope", "the client may not have this scope" };
	}
	Fault fault = check_response(query);
	return fault.code ? fault : check_pkce(query);
}

/* ---- the answer ------------------------------------------------------------------------ */

static void append_to(GString *url, const char *name, const char *value)
{
	if (!strchr(url->str, '?')) {
		g_string_append_c(url, '?');
	}
	parameters_append(url, name, value);
}

static GString *answer_new(Oauth *oauth, const char *redirect, const char *state)
{
	GString *url = g_string_new(redirect);
	if (state) {
		append_to(url, "state", state);
	}
	append_to(url, "iss", oauth->issuer);
	return url;
}

char *authorize_redirect(Oauth *oauth, const GrantAsk *ask, const char *name, const char *value)
{
	GString *url = answer_new(oauth, ask->redirect, ask->state);
	append_to(url, name, value);
	return g_string_free(url, FALSE);
}

static char *fault_redirect(Oauth *oauth, const Parameters *query, const Fault *fault)
{
	/* Which of two states would be meant is not known. */
	const char *state = is_repeated(query, "state") ? NULL : value_of(query, "state");
	if (state && strlen(state) > OAUTH_PARAMETER_SIZE_MAX) {
		state = NULL;
	}
	GString *url = answer_new(oauth, value_of(query, "redirect_uri"), state);
	append_to(url, "error", fault->code);
	append_to(url, "error_description", fault->description);
	return g_string_free(url, FALSE);
}

char *authorize_form_action(const char *redirect)
{
	g_autoptr(GUri) uri = g_uri_parse(redirect, G_URI_FLAGS_NONE, NULL);
	g_assert(uri);
	const char *scheme = g_uri_get_scheme(uri);
	const char *host = g_uri_get_host(uri);
	/* A source cannot name an IPv6 address, nor a host of another scheme than http. */
	if (!host || !*host || strchr(host, ':')) {
		return g_strconcat(scheme, ":", NULL);
	}
	int port = g_uri_get_port(uri);
	return port > 0 ? g_strdup_printf("%s://%s:%d", scheme, host, port)
			: g_strdup_printf("%s://%s", scheme, host);
}

/* ---- beginning ------------------------------------------------------------------------- */

/* The client, if its redirect can be trusted with an answer. */
static OauthClient *trusted_client(Oauth *oauth, const Parameters *query, GError **error)
{
	const char *id = value_of(query, "client_id");
	const char *redirect = value_of(query, "redirect_uri");
	if (!id || !redirect || is_repeated(query, "client_id") ||
	    is_repeated(query, "redirect_uri")) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "this link to sign in is not whole: start again in the program "
				    "that sent you here");
		return NULL;
	}
	g_autoptr(GError) failure = NULL;
	g_autoptr(OauthClient) client = oauth_client_find(oauth->sql, id, &failure);
	if (!client && !g_error_matches(failure, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND)) {
		g_propagate_error(error, g_steal_pointer(&failure));
		return NULL;
	}
	if (!client || !oauth_client_allows(client, redirect)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "this drive does not know the program that sent you here, or "
				    "not under this address: tell the drive's operator");
		return NULL;
	}
	return g_steal_pointer(&client);
}

OauthBegun authorize_begin(Oauth *oauth, const Parameters *query, int64_t now_us,
			   char **ret_pending, char **ret_redirect, GError **error)
{
	g_autoptr(OauthClient) client = trusted_client(oauth, query, error);
	if (!client) {
		return OAUTH_REFUSED;
	}
	unsigned scopes;
	Fault fault = check(query, client, &scopes);
	if (fault.code) {
		*ret_redirect = fault_redirect(oauth, query, &fault);
		return OAUTH_REDIRECT;
	}
	g_autofree char *device_name =
		oauth_shown_name(value_of(query, "device_name"), client->name);
	const GrantAsk ask = {
		.kind = GRANT_CODE,
		.client_id = client->id,
		.client_name = client->name,
		.own = client->own,
		.device_name = device_name,
		.scopes = scopes,
		.redirect = (char *)value_of(query, "redirect_uri"),
		.state = (char *)value_of(query, "state"),
		.challenge = (char *)value_of(query, "code_challenge"),
		.provider = (char *)value_of(query, "provider"),
		.login_hint = (char *)value_of(query, "login_hint"),
	};
	*ret_pending = grant_add_code(oauth->grants, &ask, now_us);
	return OAUTH_PENDING;
}
