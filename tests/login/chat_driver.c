/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chat of a drive without the drive: takes requests as JSON, one a line, and answers each with
 *a line. So that tests can look at every outcome without pages between.
 *
 *	{"do": "begin", "address": …, "browser": …}     {"do": "poll", "id": …, "browser": …}
 *	{"do": "await", …}   until it is another than "waiting", or a hundred seconds
 *	{"do": "redeem", …}  {"do": "notify", "address": …, "text": …}  {"do": "online"}
 */
#include "base/error.h"
#include "server/accounts/proof.h"
#include "server/chat/chat.h"
#include "server/chat/chat_xmpp.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strophe.h>

#define AWAIT_US (100 * G_TIME_SPAN_SECOND)

static const char *const outcomes[] = {
	[CHAT_WAITING] = "waiting",     [CHAT_PROVED] = "proved",
	[CHAT_REDEEMED] = "redeemed",   [CHAT_WRONG_NUMBER] = "wrong-number",
	[CHAT_REFUSED] = "refused",     [CHAT_STOPPED] = "stopped",
	[CHAT_BOUNCED] = "bounced",     [CHAT_EXPIRED] = "expired",
	[CHAT_CANCELLED] = "cancelled",
};

static GMutex lock;
static GCond changed;
static bool woken;
static char *known; /* an address that the drive knows */
static unsigned stops;

static const char *text_of(json_t *request, const char *key)
{
	const char *text = json_string_value(json_object_get(request, key));
	return text ? text : "";
}

static json_t *fail(const GError *error)
{
	return json_pack("{s:s, s:s}", "error", error_code_name((DriveError)error->code), "text",
			 error->message);
}

static json_t *begin(Chat *chat, json_t *request)
{
	const ChatAsk ask = {
		.address = text_of(request, "address"),
		.device = "Firefox on Linux",
		.place = "192.0.2.7",
		.peer = "192.0.2.7",
		.language = text_of(request, "language"),
		.browser = text_of(request, "browser"),
	};
	g_autoptr(GError) error = NULL;
	g_auto(ChatAttempt) attempt = { NULL };
	if (!chat_begin(chat, &ask, &attempt, &error)) {
		return fail(error);
	}
	return json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:s?, s:s?}", "id", attempt.id, "address",
			 attempt.address, "mode", attempt.mode == CHAT_ASK ? "ask" : "send",
			 "number", attempt.number, "code", attempt.code, "send_to", attempt.send_to,
			 "link", attempt.link);
}

static json_t *poll_now(Chat *chat, json_t *request)
{
	ChatState state;
	g_autoptr(GError) error = NULL;
	if (!chat_poll(chat, text_of(request, "id"), text_of(request, "browser"), &state, &error)) {
		return fail(error);
	}
	return json_pack("{s:s}", "outcome", outcomes[state.outcome]);
}

static void wake(void *data)
{
	g_mutex_lock(&lock);
	woken = true;
	g_cond_signal(&changed);
	g_mutex_unlock(&lock);
}

static json_t *await_change(Chat *chat, json_t *request)
{
	g_autoptr(GError) error = NULL;
	woken = false;
	ChatWatch *watch = chat_watch(chat, text_of(request, "id"), text_of(request, "browser"),
				      wake, NULL, &error);
	if (!watch) {
		return fail(error);
	}
	ChatState state;
	chat_poll(chat, text_of(request, "id"), text_of(request, "browser"), &state, NULL);
	int64_t until_us = g_get_monotonic_time() + AWAIT_US;
	g_mutex_lock(&lock);
	bool more = state.outcome == CHAT_WAITING;
	while (more && !woken) {
		more = g_cond_wait_until(&changed, &lock, until_us);
	}
	g_mutex_unlock(&lock);
	chat_unwatch(chat, watch);
	return poll_now(chat, request);
}

static json_t *redeem(Chat *chat, json_t *request)
{
	g_autoptr(GError) error = NULL;
	g_auto(Proof) proof = { NULL };
	if (!chat_redeem(chat, text_of(request, "id"), text_of(request, "browser"), &proof,
			 &error)) {
		return fail(error);
	}
	return json_pack("{s:s, s:s}", "provider", proof.provider, "subject", proof.subject);
}

static json_t *notify(Chat *chat, json_t *request)
{
	g_autoptr(GError) error = NULL;
	if (!chat_notify(chat, "xmpp", text_of(request, "address"), text_of(request, "text"),
			 &error)) {
		return fail(error);
	}
	return json_pack("{s:b}", "sent", true);
}

static json_t *answer(Chat *chat, json_t *request)
{
	const char *verb = text_of(request, "do");
	if (strcmp(verb, "begin") == 0) {
		return begin(chat, request);
	}
	if (strcmp(verb, "poll") == 0) {
		return poll_now(chat, request);
	}
	if (strcmp(verb, "await") == 0) {
		return await_change(chat, request);
	}
	if (strcmp(verb, "redeem") == 0) {
		return redeem(chat, request);
	}
	if (strcmp(verb, "notify") == 0) {
		return notify(chat, request);
	}
	g_mutex_lock(&lock);
	json_t *state =
		json_pack("{s:b, s:i}", "online", chat_is_online(chat, NULL), "stops", (int)stops);
	g_mutex_unlock(&lock);
	return state;
}

static bool knows(const char *provider, const char *address, void *data)
{
	return strcmp(address, known) == 0;
}

static void stopped(const ChatStop *stop, void *data)
{
	g_mutex_lock(&lock);
	stops++;
	g_mutex_unlock(&lock);
}

static void changed_state(bool online, const char *why, void *data)
{
	fprintf(stderr, "%s %s\n", online ? "online" : "offline", why);
}

static ChatXmppRemote remote_of(const char *word)
{
	return strcmp(word, "checked") == 0   ? CHAT_XMPP_REMOTE_CHECKED
	       : strcmp(word, "trusted") == 0 ? CHAT_XMPP_REMOTE_TRUSTED
					      : CHAT_XMPP_REMOTE_OFF;
}

static Chat *open_chat(char **argv, Sql *sql, GError **error)
{
	const char *const domains[] = { argv[4], NULL };
	const ChatXmppOptions options = {
		.component = argv[1],
		.host = "127.0.0.1",
		.port = (uint16_t)strtoul(argv[2], NULL, 10),
		.secret = argv[3],
		.domains = domains,
		.remote = remote_of(argv[5]),
		.registers = ENTRY_AUTO,
		.changed = changed_state,
	};
	const ChatOptions chat_options = {
		.sql = sql,
		.drive_name = "drive.example",
		.drive_url = "https://drive.example",
		.knows = knows,
		.stopped = stopped,
	};
	known = argv[6];
	g_autoptr(Chat) chat = chat_new(&chat_options, error);
	ChatDriver *driver = chat ? chat_xmpp_new(&options, error) : NULL;
	return driver && chat_add(chat, driver, error) ? g_steal_pointer(&chat) : NULL;
}

/* COMPONENT PORT SECRET OWN-DOMAIN off|checked|trusted KNOWN-ADDRESS */
int main(int argc, char **argv)
{
	if (argc != 7) {
		return 2;
	}
	g_autoptr(GError) error = NULL;
	g_autoptr(Sql) sql =
		sql_open(":memory:", &(const SqlOptions){ .durability = SQL_ORDERED }, &error);
	g_autoptr(Chat) chat = sql ? open_chat(argv, sql, &error) : NULL;
	if (!chat) {
		fprintf(stderr, "%s\n", error->message);
		return 1;
	}
	char *line = NULL;
	size_t room = 0;
	while (getline(&line, &room, stdin) > 0) {
		json_t *request = json_loads(line, 0, NULL);
		json_t *reply = answer(chat, request);
		json_dumpf(reply, stdout, JSON_COMPACT);
		putchar('\n');
		fflush(stdout);
		json_decref(reply);
		json_decref(request);
	}
	free(line);
	return 0;
}
