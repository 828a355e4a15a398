/* SPDX-License-Identifier: Apache-2.0 */
#include "server/login/journeys.h"

#include <string.h>

#define NOW_US G_TIME_SPAN_HOUR

static char *begin(Journeys *journeys, const char *browser, const char *peer, int64_t now_us)
{
	const Journey journey = { .browser = (char *)browser, .next = (char *)"/device" };
	return journeys_begin(journeys, &journey, peer, now_us);
}

static bool is_there(Journeys *journeys, const char *id, const char *browser, int64_t now_us)
{
	g_auto(Journey) journey = { 0 };
	return journeys_get(journeys, id, browser, now_us, &journey);
}

static void test_belongs(void)
{
	g_autoptr(Journeys) journeys = journeys_new();
	g_autofree char *id = begin(journeys, "b1", NULL, NOW_US);
	g_auto(Journey) journey = { 0 };
	g_assert_true(journeys_get(journeys, id, "b1", NOW_US, &journey));
	g_assert_cmpstr(journey.next, ==, "/device");
	g_assert_cmpstr(journey.id, ==, id);
	g_assert_false(is_there(journeys, id, "b2", NOW_US));
	g_assert_false(is_there(journeys, "", "b1", NOW_US));
	g_assert_true(is_there(journeys, id, "b1", NOW_US + JOURNEYS_LIFE_US - 1));
	g_assert_false(is_there(journeys, id, "b1", NOW_US + JOURNEYS_LIFE_US));
	journeys_end(journeys, id);
	g_assert_false(is_there(journeys, id, "b1", NOW_US));
}

static void put(Journeys *journeys, const char *state, const char *journey)
{
	const JourneyState value = {
		.provider = (char *)"qq",
		.browser = (char *)"b1",
		.journey = (char *)journey,
		.flight = (char *)"verifier",
	};
	journeys_put_state(journeys, state, &value, NOW_US);
}

typedef struct Claim {
	const char *state;
	const char *provider;
	const char *browser;
	int64_t now_us;
} Claim;

static JourneysTaken take(Journeys *journeys, const Claim *claim)
{
	g_auto(JourneyState) state = { 0 };
	const JourneyState who = { .provider = (char *)claim->provider,
				   .browser = (char *)claim->browser };
	JourneysTaken taken = journeys_take_state(journeys, claim->state, &who,
						  claim->now_us ? claim->now_us : NOW_US, &state);
	if (taken == JOURNEYS_TAKEN) {
		g_assert_cmpstr(state.flight, ==, "verifier");
	} else {
		g_assert_null(state.flight);
	}
	return taken;
}

static void test_r3_once(void)
{
	g_autoptr(Journeys) journeys = journeys_new();
	put(journeys, "s1", "a1");
	g_assert_cmpint(take(journeys, &(Claim){ "s1", "qq", "b1", 0 }), ==, JOURNEYS_TAKEN);
	g_assert_cmpint(take(journeys, &(Claim){ "s1", "qq", "b1", 0 }), ==, JOURNEYS_USED);
	g_assert_cmpint(take(journeys, &(Claim){ "s2", "qq", "b1", 0 }), ==, JOURNEYS_UNKNOWN);
}

static void test_r3_browser(void)
{
	g_autoptr(Journeys) journeys = journeys_new();
	put(journeys, "s1", "a1");
	g_assert_cmpint(take(journeys, &(Claim){ "s1", "qq", "b2", 0 }), ==, JOURNEYS_FOREIGN);
	g_assert_cmpint(take(journeys, &(Claim){ "s1", "qq", "b1", 0 }), ==, JOURNEYS_TAKEN);
}

static void test_r6_provider(void)
{
	g_autoptr(Journeys) journeys = journeys_new();
	put(journeys, "s1", "a1");
	g_assert_cmpint(take(journeys, &(Claim){ "s1", "evil", "b1", 0 }), ==, JOURNEYS_MIXED);
	g_assert_cmpint(take(journeys, &(Claim){ "s1", "qq", "b1", 0 }), ==, JOURNEYS_USED);
}

static void test_r3_expires(void)
{
	g_autoptr(Journeys) journeys = journeys_new();
	put(journeys, "s1", "a1");
	const Claim late = { "s1", "qq", "b1", NOW_US + JOURNEYS_LIFE_US };
	g_assert_cmpint(take(journeys, &late), ==, JOURNEYS_UNKNOWN);
}

static void test_r3_tabs(void)
{
	g_autoptr(Journeys) journeys = journeys_new();
	static const char *const states[] = { "s1", "s2", "s3", "s4", "s5" };
	for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
		put(journeys, states[i], "a");
	}
	for (size_t i = G_N_ELEMENTS(states); i > 0; i--) {
		const Claim claim = { states[i - 1], "qq", "b1", 0 };
		g_assert_cmpint(take(journeys, &claim), ==, JOURNEYS_TAKEN);
	}
}

static void test_bounded(void)
{
	g_autoptr(Journeys) journeys = journeys_new();
	g_autofree char *mine = begin(journeys, "b1", "192.0.2.1", NOW_US);
	g_autofree char *first = begin(journeys, "b2", "192.0.2.2", NOW_US);
	for (unsigned i = 0; i < JOURNEYS_PER_PEER_MAX; i++) {
		g_free(begin(journeys, "b2", "192.0.2.2", NOW_US));
	}
	/* Who begins too many loses his own. */
	g_assert_false(is_there(journeys, first, "b2", NOW_US));
	g_assert_true(is_there(journeys, mine, "b1", NOW_US));
	for (unsigned i = 0; i < JOURNEYS_MAX; i++) {
		g_free(begin(journeys, "b3", NULL, NOW_US));
	}
	g_assert_false(is_there(journeys, mine, "b1", NOW_US));
	g_autofree char *last = begin(journeys, "b1", "192.0.2.1", NOW_US);
	g_assert_true(is_there(journeys, last, "b1", NOW_US));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/server/login/journeys/belong-to-one-browser-and-expire", test_belongs);
	g_test_add_func("/server/login/journeys/r3-a-state-is-good-once", test_r3_once);
	g_test_add_func("/server/login/journeys/r3-another-browser-has-no-use-of-it",
			test_r3_browser);
	g_test_add_func("/server/login/journeys/r6-another-provider-uses-it-up", test_r6_provider);
	g_test_add_func("/server/login/journeys/r3-a-state-expires", test_r3_expires);
	g_test_add_func("/server/login/journeys/r3-five-tabs-at-once", test_r3_tabs);
	g_test_add_func("/server/login/journeys/memory-is-bounded", test_bounded);
	return g_test_run();
}
