/* SPDX-License-Identifier: Apache-2.0 */
#include "client/engine/courtesy.h"

#define MS 1000

/* Saves, however many in the course of time, are no reason. */
static void saves_meet_no_courtesy(void)
{
	Courtesy *courtesy = courtesy_new();
	uint64_t changes = 0;
	for (int64_t now_us = 0; now_us < 60000 * MS; now_us += 10 * MS) {
		courtesy_note(courtesy, changes += 5, now_us);
		g_assert_false(courtesy_is_due(courtesy, now_us));
		g_assert_cmpint(courtesy_resume_us(courtesy, 1000 * MS, now_us), ==, now_us);
	}
	courtesy_free(courtesy);
}

/* Whichever thread worked, together they take a fifth of one processor's time. */
static void jobs_take_a_share(void)
{
	Courtesy *courtesy = courtesy_new();
	int64_t now_us = 1000 * MS;
	courtesy_note(courtesy, 1000, now_us);
	g_assert_cmpint(courtesy_resume_us(courtesy, 10 * MS, now_us), ==, now_us + 40 * MS);
	g_assert_cmpint(courtesy_resume_us(courtesy, 20 * MS, now_us), ==, now_us + 120 * MS);
	/* Nobody waits for long, and what lies behind is forgotten. */
	g_assert_cmpint(courtesy_resume_us(courtesy, 60000 * MS, now_us), ==,
			now_us + COURTESY_PAUSE_US);
	now_us += 2 * COURTESY_PAUSE_US;
	courtesy_note(courtesy, 10000, now_us);
	g_assert_cmpint(courtesy_resume_us(courtesy, MS, now_us), ==, now_us + 4 * MS);
	courtesy_free(courtesy);
}

static void ends_when_programs_rest(void)
{
	Courtesy *courtesy = courtesy_new();
	courtesy_note(courtesy, 1000, 0);
	g_assert_true(courtesy_is_due(courtesy, 400 * MS));
	courtesy_note(courtesy, 1010, 600 * MS);
	g_assert_false(courtesy_is_due(courtesy, 600 * MS));
	g_assert_cmpint(courtesy_resume_us(courtesy, 10 * MS, 600 * MS), ==, 600 * MS);
	courtesy_free(courtesy);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/client/engine/courtesy/saves-meet-no-courtesy", saves_meet_no_courtesy);
	g_test_add_func("/client/engine/courtesy/jobs-take-a-share", jobs_take_a_share);
	g_test_add_func("/client/engine/courtesy/ends-when-programs-rest", ends_when_programs_rest);
	return g_test_run();
}
