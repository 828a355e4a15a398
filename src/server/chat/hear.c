/* SPDX-License-Identifier: Apache-2.0 */
#include "server/chat/hear.h"

#include "server/chat/chat_internal.h"
#include "server/chat/stopped.h"

#include <string.h>

static void reply(const ChatLine *line, const ChatReceived *received, const char *text)
{
	const ChatMessage message = {
		.to = received->from,
		.thread = received->thread,
		.text = text,
	};
	/* A courtesy: what was decided stands in the page too. */
	line->driver->ops->send(line->driver, &message, 0, NULL);
}

/* Locked. */
static void reply_about(const ChatLine *line, const ChatReceived *received, Words words,
			const Attempt *attempt)
{
	g_autofree char *text = chat_say(line->chat, words, attempt);
	reply(line, received, text);
}

/* Locked. NULL unless this person is being asked, in this conversation as far as he says. */
static Attempt *asked_attempt(const ChatLine *line, const ChatReceived *received)
{
	return attempts_find_asked(line->chat->attempts, line->driver->provider, received->from,
				   received->thread, chat_now_us(line->chat));
}

/* Locked. */
static void finish(const ChatLine *line, const ChatReceived *received, Attempt *attempt,
		   ChatOutcome outcome)
{
	Words words = outcome == CHAT_REFUSED        ? WORDS_REFUSED
		      : outcome == CHAT_WRONG_NUMBER ? WORDS_WRONG
		      : attempt->mode == CHAT_SEND   ? WORDS_PROVED_CODE
						     : WORDS_PROVED;
	attempts_set(line->chat->attempts, attempt, outcome, chat_now_us(line->chat));
	reply_about(line, received, words, attempt);
}

/* What is to be told of an answer, once the lock is free; outcome CHAT_WAITING: nothing. */
typedef struct Failure {
	ChatOutcome outcome;
	char *peer;
} Failure;

/* Locked. */
static void fail(const ChatLine *line, const ChatReceived *received, Attempt *attempt,
		 Failure *ret_failure)
{
	ret_failure->peer = g_strdup(attempt->peer);
	finish(line, received, attempt, ret_failure->outcome);
}

static void receive_number(const ChatLine *line, const ChatReceived *received, const char *number,
			   Failure *ret_failure)
{
	Attempt *attempt = asked_attempt(line, received);
	if (!attempt) {
		return;
	}
	if (sodium_memcmp(attempt->number, number, strlen(attempt->number)) == 0) {
		finish(line, received, attempt, CHAT_PROVED);
		return;
	}
	ret_failure->outcome = CHAT_WRONG_NUMBER;
	fail(line, received, attempt, ret_failure);
}

static void receive_code(const ChatLine *line, const ChatReceived *received, const char *code)
{
	Chat *chat = line->chat;
	Attempt *attempt = attempts_find_code(chat->attempts, code, chat_now_us(chat));
	/* From another address it is silence, as for a code that is none. */
	if (attempt && strcmp(attempt->provider, line->driver->provider) == 0 &&
	    strcmp(attempt->address, received->from) == 0) {
		finish(line, received, attempt, CHAT_PROVED);
	}
}

static void receive_no(const ChatLine *line, const ChatReceived *received, Failure *ret_failure)
{
	Attempt *attempt = asked_attempt(line, received);
	if (attempt) {
		ret_failure->outcome = CHAT_REFUSED;
		fail(line, received, attempt, ret_failure);
	}
}

static void receive_other(const ChatLine *line, const ChatReceived *received)
{
	Attempt *attempt = asked_attempt(line, received);
	if (attempt && !attempt->hinted) {
		attempt->hinted = true;
		reply_about(line, received, WORDS_HINT, attempt);
	}
}

static void receive_bounce(const ChatLine *line, const ChatReceived *received)
{
	Chat *chat = line->chat;
	Attempt *attempt = received->answers
				   ? attempts_find_message(chat->attempts, received->answers,
							   chat_now_us(chat))
				   : NULL;
	if (attempt && strcmp(attempt->provider, line->driver->provider) == 0 &&
	    strcmp(attempt->address, received->from) == 0) {
		attempts_set(chat->attempts, attempt, CHAT_BOUNCED, chat_now_us(chat));
	}
}

/* ---- STOP and START --------------------------------------------------------------------- */

typedef struct Stopping {
	int64_t now_us;
	bool ends; /* else only looks */
	bool concerned;
	bool asked;
	bool redeemed;
	int64_t last_us;
	char *device; /* of the last attempt */
	char *place;
	char *peer;
	char *language;
} Stopping;

static void stopping_clear(Stopping *stopping)
{
	g_free(stopping->device);
	g_free(stopping->place);
	g_free(stopping->peer);
	g_free(stopping->language);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Stopping, stopping_clear)

static void stop_attempt(Attempts *attempts, Attempt *attempt, void *data)
{
	Stopping *stopping = data;
	stopping->concerned = stopping->asked = true;
	if (!stopping->ends) {
		return;
	}
	if (attempt->changed_us >= stopping->last_us) {
		stopping->last_us = attempt->changed_us;
		stopping_clear(stopping);
		stopping->device = g_strdup(attempt->device);
		stopping->place = g_strdup(attempt->place);
		stopping->peer = g_strdup(attempt->peer);
		stopping->language = g_strdup(attempt->language);
	}
	ChatOutcome outcome = attempt_outcome(attempt, stopping->now_us);
	if (outcome == CHAT_REDEEMED) {
		stopping->redeemed = true;
	} else if (outcome == CHAT_WAITING || outcome == CHAT_PROVED) {
		attempts_set(attempts, attempt, CHAT_STOPPED, stopping->now_us);
	}
}

static void stop_attempts(const ChatLine *line, const ChatReceived *received, Stopping *stopping)
{
	Chat *chat = line->chat;
	const char *provider = line->driver->provider;
	g_autofree char *key = chat_person_key(provider, received->from);
	g_mutex_lock(&chat->lock);
	stopping->now_us = chat_now_us(chat);
	attempts_each(chat->attempts, provider, received->from, stop_attempt, stopping);
	stopping->concerned |= asked_knows(chat->asked, key, stopping->now_us) ||
			       asked_knows(chat->receivers, key, stopping->now_us);
	g_mutex_unlock(&chat->lock);
}

/*
 * Whoever has nothing to do with the drive fills no table. Those who may be written to can say it
 * at any time: an answer to a link may come late, and a restart forgets who got one.
 */
static bool concerns(const ChatLine *line, const ChatReceived *received)
{
	ChatDriver *driver = line->driver;
	g_auto(Stopping) look = { .ends = false };
	stop_attempts(line, received, &look);
	return look.concerned ||
	       driver->ops->policy(driver, received->from).circle == CHAT_CIRCLE_OWN ||
	       chat_knows(line->chat, driver->provider, received->from);
}

/*
 * How many may stand in the table when this one comes. Those whom the drive knows are no more than
 * it has identities, so that each has a place. Half of it is for the operator's own people: the
 * rest of the world, which is not written to unless it is known, does not fill it.
 */
static int64_t count_max(const ChatLine *line, const char *address)
{
	ChatDriver *driver = line->driver;
	if (chat_knows(line->chat, driver->provider, address)) {
		return INT64_MAX;
	}
	bool own = driver->ops->policy(driver, address).circle == CHAT_CIRCLE_OWN;
	return own ? CHAT_STOPPED_MAX : CHAT_STOPPED_MAX / 2;
}

static void write_down(const ChatLine *line, const char *address, GError **error)
{
	Chat *chat = line->chat;
	if (stopped_add(chat->options.sql, line->driver->provider, address,
			count_max(line, address), error)) {
		return;
	}
	g_mutex_lock(&chat->lock);
	if (g_hash_table_size(chat->unsaved) < CHAT_ASKED_ENTRIES_MAX) {
		g_hash_table_add(chat->unsaved, chat_person_key(line->driver->provider, address));
	}
	g_mutex_unlock(&chat->lock);
}

static void reply_to_stop(const ChatLine *line, const ChatReceived *received,
			  const Stopping *stopping, bool kept)
{
	g_autofree char *language =
		stopping->language
			? g_strdup(stopping->language)
			: chat_language(line->chat, line->driver->provider, received->from);
	const WordsValues values = { .language = language, .drive = line->chat->drive_name };
	Words words = stopping->redeemed ? WORDS_STOPPED_LATE
		      : stopping->asked  ? WORDS_STOPPED
					 : WORDS_STOPPED_QUIET;
	g_autofree char *done = words_text(words, &values);
	g_autofree char *but = kept ? NULL : words_text(WORDS_STOPPED_UNKEPT, &values);
	g_autofree char *text = g_strconcat(done, but ? "\n" : "", but, NULL);
	reply(line, received, text);
}

/* First written down, then ended: an attempt that begins meanwhile sees either. */
static void receive_stop(const ChatLine *line, const ChatReceived *received)
{
	Chat *chat = line->chat;
	if (!concerns(line, received)) {
		return;
	}
	g_autoptr(GError) error = NULL;
	write_down(line, received->from, &error);
	g_auto(Stopping) stopping = { .ends = true };
	stop_attempts(line, received, &stopping);
	if (chat->options.stopped) {
		const ChatStop stop = {
			.provider = line->driver->provider,
			.address = received->from,
			.device = stopping.device,
			.place = stopping.place,
			.peer = stopping.peer,
			.asked = stopping.asked,
			.redeemed = stopping.redeemed,
			.error = error,
		};
		chat->options.stopped(&stop, chat->options.data);
	}
	reply_to_stop(line, received, &stopping, !error);
}

static void receive_start(const ChatLine *line, const ChatReceived *received)
{
	Chat *chat = line->chat;
	const char *provider = line->driver->provider;
	if (chat_stopped(chat, provider, received->from) != CHAT_STOPPED_YES) {
		return;
	}
	bool was = false;
	stopped_remove(chat->options.sql, provider, received->from, &was, NULL);
	g_autofree char *key = chat_person_key(provider, received->from);
	g_mutex_lock(&chat->lock);
	was |= g_hash_table_remove(chat->unsaved, key);
	g_mutex_unlock(&chat->lock);
	if (was) {
		g_autofree char *language = chat_language(chat, provider, received->from);
		const WordsValues values = { .language = language, .drive = chat->drive_name };
		g_autofree char *text = words_text(WORDS_STARTED, &values);
		reply(line, received, text);
	}
}

static void tell_failure(const ChatLine *line, const ChatReceived *received, const Failure *failure)
{
	const ChatOptions *options = &line->chat->options;
	if (options->failed && failure->outcome != CHAT_WAITING) {
		const ChatFailure told = {
			.provider = line->driver->provider,
			.address = received->from,
			.peer = failure->peer,
			.outcome = failure->outcome,
		};
		options->failed(&told, options->data);
	}
}

static void receive_answer(const ChatLine *line, const ChatReceived *received, const Answer *answer)
{
	Failure failure = { .outcome = CHAT_WAITING };
	g_mutex_lock(&line->chat->lock);
	if (received->kind == CHAT_RECEIVED_BOUNCE) {
		receive_bounce(line, received);
	} else if (received->kind == CHAT_RECEIVED_DENY || answer->kind == ANSWER_NO) {
		receive_no(line, received, &failure);
	} else if (received->kind == CHAT_RECEIVED_TEXT && answer->kind == ANSWER_NUMBER) {
		receive_number(line, received, answer->number, &failure);
	} else if (received->kind == CHAT_RECEIVED_TEXT && answer->kind == ANSWER_CODE) {
		receive_code(line, received, answer->code);
	} else {
		receive_other(line, received);
	}
	g_mutex_unlock(&line->chat->lock);
	tell_failure(line, received, &failure);
	g_free(failure.peer);
}

void hear_received(const ChatReceived *received, void *data)
{
	const ChatLine *line = data;
	Answer answer = { .kind = ANSWER_OTHER };
	if (received->kind == CHAT_RECEIVED_TEXT) {
		answer_parse(received->text, &answer);
	}
	/* These write to the database, hence without the lock. */
	if (answer.kind == ANSWER_STOP) {
		receive_stop(line, received);
	} else if (answer.kind == ANSWER_START) {
		receive_start(line, received);
	} else {
		receive_answer(line, received, &answer);
	}
	sodium_memzero(&answer, sizeof answer);
}
