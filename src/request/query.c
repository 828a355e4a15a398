/* SPDX-License-Identifier: Apache-2.0 */
#include "request/query.h"

#include <string.h>

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
