/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Input: a stanza as text. Whatever it is, reading ends, what is read keeps to its limits, and what
 * is written back is a stanza again.
 */
#include "server/chat/chat_stanza.h"

#include "base/limits.h"
#include "server/chat/answer.h"
#include "server/chat/jid.h"
#include "server/chat/room_post.h"
#include "server/chat/words.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_read(xmpp_stanza_t *stanza)
{
	g_auto(ChatStanza) read = { 0 };
	if (!chat_stanza_read(stanza, "secret", &read)) {
		return;
	}
	g_assert(strlen(read.from) <= CHAT_ADDRESS_SIZE_MAX);
	g_assert(strlen(read.text) <= CHAT_TEXT_SIZE_MAX);
	g_assert(!read.checked);
	/* Prepared once is prepared. */
	g_autofree char *again = jid_from_typed(read.from, NULL);
	g_assert_cmpstr(again, ==, read.from);
	Answer answer;
	answer_parse(read.text, &answer);
	g_assert(answer.kind != ANSWER_NUMBER || strlen(answer.number) == 2);
	g_assert(answer.kind != ANSWER_CODE || strlen(answer.code) == ANSWER_CODE_SIZE);
}

static void check_written(xmpp_ctx_t *context, const char *text)
{
	g_autofree char *cleaned = words_clean_notice(text);
	const ChatMessage message = { .to = "a@b", .id = "1", .text = cleaned };
	xmpp_stanza_t *stanza = chat_stanza_write(context, "drive@d", &message);
	char *written;
	size_t size;
	g_assert(xmpp_stanza_to_text(stanza, &written, &size) == XMPP_EOK);
	xmpp_stanza_t *parsed = xmpp_stanza_new_from_string(context, written);
	g_assert(parsed);
	xmpp_stanza_release(parsed);
	xmpp_free(context, written);
	xmpp_stanza_release(stanza);
}

/* The first stanza of a post, of which answers have the addresses and the id. */
static void keep_first(xmpp_stanza_t *stanza, void *data)
{
	xmpp_stanza_t **first = data;
	if (!*first) {
		*first = xmpp_stanza_copy(stanza);
	}
}

static void count(const GError *error, void *data)
{
	++*(unsigned *)data;
}

/* A room says it: first when it was asked, then when the drive is on its way in. */
static void check_room(xmpp_ctx_t *context, xmpp_stanza_t *stanza)
{
	static const char is_room[] =
		"<iq type='result'><query xmlns='http://jabber.org/protocol/disco#info'>"
		"<identity category='conference'/></query></iq>";
	xmpp_stanza_t *question = NULL;
	unsigned told = 0;
	const RoomPostWay way = { context, "drive@d", keep_first, &question };
	const ChatMessage message = {
		.to = "room@rooms",
		.text = "x",
		.name = "drive",
		.posted = count,
		.posted_data = &told,
	};
	RoomPost *post = room_post_new(&way, &message, INT64_MAX);
	xmpp_stanza_t *answer = xmpp_stanza_new_from_string(context, is_room);
	xmpp_stanza_t *said[] = { stanza, answer, stanza, stanza };
	for (size_t i = 0; i < G_N_ELEMENTS(said); i++) {
		xmpp_stanza_set_to(said[i], xmpp_stanza_get_from(question));
		xmpp_stanza_set_from(said[i], "room@rooms/drive");
		xmpp_stanza_set_id(said[i], xmpp_stanza_get_id(question));
		g_assert(room_post_hear(post, said[i]));
	}
	g_assert(told == 0);
	room_post_free(post);
	g_assert(told == 1);
	xmpp_stanza_release(answer);
	xmpp_stanza_release(question);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static xmpp_ctx_t *context;
	if (!context) {
		context = xmpp_ctx_new(NULL, NULL);
	}
	g_autofree char *text = size > 0 ? g_strndup((const char *)data, size) : g_strdup("");
	Answer answer;
	answer_parse(text, &answer);
	g_autofree char *address = jid_from_typed(text, NULL);
	g_assert(!address || strlen(address) <= CHAT_ADDRESS_SIZE_MAX);
	check_written(context, text);
	xmpp_stanza_t *stanza = xmpp_stanza_new_from_string(context, text);
	if (!stanza) {
		return 0;
	}
	check_read(stanza);
	chat_stanza_is_room_service(stanza);
	chat_stanza_is_room(stanza);
	xmpp_stanza_t *reply = chat_stanza_answer_iq(context, stanza);
	if (reply) {
		xmpp_stanza_release(reply);
	}
	check_room(context, stanza);
	xmpp_stanza_release(stanza);
	return 0;
}
