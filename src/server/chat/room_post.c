/* SPDX-License-Identifier: Apache-2.0 */
#include "server/chat/room_post.h"

#include "base/error.h"
#include "server/chat/chat_stanza.h"
#include "server/chat/jid.h"

#include <string.h>

#define MUC_NS "http://jabber.org/protocol/muc"
#define STATUS_SELF "110"
#define STATUS_CREATED "201"

typedef enum Stage {
	ASKING,
	ENTERING,
	WRITING,
	OVER,
} Stage;

struct RoomPost {
	RoomPostWay way;
	char *self; /* the drive's address as this occupant; nobody else knows it */
	char *room;
	char *place; /* room/name */
	char *id;
	char *text;
	ChatPostedFunc posted;
	void *posted_data;
	int64_t until_us;
	Stage stage;
	bool inside; /* or on the way in */
	GError *error;
};

/* ---- what is sent ----------------------------------------------------------------------- */

static void send_away(RoomPost *post, xmpp_stanza_t *stanza)
{
	xmpp_stanza_set_from(stanza, post->self);
	post->way.send(stanza, post->way.data);
	xmpp_stanza_release(stanza);
}

static void ask(RoomPost *post)
{
	xmpp_stanza_t *iq = xmpp_iq_new(post->way.context, "get", post->id);
	xmpp_stanza_set_to(iq, post->room);
	chat_stanza_add(iq, "query", XMPP_NS_DISCO_INFO);
	send_away(post, iq);
}

/* Without what was said before. */
static void enter(RoomPost *post)
{
	xmpp_stanza_t *presence = xmpp_presence_new(post->way.context);
	xmpp_stanza_set_to(presence, post->place);
	xmpp_stanza_t *history =
		chat_stanza_add(chat_stanza_add(presence, "x", MUC_NS), "history", NULL);
	xmpp_stanza_set_attribute(history, "maxstanzas", "0");
	post->stage = ENTERING;
	post->inside = true;
	send_away(post, presence);
}

static void write_message(RoomPost *post)
{
	const ChatMessage message = {
		.to = post->room,
		.id = post->id,
		.text = post->text,
	};
	xmpp_stanza_t *stanza = chat_stanza_write(post->way.context, post->self, &message);
	xmpp_stanza_set_type(stanza, "groupchat");
	post->stage = WRITING;
	send_away(post, stanza);
}

static void leave(RoomPost *post)
{
	xmpp_stanza_t *presence = xmpp_presence_new(post->way.context);
	xmpp_stanza_set_to(presence, post->place);
	xmpp_stanza_set_type(presence, "unavailable");
	post->inside = false;
	send_away(post, presence);
}

/* ---- what comes back -------------------------------------------------------------------- */

static void fail(RoomPost *post, DriveError code, const char *why)
{
	g_set_error(&post->error, DRIVE_ERROR, (int)code,
		    "the room '%s' %s; send the link yourself", post->room, why);
	post->stage = OVER;
}

static bool has_condition(xmpp_stanza_t *stanza, const char *condition)
{
	xmpp_stanza_t *error = xmpp_stanza_get_child_by_name(stanza, "error");
	return error && xmpp_stanza_get_child_by_name(error, condition);
}

/* Why somebody does not come in: XEP-0045, 7.2. */
static void fail_entering(RoomPost *post, xmpp_stanza_t *stanza)
{
	static const struct {
		const char *condition;
		DriveError code;
		const char *why;
	} reasons[] = {
		{ "registration-required", DRIVE_ERROR_FORBIDDEN,
		  "is for its members, and the drive is none" },
		{ "not-authorized", DRIVE_ERROR_FORBIDDEN, "has a password" },
		{ "forbidden", DRIVE_ERROR_FORBIDDEN, "does not let the drive in" },
		{ "conflict", DRIVE_ERROR_CONFLICT,
		  "has somebody in it who is called as the drive is" },
		{ "item-not-found", DRIVE_ERROR_INVALID, "is not there" },
		{ "not-allowed", DRIVE_ERROR_INVALID, "is not there" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(reasons); i++) {
		if (has_condition(stanza, reasons[i].condition)) {
			fail(post, reasons[i].code, reasons[i].why);
			return;
		}
	}
	fail(post, DRIVE_ERROR_FORBIDDEN, "does not let the drive in");
}

static void hear_answer(RoomPost *post, xmpp_stanza_t *iq)
{
	const char *type = xmpp_stanza_get_type(iq);
	if (post->stage != ASKING || g_strcmp0(xmpp_stanza_get_id(iq), post->id) != 0) {
		return;
	}
	if (g_strcmp0(type, "result") == 0 && chat_stanza_is_room(iq)) {
		enter(post);
	} else if (has_condition(iq, "item-not-found")) {
		fail(post, DRIVE_ERROR_INVALID, "is not there");
	} else {
		g_set_error(&post->error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN,
			    "'%s' is no room, and nobody whom the drive knows; send the link "
			    "yourself",
			    post->room);
		post->stage = OVER;
	}
}

static bool has_status(xmpp_stanza_t *presence, const char *code)
{
	xmpp_stanza_t *x = xmpp_stanza_get_child_by_name_and_ns(presence, "x", MUC_NS "#user");
	xmpp_stanza_t *child = x ? xmpp_stanza_get_children(x) : NULL;
	for (; child; child = xmpp_stanza_get_next(child)) {
		if (xmpp_stanza_is_tag(child) &&
		    g_strcmp0(xmpp_stanza_get_name(child), "status") == 0 &&
		    g_strcmp0(xmpp_stanza_get_attribute(child, "code"), code) == 0) {
			return true;
		}
	}
	return false;
}

static void hear_presence(RoomPost *post, xmpp_stanza_t *presence)
{
	const char *type = xmpp_stanza_get_type(presence);
	if (g_strcmp0(type, "error") == 0) {
		post->inside = false;
		fail_entering(post, presence);
	} else if (!has_status(presence, STATUS_SELF)) {
		return;
	} else if (type) {
		post->inside = false;
		fail(post, DRIVE_ERROR_FORBIDDEN, "put the drive out");
	} else if (has_status(presence, STATUS_CREATED)) {
		/* It ended between question and answer. */
		fail(post, DRIVE_ERROR_INVALID, "is not there");
	} else if (post->stage == ENTERING) {
		write_message(post);
	}
}

static void hear_message(RoomPost *post, xmpp_stanza_t *message, const char *from)
{
	const char *type = xmpp_stanza_get_type(message);
	bool named = g_strcmp0(xmpp_stanza_get_id(message), post->id) == 0;
	if (post->stage != WRITING) {
		return;
	}
	if (g_strcmp0(type, "error") == 0 && named) {
		fail(post, DRIVE_ERROR_FORBIDDEN, "does not let the drive write");
	} else if (g_strcmp0(type, "groupchat") == 0 && (named || strcmp(from, post->place) == 0)) {
		post->stage = OVER;
	}
}

static bool is_of_room(const RoomPost *post, const char *from)
{
	g_auto(Jid) jid = { NULL };
	if (!jid_parse(from, &jid, NULL)) {
		return false;
	}
	g_autofree char *bare = jid_bare(&jid);
	return strcmp(bare, post->room) == 0;
}

bool room_post_hear(RoomPost *post, xmpp_stanza_t *stanza)
{
	const char *name = xmpp_stanza_get_name(stanza);
	const char *from = xmpp_stanza_get_from(stanza);
	if (g_strcmp0(xmpp_stanza_get_to(stanza), post->self) != 0) {
		return false;
	}
	if (post->stage == OVER || !from || !is_of_room(post, from)) {
		return true;
	}
	if (g_strcmp0(name, "iq") == 0) {
		hear_answer(post, stanza);
	} else if (g_strcmp0(name, "presence") == 0) {
		hear_presence(post, stanza);
	} else {
		hear_message(post, stanza, from);
	}
	return true;
}

bool room_post_is_over(RoomPost *post, int64_t now_us)
{
	if (post->stage != OVER && now_us >= post->until_us) {
		fail(post, DRIVE_ERROR_BUSY, "does not answer");
	}
	return post->stage == OVER;
}

/* ---- life ------------------------------------------------------------------------------- */

RoomPost *room_post_new(const RoomPostWay *way, const ChatMessage *message, int64_t until_us)
{
	RoomPost *post = g_new0(RoomPost, 1);
	post->way = *way;
	post->id = g_uuid_string_random();
	g_autofree char *resource = g_uuid_string_random();
	post->self = g_strconcat(way->address, "/", resource, NULL);
	post->room = g_strdup(message->to);
	post->place = g_strconcat(message->to, "/", message->name, NULL);
	post->text = g_strdup(message->text);
	post->posted = message->posted;
	post->posted_data = message->posted_data;
	post->until_us = until_us;
	ask(post);
	return post;
}

void room_post_free(RoomPost *post)
{
	if (!post) {
		return;
	}
	if (post->inside) {
		leave(post);
	}
	if (post->stage != OVER) {
		fail(post, DRIVE_ERROR_BUSY, "cannot be reached just now");
	}
	post->posted(post->error, post->posted_data);
	g_clear_error(&post->error);
	g_free(post->self);
	g_free(post->room);
	g_free(post->place);
	g_free(post->id);
	g_free(post->text);
	g_free(post);
}
