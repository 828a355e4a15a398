/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QQ Connect. An OAuth 2 of 2010: the token comes as a form, JSONP or JSON as it likes, a second
 * question (record: userinfo_url) says whose it is, and only a third (profile_url) what he is
 * called. Nothing is signed, and the only word on the token's audience is the client_id in the
 * second answer, which therefore must be ours (R2).
 */
#include "server/provider/login_internal.h"

#include "base/error.h"
#include "request/parameters.h"
#include "request/query.h"
#include "server/provider/token.h"

#include <string.h>

static json_t *ask(Login *login, const char *url, const GString *query, const char *step,
		   GError **error)
{
	const OutboundQuestion question = {
		.url = url,
		.query = query,
		.answer = DOCUMENT_ANY,
		.loopback = login->record->allow_http_loopback,
	};
	return login_ask(login, &question, step, error);
}

static json_t *ask_identity(Login *login, const char *token, GError **error)
{
	GString *query = g_string_new(NULL);
	parameters_append(query, "access_token", token);
	parameters_append(query, "fmt", "json");
	parameters_append(query, "unionid",
			  record_pair(login->record->userinfo_query, "unionid", NULL));
	json_t *identity = ask(login, login->record->userinfo_url, query, "ask who it is", error);
	query_free(query);
	const char *client = identity ? document_text(identity, "client_id") : NULL;
	if (identity && (!client || strcmp(client, login->record->client_id) != 0)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "the token was given to another application (client_id)");
		json_decref(identity);
		return NULL;
	}
	return identity;
}

static json_t *ask_profile(Login *login, const char *token, const char *openid, GError **error)
{
	GString *query = g_string_new(NULL);
	parameters_append(query, "access_token", token);
	parameters_append(query, "oauth_consumer_key", login->record->client_id);
	parameters_append(query, "openid", openid);
	json_t *profile = ask(login, login->record->profile_url, query, "ask for the name", error);
	query_free(query);
	return profile;
}

/* The profile only adds what the identity did not say. */
static json_t *find_claims(Login *login, const char *token, GError **error)
{
	json_t *identity = ask_identity(login, token, error);
	if (!identity) {
		return NULL;
	}
	const char *openid = document_text(identity, "openid");
	if (!openid || !*openid) {
		/* The caller says so, as of every missing subject. */
		return identity;
	}
	json_t *profile = ask_profile(login, token, openid, error);
	const char *other = profile ? document_text(profile, "openid") : NULL;
	if (other && strcmp(other, openid) != 0) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "the profile is somebody else's (openid)");
		json_decref(profile);
		profile = NULL;
	}
	if (!profile) {
		json_decref(identity);
		return NULL;
	}
	json_object_update_missing(identity, profile);
	json_decref(profile);
	return identity;
}

static json_t *identify(Login *login, const char *code, GError **error)
{
	json_t *token = token_redeem(login, code, error);
	json_t *claims =
		token ? find_claims(login, document_text(token, "access_token"), error) : NULL;
	json_decref(token);
	return claims;
}

const LoginKind qq_kind = { login_find_metadata, login_find_metadata, identify };
