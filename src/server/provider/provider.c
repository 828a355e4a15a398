/* SPDX-License-Identifier: Apache-2.0 */
#include "server/provider/provider.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/secret.h"
#include "base/text.h"
#include "request/parameters.h"
#include "request/query.h"
#include "server/accounts/proof.h"
#include "server/provider/claims.h"
#include "server/provider/discovery.h"
#include "server/provider/login_internal.h"

#include <string.h>

#define STATE_SIZE_MAX 128
#define WORDS_SIZE_MAX 200

static const LoginKind standard_kind = { login_find_metadata, login_find_metadata, login_identify };

static const LoginKind *kind_of(const Record *record)
{
	switch (record->kind) {
	case RECORD_QQ:
		return &qq_kind;
	case RECORD_WECOM:
		return &wecom_kind;
	case RECORD_MATRIX:
		return &matrix_kind;
	default:
		return &standard_kind;
	}
}

static void clear_login(Login *login)
{
	json_decref(login->flight);
	json_decref(login->metadata);
}

/* Every error says which service it was about. */
static void name_service(const Record *record, GError **error)
{
	g_prefix_error(error, "sign in with %s: ", record->label);
}

/* ---- the beginning --------------------------------------------------------------------- */

static void add_random(json_t *flight, const char *name)
{
	g_autofree char *text = secret_make();
	json_object_set_new(flight, name, json_string(text));
}

static json_t *new_flight(const Record *record)
{
	json_t *flight = json_object();
	json_object_set_new(flight, "provider", json_string(record->id));
	if (!g_str_equal(record->pkce, "none")) {
		add_random(flight, "verifier");
	}
	if (record->nonce) {
		add_random(flight, "nonce");
	}
	return flight;
}

static void add_extra(const Record *record, GString *query)
{
	for (size_t i = 0; record->authorize_extra && record->authorize_extra[i]; i++) {
		const char *equals = strchr(record->authorize_extra[i], '=');
		g_autofree char *name = g_strndup(record->authorize_extra[i],
						  (gsize)(equals - record->authorize_extra[i]));
		parameters_append(query, name, equals + 1);
	}
}

static char *authorize_url(const Login *login, const ProviderStart *start)
{
	const Record *record = login->record;
	g_autoptr(GString) query = g_string_new(NULL);
	parameters_append(query, "response_type", "code");
	parameters_append(query, record->client_id_param, login_client_id(login));
	parameters_append(query, "redirect_uri", start->redirect_uri);
	parameters_append(query, "scope", record->scope);
	parameters_append(query, "state", start->state);
	parameters_append(query, "nonce", document_text(login->flight, "nonce"));
	const char *verifier = document_text(login->flight, "verifier");
	if (verifier) {
		g_autofree char *challenge = secret_challenge(verifier);
		parameters_append(query, "code_challenge", challenge);
		parameters_append(query, "code_challenge_method", record->pkce);
	}
	if (record->kind == RECORD_OIDC) {
		parameters_append(query, "ui_locales", start->locale);
	}
	add_extra(record, query);
	return query_url(document_text(login->metadata, "authorization_endpoint"), query,
			 record->authorize_fragment);
}

bool provider_begin(Providers *providers, const ProviderRecord *info, const ProviderStart *start,
		    char **ret_url, char **ret_flight, GError **error)
{
	const Record *record = (const Record *)info;
	g_assert(strlen(start->state) <= STATE_SIZE_MAX);
	Login login = {
		.providers = providers,
		.record = record,
		.redirect_uri = start->redirect_uri,
		.server = start->server,
		.flight = new_flight(record),
	};
	bool ok = kind_of(record)->prepare(&login, error);
	char *flight = ok ? json_dumps(login.flight, JSON_COMPACT) : NULL;
	if (ok && strlen(flight) > PROVIDER_FLIGHT_SIZE_MAX) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "the server describes itself at too great a length");
		ok = false;
	}
	if (ok) {
		*ret_url = authorize_url(&login, start);
		*ret_flight = g_strdup(flight);
	} else {
		name_service(record, error);
	}
	free(flight);
	clear_login(&login);
	return ok;
}

/* ---- the end --------------------------------------------------------------------------- */

static const char *parameter(const Login *login, const char *name)
{
	const char *value = g_hash_table_lookup(login->query, name);
	return value && *value ? value : NULL;
}

/*
 * R1: what a browser brings is a code and nothing else. A token in the callback was issued to
 * anybody, perhaps for another application.
 */
static bool brings_no_token(const Login *login, GError **error)
{
	static const char *const names[] = { "access_token", "accessToken", "id_token", "openid",
					     "openId" };
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		if (g_hash_table_contains(login->query, names[i])) {
			g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "the callback brings '%s', which is not taken from a browser",
				    names[i]);
			return false;
		}
	}
	return true;
}

/* RFC 9207, R6. */
static bool check_issuer(const Login *login, GError **error)
{
	const char *said = parameter(login, "iss");
	const char *issuer = document_text(login->metadata, "issuer");
	bool announced =
		login->record->iss_param ||
		document_is_true(login->metadata, "authorization_response_iss_parameter_supported");
	/* Entra's issuer is a template until the token says the tenant. */
	bool template = issuer && strstr(issuer, "{tenantid}");
	bool wrong = said && issuer && !template && !g_str_equal(said, issuer);
	if (wrong || (announced && !said)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "the callback comes from another service than it was sent to (%s iss)",
			    wrong ? "wrong" : "no");
		return false;
	}
	return true;
}

static DriveError code_of(const char *problem)
{
	static const char *const cancelled[] = { "access_denied",
						 "user_denied",
						 "login_required",
						 "consent_required",
						 "interaction_required",
						 "user_cancelled_login",
						 "user_cancelled_authorize",
						 NULL };
	if (g_strv_contains(cancelled, problem)) {
		return DRIVE_ERROR_CANCELLED;
	}
	bool down = g_str_equal(problem, "temporarily_unavailable") ||
		    g_str_equal(problem, "server_error");
	return down ? DRIVE_ERROR_OFFLINE : DRIVE_ERROR_INVALID;
}

/* The code, borrowed; NULL if the person comes back without one. */
static const char *find_code(const Login *login, GError **error)
{
	const char *problem = parameter(login, "error");
	if (problem) {
		const char *more = parameter(login, "error_description");
		g_autofree char *first = text_printable(problem, strnlen(problem, WORDS_SIZE_MAX));
		g_autofree char *second =
			text_printable(more ? more : "", strnlen(more ? more : "", WORDS_SIZE_MAX));
		g_set_error(error, DRIVE_ERROR, (int)code_of(problem), "the service says: %s%s%s",
			    first, *second ? ": " : "", second);
		return NULL;
	}
	const char *code = parameter(login, login->record->cb_code_param);
	if (!code) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_CANCELLED,
				    "came back without a code");
		return NULL;
	}
	if (strlen(code) > PROVIDER_TOKEN_SIZE_MAX) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "the code is absurdly long");
		return NULL;
	}
	return code;
}

static char *tenant_of(const Login *login, const json_t *claims)
{
	const Record *record = login->record;
	if (record->tenant) {
		return g_strdup(record->tenant);
	}
	if (record->kind == RECORD_OIDC || record->kind == RECORD_MATRIX) {
		return g_strdup(document_text(claims, "iss"));
	}
	return g_strdup(record->base ? record->base : "");
}

static bool finish(Login *login, Proof *ret_proof, GError **error)
{
	const LoginKind *kind = kind_of(login->record);
	if (!brings_no_token(login, error) || !kind->resume(login, error) ||
	    !check_issuer(login, error)) {
		return false;
	}
	const char *code = find_code(login, error);
	json_t *claims = code ? kind->identify(login, code, error) : NULL;
	if (!claims) {
		return false;
	}
	g_autofree char *tenant = tenant_of(login, claims);
	g_auto(Proof) proof = { 0 };
	bool ok = claims_read(login->record, tenant, claims, &proof, error) &&
		  proof_check(&proof, error);
	json_decref(claims);
	if (ok) {
		*ret_proof = proof;
		proof = (Proof){ 0 };
	}
	return ok;
}

bool provider_finish(Providers *providers, const ProviderRecord *info, const char *flight,
		     GHashTable *query, const char *redirect_uri, Proof *ret_proof, GError **error)
{
	const Record *record = (const Record *)info;
	Login login = {
		.providers = providers,
		.record = record,
		.redirect_uri = redirect_uri,
		.query = query,
		.flight = document_parse(flight, strlen(flight), DOCUMENT_JSON, NULL),
	};
	const char *provider = login.flight ? document_text(login.flight, "provider") : NULL;
	bool ok = provider && g_str_equal(provider, record->id);
	if (!ok) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "this login was begun at another service");
	}
	ok = ok && finish(&login, ret_proof, error);
	clear_login(&login);
	if (!ok) {
		name_service(record, error);
	}
	return ok;
}

/* ---- checks ---------------------------------------------------------------------------- */

const char *provider_register_name(ProviderRegister policy)
{
	static const char *const names[] = { "off", "invite", "approve", "auto" };
	return names[policy];
}

static bool report_check(GString *report, const char *what, GError *problem)
{
	g_string_append_printf(report, "  %s %s%s%s\n", problem ? "FAIL" : "ok  ", what,
			       problem ? ": " : "", problem ? problem->message : "");
	return problem == NULL;
}

/* Any answer is one: without a code these addresses can only complain. */
static bool check_reach(const Login *login, const char *name, GString *report)
{
	const char *url = document_text(login->metadata, name);
	if (!url) {
		return true;
	}
	const HttpRequest request = {
		.method = "GET",
		.url = url,
		.response_size_max = PROVIDER_ANSWER_SIZE_MAX,
		.timeout_ms = PROVIDER_TIMEOUT_MS,
	};
	g_autoptr(GError) problem = NULL;
	g_autoptr(HttpResponse) response =
		http_send(login->providers->http, &request, NULL, &problem);
	if (g_error_matches(problem, DRIVE_ERROR, DRIVE_ERROR_TOO_LARGE)) {
		g_clear_error(&problem);
	}
	g_autofree char *what = g_strdup_printf("%s answers", name);
	return report_check(report, what, problem);
}

static bool check_keys(Login *login, GString *report)
{
	if (login->record->kind != RECORD_OIDC || login->record->id_token_secret) {
		return true;
	}
	g_autoptr(GError) problem = NULL;
	json_t *keys = discovery_keys(login, false, &problem);
	g_autofree char *what = g_strdup_printf("%zu keys to verify id_tokens",
						json_array_size(json_object_get(keys, "keys")));
	json_decref(keys);
	return report_check(report, what, problem);
}

bool provider_check(Providers *providers, const ProviderRecord *info, GString *report,
		    GError **error)
{
	const Record *record = (const Record *)info;
	if (record->asks_server) {
		g_string_append(report, "  ok   nothing to ask before somebody types a server\n");
		return true;
	}
	Login login = { .providers = providers, .record = record };
	g_autoptr(GError) problem = NULL;
	bool ok = login_find_metadata(&login, &problem);
	report_check(report, "the service's description", problem);
	ok = ok && check_reach(&login, "authorization_endpoint", report);
	ok = ok && check_reach(&login, "token_endpoint", report);
	ok = ok && check_reach(&login, "userinfo_endpoint", report);
	ok = ok && check_keys(&login, report);
	clear_login(&login);
	if (!ok) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID, "%s is not ready",
			    record->label);
	}
	return ok;
}
