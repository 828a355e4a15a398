/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Input: a stanza as text. Whatever it is, reading ends, what is read keeps to its limits, and what
 * is written back is a stanza again.
 */
#include "server/chat/chat_stanza.h"

#include "base/limits.h"
#include "server/chat/answer.h"
#include "server/chat/jid.h"
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
	xmpp_stanza_t *reply = chat_stanza_answer_iq(context, stanza);
	if (reply) {
		xmpp_stanza_release(reply);
	}
	xmpp_stanza_release(stanza);
	return 0;
}
