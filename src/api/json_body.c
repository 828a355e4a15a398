/* SPDX-License-Identifier: Apache-2.0 */
#include "api/json_body.h"

#include "base/error.h"
#include "base/limits.h"

#include <string.h>

/* The parser recurses, so that depth is looked at first. */
static bool is_shallow(const char *text, size_t size)
{
	unsigned depth = 0;
	bool quoted = false;
	for (size_t i = 0; i < size; i++) {
		char c = text[i];
		if (quoted) {
			i += c == '\\';
			quoted = c != '"';
		} else if (c == '"') {
			quoted = true;
		} else if (c == '{' || c == '[') {
			depth++;
		} else if ((c == '}' || c == ']') && depth > 0) {
			depth--;
		}
		if (depth > JSON_DEPTH_MAX) {
			return false;
		}
	}
	return true;
}

json_t *json_body_parse(GBytes *body, GError **error)
{
	size_t size = 0;
	const char *text = body ? g_bytes_get_data(body, &size) : NULL;
	if (!text || !is_shallow(text, size)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    text ? "the JSON is nested too deeply"
					 : "the request has no body");
		return NULL;
	}
	json_error_t fault;
	json_t *object = json_loadb(text, size, JSON_REJECT_DUPLICATES, &fault);
	if (!object) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "the body is not JSON: %s in line %d", fault.text, fault.line);
		return NULL;
	}
	if (!json_is_object(object)) {
		json_decref(object);
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "the body must be a JSON object");
		return NULL;
	}
	return object;
}

const char *json_body_text(const json_t *object, const char *key, size_t size_max, GError **error)
{
	const json_t *value = json_object_get(object, key);
	if (!json_is_string(value)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID, "'%s' must be a text", key);
		return NULL;
	}
	/* A NUL inside is refused by the parser (no JSON_ALLOW_NUL). */
	if (json_string_length(value) > size_max) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID, "'%s' has more than %zu bytes",
			    key, size_max);
		return NULL;
	}
	return json_string_value(value);
}

bool json_body_number(const json_t *object, const char *key, int64_t fallback, int64_t *ret_number,
		      GError **error)
{
	const json_t *value = json_object_get(object, key);
	if (value && !json_is_integer(value)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID, "'%s' must be a whole number",
			    key);
		return false;
	}
	*ret_number = value ? json_integer_value(value) : fallback;
	return true;
}
