/* SPDX-License-Identifier: Apache-2.0 */
#include "server/drive/room_internal.h"

#include "base/error.h"

static bool ask(uint64_t *ret_bytes, void *data)
{
	*ret_bytes = *(uint64_t *)data;
	return *ret_bytes != G_MAXUINT64;
}

static void assert_refused(Room *room, uint64_t size)
{
	g_autoptr(GError) error = NULL;

	g_assert_false(room_take(room, size, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NO_SPACE);
}

static void test_keeps_the_reserve(void)
{
	uint64_t bytes = 1000;
	Room *room = room_new(100, ask, &bytes);

	assert_refused(room, 901);
	g_assert_true(room_take(room, 900, NULL));
	room_give_back(room, 900);
	bytes = 99;
	assert_refused(room, 0);
	/* It heals by itself. */
	bytes = 200;
	g_assert_true(room_take(room, 100, NULL));
	room_give_back(room, 100);
	room_free(room);
}

/* Nothing of the first is on the disk yet. */
static void test_counts_those_who_come_together(void)
{
	uint64_t bytes = 1000;
	Room *room = room_new(100, ask, &bytes);

	g_assert_true(room_take(room, 600, NULL));
	assert_refused(room, 301);
	g_assert_true(room_take(room, 300, NULL));
	room_give_back(room, 600);
	g_assert_true(room_take(room, 600, NULL));
	room_give_back(room, 900);
	room_free(room);
}

static void test_refuses_nothing_when_it_does_not_know(void)
{
	uint64_t unknown = G_MAXUINT64;
	Room *room = room_new(100, NULL, NULL);

	g_assert_true(room_take(room, G_MAXUINT32, NULL));
	room_give_back(room, G_MAXUINT32);
	room_free(room);
	room = room_new(100, ask, &unknown);
	g_assert_true(room_take(room, 1, NULL));
	room_give_back(room, 1);
	room_free(room);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/server/drive/room/keeps-the-reserve", test_keeps_the_reserve);
	g_test_add_func("/server/drive/room/counts-those-who-come-together",
			test_counts_those_who_come_together);
	g_test_add_func("/server/drive/room/refuses-nothing-when-it-does-not-know",
			test_refuses_nothing_when_it_does_not_know);
	return g_test_run();
}
