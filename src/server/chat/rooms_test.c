/* SPDX-License-Identifier: Apache-2.0 */
#include "server/chat/rooms.h"

static ChatStanza message(const char *domain, const char *text)
{
	return (ChatStanza){
		.from = g_strconcat("alice@", domain, NULL),
		.domain = g_strdup(domain),
		.text = g_strdup(text),
	};
}

static void append(ChatStanza *stanza, void *data)
{
	g_string_append(data, stanza->text);
}

static void test_messages_wait_for_the_answer(void)
{
	g_autoptr(Rooms) rooms = rooms_new();
	g_autoptr(GString) heard = g_string_new(NULL);
	g_assert_cmpint(rooms_look(rooms, "b.test", 1), ==, ROOMS_ASK);
	for (unsigned i = 0; i < 20; i++) {
		g_auto(ChatStanza) stanza = message("b.test", "x");
		rooms_keep(rooms, &stanza);
		g_assert_cmpint(rooms_look(rooms, "b.test", 1), ==, ROOMS_ASKED);
	}
	g_autofree char *id = g_strdup(rooms_question(rooms, "b.test"));
	rooms_answer(rooms, "b.test", "another", false, append, heard);
	rooms_answer(rooms, "c.test", id, false, append, heard);
	g_assert_cmpstr(heard->str, ==, "");
	rooms_answer(rooms, "b.test", id, false, append, heard);
	g_assert_cmpstr(heard->str, ==, "xxxxxxxx");
	g_assert_cmpint(rooms_look(rooms, "b.test", 2), ==, ROOMS_PEOPLE);
	g_assert_cmpint(rooms_look(rooms, "b.test", 2 * G_TIME_SPAN_HOUR), ==, ROOMS_ASK);
}

static void test_c4_rooms_are_no_people(void)
{
	g_autoptr(Rooms) rooms = rooms_new();
	g_autoptr(GString) heard = g_string_new(NULL);
	g_assert_cmpint(rooms_look(rooms, "muc.test", 1), ==, ROOMS_ASK);
	g_auto(ChatStanza) stanza = message("muc.test", "x");
	rooms_keep(rooms, &stanza);
	g_autofree char *id = g_strdup(rooms_question(rooms, "muc.test"));
	rooms_answer(rooms, "muc.test", id, true, append, heard);
	rooms_answer(rooms, "muc.test", id, false, append, heard);
	g_assert_cmpstr(heard->str, ==, "");
	g_assert_cmpint(rooms_look(rooms, "muc.test", 2), ==, ROOMS_ROOMS);
}

static void test_memory_is_bounded(void)
{
	g_autoptr(Rooms) rooms = rooms_new();
	for (unsigned i = 0; i < 10000; i++) {
		g_autofree char *domain = g_strdup_printf("d%u.test", i);
		g_assert_cmpint(rooms_look(rooms, domain, 1), ==, ROOMS_ASK);
		g_auto(ChatStanza) stanza = message(domain, "x");
		rooms_keep(rooms, &stanza);
	}
	g_assert_cmpint(rooms_look(rooms, "d0.test", 1), ==, ROOMS_ASK);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/server/chat/rooms/messages-wait-for-the-answer",
			test_messages_wait_for_the_answer);
	g_test_add_func("/server/chat/rooms/c4-rooms-are-no-people", test_c4_rooms_are_no_people);
	g_test_add_func("/server/chat/rooms/memory-is-bounded", test_memory_is_bounded);
	return g_test_run();
}
