/* SPDX-License-Identifier: Apache-2.0 */
#include "http/query.h"

#include <string.h>

void query_append(GString *query, const char *name, const char *value)
{
	if (!value) {
		return;
	}
	if (query->len > 0) {
		g_string_append_c(query, '&');
	}
	g_string_append_uri_escaped(query, name, NULL, FALSE);
	g_string_append_c(query, '=');
	g_string_append_uri_escaped(query, value, NULL, FALSE);
}

char *query_url(const char *url, const GString *query, const char *fragment)
{
	g_autofree char *base = g_strndup(url, strcspn(url, "#"));
	const char *between = strchr(base, '?') ? "&" : "?";
	return g_strconcat(base, query->len > 0 ? between : "", query->str, fragment, NULL);
}

void query_free(GString *query)
{
	if (query) {
		explicit_bzero(query->str, query->allocated_len);
		g_string_free(query, TRUE);
	}
}
