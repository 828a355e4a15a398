/* SPDX-License-Identifier: Apache-2.0 */
#include "request/agent.h"

#include <string.h>

typedef struct Sign {
	const char *part; /* of the header */
	const char *name;
} Sign;

/* The first that fits counts: most programs also say that they are others. */
static const Sign browsers[] = {
	{ "MicroMessenger/", "WeChat" },
	{ "QQ/", "QQ" },
	{ "Edg/", "Edge" },
	{ "EdgA/", "Edge" },
	{ "OPR/", "Opera" },
	{ "SamsungBrowser/", "Samsung Internet" },
	{ "Firefox/", "Firefox" },
	{ "FxiOS/", "Firefox" },
	{ "CriOS/", "Chrome" },
	{ "HeadlessChrome/", "Chrome" },
	{ "Chrome/", "Chrome" },
	{ "Epiphany/", "GNOME Web" },
	{ "Safari/", "Safari" },
};

static const Sign systems[] = {
	{ "Android", "Android" }, { "iPhone", "iPhone" }, { "iPad", "iPad" },
	{ "Windows", "Windows" }, { "Macintosh", "Mac" }, { "CrOS", "ChromeOS" },
	{ "FreeBSD", "FreeBSD" }, { "Linux", "Linux" },
};

static const char *find(const char *text, const Sign *signs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strstr(text, signs[i].part)) {
			return signs[i].name;
		}
	}
	return NULL;
}

static char *first_word(const char *text)
{
	size_t size = MIN(strcspn(text, " \t(;,"), AGENT_SIZE_MAX);
	char *word = g_strndup(text, size);
	for (char *c = word; *c; c++) {
		if (!g_ascii_isgraph(*c)) {
			*c = '?';
		}
	}
	return word;
}

char *agent_describe(const char *user_agent)
{
	if (!user_agent || !*user_agent) {
		return NULL;
	}
	const char *browser = find(user_agent, browsers, G_N_ELEMENTS(browsers));
	const char *system = find(user_agent, systems, G_N_ELEMENTS(systems));
	if (browser && system) {
		return g_strdup_printf("%s on %s", browser, system);
	}
	return browser ? g_strdup(browser) : first_word(user_agent);
}
