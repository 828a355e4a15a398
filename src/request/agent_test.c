/* SPDX-License-Identifier: Apache-2.0 */
#include "request/agent.h"

#include <string.h>

#define LIKE "AppleWebKit/537.36 (KHTML, like Gecko) "

static void test_names_browser_and_system(void)
{
	static const char *const agents[][2] = {
		{ "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
		  "Firefox on Linux" },
		{ "Mozilla/5.0 (Windows NT 10.0; Win64; x64) " LIKE "Chrome/139.0 Safari/537.36 "
		  "Edg/139.0.0.0",
		  "Edge on Windows" },
		{ "Mozilla/5.0 (Linux; Android 10; K) " LIKE
		  "Chrome/139.0.0.0 Mobile Safari/537.36",
		  "Chrome on Android" },
		{ "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) " LIKE "Safari/604.1",
		  "Safari on iPhone" },
		{ "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) " LIKE "Safari/605.1.15",
		  "Safari on Mac" },
		{ "curl/7.88.1", "curl/7.88.1" },
		{ "imdrive/0.1.0 (laptop)", "imdrive/0.1.0" },
		{ "evil\x01\x7f\xff <b>", "evil???" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(agents); i++) {
		g_autofree char *name = agent_describe(agents[i][0]);
		g_assert_cmpstr(name, ==, agents[i][1]);
	}
	g_assert_null(agent_describe(NULL));
	g_assert_null(agent_describe(""));
	g_autofree char *many = g_strnfill(100000, 'x');
	g_autofree char *cut = agent_describe(many);
	g_assert_cmpuint(strlen(cut), ==, AGENT_SIZE_MAX);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/request/agent/names-browser-and-system", test_names_browser_and_system);
	return g_test_run();
}
