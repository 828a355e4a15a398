/* SPDX-License-Identifier: Apache-2.0 */
#include "server/drive/traffic_internal.h"

static void test_waits_for_those_who_came_before(void)
{
	Traffic *traffic = traffic_new();
	TrafficPass first = traffic_enter(traffic);
	TrafficPass second = traffic_enter(traffic);
	uint64_t moment = traffic_now(traffic);
	TrafficPass later;

	g_assert_false(traffic_passed(traffic, moment));
	traffic_leave(&first);
	g_assert_false(traffic_passed(traffic, moment));
	later = traffic_enter(traffic);
	traffic_leave(&second);
	g_assert_true(traffic_passed(traffic, moment));
	g_assert_false(traffic_passed(traffic, traffic_now(traffic)));
	traffic_leave(&later);
	g_assert_true(traffic_passed(traffic, traffic_now(traffic)));
	traffic_free(traffic);
}

static void test_is_passed_when_empty(void)
{
	Traffic *traffic = traffic_new();

	g_assert_true(traffic_passed(traffic, traffic_now(traffic)));
	traffic_free(traffic);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/server/drive/traffic/waits-for-those-who-came-before",
			test_waits_for_those_who_came_before);
	g_test_add_func("/server/drive/traffic/is-passed-when-empty", test_is_passed_when_empty);
	return g_test_run();
}
