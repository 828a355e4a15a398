/* SPDX-License-Identifier: Apache-2.0 */
#include "server/chat/chat_stanza.h"

#include "base/limits.h"
#include "server/chat/jid.h"

#include <sodium.h>
#include <string.h>

#define CONFIRM_NS "http://jabber.org/protocol/http-auth"
#define PING_NS "urn:xmpp:ping"
#define ID_SIZE_MAX 255

/* What carries somebody else's words, or words of another time. */
static const char *const foreign[] = {
	"urn:xmpp:carbons:2",
	"urn:xmpp:forward:0",
	"urn:xmpp:mam:1",
	"urn:xmpp:mam:2",
	"http://jabber.org/protocol/muc#user",
	"http://jabber.org/protocol/pubsub#event",
	"jabber:x:conference",
};

static bool is_foreign(xmpp_stanza_t *stanza)
{
	for (size_t i = 0; i < G_N_ELEMENTS(foreign); i++) {
		if (xmpp_stanza_get_child_by_ns(stanza, foreign[i])) {
			return true;
		}
	}
	return false;
}

/* The text of the first child of this name in the stanza's own namespace; NULL if none. */
static char *child_text(xmpp_stanza_t *stanza, const char *name, size_t size_max)
{
	const char *own = xmpp_stanza_get_ns(stanza);
	for (xmpp_stanza_t *child = xmpp_stanza_get_children(stanza); child;
	     child = xmpp_stanza_get_next(child)) {
		const char *ns = xmpp_stanza_get_ns(child);
		if (!xmpp_stanza_is_tag(child) ||
		    g_strcmp0(xmpp_stanza_get_name(child), name) != 0 ||
		    (ns && g_strcmp0(ns, own) != 0)) {
			continue;
		}
		char *text = xmpp_stanza_get_text(child);
		char *copy =
			text && strnlen(text, size_max + 1) <= size_max ? g_strdup(text) : NULL;
		if (text) {
			xmpp_free(xmpp_stanza_get_context(stanza), text);
		}
		return copy;
	}
	return NULL;
}

/* HMAC-SHA256 of the sender's address as it stands there, in hexadecimal. */
static bool is_checked(xmpp_stanza_t *stanza, const char *from, const char *secret)
{
	xmpp_stanza_t *mark =
		xmpp_stanza_get_child_by_name_and_ns(stanza, "checked", CHAT_STANZA_CHECKED_NS);
	const char *key = mark ? xmpp_stanza_get_attribute(mark, "key") : NULL;
	if (!key) {
		return false;
	}
	uint8_t code[crypto_auth_hmacsha256_BYTES];
	char expected[2 * sizeof code + 1];
	crypto_auth_hmacsha256_state state;
	crypto_auth_hmacsha256_init(&state, (const uint8_t *)secret, strlen(secret));
	crypto_auth_hmacsha256_update(&state, (const uint8_t *)from, strlen(from));
	crypto_auth_hmacsha256_final(&state, code);
	sodium_bin2hex(expected, sizeof expected, code, sizeof code);
	return strlen(key) == sizeof expected - 1 &&
	       sodium_memcmp(key, expected, sizeof expected - 1) == 0;
}

static bool is_denial(xmpp_stanza_t *stanza)
{
	xmpp_stanza_t *error = xmpp_stanza_get_child_by_name(stanza, "error");
	return error && xmpp_stanza_get_child_by_ns(stanza, CONFIRM_NS) &&
	       xmpp_stanza_get_child_by_name(error, "not-authorized");
}

static bool read_kind(xmpp_stanza_t *stanza, ChatStanza *ret_stanza)
{
	const char *type = xmpp_stanza_get_type(stanza);
	if (g_strcmp0(type, "error") == 0) {
		const char *id = xmpp_stanza_get_id(stanza);
		bool denial = is_denial(stanza);
		ret_stanza->kind = denial ? CHAT_RECEIVED_DENY : CHAT_RECEIVED_BOUNCE;
		ret_stanza->answers =
			id && strnlen(id, ID_SIZE_MAX + 1) <= ID_SIZE_MAX ? g_strdup(id) : NULL;
		ret_stanza->text = g_strdup("");
		return denial ? ret_stanza->thread != NULL : ret_stanza->answers != NULL;
	}
	if (type && strcmp(type, "chat") != 0 && strcmp(type, "normal") != 0) {
		return false;
	}
	ret_stanza->text = child_text(stanza, "body", CHAT_TEXT_SIZE_MAX);
	if (ret_stanza->text) {
		ret_stanza->kind = CHAT_RECEIVED_TEXT;
		return true;
	}
	ret_stanza->kind = CHAT_RECEIVED_CONFIRM;
	ret_stanza->text = g_strdup("");
	return xmpp_stanza_get_child_by_ns(stanza, CONFIRM_NS) != NULL;
}

bool chat_stanza_read(xmpp_stanza_t *stanza, const char *secret, ChatStanza *ret_stanza)
{
	const char *name = xmpp_stanza_get_name(stanza);
	const char *from = xmpp_stanza_get_from(stanza);
	g_auto(Jid) jid = { NULL };
	if (g_strcmp0(name, "message") != 0 || !from || is_foreign(stanza) ||
	    !jid_parse(from, &jid, NULL) || !jid.node) {
		return false;
	}
	g_auto(ChatStanza) read = {
		.from = jid_bare(&jid),
		.domain = g_strdup(jid.domain),
		.thread = child_text(stanza, "thread", ID_SIZE_MAX),
		.checked = is_checked(stanza, from, secret),
	};
	/* What we sent went to the bare address, so that is what cannot be delivered. */
	if (strlen(read.from) > CHAT_ADDRESS_SIZE_MAX || !read_kind(stanza, &read) ||
	    (read.kind == CHAT_RECEIVED_BOUNCE && jid.resource)) {
		return false;
	}
	*ret_stanza = read;
	read = (ChatStanza){ 0 };
	return true;
}

void chat_stanza_clear(ChatStanza *stanza)
{
	g_clear_pointer(&stanza->from, g_free);
	g_clear_pointer(&stanza->domain, g_free);
	g_clear_pointer(&stanza->thread, g_free);
	g_clear_pointer(&stanza->answers, g_free);
	g_clear_pointer(&stanza->text, g_free);
}

/* ---- writing ---------------------------------------------------------------------------- */

xmpp_stanza_t *chat_stanza_add(xmpp_stanza_t *parent, const char *name, const char *ns)
{
	xmpp_stanza_t *child = xmpp_stanza_new(xmpp_stanza_get_context(parent));
	xmpp_stanza_set_name(child, name);
	if (ns) {
		xmpp_stanza_set_ns(child, ns);
	}
	xmpp_stanza_add_child_ex(parent, child, 0);
	return child;
}

static void add_text(xmpp_stanza_t *parent, const char *name, const char *text)
{
	xmpp_stanza_t *child = chat_stanza_add(parent, name, NULL);
	xmpp_stanza_t *inside = xmpp_stanza_new(xmpp_stanza_get_context(parent));
	xmpp_stanza_set_text(inside, text);
	xmpp_stanza_add_child_ex(child, inside, 0);
}

xmpp_stanza_t *chat_stanza_write(xmpp_ctx_t *context, const char *from, const ChatMessage *message)
{
	xmpp_stanza_t *stanza = xmpp_message_new(context, "chat", message->to, message->id);
	xmpp_stanza_set_from(stanza, from);
	add_text(stanza, "body", message->text);
	if (message->thread) {
		add_text(stanza, "thread", message->thread);
	}
	if (message->ask_id) {
		xmpp_stanza_t *confirm = chat_stanza_add(stanza, "confirm", CONFIRM_NS);
		xmpp_stanza_set_attribute(confirm, "id", message->ask_id);
		xmpp_stanza_set_attribute(confirm, "method", "GET");
		xmpp_stanza_set_attribute(confirm, "url", message->ask_url);
	}
	return stanza;
}

/* ---- iq --------------------------------------------------------------------------------- */

/* type NULL: any */
static bool is_conference(xmpp_stanza_t *iq, const char *type)
{
	xmpp_stanza_t *query = xmpp_stanza_get_child_by_ns(iq, XMPP_NS_DISCO_INFO);
	xmpp_stanza_t *child = query ? xmpp_stanza_get_children(query) : NULL;
	for (; child; child = xmpp_stanza_get_next(child)) {
		if (xmpp_stanza_is_tag(child) &&
		    g_strcmp0(xmpp_stanza_get_name(child), "identity") == 0 &&
		    g_strcmp0(xmpp_stanza_get_attribute(child, "category"), "conference") == 0 &&
		    (!type || g_strcmp0(xmpp_stanza_get_type(child), type) == 0)) {
			return true;
		}
	}
	return false;
}

bool chat_stanza_is_room_service(xmpp_stanza_t *iq)
{
	return is_conference(iq, NULL);
}

bool chat_stanza_is_room(xmpp_stanza_t *iq)
{
	return is_conference(iq, "text");
}

static void describe_drive(xmpp_stanza_t *reply)
{
	static const char *const features[] = { XMPP_NS_DISCO_INFO, PING_NS, CONFIRM_NS };
	xmpp_stanza_t *query = chat_stanza_add(reply, "query", XMPP_NS_DISCO_INFO);
	xmpp_stanza_t *identity = chat_stanza_add(query, "identity", NULL);
	xmpp_stanza_set_attribute(identity, "category", "client");
	xmpp_stanza_set_attribute(identity, "type", "bot");
	xmpp_stanza_set_attribute(identity, "name", "imdrive");
	for (size_t i = 0; i < G_N_ELEMENTS(features); i++) {
		xmpp_stanza_set_attribute(chat_stanza_add(query, "feature", NULL), "var",
					  features[i]);
	}
}

xmpp_stanza_t *chat_stanza_answer_iq(xmpp_ctx_t *context, xmpp_stanza_t *iq)
{
	const char *type = xmpp_stanza_get_type(iq);
	bool get = g_strcmp0(type, "get") == 0;
	if ((!get && g_strcmp0(type, "set") != 0) || !xmpp_stanza_get_from(iq) ||
	    !xmpp_stanza_get_to(iq)) {
		return NULL;
	}
	bool disco = xmpp_stanza_get_child_by_ns(iq, XMPP_NS_DISCO_INFO) != NULL;
	if (!get || (!disco && !xmpp_stanza_get_child_by_ns(iq, PING_NS))) {
		xmpp_stanza_t *error =
			xmpp_stanza_reply_error(iq, "cancel", "service-unavailable", NULL);
		if (error) {
			xmpp_stanza_set_from(error, xmpp_stanza_get_to(iq));
		}
		return error;
	}
	xmpp_stanza_t *reply = xmpp_stanza_reply(iq);
	if (!reply) {
		return NULL;
	}
	xmpp_stanza_set_type(reply, "result");
	xmpp_stanza_set_from(reply, xmpp_stanza_get_to(iq));
	if (disco) {
		describe_drive(reply);
	}
	return reply;
}
