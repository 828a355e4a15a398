/* SPDX-License-Identifier: Apache-2.0 */
#include "server/provider/token.h"

#include "base/error.h"
#include "base/limits.h"
#include "request/parameters.h"
#include "request/query.h"

#include <string.h>

/* Parameters of the call, in one of two forms. */
typedef struct Call {
	const Record *record;
	GString *form;
	json_t *json; /* NULL: form */
} Call;

static void add(Call *call, const char *name, const char *value)
{
	if (!value) {
		return;
	}
	if (call->json) {
		json_object_set_new(call->json, name, json_string(value));
	} else {
		parameters_append(call->form, name, value);
	}
}

/* By the name that this service has for it. */
static void add_named(Call *call, const char *name, const char *value)
{
	add(call, record_pair(call->record->token_names, name, name), value);
}

static bool add_carried(Call *call, GHashTable *query, GError **error)
{
	char **names = call->record->cb_carry;
	for (size_t i = 0; names && names[i]; i++) {
		const char *value = g_hash_table_lookup(query, names[i]);
		if (!value || strlen(value) > PROVIDER_TOKEN_SIZE_MAX) {
			g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "the callback comes without '%s'", names[i]);
			return false;
		}
		add(call, names[i], value);
	}
	return true;
}

static void add_extra(Call *call)
{
	char **extra = call->record->token_extra;
	for (size_t i = 0; extra && extra[i]; i++) {
		const char *equals = strchr(extra[i], '=');
		g_autofree char *name = g_strndup(extra[i], (gsize)(equals - extra[i]));
		add(call, name, equals + 1);
	}
}

/* RFC 6749 2.3.1: both halves are encoded before they are joined. */
static char *basic_header(const char *id, const char *secret)
{
	g_autofree char *left = g_uri_escape_string(id, NULL, FALSE);
	g_autofree char *right = g_uri_escape_string(secret, NULL, FALSE);
	g_autofree char *both = g_strdup_printf("%s:%s", left, right);
	g_autofree char *text = g_base64_encode((const guchar *)both, strlen(both));
	explicit_bzero(both, strlen(both));
	return g_strdup_printf("Authorization: Basic %s", text);
}

/* How we prove that it is us; the header for it, or NULL. */
static char *authenticate(Call *call, const Login *login)
{
	const Record *record = login->record;
	const char *id = login_client_id(login);
	if (g_str_equal(record->token_auth, "basic")) {
		return basic_header(id, record->client_secret);
	}
	add(call, record_pair(record->token_names, "client_id", record->client_id_param), id);
	if (g_str_equal(record->token_auth, "post")) {
		add(call,
		    record_pair(record->token_names, "client_secret", record->client_secret_param),
		    record->client_secret);
	}
	if (g_str_has_prefix(record->token_auth, "header:")) {
		return g_strdup_printf("%s: %s", record->token_auth + strlen("header:"),
				       record->client_secret);
	}
	return NULL;
}

/* The answer with the names of RFC 6749; steals it. */
static json_t *rename_answer(const Record *record, json_t *answer)
{
	static const char *const names[] = { "access_token", "id_token", "token_type" };
	json_t *root =
		record->token_resp_root ? document_find(answer, record->token_resp_root) : answer;
	json_t *token = json_is_object(root) ? json_copy(root) : json_object();
	json_decref(answer);
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		const char *theirs = record_pair(record->token_resp_names, names[i], NULL);
		if (theirs) {
			json_object_set(token, names[i], json_object_get(token, theirs));
		}
	}
	return token;
}

static bool check_token(const json_t *token, GError **error)
{
	const char *access = document_text(token, "access_token");
	const char *type = document_text(token, "token_type");
	if (!access || !*access || strlen(access) > PROVIDER_TOKEN_SIZE_MAX) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "the service answers without a token");
		return false;
	}
	for (const char *at = access; *at; at++) {
		if (!g_ascii_isgraph(*at)) {
			g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
					    "the service's token is no token");
			return false;
		}
	}
	if (type && g_ascii_strcasecmp(type, "bearer") != 0) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "the service's token is of a type that is not known here");
		return false;
	}
	return true;
}

static json_t *send_call(Login *login, const Call *call, const char *header, GError **error)
{
	bool get = login->record->token_req == RECORD_TOKEN_GET_QUERY;
	const char *const headers[] = { header, NULL };
	const OutboundQuestion question = {
		.url = document_text(login->metadata, "token_endpoint"),
		.query = get ? call->form : NULL,
		.form = get || call->json ? NULL : call->form,
		.json = call->json,
		.headers = headers,
		.answer = login->record->kind == RECORD_QQ ? DOCUMENT_ANY : DOCUMENT_JSON,
		.typed = login->record->asks_server,
		.loopback = login->record->allow_http_loopback,
	};
	return login_ask(login, &question, "redeem the code", error);
}

json_t *token_redeem(Login *login, const char *code, GError **error)
{
	const Record *record = login->record;
	Call call = {
		.record = record,
		.form = g_string_new(NULL),
		.json = record->token_req == RECORD_TOKEN_POST_JSON ? json_object() : NULL,
	};
	add_named(&call, "grant_type", "authorization_code");
	add_named(&call, "code", code);
	if (record->token_send_redirect_uri) {
		add_named(&call, "redirect_uri", login->redirect_uri);
	}
	add_named(&call, "code_verifier", document_text(login->flight, "verifier"));
	char *header = authenticate(&call, login);
	add_extra(&call);
	json_t *answer = NULL;
	if (add_carried(&call, login->query, error)) {
		answer = send_call(login, &call, header, error);
	}
	query_free(call.form);
	json_decref(call.json);
	if (header) {
		explicit_bzero(header, strlen(header));
		g_free(header);
	}
	json_t *token = answer ? rename_answer(record, answer) : NULL;
	if (token && !check_token(token, error)) {
		json_decref(token);
		return NULL;
	}
	return token;
}
