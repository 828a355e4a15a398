/* SPDX-License-Identifier: Apache-2.0 */
/* What the drive says to a room, and what it makes of the answers. */
#include "server/chat/room_post.h"

#include "base/error.h"

#include <string.h>

#define ROOM "plans@rooms.example"
#define PLACE ROOM "/drive.example"
#define LINK "https://drive.example/s/secret"
#define UNTIL_US 100

#define IS_ROOM                                                                      \
	"<iq type='result' %s><query xmlns='http://jabber.org/protocol/disco#info'>" \
	"<identity category='conference' type='text'/></query></iq>"
#define IS_INSIDE                                                                       \
	"<presence from='" PLACE "' %s><x xmlns='http://jabber.org/protocol/muc#user'>" \
	"<status code='110'/></x></presence>"

typedef struct World {
	xmpp_ctx_t *context;
	RoomPostWay way;
	RoomPost *post;
	GPtrArray *sent; /* texts */
	char *self;      /* the drive as it is called by this post */
	char *id;
	unsigned told;
	GError *error; /* what was told */
} World;

static void keep(xmpp_stanza_t *stanza, void *data)
{
	World *world = data;
	char *text;
	size_t size;
	g_assert_cmpint(xmpp_stanza_to_text(stanza, &text, &size), ==, XMPP_EOK);
	g_ptr_array_add(world->sent, g_strdup(text));
	xmpp_free(world->context, text);
	if (!world->self) {
		world->self = g_strdup(xmpp_stanza_get_from(stanza));
		world->id = g_strdup(xmpp_stanza_get_id(stanza));
	}
	g_assert_cmpstr(xmpp_stanza_get_from(stanza), ==, world->self);
}

static void told(const GError *error, void *data)
{
	World *world = data;
	world->told++;
	world->error = error ? g_error_copy(error) : NULL;
}

static void world_open(World *world, const void *data)
{
	world->context = xmpp_ctx_new(NULL, NULL);
	world->sent = g_ptr_array_new_with_free_func(g_free);
	world->way = (RoomPostWay){ world->context, "drive@chat.example", keep, world };
	const ChatMessage message = {
		.to = ROOM,
		.text = "look: " LINK,
		.name = "drive.example",
		.posted = told,
		.posted_data = world,
	};
	world->post = room_post_new(&world->way, &message, UNTIL_US);
}

static void world_close(World *world, const void *data)
{
	g_assert_null(world->post);
	g_assert_cmpuint(world->told, ==, 1);
	g_clear_error(&world->error);
	g_ptr_array_unref(world->sent);
	g_free(world->self);
	g_free(world->id);
	xmpp_ctx_free(world->context);
}

/* ---- short forms ------------------------------------------------------------------------ */

/* format: with %s for the addresses and id of an answer. */
static bool hear_of(World *world, const char *format, const char *from, const char *id)
{
	g_autofree char *attributes =
		g_strdup_printf("%s%s%s to='%s' id='%s'", from ? "from='" : "", from ? from : "",
				from ? "'" : "", world->self, id);
	g_auto(GStrv) parts = g_strsplit(format, "%s", 2);
	g_autofree char *text = g_strjoinv(attributes, parts);
	xmpp_stanza_t *stanza = xmpp_stanza_new_from_string(world->context, text);
	g_assert_nonnull(stanza);
	bool mine = room_post_hear(world->post, stanza);
	xmpp_stanza_release(stanza);
	return mine;
}

static void hear(World *world, const char *format)
{
	bool placed = strstr(format, " from='");
	g_assert_true(hear_of(world, format, placed ? NULL : ROOM, world->id));
}

static const char *last(World *world)
{
	return world->sent->pdata[world->sent->len - 1];
}

static bool is_over(World *world)
{
	return room_post_is_over(world->post, 0);
}

static void end(World *world)
{
	g_assert_true(is_over(world));
	g_clear_pointer(&world->post, room_post_free);
}

/* ---- tests ------------------------------------------------------------------------------ */

static void test_goes_in_writes_and_leaves(World *world, const void *data)
{
	g_assert_cmpuint(world->sent->len, ==, 1);
	g_assert_nonnull(strstr(last(world), "disco#info"));
	hear(world, IS_ROOM);
	g_assert_nonnull(strstr(last(world), "<presence"));
	g_assert_nonnull(strstr(last(world), "to=\"" PLACE "\""));
	g_assert_nonnull(strstr(last(world), "maxstanzas=\"0\""));
	/* Others are there already. */
	hear(world, "<presence from='" ROOM "/bob' %s><x "
		    "xmlns='http://jabber.org/protocol/muc#user'/></presence>");
	g_assert_cmpuint(world->sent->len, ==, 2);
	hear(world, IS_INSIDE);
	g_assert_nonnull(strstr(last(world), "type=\"groupchat\""));
	g_assert_nonnull(strstr(last(world), "to=\"" ROOM "\""));
	g_assert_nonnull(strstr(last(world), "<body>look: " LINK "</body>"));
	/* Not what others say. */
	g_assert_true(hear_of(world,
			      "<message type='groupchat' %s><body>look: " LINK "</body></message>",
			      ROOM "/bob", "other"));
	g_assert_false(is_over(world));
	hear(world, "<message type='groupchat' from='" PLACE "' %s><body>x</body></message>");
	end(world);
	g_assert_no_error(world->error);
	g_assert_nonnull(strstr(last(world), "type=\"unavailable\""));
	g_assert_nonnull(strstr(last(world), "to=\"" PLACE "\""));
	g_assert_cmpuint(world->sent->len, ==, 4);
}

static void test_c4_only_the_room_answers(World *world, const void *data)
{
	static const char *const others[] = { "rooms.example", "mallory@rooms.example",
					      "plans@other.example", "@/", NULL };
	for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
		g_assert_true(hear_of(world, IS_ROOM, others[i], world->id));
	}
	g_assert_true(hear_of(world, IS_ROOM, ROOM, "another-question"));
	g_assert_cmpuint(world->sent->len, ==, 1);
	/* And what was meant for somebody else is not looked at. */
	g_autofree char *self = g_steal_pointer(&world->self);
	world->self = g_strdup("drive@chat.example");
	g_assert_false(hear_of(world, IS_ROOM, ROOM, world->id));
	g_free(world->self);
	world->self = g_steal_pointer(&self);
	hear(world, IS_ROOM);
	g_assert_cmpuint(world->sent->len, ==, 2);
	hear(world, "<presence type='error' %s><error><forbidden/></error></presence>");
	end(world);
}

static void test_c3_people_are_not_entered(World *world, const void *data)
{
	hear(world, "<iq type='result' %s><query xmlns='http://jabber.org/protocol/disco#info'>"
		    "<identity category='account' type='registered'/></query></iq>");
	end(world);
	g_assert_error(world->error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN);
	g_assert_cmpuint(world->sent->len, ==, 1);
}

/* A gateway of the operator's leads to channels that are not his. */
static void test_c3_channels_of_elsewhere_are_not_entered(World *world, const void *data)
{
	hear(world, "<iq type='result' %s><query xmlns='http://jabber.org/protocol/disco#info'>"
		    "<identity category='conference' type='irc'/>"
		    "<feature var='http://jabber.org/protocol/muc'/></query></iq>");
	end(world);
	g_assert_error(world->error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN);
	g_assert_cmpuint(world->sent->len, ==, 1);
}

static void test_makes_no_room(World *world, const void *data)
{
	hear(world, "<iq type='error' %s><error type='cancel'><item-not-found/></error></iq>");
	end(world);
	g_assert_error(world->error, DRIVE_ERROR, DRIVE_ERROR_INVALID);
	g_assert_nonnull(strstr(world->error->message, "'" ROOM "' is not there"));
	g_assert_cmpuint(world->sent->len, ==, 1);
}

static void test_leaves_a_room_that_it_made(World *world, const void *data)
{
	hear(world, IS_ROOM);
	hear(world, "<presence from='" PLACE "' %s><x xmlns='http://jabber.org/protocol/muc#user'>"
		    "<status code='110'/><status code='201'/></x></presence>");
	end(world);
	g_assert_error(world->error, DRIVE_ERROR, DRIVE_ERROR_INVALID);
	g_assert_cmpuint(world->sent->len, ==, 3);
	g_assert_nonnull(strstr(last(world), "type=\"unavailable\""));
}

static void test_says_why_it_is_not_let_in(void)
{
	static const struct {
		const char *condition;
		DriveError code;
		const char *text;
	} refusals[] = {
		{ "registration-required", DRIVE_ERROR_FORBIDDEN, "is for its members" },
		{ "not-authorized", DRIVE_ERROR_FORBIDDEN, "has a password" },
		{ "forbidden", DRIVE_ERROR_FORBIDDEN, "does not let the drive in" },
		{ "service-unavailable", DRIVE_ERROR_FORBIDDEN, "does not let the drive in" },
		{ "conflict", DRIVE_ERROR_CONFLICT, "who is called as the drive is" },
		{ "item-not-found", DRIVE_ERROR_INVALID, "is not there" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++) {
		World world = { NULL };
		world_open(&world, NULL);
		hear(&world, IS_ROOM);
		g_autofree char *refusal = g_strdup_printf(
			"<presence type='error' %%s><error type='auth'><%s/></error></presence>",
			refusals[i].condition);
		hear(&world, refusal);
		end(&world);
		g_assert_error(world.error, DRIVE_ERROR, (int)refusals[i].code);
		g_assert_nonnull(strstr(world.error->message, refusals[i].text));
		g_assert_nonnull(strstr(world.error->message, "send the link yourself"));
		g_assert_cmpuint(world.sent->len, ==, 2); /* there is nothing to leave */
		world_close(&world, NULL);
	}
}

static void test_says_when_it_may_not_write(World *world, const void *data)
{
	hear(world, IS_ROOM);
	hear(world, IS_INSIDE);
	hear(world, "<message type='error' %s><error type='auth'><forbidden/></error></message>");
	end(world);
	g_assert_error(world->error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN);
	g_assert_nonnull(strstr(last(world), "type=\"unavailable\""));
}

static void test_does_not_wait_for_ever(World *world, const void *data)
{
	hear(world, IS_ROOM);
	g_assert_false(room_post_is_over(world->post, UNTIL_US - 1));
	g_assert_true(room_post_is_over(world->post, UNTIL_US));
	/* It comes late, and does nothing any more. */
	hear(world, IS_INSIDE);
	g_assert_cmpuint(world->sent->len, ==, 2);
	end(world);
	g_assert_error(world->error, DRIVE_ERROR, DRIVE_ERROR_BUSY);
	g_assert_nonnull(strstr(last(world), "type=\"unavailable\""));
}

static void test_tells_when_the_connection_ends(World *world, const void *data)
{
	hear(world, IS_ROOM);
	g_clear_pointer(&world->post, room_post_free);
	g_assert_error(world->error, DRIVE_ERROR, DRIVE_ERROR_BUSY);
}

static void add(const char *name, void (*test)(World *, const void *))
{
	g_autofree char *path = g_strconcat("/server/chat/room_post/", name, NULL);
	g_test_add(path, World, NULL, world_open, test, world_close);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add("goes-in-writes-and-leaves", test_goes_in_writes_and_leaves);
	add("c4-only-the-room-answers", test_c4_only_the_room_answers);
	add("c3-people-are-not-entered", test_c3_people_are_not_entered);
	add("c3-channels-of-elsewhere-are-not-entered",
	    test_c3_channels_of_elsewhere_are_not_entered);
	add("makes-no-room", test_makes_no_room);
	add("leaves-a-room-that-it-made", test_leaves_a_room_that_it_made);
	g_test_add_func("/server/chat/room_post/says-why-it-is-not-let-in",
			test_says_why_it_is_not_let_in);
	add("says-when-it-may-not-write", test_says_when_it_may_not_write);
	add("does-not-wait-for-ever", test_does_not_wait_for_ever);
	add("tells-when-the-connection-ends", test_tells_when_the_connection_ends);
	return g_test_run();
}
