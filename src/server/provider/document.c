/* SPDX-License-Identifier: Apache-2.0 */
#include "server/provider/document.h"

#include "base/error.h"
#include "base/limits.h"

#include <string.h>

static bool invalid(GError **error, const char *text)
{
	g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID, text);
	return false;
}

/* ---- JSON ------------------------------------------------------------------------------ */

typedef struct Scan {
	const char *at;
	const char *end;
	unsigned depth;
	GString *quoted;
} Scan;

/* Copies a string with its quotes, or what there is of it. */
static void scan_string(Scan *scan)
{
	const char *begin = scan->at++;
	while (scan->at < scan->end && *scan->at != '"') {
		scan->at += *scan->at == '\\' && scan->at + 1 < scan->end ? 2 : 1;
	}
	scan->at += scan->at < scan->end ? 1 : 0;
	g_string_append_len(scan->quoted, begin, scan->at - begin);
}

static void scan_number(Scan *scan)
{
	const char *begin = scan->at;
	while (scan->at < scan->end && (g_ascii_isdigit(*scan->at) || strchr("+-.eE", *scan->at))) {
		scan->at++;
	}
	g_string_append_c(scan->quoted, '"');
	g_string_append_len(scan->quoted, begin, scan->at - begin);
	g_string_append_c(scan->quoted, '"');
}

/*
 * Puts quotes around numbers. Whether the text is JSON at all is not its affair: jansson sees the
 * original first. It only must not run deep, since jansson's own limit is the stack's.
 */
static bool quote_numbers(Scan *scan)
{
	while (scan->at < scan->end) {
		char byte = *scan->at;
		if (byte == '"') {
			scan_string(scan);
			continue;
		}
		if (byte == '-' || g_ascii_isdigit(byte)) {
			scan_number(scan);
			continue;
		}
		if (byte == '{' || byte == '[') {
			scan->depth++;
		} else if ((byte == '}' || byte == ']') && scan->depth > 0) {
			scan->depth--;
		}
		if (scan->depth > PROVIDER_DEPTH_MAX) {
			return false;
		}
		g_string_append_c(scan->quoted, byte);
		scan->at++;
	}
	return true;
}

static json_t *parse_json(const char *text, size_t size, GError **error)
{
	g_autoptr(GString) quoted = g_string_sized_new(size + 64);
	Scan scan = { .at = text, .end = text + size, .quoted = quoted };
	if (memchr(text, '\0', size) || !quote_numbers(&scan)) {
		invalid(error, "the answer is nested too deep, or not text");
		return NULL;
	}
	size_t flags = JSON_REJECT_DUPLICATES;
	json_t *original = json_loadb(text, size, flags | JSON_DECODE_INT_AS_REAL, NULL);
	json_t *document = original ? json_loadb(quoted->str, quoted->len, flags, NULL) : NULL;
	json_decref(original);
	if (!json_is_object(document)) {
		json_decref(document);
		invalid(error, "the answer is not one JSON object, or has a key twice");
		return NULL;
	}
	return document;
}

/* ---- JSONP and forms ------------------------------------------------------------------- */

/* "callback( {...} );": sets what is inside; false if it is not that. */
static bool unwrap(const char **text, size_t *size)
{
	const char *open = memchr(*text, '(', *size);
	const char *close = open ? memrchr(*text, ')', *size) : NULL;
	if (!close || close < open || open == *text) {
		return false;
	}
	for (const char *at = *text; at < open; at++) {
		if (!g_ascii_isalnum(*at) && !strchr("_.$", *at)) {
			return false;
		}
	}
	for (const char *at = close + 1; at < *text + *size; at++) {
		if (*at != ';' && !g_ascii_isspace(*at)) {
			return false;
		}
	}
	*text = open + 1;
	*size = (size_t)(close - open - 1);
	return true;
}

static bool add_pair(json_t *document, const char *pair)
{
	const char *equals = strchr(pair, '=');
	if (!equals || equals == pair) {
		return false;
	}
	g_autofree char *plain = g_strdup(pair);
	g_strdelimit(plain, "+", ' ');
	g_autofree char *name = g_uri_unescape_segment(plain, plain + (equals - pair), NULL);
	g_autofree char *value = g_uri_unescape_string(plain + (equals - pair) + 1, NULL);
	if (!name || !value || json_object_get(document, name)) {
		return false;
	}
	/* Refuses what is not UTF-8. */
	return json_object_set_new(document, name, json_string(value)) == 0;
}

static json_t *parse_form(const char *text, size_t size, GError **error)
{
	g_autofree char *copy = g_strndup(text, size);
	g_auto(GStrv) pairs = g_strsplit(g_strstrip(copy), "&", PROVIDER_PARAMETERS_MAX + 1);
	json_t *document = json_object();
	bool ok = !memchr(text, '\0', size) && g_strv_length(pairs) <= PROVIDER_PARAMETERS_MAX;
	for (size_t i = 0; ok && pairs[i]; i++) {
		ok = add_pair(document, pairs[i]);
	}
	if (!ok || json_object_size(document) == 0) {
		json_decref(document);
		invalid(error, "the answer is neither JSON nor a form");
		return NULL;
	}
	return document;
}

json_t *document_parse(const char *text, size_t size, DocumentForm form, GError **error)
{
	if (size > PROVIDER_ANSWER_SIZE_MAX) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_TOO_LARGE,
				    "the answer is too large");
		return NULL;
	}
	while (size > 0 && g_ascii_isspace(*text)) {
		text++;
		size--;
	}
	if (form == DOCUMENT_JSON || (size > 0 && *text == '{')) {
		return parse_json(text, size, error);
	}
	return unwrap(&text, &size) ? parse_json(text, size, error) : parse_form(text, size, error);
}

/* ---- paths ----------------------------------------------------------------------------- */

json_t *document_find(const json_t *document, const char *path)
{
	g_auto(GStrv) keys = g_strsplit(path, " ", -1);
	const json_t *at = keys[0] ? document : NULL;
	for (size_t i = 0; at && keys[i]; i++) {
		if (*keys[i]) {
			at = json_object_get(at, keys[i]);
		}
	}
	return (json_t *)at;
}

const char *document_text(const json_t *document, const char *path)
{
	return json_string_value(document_find(document, path));
}

static char *pick_joined(const json_t *document, const char *joined)
{
	g_auto(GStrv) paths = g_strsplit(joined, " + ", -1);
	g_autoptr(GString) text = g_string_new(NULL);
	for (size_t i = 0; paths[i]; i++) {
		const char *part = document_text(document, paths[i]);
		if (part && *part) {
			g_string_append_printf(text, "%s%s", text->len > 0 ? " " : "", part);
		}
	}
	return text->len > 0 ? g_string_free(g_steal_pointer(&text), FALSE) : NULL;
}

char *document_pick(const json_t *document, const char *expression)
{
	g_auto(GStrv) alternatives = g_strsplit(expression, ";", -1);
	for (size_t i = 0; alternatives[i]; i++) {
		char *text = pick_joined(document, alternatives[i]);
		if (text) {
			return text;
		}
	}
	return NULL;
}

bool document_is_true(const json_t *document, const char *path)
{
	const json_t *value = document_find(document, path);
	const char *text = json_string_value(value);
	return json_is_true(value) ||
	       (text && (g_str_equal(text, "true") || g_str_equal(text, "1")));
}

bool document_is_expression(const char *expression)
{
	g_auto(GStrv) alternatives = g_strsplit(expression, ";", -1);
	for (size_t i = 0; alternatives[i]; i++) {
		g_auto(GStrv) paths = g_strsplit(alternatives[i], " + ", -1);
		if (!paths[0]) {
			return false;
		}
		for (size_t k = 0; paths[k]; k++) {
			if (!*g_strstrip(paths[k])) {
				return false;
			}
		}
	}
	return alternatives[0] != NULL;
}
