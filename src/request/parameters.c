/* SPDX-License-Identifier: Apache-2.0 */
#include "request/parameters.h"

#include "base/error.h"
#include "base/limits.h"

#include <string.h>

typedef struct Pair {
	char *name;
	char *value;
} Pair;

struct Parameters {
	GArray *pairs; /* of Pair */
};

static void pair_clear(void *data)
{
	Pair *pair = data;
	g_free(pair->name);
	g_free(pair->value);
}

Parameters *parameters_new(void)
{
	Parameters *parameters = g_new0(Parameters, 1);
	parameters->pairs = g_array_new(FALSE, FALSE, sizeof(Pair));
	g_array_set_clear_func(parameters->pairs, pair_clear);
	return parameters;
}

void parameters_free(Parameters *parameters)
{
	if (!parameters) {
		return;
	}
	g_array_unref(parameters->pairs);
	g_free(parameters);
}

bool parameters_add(Parameters *parameters, const char *name, const char *value, GError **error)
{
	if (parameters->pairs->len >= REQUEST_PARAMETERS_MAX) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID, "more than %d parameters",
			    REQUEST_PARAMETERS_MAX);
		return false;
	}
	if (!g_utf8_validate(name, -1, NULL) || !g_utf8_validate(value, -1, NULL)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "a parameter is not UTF-8");
		return false;
	}
	const Pair pair = { .name = g_strdup(name), .value = g_strdup(value) };
	g_array_append_val(parameters->pairs, pair);
	return true;
}

/* "x%20y+z" decoded; NULL if an escape is broken or means NUL. */
static char *decode(const char *text, size_t size)
{
	g_autofree char *spaced = g_strndup(text, size);
	if (strlen(spaced) != size) {
		return NULL;
	}
	for (char *c = spaced; *c; c++) {
		if (*c == '+') {
			*c = ' ';
		}
	}
	return g_uri_unescape_string(spaced, NULL);
}

static bool add_encoded(Parameters *parameters, const char *text, size_t size, GError **error)
{
	const char *equals = size > 0 ? memchr(text, '=', size) : NULL;
	size_t name_size = equals ? (size_t)(equals - text) : size;
	g_autofree char *name = decode(text, name_size);
	g_autofree char *value = equals ? decode(equals + 1, size - name_size - 1) : g_strdup("");
	if (!name || !value) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "a parameter is not correctly escaped");
		return false;
	}
	return parameters_add(parameters, name, value, error);
}

Parameters *parameters_parse(const char *text, size_t size, GError **error)
{
	g_autoptr(Parameters) parameters = parameters_new();
	for (size_t start = 0; start < size;) {
		const char *end = memchr(text + start, '&', size - start);
		size_t length = end ? (size_t)(end - text) - start : size - start;
		if (length > 0 && !add_encoded(parameters, text + start, length, error)) {
			return NULL;
		}
		start += length + 1;
	}
	return g_steal_pointer(&parameters);
}

static const Pair *pair_at(const Parameters *parameters, unsigned index)
{
	return &g_array_index(parameters->pairs, Pair, index);
}

const char *parameters_get(const Parameters *parameters, const char *name)
{
	for (unsigned i = 0; i < parameters->pairs->len; i++) {
		if (strcmp(pair_at(parameters, i)->name, name) == 0) {
			return pair_at(parameters, i)->value;
		}
	}
	return NULL;
}

const char *parameters_repeated(const Parameters *parameters)
{
	for (unsigned i = 1; i < parameters->pairs->len; i++) {
		for (unsigned k = 0; k < i; k++) {
			if (strcmp(pair_at(parameters, i)->name, pair_at(parameters, k)->name) ==
			    0) {
				return pair_at(parameters, i)->name;
			}
		}
	}
	return NULL;
}

bool parameters_at(const Parameters *parameters, unsigned index, const char **ret_name,
		   const char **ret_value)
{
	if (index >= parameters->pairs->len) {
		return false;
	}
	*ret_name = pair_at(parameters, index)->name;
	*ret_value = pair_at(parameters, index)->value;
	return true;
}

void parameters_append(GString *text, const char *name, const char *value)
{
	if (!value) {
		return;
	}
	char last = text->len > 0 ? text->str[text->len - 1] : '?';
	if (last != '?' && last != '#') {
		g_string_append_c(text, '&');
	}
	g_string_append_uri_escaped(text, name, NULL, FALSE);
	g_string_append_c(text, '=');
	g_string_append_uri_escaped(text, value, NULL, FALSE);
}
