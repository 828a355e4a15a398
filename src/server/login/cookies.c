/* SPDX-License-Identifier: Apache-2.0 */
#include "server/login/cookies.h"

#include <string.h>

#define YEAR_S (365 * 24 * 3600)
/* As long as a session may live; the server is the judge of it. */
#define SESSION_S (90 * 24 * 3600)

static const struct {
	const char *suffix;
	int max_age_s; /* 0: until the browser is closed */
} kinds[] = {
	[COOKIES_SESSION] = { "", SESSION_S },
	[COOKIES_BROWSER] = { "-browser", 0 },
	[COOKIES_LAST] = { "-last", YEAR_S },
	[COOKIES_LANGUAGE] = { "-language", YEAR_S },
};

static bool is_https(const char *base)
{
	return g_str_has_prefix(base, "https://");
}

char *cookies_name(CookiesKind kind, const char *base)
{
	if (is_https(base)) {
		return g_strconcat("__Host-imdrive", kinds[kind].suffix, NULL);
	}
	const char *host = base + strlen("http://");
	const char *port = strrchr(host, ':');
	bool given = port && !strchr(port, ']');
	return g_strconcat("imdrive-", given ? port + 1 : "80", kinds[kind].suffix, NULL);
}

static bool is_value(const char *value)
{
	size_t size = strlen(value);
	return size > 0 && size <= COOKIES_VALUE_SIZE_MAX &&
	       strspn(value, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_") == size;
}

char *cookies_read(CookiesKind kind, const char *base, const char *header)
{
	if (!header) {
		return NULL;
	}
	g_autofree char *name = cookies_name(kind, base);
	g_autofree char *prefix = g_strconcat(name, "=", NULL);
	g_auto(GStrv) pairs = g_strsplit(header, ";", -1);
	const char *found = NULL;
	for (char **pair = pairs; *pair; pair++) {
		const char *text = g_strstrip(*pair);
		if (g_str_has_prefix(text, prefix)) {
			if (found) {
				return NULL;
			}
			found = text + strlen(prefix);
		}
	}
	return found && is_value(found) ? g_strdup(found) : NULL;
}

void cookies_set(Response *response, CookiesKind kind, const char *base, const char *value)
{
	g_assert(*value == '\0' || is_value(value));
	g_autofree char *name = cookies_name(kind, base);
	g_autoptr(GString) text = g_string_new(NULL);
	g_string_append_printf(text, "%s=%s; Path=/; HttpOnly; SameSite=Lax", name, value);
	if (is_https(base)) {
		g_string_append(text, "; Secure");
	}
	if (*value == '\0') {
		g_string_append(text, "; Max-Age=0");
	} else if (kinds[kind].max_age_s > 0) {
		g_string_append_printf(text, "; Max-Age=%d", kinds[kind].max_age_s);
	}
	response_add_header(response, "Set-Cookie", text->str);
}
