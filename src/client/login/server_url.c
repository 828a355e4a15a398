/* SPDX-License-Identifier: Apache-2.0 */
#include "client/login/server_url.h"

#include "base/error.h"

#include <string.h>

static bool is_loopback_host(const char *host)
{
	if (!g_hostname_is_ip_address(host)) {
		return g_ascii_strcasecmp(host, "localhost") == 0;
	}
	return g_str_has_prefix(host, "127.") || strcmp(host, "::1") == 0;
}

bool server_url_is_loopback(const char *url)
{
	g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_NONE, NULL);
	const char *host = uri ? g_uri_get_host(uri) : NULL;
	return host && is_loopback_host(host);
}

void server_url_explain(const char *server, GError **error)
{
	if (!error || !g_error_matches(*error, DRIVE_ERROR, DRIVE_ERROR_OFFLINE)) {
		return;
	}
	g_autofree char *text = g_steal_pointer(&(*error)->message);
	g_autofree char *origin = g_strconcat(server, ": ", NULL);
	const char *reason = g_str_has_prefix(text, origin) ? text + strlen(origin) : text;
	(*error)->message = g_strdup_printf(
		"no drive answers at %s (%s): is the address right, and is it running?", server,
		reason);
}

/* With a scheme, if none was typed. */
static char *with_scheme(const char *typed)
{
	if (strstr(typed, "://")) {
		return g_strdup(typed);
	}
	bool local = g_str_has_prefix(typed, "127.") || g_str_has_prefix(typed, "[::1]") ||
		     g_str_has_prefix(typed, "localhost");
	return g_strconcat(local ? "http://" : "https://", typed, NULL);
}

static bool is_visible(const char *text)
{
	for (const char *at = text; *at; at++) {
		if (!g_ascii_isgraph(*at)) {
			return false;
		}
	}
	return true;
}

bool server_url_is_below(const char *url, const char *base)
{
	size_t size = strlen(base);
	return strncmp(url, base, size) == 0 && url[size] == '/' && is_visible(url);
}

static bool is_web(GUri *uri)
{
	const char *scheme = g_uri_get_scheme(uri);
	const char *host = g_uri_get_host(uri);
	return (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0) && host && *host &&
	       !g_uri_get_userinfo(uri) && !g_uri_get_query(uri) && !g_uri_get_fragment(uri);
}

static char *rebuild(GUri *uri)
{
	bool secure = strcmp(g_uri_get_scheme(uri), "https") == 0;
	g_autofree char *host = g_ascii_strdown(g_uri_get_host(uri), -1);
	bool bare = strchr(host, ':');
	GString *url = g_string_new(secure ? "https://" : "http://");
	g_string_append_printf(url, "%s%s%s", bare ? "[" : "", host, bare ? "]" : "");
	int port = g_uri_get_port(uri);
	if (port > 0 && port != (secure ? 443 : 80)) {
		g_string_append_printf(url, ":%d", port);
	}
	g_string_append(url, g_uri_get_path(uri));
	while (url->str[url->len - 1] == '/') {
		g_string_truncate(url, url->len - 1);
	}
	return g_string_free(url, FALSE);
}

char *server_url_read(const char *typed, GError **error)
{
	g_autofree char *whole = with_scheme(typed);
	g_autoptr(GUri) uri =
		is_visible(whole) ? g_uri_parse(whole, G_URI_FLAGS_ENCODED, NULL) : NULL;
	if (!uri || !is_web(uri)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "'%s' is not the address of a drive: type it like "
			    "https://drive.example.org",
			    typed);
		return NULL;
	}
	if (strcmp(g_uri_get_scheme(uri), "http") == 0 && !is_loopback_host(g_uri_get_host(uri))) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN,
			    "'%s' is plain http, where others on the way read along: use https",
			    typed);
		return NULL;
	}
	return rebuild(uri);
}
