/* SPDX-License-Identifier: Apache-2.0 */
#include "client/login/tokens.h"

#include "base/error.h"
#include "base/text.h"

#include <sodium.h>
#include <string.h>

/* Asked for again so long before it ends, so that no request meets its end. */
#define MARGIN_S 60
#define LIFE_S_MAX (366 * 24 * 3600)

void tokens_clear(Tokens *tokens)
{
	text_wipe(&tokens->access);
	text_wipe(&tokens->refresh);
	g_clear_pointer(&tokens->client_id, g_free);
	g_clear_pointer(&tokens->token_endpoint, g_free);
	g_clear_pointer(&tokens->revocation_endpoint, g_free);
}

void tokens_copy(const Tokens *from, Tokens *ret_tokens)
{
	*ret_tokens = *from;
	ret_tokens->access = g_strdup(from->access);
	ret_tokens->refresh = g_strdup(from->refresh);
	ret_tokens->client_id = g_strdup(from->client_id);
	ret_tokens->token_endpoint = g_strdup(from->token_endpoint);
	ret_tokens->revocation_endpoint = g_strdup(from->revocation_endpoint);
}

bool tokens_parse(const char *text, Tokens *ret_tokens, GError **error)
{
	if (text[0] != '{') {
		*ret_tokens = (Tokens){ .access = g_strchomp(g_strdup(text)) };
		return true;
	}
	json_auto_t *object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	const char *access = NULL;
	const char *refresh = NULL;
	const char *client = NULL;
	const char *token_url = NULL;
	const char *revoke_url = NULL;
	json_int_t renew = 0;
	json_int_t expires = 0;
	if (json_unpack(object, "{s:s, s:s, s:I, s:I, s:s, s:s, s:s}", "access", &access, "refresh",
			&refresh, "renew_us", &renew, "expires_us", &expires, "client_id", &client,
			"token_endpoint", &token_url, "revocation_endpoint", &revoke_url) != 0) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT,
				    "this device's credential is damaged: sign in again");
		return false;
	}
	*ret_tokens = (Tokens){
		.access = g_strdup(access),
		.refresh = g_strdup(refresh),
		.renew_us = renew,
		.expires_us = expires,
		.client_id = g_strdup(client),
		.token_endpoint = g_strdup(token_url),
		.revocation_endpoint = g_strdup(revoke_url),
	};
	return true;
}

char *tokens_format(const Tokens *tokens)
{
	if (!tokens->refresh) {
		return g_strdup(tokens->access);
	}
	json_auto_t *object = json_pack(
		"{s:s, s:s, s:I, s:I, s:s, s:s, s:s}", "access", tokens->access, "refresh",
		tokens->refresh, "renew_us", (json_int_t)tokens->renew_us, "expires_us",
		(json_int_t)tokens->expires_us, "client_id", tokens->client_id, "token_endpoint",
		tokens->token_endpoint, "revocation_endpoint", tokens->revocation_endpoint);
	g_assert(object);
	char *json = json_dumps(object, JSON_COMPACT);
	char *text = g_strconcat(json, "\n", NULL);
	sodium_memzero(json, strlen(json));
	free(json);
	return text;
}

bool tokens_take(Tokens *tokens, const json_t *answer, int64_t now_us, GError **error)
{
	const char *access = json_string_value(json_object_get(answer, "access_token"));
	const char *refresh = json_string_value(json_object_get(answer, "refresh_token"));
	const char *type = json_string_value(json_object_get(answer, "token_type"));
	json_int_t life_s = json_integer_value(json_object_get(answer, "expires_in"));
	if (!access || !*access || !type || g_ascii_strcasecmp(type, "Bearer") != 0 ||
	    life_s <= 0 || life_s > LIFE_S_MAX || (!refresh && !tokens->refresh)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "the server's answer lacks the credential: is it a drive?");
		return false;
	}
	text_wipe(&tokens->access);
	tokens->access = g_strdup(access);
	if (refresh) {
		text_wipe(&tokens->refresh);
		tokens->refresh = g_strdup(refresh);
	}
	tokens->expires_us = now_us + life_s * G_TIME_SPAN_SECOND;
	tokens->renew_us = now_us + MAX(life_s - MARGIN_S, life_s / 2) * G_TIME_SPAN_SECOND;
	return true;
}
