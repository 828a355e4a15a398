/* SPDX-License-Identifier: Apache-2.0 */
#include "server/provider/userinfo.h"

#include "base/error.h"
#include "request/parameters.h"
#include "request/query.h"

#include <string.h>

/* The name behind the word in token_place, if it is this word. */
static const char *place_name(const Record *record, const char *word)
{
	size_t size = strlen(word);
	bool is = strncmp(record->token_place, word, size) == 0 && record->token_place[size] == ':';
	return is ? record->token_place + size + 1 : NULL;
}

static char *token_header(const Record *record, const char *token)
{
	const char *name = place_name(record, "header");
	if (name) {
		return g_strdup_printf("%s: %s", name, token);
	}
	if (g_str_equal(record->token_place, "bearer")) {
		return g_strdup_printf("Authorization: Bearer %s", token);
	}
	return NULL;
}

static bool add_from_token(const Record *record, GString *parameters, const json_t *token,
			   GError **error)
{
	char **names = record->userinfo_from_token;
	for (size_t i = 0; names && names[i]; i++) {
		const char *value = document_text(token, names[i]);
		if (!value) {
			g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "the service's token comes without '%s'", names[i]);
			return false;
		}
		parameters_append(parameters, names[i], value);
	}
	return true;
}

static void add_parameters(const Record *record, GString *parameters, const char *token)
{
	const char *in_form = place_name(record, "form");
	const char *in_query = place_name(record, "query");
	if (in_form || in_query) {
		parameters_append(parameters, in_form ? in_form : in_query, token);
	}
	char **extra = record->userinfo_query;
	for (size_t i = 0; extra && extra[i]; i++) {
		const char *equals = strchr(extra[i], '=');
		g_autofree char *name = g_strndup(extra[i], (gsize)(equals - extra[i]));
		parameters_append(parameters, name, equals + 1);
	}
}

static json_t *open_envelope(const Record *record, json_t *answer, GError **error)
{
	if (!record->data_root) {
		return answer;
	}
	json_t *inside = json_incref(document_find(answer, record->data_root));
	json_decref(answer);
	if (!json_is_object(inside)) {
		json_decref(inside);
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "the service's answer has no '%s'", record->data_root);
		return NULL;
	}
	return inside;
}

json_t *userinfo_ask(Login *login, const json_t *token, GError **error)
{
	const Record *record = login->record;
	const char *access = document_text(token, "access_token");
	bool post = g_str_equal(record->userinfo_method, "POST") || place_name(record, "form");
	GString *parameters = g_string_new(NULL);
	add_parameters(record, parameters, access);
	char *header = token_header(record, access);
	const char *const headers[] = { header, NULL };
	const OutboundQuestion question = {
		.url = document_text(login->metadata, "userinfo_endpoint"),
		.query = post ? NULL : parameters,
		.form = post ? parameters : NULL,
		.headers = headers,
		.answer = DOCUMENT_JSON,
		.typed = record->asks_server,
		.loopback = record->allow_http_loopback,
	};
	json_t *answer = NULL;
	if (add_from_token(record, parameters, token, error)) {
		answer = login_ask(login, &question, "ask who it is", error);
	}
	query_free(parameters);
	if (header) {
		explicit_bzero(header, strlen(header));
		g_free(header);
	}
	return answer ? open_envelope(record, answer, error) : NULL;
}
