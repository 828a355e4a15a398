/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/login/dispatch.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

static int port_of(GUri *url)
{
	int port = g_uri_get_port(url);
	return port > 0 ? port : strcmp(g_uri_get_scheme(url), "https") == 0 ? 443 : 80;
}

static bool is_same_origin(GUri *a, GUri *b)
{
	return strcmp(g_uri_get_scheme(a), g_uri_get_scheme(b)) == 0 &&
	       g_ascii_strcasecmp(g_uri_get_host(a), g_uri_get_host(b)) == 0 &&
	       port_of(a) == port_of(b);
}

static bool is_of_service(const DispatchRules *rules, GUri *url)
{
	bool usual = strcmp(g_uri_get_scheme(url), "https") == 0 && port_of(url) == 443;
	for (const char *const *host = rules->hosts; host && *host; host++) {
		/* With a port: the record of a test. */
		g_autofree char *own = g_strdup_printf("%s:%d", g_uri_get_host(url), port_of(url));
		if ((usual && g_ascii_strcasecmp(*host, g_uri_get_host(url)) == 0) ||
		    g_ascii_strcasecmp(*host, own) == 0) {
			return true;
		}
	}
	return false;
}

static bool is_redirect(const DispatchRules *rules, const char *url)
{
	size_t size = strlen(rules->redirect);
	return strncmp(url, rules->redirect, size) == 0 && (url[size] == '?' || url[size] == '\0');
}

DispatchVerdict dispatch_judge(const DispatchRules *rules, const char *url)
{
	if (strcmp(url, "about:blank") == 0) {
		return DISPATCH_SHOW;
	}
	if (is_redirect(rules, url)) {
		return DISPATCH_ARRIVED;
	}
	g_autoptr(GUri) page = g_uri_parse(url, G_URI_FLAGS_HAS_PASSWORD, NULL);
	g_autoptr(GUri) drive = g_uri_parse(rules->server, G_URI_FLAGS_NONE, NULL);
	const char *scheme = page ? g_uri_get_scheme(page) : "";
	if ((strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0) ||
	    !g_uri_get_host(page) || !*g_uri_get_host(page) || g_uri_get_userinfo(page)) {
		return DISPATCH_REFUSE;
	}
	bool own = drive && is_same_origin(page, drive);
	return own || is_of_service(rules, page) ? DISPATCH_SHOW : DISPATCH_BROWSER;
}

DispatchStage dispatch_stage(const json_t *status, json_int_t id)
{
	static const char *const names[] = { "", "waiting", "done", "failed", "cancelled" };
	const json_t *sign_in = json_object_get(status, "sign_in");
	const char *state = json_string_value(json_object_get(sign_in, "state"));
	if (!state || json_integer_value(json_object_get(sign_in, "id")) != id) {
		return DISPATCH_OTHER;
	}
	for (int i = 1; i < (int)G_N_ELEMENTS(names); i++) {
		if (strcmp(state, names[i]) == 0) {
			return (DispatchStage)i;
		}
	}
	return DISPATCH_WAITING;
}
