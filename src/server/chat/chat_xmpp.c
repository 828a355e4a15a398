/* SPDX-License-Identifier: Apache-2.0 */
#include "server/chat/chat_xmpp.h"

#include "base/error.h"
#include "base/limits.h"
#include "server/chat/chat_stanza.h"
#include "server/chat/jid.h"
#include "server/chat/room_post.h"
#include "server/chat/rooms.h"

#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define ADDRESS_NODE "drive"
#define PAUSE_MIN_MS 500
#define PAUSE_MAX_MS 60000
/* The library's own timers, such as that of a connection that hangs. */
#define TICK_MS 1000
#define TICK_CONNECTING_MS 20
#define CONNECT_MAX_US (30 * G_TIME_SPAN_SECOND)
#define GOODBYE_TICKS 20

/* A message that waits for the connection. */
typedef struct Letter {
	char *to;
	char *id;
	char *thread;
	char *text;
	char *ask_id;
	char *ask_url;
	char *name; /* not NULL: to a room */
	ChatPostedFunc posted;
	void *posted_data;
	int64_t until_us; /* 0: only over the connection of now */
} Letter;

typedef struct Xmpp {
	ChatDriver driver;
	char *component;
	char *address;
	char *host;
	uint16_t port;
	char *secret;
	GHashTable *domains;
	GHashTable *prompt_domains;
	ChatXmppRemote remote;
	EntryPolicy registers;
	EntryPolicy registers_remote;
	void (*changed)(bool online, const char *why, void *changed_data);
	void *changed_data;
	ChatReceiveFunc received;
	void *data;
	GThread *thread;
	int wake; /* eventfd: there is something in the outbox, or it is to stop */

	GMutex lock; /* guards these */
	bool stopping;
	bool online;
	GQueue outbox; /* Letter */

	/* The thread's own. */
	xmpp_ctx_t *context;
	xmpp_conn_t *connection;
	int socket;
	bool lost;
	char *why;      /* it is not online */
	char *told;     /* to `changed`; "": online */
	RoomPost *post; /* under way; NULL: none */
	GQueue posts;   /* Letter: to rooms, and waiting for it */
	Rooms *rooms;   /* which domains are people's */
} Xmpp;

/* ---- the outbox ------------------------------------------------------------------------- */

static bool set_unreachable(DriveError code, GError **error)
{
	g_set_error_literal(error, DRIVE_ERROR, (int)code,
			    "the drive cannot reach its chat server just now");
	return false;
}

static void letter_free(void *data)
{
	Letter *letter = data;
	if (letter->posted) {
		g_autoptr(GError) error = NULL;
		set_unreachable(DRIVE_ERROR_BUSY, &error);
		letter->posted(error, letter->posted_data);
	}
	g_free(letter->name);
	g_free(letter->to);
	g_free(letter->id);
	g_free(letter->thread);
	g_free(letter->text);
	g_free(letter->ask_id);
	g_free(letter->ask_url);
	g_free(letter);
}

static Letter *letter_new(const ChatMessage *message, unsigned keep_s)
{
	Letter *letter = g_new0(Letter, 1);
	*letter = (Letter){
		.to = g_strdup(message->to),
		.id = g_strdup(message->id),
		.thread = g_strdup(message->thread),
		.text = g_strdup(message->text),
		.ask_id = g_strdup(message->ask_id),
		.ask_url = g_strdup(message->ask_url),
		.name = g_strdup(message->name),
		.posted = message->posted,
		.posted_data = message->posted_data,
		.until_us = keep_s ? g_get_monotonic_time() + keep_s * G_TIME_SPAN_SECOND : 0,
	};
	return letter;
}

static void wake(Xmpp *xmpp)
{
	uint64_t one = 1;
	ssize_t written = write(xmpp->wake, &one, sizeof one);
	g_assert(written == sizeof one);
}

static bool xmpp_ops_send(ChatDriver *driver, const ChatMessage *message, unsigned keep_s,
			  GError **error)
{
	Xmpp *xmpp = (Xmpp *)driver;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&xmpp->lock);
	if (!xmpp->online && (keep_s == 0 || message->posted)) {
		return set_unreachable(DRIVE_ERROR_OFFLINE, error);
	}
	if (xmpp->outbox.length >= CHAT_OUTBOX_MAX) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_BUSY,
				    "too many messages wait for the chat server");
		return false;
	}
	g_queue_push_tail(&xmpp->outbox, letter_new(message, keep_s));
	wake(xmpp);
	return true;
}

static Letter *next_letter(Xmpp *xmpp)
{
	g_mutex_lock(&xmpp->lock);
	Letter *letter = g_queue_pop_head(&xmpp->outbox);
	g_mutex_unlock(&xmpp->lock);
	return letter;
}

/* Borrowed. */
static ChatMessage message_of(const Letter *letter)
{
	return (ChatMessage){
		.to = letter->to,
		.id = letter->id,
		.thread = letter->thread,
		.text = letter->text,
		.ask_id = letter->ask_id,
		.ask_url = letter->ask_url,
		.name = letter->name,
		.posted = letter->posted,
		.posted_data = letter->posted_data,
	};
}

static void send_letter(Xmpp *xmpp, const Letter *letter)
{
	const ChatMessage message = message_of(letter);
	xmpp_stanza_t *stanza = chat_stanza_write(xmpp->context, xmpp->address, &message);
	xmpp_send(xmpp->connection, stanza);
	xmpp_stanza_release(stanza);
}

static void send_letters(Xmpp *xmpp)
{
	for (Letter *letter; (letter = next_letter(xmpp));) {
		if (letter->name) {
			g_queue_push_tail(&xmpp->posts, letter);
			continue;
		}
		if (letter->until_us == 0 || letter->until_us > g_get_monotonic_time()) {
			send_letter(xmpp, letter);
		}
		letter_free(letter);
	}
}

/* What was only for the connection that ended. Locked. */
static void drop_letters(Xmpp *xmpp)
{
	GQueue kept = G_QUEUE_INIT;
	for (Letter *letter; (letter = g_queue_pop_head(&xmpp->outbox));) {
		if (letter->until_us != 0 && !letter->posted) {
			g_queue_push_tail(&kept, letter);
		} else {
			letter_free(letter);
		}
	}
	xmpp->outbox = kept;
}

/* ---- rooms ------------------------------------------------------------------------------ */

static void send_stanza(xmpp_stanza_t *stanza, void *data)
{
	xmpp_send(((Xmpp *)data)->connection, stanza);
}

/* One at a time: the drive has one name, and a room wants it but once. */
static void go_on_with_posts(Xmpp *xmpp)
{
	int64_t now_us = g_get_monotonic_time();
	const RoomPostWay way = {
		.context = xmpp->context,
		.address = xmpp->address,
		.send = send_stanza,
		.data = xmpp,
	};
	if (xmpp->post && room_post_is_over(xmpp->post, now_us)) {
		g_clear_pointer(&xmpp->post, room_post_free);
	}
	for (Letter *letter; !xmpp->post && (letter = g_queue_pop_head(&xmpp->posts));) {
		if (letter->until_us > now_us) {
			const ChatMessage message = message_of(letter);
			xmpp->post = room_post_new(&way, &message, letter->until_us);
			letter->posted = NULL;
		}
		letter_free(letter);
	}
}

/* The connection ended. */
static void give_up_posts(Xmpp *xmpp)
{
	g_clear_pointer(&xmpp->post, room_post_free);
	g_queue_clear_full(&xmpp->posts, letter_free);
}

/* ---- what comes in ---------------------------------------------------------------------- */

static bool is_own(const Xmpp *xmpp, const char *domain)
{
	return g_hash_table_contains(xmpp->domains, domain);
}

static bool is_let_in(const Xmpp *xmpp, const ChatStanza *stanza)
{
	return is_own(xmpp, stanza->domain) || xmpp->remote == CHAT_XMPP_REMOTE_TRUSTED ||
	       (xmpp->remote == CHAT_XMPP_REMOTE_CHECKED &&
		/* Our own server says that it cannot deliver, in the name of the other. */
		(stanza->checked || stanza->kind == CHAT_RECEIVED_BOUNCE));
}

static void pass_on(ChatStanza *stanza, void *data)
{
	Xmpp *xmpp = data;
	const ChatReceived received = {
		.kind = stanza->kind,
		.from = stanza->from,
		.thread = stanza->thread,
		.answers = stanza->answers,
		.text = stanza->text,
	};
	xmpp->received(&received, xmpp->data);
}

static void ask_domain(Xmpp *xmpp, const char *domain)
{
	xmpp_stanza_t *iq = xmpp_iq_new(xmpp->context, "get", rooms_question(xmpp->rooms, domain));
	xmpp_stanza_t *query = xmpp_stanza_new(xmpp->context);
	xmpp_stanza_set_from(iq, xmpp->address);
	xmpp_stanza_set_to(iq, domain);
	xmpp_stanza_set_name(query, "query");
	xmpp_stanza_set_ns(query, XMPP_NS_DISCO_INFO);
	xmpp_stanza_add_child(iq, query);
	xmpp_stanza_release(query);
	xmpp_send(xmpp->connection, iq);
	xmpp_stanza_release(iq);
}

static int on_message(xmpp_conn_t *connection, xmpp_stanza_t *stanza, void *data)
{
	Xmpp *xmpp = data;
	g_auto(ChatStanza) read = { 0 };
	if (xmpp->post && room_post_hear(xmpp->post, stanza)) {
		return 1;
	}
	if (!chat_stanza_read(stanza, xmpp->secret, &read) || !is_let_in(xmpp, &read)) {
		return 1;
	}
	if (is_own(xmpp, read.domain) || read.kind == CHAT_RECEIVED_BOUNCE) {
		pass_on(&read, xmpp);
		return 1;
	}
	switch (rooms_look(xmpp->rooms, read.domain, g_get_monotonic_time())) {
	case ROOMS_PEOPLE:
		pass_on(&read, xmpp);
		break;
	case ROOMS_ROOMS:
		break;
	case ROOMS_ASK:
		ask_domain(xmpp, read.domain);
		rooms_keep(xmpp->rooms, &read);
		break;
	case ROOMS_ASKED:
		rooms_keep(xmpp->rooms, &read);
		break;
	}
	return 1;
}

static int on_iq(xmpp_conn_t *connection, xmpp_stanza_t *stanza, void *data)
{
	Xmpp *xmpp = data;
	const char *type = xmpp_stanza_get_type(stanza);
	const char *from = xmpp_stanza_get_from(stanza);
	const char *id = xmpp_stanza_get_id(stanza);
	if (xmpp->post && room_post_hear(xmpp->post, stanza)) {
		return 1;
	}
	if (from && id && (g_strcmp0(type, "result") == 0 || g_strcmp0(type, "error") == 0)) {
		g_autofree char *domain = jid_domain(from, NULL);
		if (domain) {
			bool rooms = chat_stanza_is_room_service(stanza);
			rooms_answer(xmpp->rooms, domain, id, rooms, pass_on, xmpp);
		}
		return 1;
	}
	xmpp_stanza_t *reply = chat_stanza_answer_iq(xmpp->context, stanza);
	if (reply) {
		xmpp_send(connection, reply);
		xmpp_stanza_release(reply);
	}
	return 1;
}

static void send_presence(Xmpp *xmpp, const char *to, const char *type)
{
	xmpp_stanza_t *presence = xmpp_presence_new(xmpp->context);
	xmpp_stanza_set_from(presence, xmpp->address);
	xmpp_stanza_set_to(presence, to);
	if (type) {
		xmpp_stanza_set_type(presence, type);
	}
	xmpp_send(xmpp->connection, presence);
	xmpp_stanza_release(presence);
}

/* Whoever has the drive among his contacts sees it there. */
static int on_presence(xmpp_conn_t *connection, xmpp_stanza_t *stanza, void *data)
{
	Xmpp *xmpp = data;
	const char *type = xmpp_stanza_get_type(stanza);
	const char *from = xmpp_stanza_get_from(stanza);
	g_auto(Jid) jid = { NULL };
	bool subscribes = g_strcmp0(type, "subscribe") == 0;
	if (xmpp->post && room_post_hear(xmpp->post, stanza)) {
		return 1;
	}
	if ((!subscribes && g_strcmp0(type, "probe") != 0) || !from ||
	    !jid_parse(from, &jid, NULL) || !is_own(xmpp, jid.domain)) {
		return 1;
	}
	g_autofree char *bare = jid_bare(&jid);
	if (subscribes) {
		send_presence(xmpp, bare, "subscribed");
	}
	send_presence(xmpp, bare, NULL);
	return 1;
}

/* ---- the connection --------------------------------------------------------------------- */

static bool is_stopping(Xmpp *xmpp)
{
	g_mutex_lock(&xmpp->lock);
	bool stopping = xmpp->stopping;
	g_mutex_unlock(&xmpp->lock);
	return stopping;
}

static void set_online(Xmpp *xmpp, bool online)
{
	g_mutex_lock(&xmpp->lock);
	xmpp->online = online;
	if (!online) {
		drop_letters(xmpp);
	}
	g_mutex_unlock(&xmpp->lock);
	/* Said once, not with every try. */
	const char *state = online ? "" : xmpp->why;
	if (xmpp->changed && !is_stopping(xmpp) && g_strcmp0(xmpp->told, state) != 0) {
		g_free(xmpp->told);
		xmpp->told = g_strdup(state);
		xmpp->changed(online, state, xmpp->changed_data);
	}
}

/* The library has no better place for it. */
static _Thread_local Xmpp *current;

static int remember_socket(xmpp_conn_t *connection, void *socket)
{
	current->socket = *(const int *)socket;
	return xmpp_sockopt_cb_keepalive(connection, socket);
}

static void say_why(Xmpp *xmpp, const xmpp_stream_error_t *stream_error, int error)
{
	const char *why = "the chat server ended the connection";
	if (stream_error && stream_error->type == XMPP_SE_NOT_AUTHORIZED) {
		why = "the chat server refuses the secret of the component";
	} else if (stream_error && stream_error->type == XMPP_SE_HOST_UNKNOWN) {
		why = "the chat server has no such component";
	} else if (stream_error && stream_error->type == XMPP_SE_CONFLICT) {
		why = "the component is connected elsewhere";
	} else if (error != 0) {
		why = g_strerror(error);
	}
	g_free(xmpp->why);
	xmpp->why = g_strdup(why);
}

static void on_connection(xmpp_conn_t *connection, xmpp_conn_event_t event, int error,
			  xmpp_stream_error_t *stream_error, void *data)
{
	Xmpp *xmpp = data;
	if (event != XMPP_CONN_CONNECT) {
		say_why(xmpp, stream_error, error);
		xmpp->lost = true;
		return;
	}
	xmpp_handler_add(connection, on_message, NULL, "message", NULL, xmpp);
	xmpp_handler_add(connection, on_iq, NULL, "iq", NULL, xmpp);
	xmpp_handler_add(connection, on_presence, NULL, "presence", NULL, xmpp);
	set_online(xmpp, true);
}

static int refuse_socket(xmpp_conn_t *connection, void *socket)
{
	return -1;
}

/*
 * libstrophe 0.12 uses the state of XEP-0198 also for components, and makes it only for clients. So
 * a client that must not connect makes one for us. Later versions may give none, and need none.
 */
static void give_state(Xmpp *xmpp)
{
	xmpp_conn_t *client = xmpp_conn_new(xmpp->context);
	xmpp_conn_set_jid(client, "nobody@localhost");
	xmpp_conn_set_sockopt_callback(client, refuse_socket);
	xmpp_connect_client(client, "127.0.0.1", 1, on_connection, xmpp);
	xmpp_sm_state_t *state = xmpp_conn_get_sm_state(client);
	if (state) {
		xmpp_conn_set_sm_state(xmpp->connection, state);
	}
	xmpp_conn_release(client);
}

static bool is_online(Xmpp *xmpp)
{
	g_mutex_lock(&xmpp->lock);
	bool online = xmpp->online;
	g_mutex_unlock(&xmpp->lock);
	return online;
}

/* Until the chat server or somebody of the drive says something. */
static void sleep_until_news(Xmpp *xmpp, int timeout_ms)
{
	bool sending = xmpp->connection && xmpp_conn_send_queue_len(xmpp->connection) > 0;
	struct pollfd waiting[] = {
		{ .fd = xmpp->wake, .events = POLLIN },
		{ .fd = xmpp->socket, .events = (short)(sending ? POLLIN | POLLOUT : POLLIN) },
	};
	if (poll(waiting, G_N_ELEMENTS(waiting), timeout_ms) > 0 && waiting[0].revents) {
		uint64_t count;
		ssize_t size = read(xmpp->wake, &count, sizeof count);
		g_assert(size == sizeof count);
	}
}

static void converse(Xmpp *xmpp)
{
	int64_t until_us = g_get_monotonic_time() + CONNECT_MAX_US;
	while (!xmpp->lost && !is_stopping(xmpp)) {
		bool online = is_online(xmpp);
		if (online) {
			send_letters(xmpp);
			go_on_with_posts(xmpp);
		} else if (g_get_monotonic_time() > until_us) {
			g_free(xmpp->why);
			xmpp->why = g_strdup("the chat server does not answer");
			return;
		}
		xmpp_run_once(xmpp->context, 0);
		if (online) {
			go_on_with_posts(xmpp);
		}
		if (!xmpp->lost) {
			sleep_until_news(xmpp, online ? TICK_MS : TICK_CONNECTING_MS);
		}
	}
}

/* One connection, from its beginning to its end; true if it was one. */
static bool connect_once(Xmpp *xmpp)
{
	xmpp->lost = false;
	xmpp->socket = -1;
	xmpp->connection = xmpp_conn_new(xmpp->context);
	xmpp_conn_set_jid(xmpp->connection, xmpp->component);
	xmpp_conn_set_pass(xmpp->connection, xmpp->secret);
	xmpp_conn_set_sockopt_callback(xmpp->connection, remember_socket);
	give_state(xmpp);
	g_free(xmpp->why);
	xmpp->why = g_strdup("the chat server cannot be reached");
	int status = xmpp_connect_component(xmpp->connection, xmpp->host, xmpp->port, on_connection,
					    xmpp);
	if (status == XMPP_EOK) {
		converse(xmpp);
		give_up_posts(xmpp);
		if (!xmpp->lost) {
			xmpp_disconnect(xmpp->connection);
		}
		for (int i = 0; !xmpp->lost && i < GOODBYE_TICKS; i++) {
			xmpp_run_once(xmpp->context, TICK_CONNECTING_MS);
		}
	}
	xmpp_conn_release(xmpp->connection);
	xmpp->connection = NULL;
	xmpp->socket = -1;
	bool was_online = is_online(xmpp);
	set_online(xmpp, false);
	return was_online;
}

static void *run(void *data)
{
	Xmpp *xmpp = data;
	current = xmpp;
	xmpp->context = xmpp_ctx_new(NULL, NULL);
	unsigned pause_ms = PAUSE_MIN_MS;
	while (!is_stopping(xmpp)) {
		bool was_online = connect_once(xmpp);
		pause_ms = was_online ? PAUSE_MIN_MS : MIN(2 * pause_ms, PAUSE_MAX_MS);
		int64_t until_us = g_get_monotonic_time() + pause_ms * G_TIME_SPAN_MILLISECOND;
		/* Half of it at random, so that many drives do not come at once. */
		until_us -= randombytes_uniform(pause_ms * G_TIME_SPAN_MILLISECOND / 2);
		for (int64_t left_us;
		     !is_stopping(xmpp) && (left_us = until_us - g_get_monotonic_time()) > 0;) {
			sleep_until_news(xmpp, (int)(left_us / G_TIME_SPAN_MILLISECOND) + 1);
		}
	}
	xmpp_ctx_free(xmpp->context);
	return NULL;
}

/* ---- the driver ------------------------------------------------------------------------- */

static bool xmpp_ops_start(ChatDriver *driver, ChatReceiveFunc received, void *data, GError **error)
{
	Xmpp *xmpp = (Xmpp *)driver;
	xmpp->wake = eventfd(0, EFD_CLOEXEC);
	if (xmpp->wake < 0) {
		return error_set_errno(error, errno, "start the chat");
	}
	xmpp->received = received;
	xmpp->data = data;
	xmpp->thread = g_thread_new("xmpp", run, xmpp);
	return true;
}

static void xmpp_ops_stop(ChatDriver *driver)
{
	Xmpp *xmpp = (Xmpp *)driver;
	if (xmpp->thread) {
		g_mutex_lock(&xmpp->lock);
		xmpp->stopping = true;
		g_mutex_unlock(&xmpp->lock);
		wake(xmpp);
		g_thread_join(xmpp->thread);
		close(xmpp->wake);
	}
	g_queue_clear_full(&xmpp->outbox, letter_free);
	g_clear_pointer(&xmpp->domains, g_hash_table_unref);
	g_clear_pointer(&xmpp->prompt_domains, g_hash_table_unref);
	rooms_free(xmpp->rooms);
	g_mutex_clear(&xmpp->lock);
	g_free(xmpp->component);
	g_free(xmpp->address);
	g_free(xmpp->host);
	sodium_memzero(xmpp->secret, strlen(xmpp->secret));
	g_free(xmpp->secret);
	g_free(xmpp->why);
	g_free(xmpp->told);
	g_free(xmpp);
}

static bool xmpp_ops_is_online(ChatDriver *driver)
{
	return is_online((Xmpp *)driver);
}

static char *xmpp_ops_normalize(ChatDriver *driver, const char *typed, GError **error)
{
	return jid_from_typed(typed, error);
}

/* Those who run example.org run the rooms of conference.example.org. */
static bool may_be_room(const Xmpp *xmpp, const char *domain)
{
	const char *dot = strchr(domain, '.');
	return dot && !is_own(xmpp, domain) && strcmp(domain, xmpp->component) != 0 &&
	       g_hash_table_contains(xmpp->prompt_domains, dot + 1);
}

static ChatPolicy xmpp_ops_policy(ChatDriver *driver, const char *address)
{
	const Xmpp *xmpp = (const Xmpp *)driver;
	const char *at = strchr(address, '@');
	const char *domain = at ? at + 1 : address;
	bool own = is_own(xmpp, domain);
	bool rooms = may_be_room(xmpp, domain);
	if (!own && xmpp->remote == CHAT_XMPP_REMOTE_OFF) {
		return (ChatPolicy){ CHAT_CIRCLE_NONE, ENTRY_OFF, rooms };
	}
	bool asks = g_hash_table_contains(xmpp->prompt_domains, domain);
	return (ChatPolicy){
		asks ? CHAT_CIRCLE_OWN : CHAT_CIRCLE_OPEN,
		own ? xmpp->registers : xmpp->registers_remote,
		rooms,
	};
}

static const char *xmpp_ops_address(ChatDriver *driver)
{
	return ((const Xmpp *)driver)->address;
}

/* XEP-0147 */
static char *xmpp_ops_link(ChatDriver *driver, const char *text)
{
	g_autofree char *body = g_uri_escape_string(text, NULL, FALSE);
	return g_strconcat("xmpp:", ((const Xmpp *)driver)->address, "?message;body=", body, NULL);
}

static const ChatDriverOps xmpp_ops = {
	.start = xmpp_ops_start,
	.stop = xmpp_ops_stop,
	.is_online = xmpp_ops_is_online,
	.normalize = xmpp_ops_normalize,
	.policy = xmpp_ops_policy,
	.send = xmpp_ops_send,
	.address = xmpp_ops_address,
	.link = xmpp_ops_link,
};

static GHashTable *set_of(const char *const *domains, GError **error)
{
	g_autoptr(GHashTable) set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (size_t i = 0; domains && domains[i]; i++) {
		char *domain = *domains[i] ? jid_domain(domains[i], error) : g_strdup("");
		if (!domain) {
			g_prefix_error(error, "'%s': ", domains[i]);
			return NULL;
		}
		g_hash_table_add(set, domain);
	}
	return g_steal_pointer(&set);
}

ChatDriver *chat_xmpp_new(const ChatXmppOptions *options, GError **error)
{
	xmpp_initialize();
	Xmpp *xmpp = g_new0(Xmpp, 1);
	xmpp->driver = (ChatDriver){ &xmpp_ops, "xmpp" };
	xmpp->host = g_strdup(options->host);
	xmpp->port = options->port;
	xmpp->secret = g_strdup(options->secret);
	xmpp->remote = options->remote;
	xmpp->registers = options->registers;
	xmpp->registers_remote = options->registers_remote;
	xmpp->changed = options->changed;
	xmpp->changed_data = options->data;
	xmpp->rooms = rooms_new();
	g_mutex_init(&xmpp->lock);
	g_queue_init(&xmpp->outbox);
	g_queue_init(&xmpp->posts);
	xmpp->component = jid_domain(options->component, error);
	xmpp->domains = xmpp->component ? set_of(options->domains, error) : NULL;
	xmpp->prompt_domains = xmpp->domains
				       ? set_of(options->prompt_domains ? options->prompt_domains
									: options->domains,
						error)
				       : NULL;
	if (!xmpp->prompt_domains) {
		xmpp_ops_stop(&xmpp->driver);
		return NULL;
	}
	xmpp->address = g_strconcat(ADDRESS_NODE "@", xmpp->component, NULL);
	return &xmpp->driver;
}
