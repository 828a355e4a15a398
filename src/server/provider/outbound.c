/* SPDX-License-Identifier: Apache-2.0 */
#include "server/provider/outbound.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"
#include "request/query.h"
#include "server/provider/record.h"

#include <string.h>

#define WORDS_SIZE_MAX 200

char *outbound_words(const json_t *document)
{
	static const char *const paths[] = {
		"error",      "error_description",
		"error code", "error message",
		"errcode",    "errmsg",
		"code",       "msg",
		"message",    "ret",
		"error_name", "error_reason",
		"err_code",   "error_code",
		"error_msg",
	};
	g_autoptr(GString) words = g_string_new(NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
		const char *text = document_text(document, paths[i]);
		if (text && *text) {
			g_autofree char *shown =
				text_printable(text, strnlen(text, WORDS_SIZE_MAX));
			g_string_append_printf(words, "%s%s: %s", words->len > 0 ? ", " : "",
					       paths[i], shown);
		}
	}
	return g_string_free(g_steal_pointer(&words), FALSE);
}

static bool finds_error(const json_t *document, const char *test)
{
	const char *path = strchr(test, ':') + 1;
	const json_t *value = document_find(document, path);
	const char *text = json_string_value(value);
	if (!value || json_is_null(value)) {
		return false;
	}
	if (g_str_has_prefix(test, "nonzero:")) {
		return !text || !g_str_equal(text, "0");
	}
	if (g_str_has_prefix(test, "false:")) {
		return !json_is_true(value);
	}
	return !text || *text;
}

bool outbound_is_error(const json_t *document, char *const *err_test)
{
	for (size_t i = 0; err_test && err_test[i]; i++) {
		if (finds_error(document, err_test[i])) {
			return true;
		}
	}
	return false;
}

static bool check_status(const HttpResponse *response, const json_t *document, GError **error)
{
	unsigned status = response->status;
	if (status >= 200 && status <= 299) {
		return true;
	}
	DriveError code = DRIVE_ERROR_INVALID;
	if (status >= 500 || status == 429) {
		code = DRIVE_ERROR_OFFLINE;
	} else if (status == 404) {
		code = DRIVE_ERROR_NOT_FOUND;
	}
	g_autofree char *words = document ? outbound_words(document) : g_strdup("");
	const char *redirect = status < 400 ? " (a redirect, which is not followed)" : "";
	g_set_error(error, DRIVE_ERROR, (int)code, "answers with status %u%s%s%s", status, redirect,
		    *words ? ": " : "", words);
	return false;
}

static json_t *read_answer(const HttpResponse *response, DocumentForm form, GError **error)
{
	size_t size = 0;
	const char *text = g_bytes_get_data(response->body, &size);
	g_autoptr(GError) wrong = NULL;
	json_t *document = document_parse(text ? text : "", size, form, &wrong);
	if (!check_status(response, document, error)) {
		json_decref(document);
		return NULL;
	}
	if (!document) {
		g_propagate_error(error, g_steal_pointer(&wrong));
	}
	return document;
}

/* The headers of the question, and those that its body needs. */
static GPtrArray *list_headers(const OutboundQuestion *question)
{
	GPtrArray *headers = g_ptr_array_new();
	g_ptr_array_add(headers, (char *)"Accept: application/json");
	if (question->form) {
		g_ptr_array_add(headers, (char *)"Content-Type: application/x-www-form-urlencoded");
	} else if (question->json) {
		g_ptr_array_add(headers, (char *)"Content-Type: application/json");
	}
	for (size_t i = 0; question->headers && question->headers[i]; i++) {
		g_ptr_array_add(headers, (char *)question->headers[i]);
	}
	g_ptr_array_add(headers, NULL);
	return headers;
}

static json_t *ask(Http *http, const OutboundQuestion *question, GError **error)
{
	g_autoptr(GString) none = g_string_new(NULL);
	char *url = query_url(question->url, question->query ? question->query : none, NULL);
	char *body = question->form ? g_strdup(question->form->str) : NULL;
	if (question->json) {
		body = json_dumps(question->json, JSON_COMPACT);
	}
	g_autoptr(GPtrArray) headers = list_headers(question);
	const HttpRequest request = {
		.method = body ? "POST" : "GET",
		.url = url,
		.headers = (const char *const *)headers->pdata,
		.body = body,
		.body_size = body ? strlen(body) : 0,
		.response_size_max = PROVIDER_ANSWER_SIZE_MAX,
		.timeout_ms = PROVIDER_TIMEOUT_MS,
		.public_only = question->typed && !question->loopback,
	};
	g_autoptr(HttpResponse) response = http_send(http, &request, NULL, error);
	/* Some services want their secrets in the query. */
	explicit_bzero(url, strlen(url));
	g_free(url);
	if (body) {
		explicit_bzero(body, strlen(body));
		free(body);
	}
	return response ? read_answer(response, question->answer, error) : NULL;
}

json_t *outbound_ask(Http *http, const OutboundQuestion *question, GError **error)
{
	g_autofree char *origin = http_origin(question->url);
	if (!record_is_url(question->url, question->loopback)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID, "%s: only https is asked",
			    origin);
		return NULL;
	}
	g_autoptr(GError) wrong = NULL;
	json_t *answer = ask(http, question, &wrong);
	if (wrong) {
		if (!g_str_has_prefix(wrong->message, origin)) {
			g_prefix_error(&wrong, "%s: ", origin);
		}
		g_propagate_error(error, g_steal_pointer(&wrong));
	}
	return answer;
}
