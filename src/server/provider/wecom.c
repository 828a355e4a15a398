/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WeCom. The code is not redeemed for a token of the person's: our application has a token of its
 * own (record: token_url; kept until it expires) and asks with it whose the code is (userinfo_url)
 * and what he is called (profile_url). A userid means something within its corporation only.
 */
#include "server/provider/login_internal.h"

#include "base/error.h"
#include "request/parameters.h"
#include "request/query.h"

#include <string.h>

#define TOKEN_KEEP_S_MAX INT64_C(7200)
#define TOKEN_MARGIN_S 60

static json_t *ask(Login *login, const char *url, const GString *query, const char *step,
		   GError **error)
{
	const OutboundQuestion question = {
		.url = url,
		.query = query,
		.loopback = login->record->allow_http_loopback,
	};
	return login_ask(login, &question, step, error);
}

/* ---- the application's token ----------------------------------------------------------- */

static char *memory_key(const Record *record)
{
	return g_strdup_printf("wecom %s %s", record->id, record->client_id);
}

static json_t *ask_token(Login *login, GError **error)
{
	GString *query = g_string_new(NULL);
	parameters_append(query, "corpid", login->record->client_id);
	parameters_append(query, "corpsecret", login->record->client_secret);
	json_t *answer = ask(login, login->record->token_url, query,
			     "ask for the application's token", error);
	query_free(query);
	const char *token = answer ? document_text(answer, "access_token") : NULL;
	if (answer && (!token || !*token)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "the service answers without a token");
		json_decref(answer);
		return NULL;
	}
	return answer;
}

/* Of the application; g_free(). *ret_kept: it was not asked for just now. */
static char *find_token(Login *login, bool *ret_kept, GError **error)
{
	g_autofree char *key = memory_key(login->record);
	Memory *memory = login->providers->memory;
	json_t *kept = memory_get(memory, key, TOKEN_KEEP_S_MAX * G_USEC_PER_SEC);
	int64_t now_s = g_get_monotonic_time() / G_USEC_PER_SEC;
	const char *until = kept ? document_text(kept, "until_s") : NULL;
	*ret_kept = until && g_ascii_strtoll(until, NULL, 10) > now_s;
	if (!*ret_kept) {
		json_decref(kept);
		kept = ask_token(login, error);
		if (!kept) {
			return NULL;
		}
		const char *life = document_text(kept, "expires_in");
		int64_t life_s = life ? g_ascii_strtoll(life, NULL, 10) : 0;
		life_s = CLAMP(life_s, 0, TOKEN_KEEP_S_MAX) - TOKEN_MARGIN_S;
		g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, now_s + life_s);
		json_object_set_new(kept, "until_s", json_string(text));
		memory_put(memory, key, kept);
	}
	char *token = g_strdup(document_text(kept, "access_token"));
	json_decref(kept);
	return token;
}

/* ---- who it is ------------------------------------------------------------------------- */

static json_t *ask_identity(Login *login, const char *token, const char *code, GError **error)
{
	GString *query = g_string_new(NULL);
	parameters_append(query, "access_token", token);
	parameters_append(query, "code", code);
	json_t *identity = ask(login, login->record->userinfo_url, query, "ask who it is", error);
	query_free(query);
	return identity;
}

static json_t *ask_profile(Login *login, const char *token, const char *userid, GError **error)
{
	GString *query = g_string_new(NULL);
	parameters_append(query, "access_token", token);
	parameters_append(query, "userid", userid);
	json_t *profile = ask(login, login->record->profile_url, query, "ask for the name", error);
	query_free(query);
	return profile;
}

/*
 * *ret_token is the token that worked. WeCom may end a token at any time, and says so before it
 * looks at the code: then with a new one.
 */
static json_t *find_identity(Login *login, const char *code, char **ret_token, GError **error)
{
	bool kept = false;
	g_autofree char *token = find_token(login, &kept, error);
	json_t *identity = token ? ask_identity(login, token, code, kept ? NULL : error) : NULL;
	if (!identity && token && kept) {
		g_autofree char *key = memory_key(login->record);
		memory_drop(login->providers->memory, key);
		g_free(token);
		token = find_token(login, &kept, error);
		identity = token ? ask_identity(login, token, code, error) : NULL;
	}
	if (identity) {
		*ret_token = g_steal_pointer(&token);
	}
	return identity;
}

static json_t *identify(Login *login, const char *code, GError **error)
{
	g_autofree char *token = NULL;
	json_t *identity = find_identity(login, code, &token, error);
	if (!identity) {
		return NULL;
	}
	/* Two interfaces, two spellings. */
	char *userid = document_pick(identity, "userid;UserId");
	json_decref(identity);
	if (!userid) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN,
				    "is not a member of the corporation");
		return NULL;
	}
	json_t *claims = ask_profile(login, token, userid, error);
	const char *other = claims ? document_text(claims, "userid") : NULL;
	if (other && strcmp(other, userid) != 0) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "the profile is somebody else's (userid)");
		json_decref(claims);
		claims = NULL;
	}
	if (claims) {
		json_object_set_new(claims, "userid", json_string(userid));
	}
	g_free(userid);
	return claims;
}

const LoginKind wecom_kind = { login_find_metadata, login_find_metadata, identify };
