/* SPDX-License-Identifier: Apache-2.0 */
#include "client/login/browser.h"

#include <glib.h>
#include <string.h>

/* The words of the first command in $BROWSER ("firefox:w3m", "chromium %s"), the page in it. */
static char **browser_words(const char *browser, const char *url)
{
	g_autofree char *first = g_strndup(browser, strcspn(browser, ":"));
	g_auto(GStrv) words = NULL;
	int count = 0;
	if (!g_shell_parse_argv(first, &count, &words, NULL)) {
		return NULL;
	}
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	bool placed = false;
	for (char **word = words; *word; word++) {
		bool here = strcmp(*word, "%s") == 0;
		g_strv_builder_add(builder, here ? url : *word);
		placed |= here;
	}
	if (!placed) {
		g_strv_builder_add(builder, url);
	}
	return g_strv_builder_end(builder);
}

bool browser_open(const char *url)
{
	const char *browser = g_getenv("BROWSER");
	g_auto(GStrv) words = NULL;
	if (browser && *browser) {
		words = browser_words(browser, url);
	} else if (g_getenv("DISPLAY") || g_getenv("WAYLAND_DISPLAY")) {
		const char *const open[] = { "xdg-open", url, NULL };
		words = g_strdupv((char **)open);
	}
	return words && g_spawn_async(NULL, words, NULL,
				      G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL |
					      G_SPAWN_STDERR_TO_DEV_NULL,
				      NULL, NULL, NULL, NULL);
}
