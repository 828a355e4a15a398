/* SPDX-License-Identifier: Apache-2.0 */
#include "server/provider/login_internal.h"

#include "base/error.h"
#include "server/provider/discovery.h"
#include "server/provider/id_token.h"
#include "server/provider/token.h"
#include "server/provider/userinfo.h"

#include <string.h>

const char *login_client_id(const Login *login)
{
	const char *own = document_text(login->flight, "client_id");
	return own ? own : login->record->client_id;
}

bool login_find_metadata(Login *login, GError **error)
{
	login->metadata = discovery_of_record(login->providers, login->record, error);
	return login->metadata != NULL;
}

/* ---- the trace ------------------------------------------------------------------------- */

static bool is_secret(const char *key)
{
	g_autofree char *lower = g_ascii_strdown(key, -1);
	return strstr(lower, "token") || strstr(lower, "secret") || strstr(lower, "ticket") ||
	       g_str_equal(lower, "code") || g_str_equal(lower, "session_key");
}

static void redact(json_t *document)
{
	const char *key;
	json_t *value;
	void *next;
	json_object_foreach_safe(document, next, key, value)
	{
		if (json_is_object(value)) {
			redact(value);
		} else if (json_is_string(value) && is_secret(key) &&
			   json_string_length(value) > 8) {
			g_autofree char *text = g_strdup_printf("(%zu bytes, not shown)",
								json_string_length(value));
			json_object_set_new(document, key, json_string(text));
		}
	}
}

void login_trace(Login *login, const char *step, const json_t *document)
{
	if (!login->providers->trace) {
		return;
	}
	json_t *shown = json_deep_copy(document);
	redact(shown);
	char *text = json_dumps(shown, JSON_INDENT(2) | JSON_SORT_KEYS);
	login->providers->trace(step, text ? text : "", login->providers->trace_data);
	free(text);
	json_decref(shown);
}

/* ---- questions ------------------------------------------------------------------------- */

json_t *login_ask(Login *login, const OutboundQuestion *question, const char *step, GError **error)
{
	json_t *answer = outbound_ask(login->providers->http, question, error);
	if (!answer) {
		g_prefix_error(error, "%s: ", step);
		return NULL;
	}
	login_trace(login, step, answer);
	if (outbound_is_error(answer, login->record->err_test)) {
		g_autofree char *words = outbound_words(answer);
		g_autofree char *origin = http_origin(question->url);
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID, "%s: %s answers: %s", step,
			    origin, *words ? words : "an error");
		json_decref(answer);
		return NULL;
	}
	return answer;
}

/* ---- the ordinary way ------------------------------------------------------------------ */

static json_t *verify_once(Login *login, const json_t *token, bool again, GError **error)
{
	const Record *record = login->record;
	json_t *keys = record->id_token_secret ? NULL : discovery_keys(login, again, error);
	if (!keys && !record->id_token_secret) {
		return NULL;
	}
	const IdTokenCheck check = {
		.issuer = document_text(login->metadata, "issuer"),
		.client_id = login_client_id(login),
		.algorithms = record->id_token_alg,
		.keys = keys,
		.secret = record->id_token_secret ? record->client_secret : NULL,
		.nonce = document_text(login->flight, "nonce"),
		.access_token = document_text(token, "access_token"),
		.now_s = g_get_real_time() / G_USEC_PER_SEC,
	};
	json_t *claims = id_token_verify(&check, document_text(token, "id_token"), error);
	json_decref(keys);
	return claims;
}

static json_t *verify_id_token(Login *login, const json_t *token, GError **error)
{
	if (!document_text(token, "id_token")) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "the service answers without an id_token: is 'openid' in the "
				    "scope, and OpenID Connect switched on there?");
		return NULL;
	}
	g_autoptr(GError) wrong = NULL;
	json_t *claims = verify_once(login, token, false, &wrong);
	if (!claims && g_error_matches(wrong, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND)) {
		/* The service may have new keys. */
		g_clear_error(&wrong);
		claims = verify_once(login, token, true, &wrong);
	}
	if (claims) {
		login_trace(login, "id_token", claims);
		return claims;
	}
	DriveError code = g_error_matches(wrong, DRIVE_ERROR, DRIVE_ERROR_OFFLINE)
				  ? DRIVE_ERROR_OFFLINE
				  : DRIVE_ERROR_INVALID;
	g_set_error_literal(error, DRIVE_ERROR, (int)code, wrong->message);
	return NULL;
}

static bool asks_userinfo(const Login *login)
{
	bool endpoint = document_text(login->metadata, "userinfo_endpoint") != NULL;
	return login->record->userinfo == RECORD_USERINFO_YES ||
	       (login->record->userinfo == RECORD_USERINFO_AUTO && endpoint);
}

/* What is signed counts; what userinfo says beside it is added. Takes both. */
static json_t *join_claims(json_t *claims, json_t *userinfo, GError **error)
{
	const char *signed_subject = document_text(claims, "sub");
	const char *subject = document_text(userinfo, "sub");
	if (!subject || strcmp(subject, signed_subject) != 0) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "the service's userinfo is about somebody else (sub)");
		json_decref(userinfo);
		json_decref(claims);
		return NULL;
	}
	json_object_update_missing(claims, userinfo);
	json_decref(userinfo);
	return claims;
}

static json_t *find_claims(Login *login, const json_t *token, GError **error)
{
	bool oidc = login->record->kind == RECORD_OIDC || login->record->kind == RECORD_MATRIX;
	json_t *claims = oidc ? verify_id_token(login, token, error) : NULL;
	if (oidc && !claims) {
		return NULL;
	}
	if (!asks_userinfo(login)) {
		return claims ? claims : json_copy((json_t *)token);
	}
	json_t *userinfo = userinfo_ask(login, token, error);
	if (!userinfo) {
		json_decref(claims);
		return NULL;
	}
	return claims ? join_claims(claims, userinfo, error) : userinfo;
}

json_t *login_identify(Login *login, const char *code, GError **error)
{
	json_t *token = token_redeem(login, code, error);
	json_t *claims = token ? find_claims(login, token, error) : NULL;
	if (claims) {
		json_object_set(claims, "@token", token);
	}
	json_decref(token);
	return claims;
}
