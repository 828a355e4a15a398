/* SPDX-License-Identifier: Apache-2.0 */
#include "base/share_url.h"

#include "base/limits.h"

#include <glib.h>
#include <string.h>

#define URL "{url}"
#define NAME "{name}"

static bool is_plain(const char *text)
{
	for (const char *at = text; *at; at++) {
		if (*at <= ' ' || *at > '~' || strchr("\"\\<>^`|", *at)) {
			return false;
		}
	}
	return true;
}

static bool has_braces_in_query_only(const char *text)
{
	const char *query = strchr(text, '?');
	const char *brace = strpbrk(text, "{}");
	g_autofree char *filled = share_url_fill(text, "x", "x");
	return query && brace > query && strstr(query, URL) && !strpbrk(filled, "{}");
}

bool share_url_is_template(const char *text)
{
	if (strlen(text) > SHARE_TEMPLATE_SIZE_MAX || !is_plain(text) ||
	    !has_braces_in_query_only(text)) {
		return false;
	}
	g_autofree char *filled = share_url_fill(text, "x", "x");
	g_autoptr(GUri) uri = g_uri_parse(filled, G_URI_FLAGS_ENCODED, NULL);
	return uri && g_str_equal(g_uri_get_scheme(uri), "https") && g_uri_get_host(uri) &&
	       *g_uri_get_host(uri) && !g_uri_get_userinfo(uri) && !g_uri_get_fragment(uri);
}

char *share_url_fill(const char *template, const char *url, const char *name)
{
	g_autofree char *escaped_url = g_uri_escape_string(url, NULL, FALSE);
	g_autofree char *escaped_name = g_uri_escape_string(name, NULL, FALSE);
	GString *text = g_string_new(template);
	/* What is filled in has no braces any more. */
	g_string_replace(text, URL, escaped_url, 0);
	g_string_replace(text, NAME, escaped_name, 0);
	return g_string_free(text, FALSE);
}
