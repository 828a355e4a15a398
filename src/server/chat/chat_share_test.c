/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom the drive brings a link, and whom not, with a chat service in memory and a clock of the
 * test.
 */
#include "server/chat/chat_share.h"

#include "base/error.h"
#include "base/limits.h"
#include "server/chat/chat_memory.h"

#include <string.h>

#define HOUR_US (3600 * G_TIME_SPAN_SECOND)
#define LINK "https://drive.example/s/secret"

typedef struct World {
	Sql *sql;
	Chat *chat;
	ChatDriver *driver;
	int64_t now_us;
	bool forgets; /* whom it knew */
	unsigned rooms_waiting_max;
	unsigned stops;
	bool stop_asked;
} World;

static int64_t world_now(void *data)
{
	return ((World *)data)->now_us;
}

static bool world_knows(const char *provider, const char *address, void *data)
{
	return !((World *)data)->forgets && g_str_has_prefix(address, "known@");
}

static char *world_language(const char *provider, const char *address, void *data)
{
	return g_str_has_prefix(address, "known@") ? g_strdup("zh-CN") : NULL;
}

static void world_stopped(const ChatStop *stop, void *data)
{
	World *world = data;
	world->stops++;
	world->stop_asked = stop->asked;
}

static void world_start(World *world)
{
	const ChatOptions options = {
		.sql = world->sql,
		.drive_name = "drive.example",
		.drive_url = "https://drive.example",
		.knows = world_knows,
		.language = world_language,
		.stopped = world_stopped,
		.rooms_waiting_max = world->rooms_waiting_max,
		.data = world,
		.now_us = world_now,
		.now_data = world,
	};
	g_autoptr(GError) error = NULL;
	world->chat = chat_new(&options, &error);
	g_assert_no_error(error);
	world->driver = chat_memory_new();
	g_assert_true(chat_add(world->chat, world->driver, &error));
}

static void world_open(World *world, const void *data)
{
	g_autoptr(GError) error = NULL;
	world->now_us = HOUR_US;
	world->sql = sql_open(":memory:", &(const SqlOptions){ .durability = SQL_ORDERED }, &error);
	g_assert_no_error(error);
	world_start(world);
}

static void world_close(World *world, const void *data)
{
	chat_free(world->chat);
	sql_close(world->sql);
}

/* ---- short forms ------------------------------------------------------------------------ */

static bool try_send(World *world, int64_t account, const char *to, GError **error)
{
	const ChatShare share = {
		.to = to,
		.account = account,
		.name = "alice",
		.address = "alice@own.example",
		.what = "plan.odt",
		.link = LINK,
	};
	g_autofree char *address = NULL;
	bool sent = chat_share_send(world->chat, &share, &address, error);
	g_assert_true(sent == (address != NULL));
	return sent;
}

static void send(World *world, const char *to)
{
	g_autoptr(GError) error = NULL;
	try_send(world, 1, to, &error);
	g_assert_no_error(error);
}

/* What is answered when it is not sent; nothing is written to anybody. */
static char *refusal(World *world, const char *to, DriveError code)
{
	g_autoptr(GError) error = NULL;
	g_auto(ChatMemoryMessage) message = { NULL };
	g_assert_false(try_send(world, 1, to, &error));
	g_assert_error(error, DRIVE_ERROR, (int)code);
	g_assert_false(chat_memory_take(world->driver, &message));
	return g_strdup(error->message);
}

static ChatMemoryMessage take(World *world)
{
	ChatMemoryMessage message = { NULL };
	g_assert_true(chat_memory_take(world->driver, &message));
	return message;
}

static void write_from(World *world, const char *from, const char *text)
{
	const ChatReceived received = { .kind = CHAT_RECEIVED_TEXT, .from = from, .text = text };
	chat_memory_receive(world->driver, &received);
}

/* ---- tests ------------------------------------------------------------------------------ */

static void test_says_who_what_and_how_to_stop(World *world, const void *data)
{
	g_autoptr(GError) error = NULL;
	const ChatShare share = {
		.to = " xmpp:Bob@OWN.example/phone ",
		.account = 1,
		.name = "alice\n\u202e",
		.address = "alice@own.example",
		.what = "a\nb",
		.folder = true,
		.link = LINK,
	};
	g_autofree char *to = NULL;
	g_assert_true(chat_share_send(world->chat, &share, &to, &error));
	g_assert_cmpstr(to, ==, "bob@own.example");
	g_auto(ChatMemoryMessage) message = take(world);
	g_assert_cmpstr(message.to, ==, "bob@own.example");
	g_assert_false(message.asks);
	g_assert_cmpstr(message.text, ==,
			"alice (alice@own.example) shares the folder \"a b\" on drive.example with "
			"you:\n" LINK "\n"
			"Whoever has this link can look into it.\n"
			"To get no such messages: answer STOP.");
}

static void test_in_the_receivers_language(World *world, const void *data)
{
	send(world, "known@open.example");
	g_auto(ChatMemoryMessage) known = take(world);
	g_assert_nonnull(strstr(known.text, "共享文件“plan.\u2060odt”"));
	/* Of whom none is known, the sender's is the likeliest. */
	const ChatShare share = {
		.to = "bob@own.example",
		.name = "alice",
		.what = "plan.odt",
		.language = "zh",
		.link = LINK,
	};
	g_autofree char *to = NULL;
	g_assert_true(chat_share_send(world->chat, &share, &to, NULL));
	g_auto(ChatMemoryMessage) other = take(world);
	g_assert_nonnull(strstr(other.text, "alice 在 drive.example"));
}

static void test_c3_strangers_are_not_written_to(World *world, const void *data)
{
	static const char *const strangers[] = { "carol@open.example", "carol@closed.example",
						 "known@closed.example", "drive@chat.example" };
	for (size_t i = 0; i < G_N_ELEMENTS(strangers); i++) {
		g_autofree char *text = refusal(world, strangers[i], DRIVE_ERROR_FORBIDDEN);
		g_assert_nonnull(strstr(text, "send the link yourself"));
	}
	g_autofree char *none = refusal(world, "nobody", DRIVE_ERROR_INVALID);
	send(world, "known@open.example");
}

static void test_c3_who_said_stop_is_left_alone(World *world, const void *data)
{
	send(world, "bob@own.example");
	g_auto(ChatMemoryMessage) message = take(world);
	/* He answers when the drive has long forgotten what it wrote. */
	chat_free(world->chat);
	world_start(world);
	world->now_us += 100 * HOUR_US;
	write_from(world, "bob@own.example", "STOP");
	g_assert_cmpuint(world->stops, ==, 1);
	g_assert_false(world->stop_asked);
	g_auto(ChatMemoryMessage) told = take(world);
	g_assert_nonnull(strstr(told.text, "neither questions nor links"));
	g_assert_nonnull(strstr(told.text, "START"));
	g_autofree char *text = refusal(world, "bob@own.example", DRIVE_ERROR_FORBIDDEN);
	g_assert_cmpstr(text, ==,
			"'bob@own.example' does not want messages of the drive; send the link "
			"yourself");
	write_from(world, "bob@own.example", "START");
	g_auto(ChatMemoryMessage) again = take(world);
	send(world, "bob@own.example");
}

/* Somebody the drive knew, and does no longer, when he answers. */
static void test_c3_stop_of_whom_a_link_was_sent(World *world, const void *data)
{
	write_from(world, "carol@open.example", "STOP");
	g_assert_cmpuint(world->stops, ==, 0);
	send(world, "known@open.example");
	g_auto(ChatMemoryMessage) message = take(world);
	world->forgets = true;
	write_from(world, "known@open.example", "STOP");
	g_assert_cmpuint(world->stops, ==, 1);
	g_auto(ChatMemoryMessage) told = take(world);
	g_assert_nonnull(strstr(told.text, "不会再向这个账号发送"));
}

static void test_c3_a_person_gets_few(World *world, const void *data)
{
	unsigned sent = 0;
	for (unsigned hour = 0; hour < 24; hour++) {
		/* Whoever sends them. */
		for (unsigned i = 0; i < 2 * CHAT_SHARES_PER_HOUR_MAX; i++) {
			g_autoptr(GError) error = NULL;
			bool done = try_send(world, 100 + i, "bob@own.example", &error);
			g_assert_true(done ||
				      g_error_matches(error, DRIVE_ERROR, DRIVE_ERROR_BUSY));
			sent += done;
		}
		g_assert_cmpuint(
			sent, ==,
			MIN((hour + 1) * CHAT_SHARES_PER_HOUR_MAX, CHAT_SHARES_PER_DAY_MAX));
		world->now_us += HOUR_US;
	}
	g_assert_true(try_send(world, 1, "carol@own.example", NULL));
}

static void test_c3_an_account_sends_few(World *world, const void *data)
{
	/* What is refused counts, too: nobody tries out whom the drive knows. */
	for (unsigned i = 0; i < CHAT_SHARES_PER_SENDER_HOUR_MAX; i++) {
		g_autofree char *to =
			g_strdup_printf("person%u@%s.example", i, i % 2 ? "own" : "open");
		g_assert_true(try_send(world, 1, to, NULL) == (i % 2 == 1));
	}
	g_autoptr(GError) error = NULL;
	g_assert_false(try_send(world, 1, "known@open.example", &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_BUSY);
	g_assert_nonnull(strstr(error->message, "you had the drive send many"));
	g_assert_true(try_send(world, 2, "known@open.example", NULL));
	unsigned sent = CHAT_SHARES_PER_SENDER_HOUR_MAX;
	for (unsigned i = 0; i < 1000; i++) {
		g_autofree char *to = g_strdup_printf("other%u@own.example", i);
		world->now_us += HOUR_US / 60;
		sent += try_send(world, 1, to, NULL);
	}
	g_assert_cmpuint(sent, ==, CHAT_SHARES_PER_SENDER_DAY_MAX);
}

static void test_a_room_is_told(World *world, const void *data)
{
	send(world, "Plans@ROOMS.example");
	g_auto(ChatMemoryMessage) message = take(world);
	g_assert_cmpstr(message.to, ==, "plans@rooms.example");
	g_assert_cmpstr(message.name, ==, "drive.example");
	g_assert_nonnull(strstr(message.text, "alice (alice@own.example) shares the file"));
	g_assert_nonnull(strstr(message.text, "with this room:\n" LINK));
	/* Nobody in it can say so. */
	g_assert_null(strstr(message.text, "STOP"));
	g_autofree char *text = refusal(world, "closed@rooms.example", DRIVE_ERROR_FORBIDDEN);
	g_assert_cmpstr(text, ==, "the room is closed");
	send(world, "bob@own.example");
	g_auto(ChatMemoryMessage) person = take(world);
	g_assert_null(person.name);
	chat_memory_set_online(world->driver, false);
	g_autofree char *away = refusal(world, "plans@rooms.example", DRIVE_ERROR_BUSY);
}

static bool go_away(const char *provider, const char *address, void *data, GError **error)
{
	chat_memory_set_online(((World *)data)->driver, false);
	return true;
}

static void test_a_room_is_not_reached_any_more(World *world, const void *data)
{
	const ChatShare share = {
		.to = "plans@rooms.example",
		.name = "alice",
		.what = "plan.odt",
		.link = LINK,
		.sending = go_away,
		.data = world,
	};
	g_autofree char *to = NULL;
	g_autoptr(GError) error = NULL;
	g_assert_false(chat_share_send(world->chat, &share, &to, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_BUSY);
	g_assert_nonnull(strstr(error->message, "send the link yourself"));
}

static void test_c3_a_room_gets_few(World *world, const void *data)
{
	unsigned sent = 0;
	for (unsigned hour = 0; hour < 24; hour++) {
		for (unsigned i = 0; i < 2 * CHAT_SHARES_PER_ROOM_HOUR_MAX; i++) {
			sent += try_send(world, 100 + i, "plans@rooms.example", NULL);
		}
		world->now_us += HOUR_US;
	}
	g_assert_cmpuint(sent, ==, CHAT_SHARES_PER_ROOM_DAY_MAX);
	send(world, "other@rooms.example");
	send(world, "bob@own.example");
}

/* A thread that waits for a slow room of its own. */
typedef struct Waiter {
	World *world;
	unsigned number;
	int64_t account;
	GThread *thread;
} Waiter;

static void *wait_for_room(void *data)
{
	const Waiter *waiter = data;
	g_autofree char *to = g_strdup_printf("slow%u@rooms.example", waiter->number);
	g_assert_true(try_send(waiter->world, waiter->account, to, NULL));
	return NULL;
}

static void start_waiting(World *world, Waiter *waiter, unsigned number, int64_t account)
{
	*waiter = (Waiter){ .world = world, .number = number, .account = account };
	waiter->thread = g_thread_new("wait", wait_for_room, waiter);
}

static void end_waiting(World *world, Waiter *waiters, unsigned count)
{
	chat_memory_release_slow(world->driver);
	for (unsigned i = 0; i < count; i++) {
		g_thread_join(waiters[i].thread);
	}
}

static void assert_no_place(World *world, int64_t account, const char *why)
{
	g_autoptr(GError) error = NULL;
	g_assert_false(try_send(world, account, "plans@rooms.example", &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_BUSY);
	g_assert_nonnull(strstr(error->message, why));
	g_assert_nonnull(strstr(error->message, "again"));
	g_assert_nonnull(strstr(error->message, "send the link yourself"));
}

static void test_one_waits_for_few_rooms(World *world, const void *data)
{
	Waiter waiters[CHAT_ROOMS_WAITING_ACCOUNT_MAX];
	for (unsigned i = 0; i < G_N_ELEMENTS(waiters); i++) {
		start_waiting(world, &waiters[i], i, 1);
	}
	chat_memory_await_slow(world->driver, G_N_ELEMENTS(waiters));
	/* What is refused so does not count for the room. */
	for (unsigned i = 0; i < CHAT_SHARES_PER_ROOM_HOUR_MAX; i++) {
		assert_no_place(world, 1, "other links of yours");
	}
	g_assert_true(try_send(world, 1, "bob@own.example", NULL));
	g_assert_true(try_send(world, 2, "plans@rooms.example", NULL));
	end_waiting(world, waiters, G_N_ELEMENTS(waiters));
	g_assert_true(try_send(world, 1, "plans@rooms.example", NULL));
}

static void test_few_wait_for_rooms(World *world, const void *data)
{
	Waiter waiters[CHAT_ROOMS_WAITING_MAX];
	for (unsigned i = 0; i < G_N_ELEMENTS(waiters); i++) {
		start_waiting(world, &waiters[i], i, 100 + i);
	}
	chat_memory_await_slow(world->driver, G_N_ELEMENTS(waiters));
	assert_no_place(world, 1, "many links");
	end_waiting(world, waiters, G_N_ELEMENTS(waiters));
	g_assert_true(try_send(world, 1, "plans@rooms.example", NULL));
}

static void test_fewer_where_few_work(World *world, const void *data)
{
	Waiter waiter;
	chat_free(world->chat);
	world->rooms_waiting_max = 1;
	world_start(world);
	start_waiting(world, &waiter, 0, 100);
	chat_memory_await_slow(world->driver, 1);
	assert_no_place(world, 1, "many links");
	end_waiting(world, &waiter, 1);
	g_assert_true(try_send(world, 1, "plans@rooms.example", NULL));
}

static void test_says_when_the_server_is_away(World *world, const void *data)
{
	chat_memory_set_online(world->driver, false);
	g_autofree char *text = refusal(world, "bob@own.example", DRIVE_ERROR_BUSY);
	g_assert_nonnull(strstr(text, "cannot reach its chat server"));
	chat_memory_set_online(world->driver, true);
	send(world, "bob@own.example");
}

static void test_without_a_service_there_is_none(void)
{
	g_autoptr(GError) error = NULL;
	Sql *sql = sql_open(":memory:", &(const SqlOptions){ .durability = SQL_ORDERED }, &error);
	const ChatOptions options = { .sql = sql, .drive_name = "d", .drive_url = "https://d" };
	Chat *chat = chat_new(&options, &error);
	g_assert_no_error(error);
	const ChatShare share = { .to = "bob@own.example", .name = "a", .what = "b", .link = LINK };
	g_autofree char *to = NULL;
	g_assert_false(chat_share_send(chat, &share, &to, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_UNSUPPORTED);
	chat_free(chat);
	sql_close(sql);
}

static void add(const char *name, void (*test)(World *, const void *))
{
	g_autofree char *path = g_strconcat("/server/chat/chat_share/", name, NULL);
	g_test_add(path, World, NULL, world_open, test, world_close);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add("says-who-what-and-how-to-stop", test_says_who_what_and_how_to_stop);
	add("in-the-receivers-language", test_in_the_receivers_language);
	add("c3-strangers-are-not-written-to", test_c3_strangers_are_not_written_to);
	add("c3-who-said-stop-is-left-alone", test_c3_who_said_stop_is_left_alone);
	add("c3-stop-of-whom-a-link-was-sent", test_c3_stop_of_whom_a_link_was_sent);
	add("c3-a-person-gets-few", test_c3_a_person_gets_few);
	add("c3-an-account-sends-few", test_c3_an_account_sends_few);
	add("a-room-is-told", test_a_room_is_told);
	add("a-room-is-not-reached-any-more", test_a_room_is_not_reached_any_more);
	add("c3-a-room-gets-few", test_c3_a_room_gets_few);
	add("one-waits-for-few-rooms", test_one_waits_for_few_rooms);
	add("few-wait-for-rooms", test_few_wait_for_rooms);
	add("fewer-where-few-work", test_fewer_where_few_work);
	add("says-when-the-server-is-away", test_says_when_the_server_is_away);
	g_test_add_func("/server/chat/chat_share/without-a-service-there-is-none",
			test_without_a_service_there_is_none);
	return g_test_run();
}
