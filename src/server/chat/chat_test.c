/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What signs somebody in and what does not, with a chat service in memory and a clock of the test.
 */
#include "server/chat/chat.h"

#include "base/error.h"
#include "base/limits.h"
#include "server/accounts/proof.h"
#include "server/chat/chat_memory.h"
#include "sql/ask.h"

#include <string.h>

#define SECOND_US G_TIME_SPAN_SECOND
#define MINUTE_US (60 * SECOND_US)
#define HOUR_US (60 * MINUTE_US)

typedef struct World {
	Sql *sql;
	Chat *chat;
	ChatDriver *driver;
	int64_t now_us;
	unsigned stops;
	bool stop_redeemed;
	char *stop_place;
	unsigned unkept;
	unsigned failures;
	ChatOutcome failed; /* the last */
} World;

static int64_t world_now(void *data)
{
	return ((World *)data)->now_us;
}

static bool world_knows(const char *provider, const char *address, void *data)
{
	return strcmp(address, "known@open.example") == 0;
}

static void world_stopped(const ChatStop *stop, void *data)
{
	World *world = data;
	world->stops++;
	world->stop_redeemed = stop->redeemed;
	g_free(world->stop_place);
	world->stop_place = g_strdup(stop->place);
	world->unkept += stop->error != NULL;
}

static void world_failed(const ChatFailure *failure, void *data)
{
	World *world = data;
	world->failures++;
	world->failed = failure->outcome;
	g_assert_cmpstr(failure->address, ==, "alice@own.example");
	g_assert_nonnull(failure->peer);
}

static void world_start(World *world)
{
	const ChatOptions options = {
		.sql = world->sql,
		.drive_name = "drive.example",
		.drive_url = "https://drive.example",
		.knows = world_knows,
		.stopped = world_stopped,
		.failed = world_failed,
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
	g_assert_cmpuint(world->unkept, ==, 0);
	chat_free(world->chat);
	sql_close(world->sql);
	g_free(world->stop_place);
}

/* ---- short forms ------------------------------------------------------------------------ */

static bool try_begin(World *world, const char *address, const char *browser, const char *peer,
		      ChatAttempt *ret_attempt, GError **error)
{
	const ChatAsk ask = {
		.address = address,
		.purpose = CHAT_SIGN_IN,
		.device = "Firefox on Linux",
		.place = "192.0.2.7",
		.peer = peer,
		.language = "en",
		.browser = browser,
	};
	return chat_begin(world->chat, &ask, ret_attempt, error);
}

static ChatAttempt begin(World *world, const char *address)
{
	ChatAttempt attempt = { NULL };
	g_autoptr(GError) error = NULL;
	try_begin(world, address, "browser", "192.0.2.7", &attempt, &error);
	g_assert_no_error(error);
	return attempt;
}

static ChatOutcome outcome(World *world, const ChatAttempt *attempt)
{
	ChatState state;
	g_autoptr(GError) error = NULL;
	chat_poll(world->chat, attempt->id, "browser", &state, &error);
	g_assert_no_error(error);
	return state.outcome;
}

static void write_in(World *world, const char *from, const char *thread, const char *text)
{
	const ChatReceived received = {
		.kind = CHAT_RECEIVED_TEXT,
		.from = from,
		.thread = thread,
		.text = text,
	};
	chat_memory_receive(world->driver, &received);
}

static void write_from(World *world, const char *from, const char *text)
{
	write_in(world, from, NULL, text);
}

static ChatMemoryMessage take(World *world)
{
	ChatMemoryMessage message = { NULL };
	g_assert_true(chat_memory_take(world->driver, &message));
	return message;
}

static void drop_messages(World *world)
{
	ChatMemoryMessage message = { NULL };
	while (chat_memory_take(world->driver, &message)) {
		chat_memory_message_clear(&message);
	}
}

static bool is_silent(World *world)
{
	g_auto(ChatMemoryMessage) message = { NULL };
	return !chat_memory_take(world->driver, &message);
}

static char *other_number(const ChatAttempt *attempt)
{
	return g_strdup(strcmp(attempt->number, "47") == 0 ? "48" : "47");
}

static bool redeem(World *world, const ChatAttempt *attempt, GError **error)
{
	g_auto(Proof) proof = { NULL };
	return chat_redeem(world->chat, attempt->id, "browser", &proof, error);
}

/* ---- the two ways ----------------------------------------------------------------------- */

static void test_number_proves(World *world, const void *data)
{
	g_auto(ChatAttempt) attempt = begin(world, " Alice@OWN.example/phone ");
	g_assert_cmpint(attempt.mode, ==, CHAT_ASK);
	g_assert_cmpstr(attempt.address, ==, "alice@own.example");
	g_assert_cmpuint(strlen(attempt.number), ==, 2);
	g_assert_null(attempt.code);
	g_assert_cmpint(outcome(world, &attempt), ==, CHAT_WAITING);
	g_auto(ChatMemoryMessage) question = take(world);
	g_assert_true(question.asks);
	g_assert_cmpstr(question.to, ==, "alice@own.example");
	write_from(world, "alice@own.example", attempt.number);
	g_assert_cmpint(outcome(world, &attempt), ==, CHAT_PROVED);
	g_auto(Proof) shown = { NULL };
	g_assert_true(chat_peek(world->chat, attempt.id, "browser", &shown, NULL));
	g_auto(Proof) proof = { NULL };
	g_assert_true(chat_redeem(world->chat, attempt.id, "browser", &proof, NULL));
	g_assert_cmpstr(proof.provider, ==, "memory");
	g_assert_cmpstr(proof.tenant, ==, "");
	g_assert_cmpstr(proof.subject, ==, "alice@own.example");
	g_assert_cmpstr(proof.chat_address, ==, "alice@own.example");
	g_assert_cmpstr(proof.username, ==, "alice");
	g_assert_cmpstr(shown.subject, ==, proof.subject);
	g_assert_true(proof_check(&proof, NULL));
	g_assert_cmpint(chat_register(world->chat, "memory", proof.subject), ==, ENTRY_AUTO);
}

static void test_code_proves(World *world, const void *data)
{
	g_auto(ChatAttempt) attempt = begin(world, "carol@open.example");
	g_assert_cmpint(attempt.mode, ==, CHAT_SEND);
	g_assert_cmpint(attempt.reason, ==, CHAT_REASON_UNKNOWN);
	g_assert_null(attempt.number);
	g_assert_cmpuint(strlen(attempt.code), ==, 14); /* 12 of 20 letters: 51 bits */
	g_assert_cmpstr(attempt.send_to, ==, "drive@chat.example");
	g_assert_nonnull(strstr(attempt.link, attempt.code));
	g_assert_true(is_silent(world)); /* c3: strangers are not written to */
	write_from(world, "mallory@open.example", attempt.code);
	g_assert_cmpint(outcome(world, &attempt), ==, CHAT_WAITING);
	g_assert_true(is_silent(world));
	write_from(world, "carol@open.example", attempt.code);
	g_assert_cmpint(outcome(world, &attempt), ==, CHAT_PROVED);
	g_auto(ChatMemoryMessage) told = take(world);
	g_assert_nonnull(strstr(told.text, "STOP"));
	g_assert_true(redeem(world, &attempt, NULL));
}

static void test_known_address_is_asked(World *world, const void *data)
{
	g_auto(ChatAttempt) attempt = begin(world, "known@open.example");
	g_assert_cmpint(attempt.mode, ==, CHAT_ASK);
}

static void test_c6_closed_domains_stay_out(World *world, const void *data)
{
	g_autoptr(GError) error = NULL;
	g_auto(ChatAttempt) attempt = { NULL };
	g_assert_false(
		try_begin(world, "alice@closed.example", "b", "192.0.2.7", &attempt, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN);
	g_assert_cmpint(chat_register(world->chat, "memory", "alice@closed.example"), ==,
			ENTRY_OFF);
}

/* ---- c1 --------------------------------------------------------------------------------- */

static void test_c1_only_the_browser_that_began(World *world, const void *data)
{
	g_auto(ChatAttempt) attempt = begin(world, "alice@own.example");
	write_from(world, "alice@own.example", attempt.number);
	ChatState state;
	g_auto(Proof) proof = { NULL };
	g_auto(ChatAttempt) shown = { NULL };
	g_autoptr(GError) error = NULL;
	g_assert_false(chat_poll(world->chat, attempt.id, "other", &state, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
	g_assert_false(chat_show(world->chat, attempt.id, "other", &shown, NULL));
	g_assert_false(chat_peek(world->chat, attempt.id, "other", &proof, NULL));
	g_assert_false(chat_redeem(world->chat, attempt.id, "other", &proof, NULL));
	g_assert_null(chat_watch(world->chat, attempt.id, "other", NULL, NULL, NULL));
	chat_cancel(world->chat, attempt.id, "other");
	g_assert_true(redeem(world, &attempt, NULL));
}

/* ---- c2 --------------------------------------------------------------------------------- */

static void test_c2_wrong_number_ends(World *world, const void *data)
{
	g_auto(ChatAttempt) attempt = begin(world, "alice@own.example");
	g_autofree char *wrong = other_number(&attempt);
	write_from(world, "alice@own.example", wrong);
	g_assert_cmpint(outcome(world, &attempt), ==, CHAT_WRONG_NUMBER);
	g_assert_cmpint(world->failed, ==, CHAT_WRONG_NUMBER);
	write_from(world, "alice@own.example", attempt.number);
	g_assert_cmpuint(world->failures, ==, 1);
	g_assert_cmpint(outcome(world, &attempt), ==, CHAT_WRONG_NUMBER);
	g_assert_false(redeem(world, &attempt, NULL));
}

static void test_c2_without_number_nobody_signs_in(World *world, const void *data)
{
	g_auto(ChatAttempt) attempt = begin(world, "alice@own.example");
	g_auto(ChatMemoryMessage) question = take(world);
	static const char *const answers[] = { "yes", "ok", "", "10 20 30 40 50 60 70 80 90" };
	for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
		write_from(world, "alice@own.example", answers[i]);
	}
	const ChatReceived pressed = {
		.kind = CHAT_RECEIVED_CONFIRM,
		.from = "alice@own.example",
		.thread = question.thread,
		.text = "",
	};
	chat_memory_receive(world->driver, &pressed);
	g_assert_cmpint(outcome(world, &attempt), ==, CHAT_WAITING);
	/* Told once how to answer, however much is written. */
	g_auto(ChatMemoryMessage) hint = take(world);
	g_assert_nonnull(strstr(hint.text, "two-digit"));
	g_assert_true(is_silent(world));
	write_from(world, "alice@own.example", attempt.number);
	g_assert_cmpint(outcome(world, &attempt), ==, CHAT_PROVED);
}

/* ---- c3 --------------------------------------------------------------------------------- */

static ChatMode begin_mode(World *world, const char *address, const char *browser,
			   ChatReason *ret_reason)
{
	g_auto(ChatAttempt) attempt = { NULL };
	g_autofree char *peer =
		g_strdup_printf("198.51.100.%" G_GINT64_FORMAT, world->now_us / MINUTE_US % 250);
	g_assert_true(try_begin(world, address, browser, peer, &attempt, NULL));
	*ret_reason = attempt.reason;
	return attempt.mode;
}

static void test_c3_one_open_question(World *world, const void *data)
{
	ChatReason reason;
	g_assert_cmpint(begin_mode(world, "alice@own.example", "one", &reason), ==, CHAT_ASK);
	g_assert_cmpint(begin_mode(world, "alice@own.example", "two", &reason), ==, CHAT_SEND);
	g_assert_cmpint(reason, ==, CHAT_REASON_LIMITED);
	/* The same browser that begins again gives up the first. */
	g_assert_cmpint(begin_mode(world, "alice@own.example", "one", &reason), ==, CHAT_ASK);
	g_assert_cmpint(begin_mode(world, "bob@own.example", "two", &reason), ==, CHAT_ASK);
}

static void test_c3_three_an_hour_ten_a_day(World *world, const void *data)
{
	unsigned asked_in_hour = 0;
	unsigned asked = 0;
	for (unsigned minute = 0; minute < 23 * 60; minute += 3) {
		ChatReason reason;
		bool asks = begin_mode(world, "alice@own.example", "b", &reason) == CHAT_ASK;
		asked += asks ? 1 : 0;
		asked_in_hour += asks && minute < 60 ? 1 : 0;
		drop_messages(world);
		world->now_us += 3 * MINUTE_US;
	}
	g_assert_cmpuint(asked_in_hour, ==, 3);
	g_assert_cmpuint(asked, ==, 10);
}

static void test_c3_nobody_is_locked_out(World *world, const void *data)
{
	ChatReason reason;
	for (unsigned i = 0; i < 10; i++) {
		begin_mode(world, "alice@own.example", "mallory", &reason);
		world->now_us += 3 * MINUTE_US;
	}
	g_auto(ChatAttempt) attempt = begin(world, "alice@own.example");
	g_assert_cmpint(attempt.reason, ==, CHAT_REASON_LIMITED);
	write_from(world, "alice@own.example", attempt.code);
	g_assert_true(redeem(world, &attempt, NULL));
}

static void test_c3_limits_of_a_peer(World *world, const void *data)
{
	unsigned begun = 0;
	for (unsigned i = 0; i < 100; i++) {
		g_auto(ChatAttempt) attempt = { NULL };
		g_autofree char *browser = g_strdup_printf("b%u", i);
		g_autoptr(GError) error = NULL;
		if (try_begin(world, "carol@open.example", browser, "192.0.2.9", &attempt,
			      &error)) {
			begun++;
		} else {
			g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_BUSY);
		}
	}
	g_assert_cmpuint(begun, ==, CHAT_ATTEMPTS_PER_PEER_MAX);
	for (unsigned minute = 0; minute < 50; minute += 5) {
		world->now_us += 5 * MINUTE_US;
		for (unsigned i = 0; i < 20; i++) {
			g_auto(ChatAttempt) attempt = { NULL };
			g_autofree char *browser = g_strdup_printf("b%u", i);
			begun += try_begin(world, "c@open.example", browser, "192.0.2.9", &attempt,
					   NULL);
		}
	}
	g_assert_cmpuint(begun, <=, CHAT_ATTEMPTS_PER_PEER_HOUR_MAX);
	g_auto(ChatAttempt) other = { NULL };
	g_assert_true(try_begin(world, "c@open.example", "x", "192.0.2.10", &other, NULL));
}

static void test_c3_attempts_are_bounded(World *world, const void *data)
{
	unsigned begun = 0;
	for (unsigned i = 0; i < CHAT_ATTEMPTS_MAX + 100; i++) {
		g_auto(ChatAttempt) attempt = { NULL };
		g_autofree char *name = g_strdup_printf("b%u", i);
		g_autofree char *peer = g_strdup_printf("10.%u.%u.1", i / 250, i % 250);
		begun += try_begin(world, "c@open.example", name, peer, &attempt, NULL);
	}
	g_assert_cmpuint(begun, ==, CHAT_ATTEMPTS_MAX);
	world->now_us += 10 * MINUTE_US;
	g_auto(ChatAttempt) later = begin(world, "alice@own.example");
}

/* ---- c4 --------------------------------------------------------------------------------- */

static void test_c4_late_answer_does_nothing(World *world, const void *data)
{
	g_auto(ChatAttempt) attempt = begin(world, "alice@own.example");
	g_auto(ChatAttempt) sending = { NULL };
	g_assert_true(try_begin(world, "carol@open.example", "b2", "192.0.2.8", &sending, NULL));
	drop_messages(world);
	g_assert_cmpuint(attempt.seconds, <=, 120);
	world->now_us += CHAT_ATTEMPT_S * SECOND_US;
	write_from(world, "alice@own.example", attempt.number);
	write_from(world, "carol@open.example", sending.code);
	g_assert_cmpint(outcome(world, &attempt), ==, CHAT_EXPIRED);
	g_assert_true(is_silent(world));
	g_assert_false(redeem(world, &attempt, NULL));
}

static void test_c4_last_second_counts(World *world, const void *data)
{
	g_auto(ChatAttempt) attempt = begin(world, "alice@own.example");
	world->now_us += CHAT_ATTEMPT_S * SECOND_US - 1;
	write_from(world, "alice@own.example", attempt.number);
	g_assert_cmpint(outcome(world, &attempt), ==, CHAT_PROVED);
	world->now_us += CHAT_ATTEMPT_S * SECOND_US;
	g_assert_cmpint(outcome(world, &attempt), ==, CHAT_EXPIRED);
	g_assert_false(redeem(world, &attempt, NULL));
}

static void test_c4_one_use(World *world, const void *data)
{
	g_auto(ChatAttempt) attempt = begin(world, "alice@own.example");
	write_from(world, "alice@own.example", attempt.number);
	drop_messages(world);
	write_from(world, "alice@own.example", attempt.number); /* twice changes nothing */
	g_assert_true(is_silent(world));
	g_assert_true(redeem(world, &attempt, NULL));
	g_autoptr(GError) error = NULL;
	g_assert_false(redeem(world, &attempt, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_CONFLICT);
	/* Nor does a right answer after a wrong end, or for the next attempt. */
	world->now_us += MINUTE_US;
	g_auto(ChatAttempt) next = begin(world, "alice@own.example");
	g_assert_cmpint(outcome(world, &next), ==, CHAT_WAITING);
}

static void test_c4_other_conversation_does_nothing(World *world, const void *data)
{
	g_auto(ChatAttempt) attempt = begin(world, "alice@own.example");
	g_auto(ChatMemoryMessage) question = take(world);
	write_in(world, "alice@own.example", "another-thread", attempt.number);
	write_in(world, "alice@own.example", "another-thread", "11");
	write_in(world, "alice@own.example", "another-thread", "no");
	g_assert_cmpint(outcome(world, &attempt), ==, CHAT_WAITING);
	g_assert_true(is_silent(world));
	write_in(world, "alice@own.example", question.thread, attempt.number);
	g_assert_cmpint(outcome(world, &attempt), ==, CHAT_PROVED);
}

static void test_c4_bounce_shows_at_once(World *world, const void *data)
{
	g_auto(ChatAttempt) attempt = begin(world, "alice@own.example");
	g_auto(ChatMemoryMessage) question = take(world);
	ChatReceived bounce = {
		.kind = CHAT_RECEIVED_BOUNCE,
		.from = "mallory@own.example",
		.answers = question.id,
		.text = attempt.number, /* c4: error-typed, so its text is no answer */
	};
	chat_memory_receive(world->driver, &bounce);
	bounce.from = "alice@own.example";
	bounce.answers = "another";
	chat_memory_receive(world->driver, &bounce);
	bounce.answers = NULL;
	chat_memory_receive(world->driver, &bounce);
	g_assert_cmpint(outcome(world, &attempt), ==, CHAT_WAITING);
	bounce.answers = question.id;
	chat_memory_receive(world->driver, &bounce);
	g_assert_cmpint(outcome(world, &attempt), ==, CHAT_BOUNCED);
}

static void test_c4_strangers_are_not_answered(World *world, const void *data)
{
	g_auto(ChatAttempt) attempt = begin(world, "alice@own.example");
	drop_messages(world);
	static const char *const texts[] = {
		"hello", "47", "STOP", "START", "no", "BCDF-GHJK-LMNP"
	};
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		write_from(world, "mallory@open.example", texts[i]);
	}
	write_from(world, "mallory@open.example", attempt.number);
	g_assert_true(is_silent(world));
	g_assert_cmpint(outcome(world, &attempt), ==, CHAT_WAITING);
	g_assert_cmpuint(world->stops, ==, 0);
}

/* ---- c5 --------------------------------------------------------------------------------- */

static void test_c5_question_names_all_but_the_number(World *world, const void *data)
{
	g_auto(ChatAttempt) attempt = begin(world, "alice@own.example");
	g_auto(ChatMemoryMessage) question = take(world);
	static const char *const parts[] = { "drive.example",    "sign in",
					     "Firefox on Linux", "192.0.2.7",
					     "two-digit number", "STOP" };
	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
		g_assert_nonnull(strstr(question.text, parts[i]));
	}
	/* Whoever does not see the page cannot answer. */
	g_autofree char *alone = g_strdup_printf("\\b%s\\b", attempt.number);
	g_assert_false(g_regex_match_simple(alone, question.text, 0, 0));
}

static void test_c5_stop_blocks_and_alerts(World *world, const void *data)
{
	g_auto(ChatAttempt) attempt = begin(world, "alice@own.example");
	drop_messages(world);
	write_from(world, "alice@own.example", "STOP");
	g_assert_cmpint(outcome(world, &attempt), ==, CHAT_STOPPED);
	g_assert_cmpuint(world->stops, ==, 1);
	g_assert_cmpstr(world->stop_place, ==, "192.0.2.7");
	g_assert_false(world->stop_redeemed);
	g_auto(ChatMemoryMessage) told = take(world);
	g_assert_nonnull(strstr(told.text, "START"));
	write_from(world, "alice@own.example", attempt.number);
	g_assert_false(redeem(world, &attempt, NULL));

	/* Also after a restart, until the owner says otherwise. */
	chat_free(world->chat);
	world_start(world);
	g_auto(ChatAttempt) stopped = begin(world, "alice@own.example");
	g_assert_cmpint(stopped.reason, ==, CHAT_REASON_STOPPED);
	g_assert_true(is_silent(world));
	write_from(world, "alice@own.example", stopped.code); /* his own way in stays open */
	g_assert_true(redeem(world, &stopped, NULL));
	write_from(world, "alice@own.example", "START");
	g_auto(ChatAttempt) again = begin(world, "alice@own.example");
	g_assert_cmpint(again.mode, ==, CHAT_ASK);
}

/* So many others have said STOP. */
static void fill_stopped(World *world, int64_t count)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(SqlSession) session = sql_write(world->sql, &error);
	g_assert_no_error(error);
	ask_run(session,
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)"
		" INSERT INTO chat_stopped SELECT 'memory', i || '@own.example', 0 FROM n"
		" WHERE i > (SELECT COUNT(*) FROM chat_stopped)",
		ASK_VALUES(ASK_INT(count)), &error);
	g_assert_no_error(error);
	sql_commit(session, &error);
	g_assert_no_error(error);
}

/* Whether the answer says that it is for good. */
static bool stop(World *world, const char *address)
{
	unsigned unkept = world->unkept;
	drop_messages(world);
	write_from(world, address, "STOP");
	g_auto(ChatMemoryMessage) told = take(world);
	bool kept = !strstr(told.text, "answer STOP again");
	g_assert_true(kept == (world->unkept == unkept));
	return kept;
}

static void test_c5_stop_is_kept_or_says_so(World *world, const void *data)
{
	fill_stopped(world, CHAT_STOPPED_MAX / 2);
	/* The rest of the world does not take the places of the operator's own people. */
	g_auto(ChatAttempt) stranger = begin(world, "carol@open.example");
	g_assert_false(stop(world, "carol@open.example"));
	g_assert_true(stop(world, "alice@own.example"));
	fill_stopped(world, CHAT_STOPPED_MAX);
	g_assert_true(stop(world, "alice@own.example"));
	g_assert_false(stop(world, "bob@own.example"));
	g_assert_true(stop(world, "known@open.example"));
	world->unkept = 0;
	/* Whom it forgets is not written to, nor anybody else who may have said it. */
	chat_free(world->chat);
	world_start(world);
	static const char *const people[] = { "bob@own.example", "dave@own.example" };
	for (size_t i = 0; i < G_N_ELEMENTS(people); i++) {
		g_auto(ChatAttempt) attempt = begin(world, people[i]);
		g_assert_cmpint(attempt.reason, ==, CHAT_REASON_LIMITED);
	}
	g_auto(ChatAttempt) stopped = begin(world, "known@open.example");
	g_assert_cmpint(stopped.reason, ==, CHAT_REASON_STOPPED);
	g_assert_true(is_silent(world));
	write_from(world, "known@open.example", "START");
	g_auto(ChatAttempt) known = begin(world, "known@open.example");
	g_assert_cmpint(known.mode, ==, CHAT_ASK);
}

static void test_c5_stop_takes_back_a_proof(World *world, const void *data)
{
	g_auto(ChatAttempt) attempt = begin(world, "alice@own.example");
	write_from(world, "alice@own.example", attempt.number);
	g_auto(Proof) fetched = { NULL };
	g_assert_true(chat_peek(world->chat, attempt.id, "browser", &fetched, NULL));
	write_from(world, "alice@own.example", "stop");
	g_assert_cmpint(outcome(world, &attempt), ==, CHAT_STOPPED);
	g_autoptr(GError) error = NULL;
	g_assert_false(redeem(world, &attempt, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN);
	g_assert_false(world->stop_redeemed);
}

static void test_c5_stop_after_a_login_says_so(World *world, const void *data)
{
	g_auto(ChatAttempt) attempt = begin(world, "alice@own.example");
	write_from(world, "alice@own.example", attempt.number);
	g_assert_true(redeem(world, &attempt, NULL));
	world->now_us += 10 * MINUTE_US;
	drop_messages(world);
	write_from(world, "alice@own.example", "stop");
	g_assert_true(world->stop_redeemed);
	g_auto(ChatMemoryMessage) told = take(world);
	g_assert_nonnull(strstr(told.text, "devices"));
}

/* ---- around ----------------------------------------------------------------------------- */

static void wake(void *data)
{
	++*(unsigned *)data;
}

static void test_watches_wake_once(World *world, const void *data)
{
	g_auto(ChatAttempt) attempt = begin(world, "alice@own.example");
	unsigned woken[CHAT_WATCHES_MAX] = { 0 };
	ChatWatch *watches[CHAT_WATCHES_MAX];
	for (size_t i = 0; i < CHAT_WATCHES_MAX; i++) {
		watches[i] = chat_watch(world->chat, attempt.id, "browser", wake, &woken[i], NULL);
		g_assert_nonnull(watches[i]);
	}
	g_autoptr(GError) error = NULL;
	g_assert_null(chat_watch(world->chat, attempt.id, "browser", wake, woken, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_BUSY);
	chat_unwatch(world->chat, watches[0]);
	write_from(world, "alice@own.example", "hello");
	g_assert_cmpuint(woken[1], ==, 0);
	write_from(world, "alice@own.example", attempt.number);
	write_from(world, "alice@own.example", "stop");
	g_assert_cmpuint(woken[0], ==, 0);
	for (size_t i = 1; i < CHAT_WATCHES_MAX; i++) {
		g_assert_cmpuint(woken[i], ==, 1);
	}
	/* Also when the attempt is forgotten before. */
	world->now_us += 2 * HOUR_US;
	g_auto(ChatAttempt) other = begin(world, "bob@own.example");
	for (size_t i = 1; i < CHAT_WATCHES_MAX; i++) {
		chat_unwatch(world->chat, watches[i]);
	}
	chat_unwatch(world->chat, NULL);
}

static void test_says_when_the_server_is_away(World *world, const void *data)
{
	g_assert_true(chat_is_there(world->chat));
	g_assert_true(chat_is_online(world->chat, "memory"));
	g_assert_false(chat_is_online(world->chat, "other"));
	chat_memory_set_online(world->driver, false);
	g_assert_false(chat_is_online(world->chat, NULL));
	g_autoptr(GError) error = NULL;
	g_auto(ChatAttempt) attempt = { NULL };
	g_assert_false(try_begin(world, "alice@own.example", "b", "192.0.2.7", &attempt, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_OFFLINE);
	chat_memory_set_online(world->driver, true);
	g_assert_true(try_begin(world, "alice@own.example", "b", "192.0.2.7", &attempt, NULL));
	g_assert_cmpint(attempt.mode, ==, CHAT_ASK);
}

static void test_notices_are_bounded(World *world, const void *data)
{
	unsigned sent = 0;
	for (unsigned i = 0; i < 100; i++) {
		g_autoptr(GError) error = NULL;
		if (chat_notify(world->chat, "memory", "alice@own.example",
				"A new device:\nlaptop\u202e", &error)) {
			sent++;
			g_auto(ChatMemoryMessage) message = take(world);
			g_assert_cmpstr(message.text, ==, "A new device:\nlaptop");
			g_assert_false(message.asks);
		} else {
			g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_BUSY);
		}
	}
	g_assert_cmpuint(sent, ==, CHAT_NOTICES_PER_HOUR_MAX);
	g_assert_false(chat_notify(world->chat, "qq", "1", "x", NULL));
}

static void test_no_ends_the_attempt(World *world, const void *data)
{
	g_auto(ChatAttempt) attempt = begin(world, "alice@own.example");
	write_from(world, "alice@own.example", "No!");
	g_assert_cmpint(outcome(world, &attempt), ==, CHAT_REFUSED);
	g_assert_cmpuint(world->stops, ==, 0);
}

static void test_shows_again_and_cancels(World *world, const void *data)
{
	g_auto(ChatAttempt) attempt = begin(world, "alice@own.example");
	world->now_us += MINUTE_US;
	g_auto(ChatAttempt) shown = { NULL };
	g_assert_true(chat_show(world->chat, attempt.id, "browser", &shown, NULL));
	g_assert_cmpstr(shown.number, ==, attempt.number);
	g_assert_cmpuint(shown.seconds, ==, 60);
	chat_cancel(world->chat, attempt.id, "browser");
	g_assert_cmpint(outcome(world, &attempt), ==, CHAT_CANCELLED);
	write_from(world, "alice@own.example", attempt.number);
	g_assert_cmpint(outcome(world, &attempt), ==, CHAT_CANCELLED);
}

static void test_stop_counts_though_the_disk_fails(World *world, const void *data)
{
	/* Nobody can say whether he said STOP: so he is not asked. */
	sql_fault_set(world->sql, 1);
	g_auto(ChatAttempt) attempt = begin(world, "alice@own.example");
	g_assert_cmpint(attempt.mode, ==, CHAT_SEND);
	sql_fault_set(world->sql, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, function) \
	g_test_add("/server/chat/chat/" name, World, NULL, world_open, function, world_close)
	ADD("number-proves", test_number_proves);
	ADD("code-proves", test_code_proves);
	ADD("known-address-is-asked", test_known_address_is_asked);
	ADD("c6-closed-domains-stay-out", test_c6_closed_domains_stay_out);
	ADD("c1-only-the-browser-that-began", test_c1_only_the_browser_that_began);
	ADD("c2-wrong-number-ends", test_c2_wrong_number_ends);
	ADD("c2-without-number-nobody-signs-in", test_c2_without_number_nobody_signs_in);
	ADD("c3-one-open-question", test_c3_one_open_question);
	ADD("c3-three-an-hour-ten-a-day", test_c3_three_an_hour_ten_a_day);
	ADD("c3-nobody-is-locked-out", test_c3_nobody_is_locked_out);
	ADD("c3-limits-of-a-peer", test_c3_limits_of_a_peer);
	ADD("c3-attempts-are-bounded", test_c3_attempts_are_bounded);
	ADD("c4-late-answer-does-nothing", test_c4_late_answer_does_nothing);
	ADD("c4-last-second-counts", test_c4_last_second_counts);
	ADD("c4-one-use", test_c4_one_use);
	ADD("c4-other-conversation-does-nothing", test_c4_other_conversation_does_nothing);
	ADD("c4-bounce-shows-at-once", test_c4_bounce_shows_at_once);
	ADD("c4-strangers-are-not-answered", test_c4_strangers_are_not_answered);
	ADD("c5-question-names-all-but-the-number", test_c5_question_names_all_but_the_number);
	ADD("c5-stop-blocks-and-alerts", test_c5_stop_blocks_and_alerts);
	ADD("c5-stop-is-kept-or-says-so", test_c5_stop_is_kept_or_says_so);
	ADD("c5-stop-takes-back-a-proof", test_c5_stop_takes_back_a_proof);
	ADD("c5-stop-after-a-login-says-so", test_c5_stop_after_a_login_says_so);
	ADD("watches-wake-once", test_watches_wake_once);
	ADD("says-when-the-server-is-away", test_says_when_the_server_is_away);
	ADD("notices-are-bounded", test_notices_are_bounded);
	ADD("no-ends-the-attempt", test_no_ends_the_attempt);
	ADD("shows-again-and-cancels", test_shows_again_and_cancels);
	ADD("c5-stop-counts-though-the-disk-fails", test_stop_counts_though_the_disk_fails);
	return g_test_run();
}
