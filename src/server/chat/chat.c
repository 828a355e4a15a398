/* SPDX-License-Identifier: Apache-2.0 */
#include "server/chat/chat.h"

#include "base/error.h"
#include "base/network.h"
#include "server/accounts/proof.h"
#include "server/chat/chat_internal.h"
#include "server/chat/hear.h"
#include "server/chat/stopped.h"

#include <string.h>

int64_t chat_now_us(Chat *chat)
{
	return chat->options.now_us ? chat->options.now_us(chat->options.now_data)
				    : g_get_monotonic_time();
}

char *chat_person_key(const char *provider, const char *address)
{
	return g_strconcat(provider, " ", address, NULL);
}

Chat *chat_new(const ChatOptions *options, GError **error)
{
	g_assert(sodium_init() >= 0);
	if (!stopped_prepare(options->sql, error)) {
		return NULL;
	}
	Chat *chat = g_new0(Chat, 1);
	chat->options = *options;
	chat->drive_name = words_clean(options->drive_name);
	chat->drive_url = g_strdup(options->drive_url);
	unsigned waiting = options->rooms_waiting_max;
	chat->waiting = crowd_new(waiting > 0 ? MIN(waiting, CHAT_ROOMS_WAITING_MAX)
					      : CHAT_ROOMS_WAITING_MAX);
	chat->waiting_accounts = crowd_new(CHAT_ROOMS_WAITING_ACCOUNT_MAX);
	g_mutex_init(&chat->lock);
	chat->attempts = attempts_new();
	chat->asked = asked_new(&(const AskedLimits){
		.per_hour = CHAT_ASKED_PER_HOUR_MAX,
		.per_day = CHAT_ASKED_PER_DAY_MAX,
		.entries_max = CHAT_ASKED_ENTRIES_MAX,
	});
	chat->peers = asked_new(&(const AskedLimits){
		.per_hour = CHAT_ATTEMPTS_PER_PEER_HOUR_MAX,
		.entries_max = CHAT_ASKED_ENTRIES_MAX,
		.forgets = true,
	});
	chat->notified = asked_new(&(const AskedLimits){
		.per_hour = CHAT_NOTICES_PER_HOUR_MAX,
		.entries_max = CHAT_ASKED_ENTRIES_MAX,
		.forgets = true,
	});
	chat->senders = asked_new(&(const AskedLimits){
		.per_hour = CHAT_SHARES_PER_SENDER_HOUR_MAX,
		.per_day = CHAT_SHARES_PER_SENDER_DAY_MAX,
		.entries_max = CHAT_ASKED_ENTRIES_MAX,
	});
	chat->receivers = asked_new(&(const AskedLimits){
		.per_hour = CHAT_SHARES_PER_HOUR_MAX,
		.per_day = CHAT_SHARES_PER_DAY_MAX,
		.entries_max = CHAT_ASKED_ENTRIES_MAX,
	});
	chat->rooms = asked_new(&(const AskedLimits){
		.per_hour = CHAT_SHARES_PER_ROOM_HOUR_MAX,
		.per_day = CHAT_SHARES_PER_ROOM_DAY_MAX,
		.entries_max = CHAT_ASKED_ENTRIES_MAX,
	});
	chat->unsaved = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return chat;
}

void chat_free(Chat *chat)
{
	if (!chat) {
		return;
	}
	for (size_t i = 0; i < chat->line_count; i++) {
		chat->lines[i].driver->ops->stop(chat->lines[i].driver);
	}
	crowd_free(chat->waiting);
	crowd_free(chat->waiting_accounts);
	attempts_free(chat->attempts);
	asked_free(chat->asked);
	asked_free(chat->peers);
	asked_free(chat->notified);
	asked_free(chat->senders);
	asked_free(chat->receivers);
	asked_free(chat->rooms);
	g_hash_table_unref(chat->unsaved);
	g_mutex_clear(&chat->lock);
	g_free(chat->drive_name);
	g_free(chat->drive_url);
	g_free(chat);
}

/* ---- addresses -------------------------------------------------------------------------- */

bool chat_is_there(Chat *chat)
{
	return chat->line_count > 0;
}

ChatLine *chat_line(Chat *chat, const char *provider)
{
	for (size_t i = 0; i < chat->line_count; i++) {
		if (strcmp(chat->lines[i].driver->provider, provider) == 0) {
			return &chat->lines[i];
		}
	}
	return NULL;
}

bool chat_is_online(Chat *chat, const char *provider)
{
	for (size_t i = 0; i < chat->line_count; i++) {
		ChatDriver *driver = chat->lines[i].driver;
		if ((!provider || strcmp(driver->provider, provider) == 0) &&
		    driver->ops->is_online(driver)) {
			return true;
		}
	}
	return false;
}

/* The first driver whose address it can be; the error is the first one's. */
static ChatLine *line_of(Chat *chat, const char *typed, char **ret_address, GError **error)
{
	g_autoptr(GError) first = NULL;
	for (size_t i = 0; i < chat->line_count; i++) {
		ChatDriver *driver = chat->lines[i].driver;
		char *address = driver->ops->normalize(driver, typed, first ? NULL : &first);
		if (address) {
			*ret_address = address;
			return &chat->lines[i];
		}
	}
	if (first) {
		g_propagate_error(error, g_steal_pointer(&first));
	} else {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_UNSUPPORTED,
				    "this drive asks nobody in chat");
	}
	return NULL;
}

char *chat_normalize(Chat *chat, const char *typed, const char **ret_provider, GError **error)
{
	char *address = NULL;
	const ChatLine *line = line_of(chat, typed, &address, error);
	if (line && ret_provider) {
		*ret_provider = line->driver->provider;
	}
	return address;
}

EntryPolicy chat_register(Chat *chat, const char *provider, const char *address)
{
	const ChatLine *line = chat_line(chat, provider);
	if (!line) {
		return ENTRY_OFF;
	}
	ChatPolicy policy = line->driver->ops->policy(line->driver, address);
	return policy.circle == CHAT_CIRCLE_NONE ? ENTRY_OFF : policy.registers;
}

bool chat_knows(Chat *chat, const char *provider, const char *address)
{
	const ChatOptions *options = &chat->options;
	return options->knows && options->knows(provider, address, options->data);
}

char *chat_language(Chat *chat, const char *provider, const char *address)
{
	const ChatOptions *options = &chat->options;
	return options->language ? options->language(provider, address, options->data) : NULL;
}

ChatStopped chat_stopped(Chat *chat, const char *provider, const char *address)
{
	bool has = true;
	bool full = true;
	if (!stopped_has(chat->options.sql, provider, address, &has, NULL) || has) {
		return CHAT_STOPPED_YES;
	}
	g_autofree char *key = chat_person_key(provider, address);
	g_mutex_lock(&chat->lock);
	has = g_hash_table_contains(chat->unsaved, key);
	g_mutex_unlock(&chat->lock);
	if (has) {
		return CHAT_STOPPED_YES;
	}
	if (!stopped_is_full(chat->options.sql, &full, NULL)) {
		return CHAT_STOPPED_YES;
	}
	/* Of whom the drive knows, each is noted. */
	return full && !chat_knows(chat, provider, address) ? CHAT_STOPPED_FULL : CHAT_STOPPED_NO;
}

/* ---- beginning -------------------------------------------------------------------------- */

void chat_attempt_clear(ChatAttempt *attempt)
{
	g_clear_pointer(&attempt->id, g_free);
	g_clear_pointer(&attempt->provider, g_free);
	g_clear_pointer(&attempt->address, g_free);
	g_clear_pointer(&attempt->number, g_free);
	g_clear_pointer(&attempt->code, g_free);
	g_clear_pointer(&attempt->send_to, g_free);
	g_clear_pointer(&attempt->link, g_free);
}

static unsigned seconds_of(int64_t left_us)
{
	return (unsigned)((left_us + G_TIME_SPAN_SECOND - 1) / G_TIME_SPAN_SECOND);
}

static void describe(Chat *chat, const Attempt *attempt, ChatAttempt *ret_attempt)
{
	ChatDriver *driver = chat_line(chat, attempt->provider)->driver;
	*ret_attempt = (ChatAttempt){
		.id = g_strdup(attempt->id),
		.provider = g_strdup(attempt->provider),
		.address = g_strdup(attempt->address),
		.mode = attempt->mode,
		.reason = attempt->reason,
		.seconds = seconds_of(attempt_left_us(attempt, chat_now_us(chat))),
	};
	if (attempt->mode == CHAT_ASK) {
		ret_attempt->number = g_strdup(attempt->number);
		return;
	}
	ret_attempt->code = answer_code_for_people(attempt->code);
	ret_attempt->send_to = g_strdup(driver->ops->address(driver));
	ret_attempt->link = driver->ops->link(driver, ret_attempt->code);
}

char *chat_say(Chat *chat, Words words, const Attempt *attempt)
{
	const WordsValues values = {
		.language = attempt->language,
		.drive = chat->drive_name,
		.device = attempt->device,
		.place = attempt->place,
	};
	return words_text(words, &values);
}

static bool ask_person(Chat *chat, ChatDriver *driver, const Attempt *attempt, GError **error)
{
	static const Words questions[] = {
		[CHAT_SIGN_IN] = WORDS_SIGN_IN,
		[CHAT_LINK] = WORDS_LINK,
		[CHAT_CONFIRM] = WORDS_CONFIRM,
	};
	g_autofree char *text = chat_say(chat, questions[attempt->purpose], attempt);
	const ChatMessage message = {
		.to = attempt->address,
		.id = attempt->message,
		.thread = attempt->thread,
		.text = text,
		.ask_id = attempt->message,
		.ask_url = chat->drive_url,
	};
	return driver->ops->send(driver, &message, 0, error);
}

static Attempt *prepare(const ChatAsk *ask, const char *provider, const char *address,
			ChatReason reason)
{
	Attempt *attempt = attempt_new(reason == CHAT_REASON_NONE ? CHAT_ASK : CHAT_SEND);
	attempt->reason = reason;
	attempt->provider = provider;
	attempt->address = g_strdup(address);
	attempt->purpose = ask->purpose;
	attempt->device = words_clean(ask->device);
	attempt->place = words_clean(ask->place);
	attempt->language = words_clean(ask->language);
	attempt->peer = g_strdup(ask->peer);
	attempt->peer_key = network_text(ask->peer ? ask->peer : "");
	attempt_set_browser(attempt, ask->browser);
	return attempt;
}

/* May this person be asked now, and if so, it is counted. Locked. */
static bool take_question(Chat *chat, const char *provider, const char *address)
{
	g_autofree char *key = chat_person_key(provider, address);
	int64_t now = chat_now_us(chat);
	return !attempts_find_asked(chat->attempts, provider, address, NULL, now) &&
	       asked_take(chat->asked, key, now);
}

/* Into the table; the attempt is described and copied while nobody else can change it. */
static bool enter(Chat *chat, const ChatAsk *ask, ChatLine *line, const char *address,
		  ChatReason reason, ChatAttempt *ret_attempt, GError **error)
{
	const char *provider = line->driver->provider;
	g_mutex_lock(&chat->lock);
	attempts_cancel_of(chat->attempts, ask->browser, chat_now_us(chat));
	if (reason == CHAT_REASON_NONE && !take_question(chat, provider, address)) {
		reason = CHAT_REASON_LIMITED;
	}
	Attempt *attempt = prepare(ask, provider, address, reason);
	bool added = attempts_add(chat->attempts, attempt, chat_now_us(chat), error);
	if (added) {
		describe(chat, attempt, ret_attempt);
	} else {
		attempt_free(attempt);
	}
	g_mutex_unlock(&chat->lock);
	return added;
}

static bool ask_now(Chat *chat, const ChatAsk *ask, const ChatLine *line, const char *id,
		    GError **error)
{
	g_mutex_lock(&chat->lock);
	Attempt *attempt = attempts_find(chat->attempts, id, ask->browser);
	bool sent = ask_person(chat, line->driver, attempt, error);
	if (!sent) {
		attempts_remove(chat->attempts, attempt);
	}
	g_mutex_unlock(&chat->lock);
	return sent;
}

/* STOP came between the look at the table and the attempt: it goes the other way. */
static void forget(Chat *chat, const ChatAsk *ask, ChatAttempt *attempt)
{
	g_mutex_lock(&chat->lock);
	Attempt *found = attempts_find(chat->attempts, attempt->id, ask->browser);
	if (found) {
		attempts_remove(chat->attempts, found);
	}
	g_mutex_unlock(&chat->lock);
	chat_attempt_clear(attempt);
}

static ChatReason reason_for(Chat *chat, const ChatLine *line, const char *address,
			     ChatPolicy policy)
{
	const char *provider = line->driver->provider;
	if (policy.circle != CHAT_CIRCLE_OWN && !chat_knows(chat, provider, address)) {
		return CHAT_REASON_UNKNOWN;
	}
	ChatStopped stopped = chat_stopped(chat, provider, address);
	return stopped == CHAT_STOPPED_NO    ? CHAT_REASON_NONE
	       : stopped == CHAT_STOPPED_YES ? CHAT_REASON_STOPPED
					     : CHAT_REASON_LIMITED;
}

static bool may_begin(Chat *chat, const ChatAsk *ask, const ChatLine *line, ChatPolicy policy,
		      GError **error)
{
	if (policy.circle == CHAT_CIRCLE_NONE) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN,
				    "this drive takes no chat addresses of that server; use an "
				    "address of another one, or another way to sign in");
		return false;
	}
	g_autofree char *peer = network_text(ask->peer ? ask->peer : "");
	g_mutex_lock(&chat->lock);
	bool taken = asked_take(chat->peers, peer, chat_now_us(chat));
	g_mutex_unlock(&chat->lock);
	if (!taken) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_BUSY,
				    "too many attempts to sign in by chat came from your network; "
				    "try again in an hour, or another way to sign in");
		return false;
	}
	if (!line->driver->ops->is_online(line->driver)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_OFFLINE,
				    "the drive cannot reach its chat server just now; use another "
				    "way to sign in, or try again in a minute");
		return false;
	}
	return true;
}

bool chat_begin(Chat *chat, const ChatAsk *page, ChatAttempt *ret_attempt, GError **error)
{
	ChatAsk asked = *page;
	const ChatAsk *ask = &asked;
	g_assert(ask->browser && *ask->browser);
	g_autofree char *address = NULL;
	ChatLine *line = line_of(chat, ask->address, &address, error);
	if (!line) {
		return false;
	}
	ChatPolicy policy = line->driver->ops->policy(line->driver, address);
	if (!may_begin(chat, ask, line, policy, error)) {
		return false;
	}
	const char *provider = line->driver->provider;
	/* Whoever has the page open may be somebody else: the owner is written to as he reads. */
	g_autofree char *language = chat_language(chat, provider, address);
	asked.language = language ? language : asked.language;
	ChatReason reason = reason_for(chat, line, address, policy);
	g_auto(ChatAttempt) attempt = { NULL };
	if (!enter(chat, ask, line, address, reason, &attempt, error)) {
		return false;
	}
	if (attempt.mode == CHAT_ASK &&
	    (reason = reason_for(chat, line, address, policy)) != CHAT_REASON_NONE) {
		forget(chat, ask, &attempt);
		if (!enter(chat, ask, line, address, reason, &attempt, error)) {
			return false;
		}
	}
	if (attempt.mode == CHAT_ASK && !ask_now(chat, ask, line, attempt.id, error)) {
		return false;
	}
	*ret_attempt = attempt;
	attempt = (ChatAttempt){ NULL };
	return true;
}

/* ---- the page asks ---------------------------------------------------------------------- */

/* Locked on success only. */
static Attempt *lock_attempt(Chat *chat, const char *id, const char *browser, GError **error)
{
	g_mutex_lock(&chat->lock);
	Attempt *attempt = attempts_find(chat->attempts, id, browser);
	if (attempt) {
		return attempt;
	}
	g_mutex_unlock(&chat->lock);
	g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
			    "this attempt to sign in is over, or belongs to another browser; begin "
			    "anew");
	return NULL;
}

bool chat_poll(Chat *chat, const char *id, const char *browser, ChatState *ret_state,
	       GError **error)
{
	const Attempt *attempt = lock_attempt(chat, id, browser, error);
	if (!attempt) {
		return false;
	}
	int64_t now = chat_now_us(chat);
	ret_state->outcome = attempt_outcome(attempt, now);
	ret_state->seconds = seconds_of(attempt_left_us(attempt, now));
	g_mutex_unlock(&chat->lock);
	return true;
}

bool chat_show(Chat *chat, const char *id, const char *browser, ChatAttempt *ret_attempt,
	       GError **error)
{
	const Attempt *attempt = lock_attempt(chat, id, browser, error);
	if (!attempt) {
		return false;
	}
	describe(chat, attempt, ret_attempt);
	g_mutex_unlock(&chat->lock);
	return true;
}

static void prove(const Attempt *attempt, Proof *ret_proof)
{
	const char *at = strchr(attempt->address, '@');
	*ret_proof = (Proof){
		.provider = g_strdup(attempt->provider),
		.tenant = g_strdup(""),
		.subject = g_strdup(attempt->address),
		.username = at && at > attempt->address
				    ? g_strndup(attempt->address, (size_t)(at - attempt->address))
				    : g_strdup(attempt->address),
		.chat_address = g_strdup(attempt->address),
	};
}

static bool fail_proof(ChatOutcome outcome, GError **error)
{
	if (outcome == CHAT_STOPPED) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN,
				    "the owner of the chat address answered STOP");
	} else if (outcome == CHAT_REDEEMED) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_CONFLICT,
				    "this confirmation was used already");
	} else {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
				    "there is no confirmation, or it is too old; begin anew");
	}
	return false;
}

bool chat_peek(Chat *chat, const char *id, const char *browser, Proof *ret_proof, GError **error)
{
	const Attempt *attempt = lock_attempt(chat, id, browser, error);
	if (!attempt) {
		return false;
	}
	ChatOutcome outcome = attempt_outcome(attempt, chat_now_us(chat));
	if (outcome == CHAT_PROVED) {
		prove(attempt, ret_proof);
	}
	g_mutex_unlock(&chat->lock);
	return outcome == CHAT_PROVED || fail_proof(outcome, error);
}

bool chat_redeem(Chat *chat, const char *id, const char *browser, Proof *ret_proof, GError **error)
{
	Attempt *attempt = lock_attempt(chat, id, browser, error);
	if (!attempt) {
		return false;
	}
	ChatOutcome outcome = attempt_outcome(attempt, chat_now_us(chat));
	if (outcome == CHAT_PROVED) {
		attempts_set(chat->attempts, attempt, CHAT_REDEEMED, chat_now_us(chat));
		prove(attempt, ret_proof);
	}
	g_mutex_unlock(&chat->lock);
	return outcome == CHAT_PROVED || fail_proof(outcome, error);
}

void chat_cancel(Chat *chat, const char *id, const char *browser)
{
	g_mutex_lock(&chat->lock);
	Attempt *attempt = attempts_find(chat->attempts, id, browser);
	ChatOutcome outcome = attempt ? attempt_outcome(attempt, chat_now_us(chat)) : CHAT_EXPIRED;
	if (outcome == CHAT_WAITING || outcome == CHAT_PROVED) {
		attempts_set(chat->attempts, attempt, CHAT_CANCELLED, chat_now_us(chat));
	}
	g_mutex_unlock(&chat->lock);
}

ChatWatch *chat_watch(Chat *chat, const char *id, const char *browser, ChatWakeFunc wake,
		      void *data, GError **error)
{
	Attempt *attempt = lock_attempt(chat, id, browser, error);
	if (!attempt) {
		return NULL;
	}
	ChatWatch *watch = attempts_watch(chat->attempts, attempt, wake, data, error);
	g_mutex_unlock(&chat->lock);
	return watch;
}

void chat_unwatch(Chat *chat, ChatWatch *watch)
{
	if (watch) {
		g_mutex_lock(&chat->lock);
		attempts_unwatch(chat->attempts, watch);
		g_mutex_unlock(&chat->lock);
	}
}

/* ---- drivers ---------------------------------------------------------------------------- */

bool chat_add(Chat *chat, ChatDriver *driver, GError **error)
{
	g_assert(chat->line_count < CHAT_DRIVERS_MAX);
	ChatLine *line = &chat->lines[chat->line_count];
	*line = (ChatLine){ .chat = chat, .driver = driver };
	if (!driver->ops->start(driver, hear_received, line, error)) {
		driver->ops->stop(driver);
		return false;
	}
	chat->line_count++;
	return true;
}

/* ---- notices ---------------------------------------------------------------------------- */

bool chat_notify(Chat *chat, const char *provider, const char *address, const char *text,
		 GError **error)
{
	const ChatLine *line = chat_line(chat, provider);
	if (!line) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_UNSUPPORTED,
			    "write to '%s': this drive has no '%s'", address, provider);
		return false;
	}
	g_autofree char *key = chat_person_key(provider, address);
	g_mutex_lock(&chat->lock);
	bool taken = asked_take(chat->notified, key, chat_now_us(chat));
	g_mutex_unlock(&chat->lock);
	if (!taken) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_BUSY,
			    "write to '%s': too many notices within the hour", address);
		return false;
	}
	g_autofree char *cleaned = words_clean_notice(text);
	const ChatMessage message = { .to = address, .text = cleaned };
	return line->driver->ops->send(line->driver, &message, CHAT_NOTICE_KEPT_S, error);
}
