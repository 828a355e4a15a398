/* SPDX-License-Identifier: Apache-2.0 */
#include "server/chat/chat_stanza.h"

#include "base/limits.h"

#include <sodium.h>
#include <string.h>

#define SECRET "the component's secret"
#define FROM "from='Alice@Example.org/Phone' to='drive@chat.example.org'"

static xmpp_ctx_t *context;

static bool read_text(const char *text, ChatStanza *ret_stanza)
{
	xmpp_stanza_t *stanza = xmpp_stanza_new_from_string(context, text);
	g_assert_nonnull(stanza);
	bool done = chat_stanza_read(stanza, SECRET, ret_stanza);
	xmpp_stanza_release(stanza);
	return done;
}

static void test_reads_what_a_person_writes(void)
{
	static const char *const texts[] = {
		"<message " FROM "><body>47</body></message>",
		"<message " FROM " type='chat' xmlns='jabber:component:accept'><body>47</body>"
		"<active xmlns='http://jabber.org/protocol/chatstates'/></message>",
		"<message " FROM " type='normal'><thread>t</thread><body>47</body></message>",
	};
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_auto(ChatStanza) stanza = { 0 };
		g_assert_true(read_text(texts[i], &stanza));
		g_assert_cmpint(stanza.kind, ==, CHAT_RECEIVED_TEXT);
		g_assert_cmpstr(stanza.from, ==, "alice@example.org");
		g_assert_cmpstr(stanza.domain, ==, "example.org");
		g_assert_cmpstr(stanza.text, ==, "47");
		g_assert_cmpstr(stanza.thread, ==, i == 2 ? "t" : NULL);
		g_assert_false(stanza.checked);
	}
}

static void test_c4_drops_what_is_not_his_own(void)
{
	static const char *const texts[] = {
		"<message " FROM " type='groupchat'><body>47</body></message>",
		"<message " FROM " type='headline'><body>47</body></message>",
		/* A private message out of a chat room. */
		"<message from='room@muc.example.org/alice' type='chat'><body>47</body>"
		"<x xmlns='http://jabber.org/protocol/muc#user'/></message>",
		/* Copies and history. */
		"<message " FROM "><body>47</body><sent xmlns='urn:xmpp:carbons:2'/></message>",
		"<message " FROM "><received xmlns='urn:xmpp:carbons:2'><forwarded "
		"xmlns='urn:xmpp:forward:0'><message><body>47</body></message></forwarded>"
		"</received></message>",
		"<message " FROM
		"><body>47</body><forwarded xmlns='urn:xmpp:forward:0'/></message>",
		"<message " FROM "><body>47</body><result xmlns='urn:xmpp:mam:2'/></message>",
		/* Nobody, a server, nothing. */
		"<message to='drive@chat.example.org'><body>47</body></message>",
		"<message from='example.org'><body>47</body></message>",
		"<message from='@/'><body>47</body></message>",
		"<message " FROM "/>",
		"<message " FROM "><body xmlns='urn:other'>47</body></message>",
		"<presence " FROM "><body>47</body></presence>",
		"<iq " FROM " type='result'><body>47</body></iq>",
	};
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_auto(ChatStanza) stanza = { 0 };
		g_assert_false(read_text(texts[i], &stanza));
	}
	g_autofree char *many = g_strnfill(CHAT_TEXT_SIZE_MAX + 1, '4');
	g_autofree char *large =
		g_strconcat("<message " FROM "><body>", many, "</body></message>", NULL);
	g_auto(ChatStanza) stanza = { 0 };
	g_assert_false(read_text(large, &stanza));
}

static void test_c4_an_error_is_never_an_answer(void)
{
	g_auto(ChatStanza) bounce = { 0 };
	g_assert_true(
		read_text("<message from='alice@example.org' type='error' id='q1'>"
			  "<body>47</body><confirm xmlns='http://jabber.org/protocol/http-auth' "
			  "id='q1'/><error type='cancel'><service-unavailable "
			  "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
			  &bounce));
	g_assert_cmpint(bounce.kind, ==, CHAT_RECEIVED_BOUNCE);
	g_assert_cmpstr(bounce.answers, ==, "q1");
	g_assert_cmpstr(bounce.text, ==, "");
	/* One of her devices could not take it: another may have. */
	g_auto(ChatStanza) partial = { 0 };
	g_assert_false(
		read_text("<message " FROM " type='error' id='q1'><error/></message>", &partial));
}

static void test_reads_xep_0070(void)
{
	g_auto(ChatStanza) yes = { 0 };
	g_assert_true(read_text("<message " FROM "><thread>t</thread><confirm "
				"xmlns='http://jabber.org/protocol/http-auth' id='q'/></message>",
				&yes));
	g_assert_cmpint(yes.kind, ==, CHAT_RECEIVED_CONFIRM);
	g_auto(ChatStanza) no = { 0 };
	g_assert_true(
		read_text("<message " FROM " type='error'><thread>t</thread><confirm "
			  "xmlns='http://jabber.org/protocol/http-auth' id='q'/><error>"
			  "<not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
			  "</message>",
			  &no));
	g_assert_cmpint(no.kind, ==, CHAT_RECEIVED_DENY);
	g_assert_cmpstr(no.thread, ==, "t");
}

static char *marked(const char *secret, const char *from)
{
	uint8_t code[crypto_auth_hmacsha256_BYTES];
	char key[2 * sizeof code + 1];
	crypto_auth_hmacsha256_state state;
	crypto_auth_hmacsha256_init(&state, (const uint8_t *)secret, strlen(secret));
	crypto_auth_hmacsha256_update(&state, (const uint8_t *)from, strlen(from));
	crypto_auth_hmacsha256_final(&state, code);
	sodium_bin2hex(key, sizeof key, code, sizeof code);
	return g_strdup_printf("<message from='bob@b.test/x'><body>47</body><checked "
			       "xmlns='" CHAT_STANZA_CHECKED_NS "' key='%s'/></message>",
			       key);
}

static void test_c6_the_mark_takes_the_secret(void)
{
	g_autofree char *right = marked(SECRET, "bob@b.test/x");
	g_auto(ChatStanza) good = { 0 };
	g_assert_true(read_text(right, &good));
	g_assert_true(good.checked);
	const char *const wrong[] = {
		marked("another", "bob@b.test/x"), marked(SECRET, "eve@b.test/x"),
		g_strdup("<message from='bob@b.test/x'><body>47</body><checked "
			 "xmlns='" CHAT_STANZA_CHECKED_NS "'/></message>")
	};
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autofree const char *text = wrong[i];
		g_auto(ChatStanza) stanza = { 0 };
		g_assert_true(read_text(text, &stanza));
		g_assert_false(stanza.checked);
	}
}

static char *to_text(xmpp_stanza_t *stanza)
{
	char *text;
	size_t size;
	g_assert_cmpint(xmpp_stanza_to_text(stanza, &text, &size), ==, XMPP_EOK);
	char *copy = g_strdup(text);
	xmpp_free(context, text);
	xmpp_stanza_release(stanza);
	return copy;
}

static void test_writes_a_question(void)
{
	const ChatMessage message = {
		.to = "alice@example.org",
		.id = "q1",
		.thread = "t1",
		.text = "<b> & 'c'",
		.ask_id = "q1",
		.ask_url = "https://drive.example/?a&b",
	};
	g_autofree char *text = to_text(chat_stanza_write(context, "drive@chat.example", &message));
	g_assert_nonnull(strstr(text, "&lt;b&gt; &amp; "));
	g_assert_nonnull(strstr(text, "<thread>t1</thread>"));
	g_assert_nonnull(strstr(text, "from=\"drive@chat.example\""));
	g_assert_nonnull(strstr(text, "http://jabber.org/protocol/http-auth"));
	g_assert_nonnull(strstr(text, "https://drive.example/?a&amp;b"));
}

static void test_answers_what_servers_ask(void)
{
	xmpp_stanza_t *iq = xmpp_stanza_new_from_string(
		context, "<iq from='a@b/c' to='drive@d' type='get' id='1'><query "
			 "xmlns='http://jabber.org/protocol/disco#info'/></iq>");
	g_autofree char *text = to_text(chat_stanza_answer_iq(context, iq));
	xmpp_stanza_release(iq);
	g_assert_nonnull(strstr(text, "type=\"result\""));
	g_assert_nonnull(strstr(text, "from=\"drive@d\""));
	iq = xmpp_stanza_new_from_string(
		context, "<iq from='a@b/c' to='drive@d' type='set' id='1'><x xmlns='y'/></iq>");
	g_autofree char *error = to_text(chat_stanza_answer_iq(context, iq));
	xmpp_stanza_release(iq);
	g_assert_nonnull(strstr(error, "service-unavailable"));
	iq = xmpp_stanza_new_from_string(context, "<iq from='a@b' to='d' type='result' id='1'/>");
	g_assert_null(chat_stanza_answer_iq(context, iq));
	g_assert_false(chat_stanza_is_room_service(iq));
	xmpp_stanza_release(iq);
	iq = xmpp_stanza_new_from_string(
		context,
		"<iq from='muc.b' to='drive@d' type='result' id='1'><query "
		"xmlns='http://jabber.org/protocol/disco#info'><feature var='x'/><identity "
		"category='conference' type='text'/></query></iq>");
	g_assert_true(chat_stanza_is_room_service(iq));
	xmpp_stanza_release(iq);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	context = xmpp_ctx_new(NULL, NULL);
	g_test_add_func("/server/chat/chat_stanza/reads-what-a-person-writes",
			test_reads_what_a_person_writes);
	g_test_add_func("/server/chat/chat_stanza/c4-drops-what-is-not-his-own",
			test_c4_drops_what_is_not_his_own);
	g_test_add_func("/server/chat/chat_stanza/c4-an-error-is-never-an-answer",
			test_c4_an_error_is_never_an_answer);
	g_test_add_func("/server/chat/chat_stanza/reads-xep-0070", test_reads_xep_0070);
	g_test_add_func("/server/chat/chat_stanza/c6-the-mark-takes-the-secret",
			test_c6_the_mark_takes_the_secret);
	g_test_add_func("/server/chat/chat_stanza/writes-a-question", test_writes_a_question);
	g_test_add_func("/server/chat/chat_stanza/answers-what-servers-ask",
			test_answers_what_servers_ask);
	int status = g_test_run();
	xmpp_ctx_free(context);
	return status;
}
