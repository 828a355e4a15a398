/* SPDX-License-Identifier: Apache-2.0 */
#include "client/daemon/meter.h"

#include <glib.h>

#define SECOND_US 1000000

static void test_steady(void)
{
	Meter meter = { 0 };
	g_assert_cmpuint(meter_rate(&meter, 0), ==, 0);
	for (int64_t now_us = 0; now_us <= 20 * SECOND_US; now_us += 100000) {
		meter_note(&meter, now_us, (uint64_t)(now_us / 1000));
	}
	g_assert_cmpuint(meter_rate(&meter, 20 * SECOND_US), ==, 1000);
	g_assert_cmpint(meter_seconds(&meter, 20 * SECOND_US, 2500), ==, 3);
	g_assert_cmpint(meter_seconds(&meter, 20 * SECOND_US, 0), ==, 0);
}

static void test_forgets_what_was_before_a_pause(void)
{
	Meter meter = { 0 };
	meter_note(&meter, 0, 0);
	meter_note(&meter, SECOND_US, 1000000);
	g_assert_cmpuint(meter_rate(&meter, SECOND_US), ==, 1000000);
	g_assert_cmpuint(meter_rate(&meter, 10 * SECOND_US), ==, 0);
	g_assert_cmpint(meter_seconds(&meter, 10 * SECOND_US, 5), ==, -1);
	meter_note(&meter, 10 * SECOND_US, 1000000);
	meter_note(&meter, 11 * SECOND_US, 1000500);
	g_assert_cmpuint(meter_rate(&meter, 11 * SECOND_US), ==, 500);
}

static void test_time_for_people(void)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} cases[] = {
		{ 0, "0 s" },          { 59, "59 s" },         { 61, "2 min" },
		{ 3600, "1 h 0 min" }, { 11100, "3 h 5 min" },
	};
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = meter_format_seconds(cases[i].seconds);
		g_assert_cmpstr(text, ==, cases[i].text);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/client/daemon/meter/steady", test_steady);
	g_test_add_func("/client/daemon/meter/forgets-what-was-before-a-pause",
			test_forgets_what_was_before_a_pause);
	g_test_add_func("/client/daemon/meter/time-for-people", test_time_for_people);
	return g_test_run();
}
