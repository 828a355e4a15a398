/* SPDX-License-Identifier: Apache-2.0 */
#include "server/oauth/scope.h"

#include <string.h>

/* In the order of their bits. */
const char *const scope_names[] = { "files:read", "files:write", "share", "account", NULL };

static unsigned bit_of(const char *name, size_t size)
{
	for (unsigned i = 0; scope_names[i]; i++) {
		if (strlen(scope_names[i]) == size && memcmp(scope_names[i], name, size) == 0) {
			return 1u << i;
		}
	}
	return 0;
}

bool scope_read(const char *text, unsigned *ret_scopes)
{
	unsigned scopes = 0;
	for (const char *at = text; *at;) {
		size_t size = strcspn(at, " ");
		unsigned bit = size > 0 ? bit_of(at, size) : 0;
		if (size > 0 && bit == 0) {
			return false;
		}
		scopes |= bit;
		at += size + (at[size] == ' ');
	}
	if (scopes == 0) {
		return false;
	}
	*ret_scopes = scopes;
	return true;
}

char *scope_show(unsigned scopes)
{
	GString *text = g_string_new(NULL);
	for (unsigned i = 0; scope_names[i]; i++) {
		if (scopes & 1u << i) {
			g_string_append_printf(text, "%s%s", text->len > 0 ? " " : "",
					       scope_names[i]);
		}
	}
	return g_string_free(text, FALSE);
}
