/* SPDX-License-Identifier: Apache-2.0 */
#include "server/accounts/account_name.h"

#include "base/error.h"
#include "base/limits.h"

#include <stdbool.h>
#include <string.h>

static bool is_visible(gunichar c)
{
	switch (g_unichar_type(c)) {
	case G_UNICODE_CONTROL:
	case G_UNICODE_FORMAT:
	case G_UNICODE_SURROGATE:
	case G_UNICODE_PRIVATE_USE:
	case G_UNICODE_UNASSIGNED:
	case G_UNICODE_LINE_SEPARATOR:
	case G_UNICODE_PARAGRAPH_SEPARATOR:
	case G_UNICODE_SPACE_SEPARATOR:
		return false;
	default:
		return true;
	}
}

/* What is wrong with a normalised name, or NULL. */
static const char *fault_of(const char *name)
{
	if (name[0] == '-') {
		return "must not begin with '-'";
	}
	if (strpbrk(name, "/\\:")) {
		return "must not contain '/', '\\' or ':'";
	}
	gunichar before = ' ';
	for (const char *at = name; *at; at = g_utf8_next_char(at)) {
		gunichar c = g_utf8_get_char(at);
		if (c == ' ' && before == ' ') {
			return "must not begin with a space or have two in a row";
		}
		if (c != ' ' && !is_visible(c)) {
			return "must consist of visible characters";
		}
		before = c;
	}
	return before == ' ' ? "must not end with a space" : NULL;
}

char *account_name_key(const char *name, GError **error)
{
	size_t size = strlen(name);
	if (size == 0 || size > ACCOUNT_NAME_SIZE_MAX) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "an account name has 1 to %d bytes", ACCOUNT_NAME_SIZE_MAX);
		return NULL;
	}
	if (!g_utf8_validate(name, (gssize)size, NULL)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "an account name must be valid UTF-8");
		return NULL;
	}
	g_autofree char *composed = g_utf8_normalize(name, -1, G_NORMALIZE_NFC);
	const char *fault = fault_of(composed);
	if (fault) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID, "an account name %s", fault);
		return NULL;
	}
	g_autofree char *folded = g_utf8_casefold(composed, -1);
	return g_utf8_normalize(folded, -1, G_NORMALIZE_NFC);
}
