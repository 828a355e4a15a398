/* SPDX-License-Identifier: Apache-2.0 */
#include "server/chat/chat_share.h"

#include "base/error.h"
#include "server/chat/chat_internal.h"

#include <string.h>

#define YOURSELF "; send the link yourself"

static bool set_unreachable(GError **error)
{
	g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_BUSY,
			    "the drive cannot reach its chat server just now; try again in a "
			    "minute, or send the link yourself");
	return false;
}

static bool is_online(const ChatLine *line, GError **error)
{
	return line->driver->ops->is_online(line->driver) || set_unreachable(error);
}

static bool take(Chat *chat, Asked *asked, const char *key)
{
	g_mutex_lock(&chat->lock);
	bool taken = asked_take(asked, key, chat_now_us(chat));
	g_mutex_unlock(&chat->lock);
	return taken;
}

static bool take_sender(Chat *chat, int64_t account, GError **error)
{
	g_autofree char *key = g_strdup_printf("%" G_GINT64_FORMAT, account);
	if (!take(chat, chat->senders, key)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_BUSY,
				    "you had the drive send many links of late; try again later, "
				    "or send the link yourself");
		return false;
	}
	return true;
}

static bool may_write(const ChatLine *line, const char *address, bool *ret_room, GError **error)
{
	ChatDriver *driver = line->driver;
	ChatPolicy policy = driver->ops->policy(driver, address);
	bool person = policy.circle == CHAT_CIRCLE_OWN ||
		      (policy.circle != CHAT_CIRCLE_NONE &&
		       chat_knows(line->chat, driver->provider, address));
	if (!person && !policy.rooms) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN,
			    "the drive writes to people whom it knows only, and '%s' is none of "
			    "them" YOURSELF,
			    address);
		return false;
	}
	ChatStopped stopped = chat_stopped(line->chat, driver->provider, address);
	if (stopped == CHAT_STOPPED_FULL) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN,
				    "so many want no messages of the drive that it can note no "
				    "more, and writes only to whom it knows" YOURSELF);
		return false;
	}
	if (stopped == CHAT_STOPPED_YES) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN,
			    "'%s' does not want messages of the drive" YOURSELF, address);
		return false;
	}
	*ret_room = !person;
	return true;
}

static bool take_receiver(const ChatLine *line, const char *address, bool room, GError **error)
{
	Chat *chat = line->chat;
	g_autofree char *key = chat_person_key(line->driver->provider, address);
	if (!take(chat, room ? chat->rooms : chat->receivers, key)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_BUSY,
			    "the drive brought many links to '%s' of late; try again later, or "
			    "send the link yourself",
			    address);
		return false;
	}
	return true;
}

/* ---- writing ---------------------------------------------------------------------------- */

/* "alice (alice@example.org)" */
static char *sender_of(const ChatShare *share)
{
	g_autofree char *name = words_name(share->name);
	g_autofree char *address = words_clean(share->address);
	return address ? g_strdup_printf("%s (%s)", name, address) : g_steal_pointer(&name);
}

static char *text_of(const ChatLine *line, const char *address, const ChatShare *share, bool room)
{
	static const Words texts[2][2] = {
		{ WORDS_FILE, WORDS_FOLDER },
		{ WORDS_ROOM_FILE, WORDS_ROOM_FOLDER },
	};
	g_autofree char *own = chat_language(line->chat, line->driver->provider, address);
	g_autofree char *what = words_name(share->what);
	g_autofree char *sender = sender_of(share);
	const WordsValues values = {
		.language = own ? own : share->language,
		.drive = line->chat->drive_name,
		.what = what,
		.account = sender,
		.url = share->link,
	};
	return words_text(texts[room][share->folder], &values);
}

/* What a room's answer is when there is nothing wrong. */
static char posted_well;

static void on_posted(const GError *error, void *data)
{
	g_async_queue_push(data, error ? (void *)g_error_copy(error) : &posted_well);
	g_async_queue_unref(data);
}

static bool begin_waiting(Chat *chat, int64_t account, GError **error)
{
	if (!crowd_take(chat->waiting_accounts, (uint64_t)account, 1)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_BUSY,
				    "other links of yours are on the way into rooms just now; try "
				    "again once they are there, or send the link yourself");
		return false;
	}
	if (!crowd_take(chat->waiting, 0, 1)) {
		crowd_give_back(chat->waiting_accounts, (uint64_t)account, 1);
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_BUSY,
				    "many links are on the way into rooms just now; try again in "
				    "a minute, or send the link yourself");
		return false;
	}
	return true;
}

static void end_waiting(Chat *chat, int64_t account)
{
	crowd_give_back(chat->waiting, 0, 1);
	crowd_give_back(chat->waiting_accounts, (uint64_t)account, 1);
}

/* Waits for what the room says: at most CHAT_ROOM_S. */
static bool post(const ChatLine *line, ChatMessage *message, GError **error)
{
	Chat *chat = line->chat;
	g_autoptr(GAsyncQueue) answers = g_async_queue_new();
	message->name = chat->drive_name ? chat->drive_name : "drive";
	message->posted = on_posted;
	message->posted_data = g_async_queue_ref(answers);
	void *answer = NULL;
	if (line->driver->ops->send(line->driver, message, CHAT_ROOM_S, error)) {
		answer = g_async_queue_pop(answers);
	} else {
		g_async_queue_unref(answers);
	}
	if (answer && answer != &posted_well) {
		g_propagate_error(error, answer);
	}
	return answer == &posted_well;
}

static bool send_message(const ChatLine *line, const char *address, const ChatShare *share,
			 bool room, GError **error)
{
	char *text = text_of(line, address, share, room);
	ChatMessage message = { .to = address, .text = text };
	GError *failure = NULL;
	bool sent = room ? post(line, &message, &failure)
			 : line->driver->ops->send(line->driver, &message, CHAT_NOTICE_KEPT_S,
						   &failure);
	sodium_memzero(text, strlen(text));
	g_free(text);
	if (g_error_matches(failure, DRIVE_ERROR, DRIVE_ERROR_OFFLINE)) {
		/* It was there a moment ago. */
		g_clear_error(&failure);
		return set_unreachable(error);
	}
	if (failure) {
		g_propagate_error(error, failure);
	}
	return sent;
}

static bool tell_sending(const ChatLine *line, const char *address, const ChatShare *share,
			 GError **error)
{
	return !share->sending ||
	       share->sending(line->driver->provider, address, share->data, error);
}

static bool hand_over(const ChatLine *line, const char *address, const ChatShare *share, bool room,
		      GError **error)
{
	return take_receiver(line, address, room, error) &&
	       tell_sending(line, address, share, error) &&
	       send_message(line, address, share, room, error);
}

static bool hand_over_to_room(const ChatLine *line, const char *address, const ChatShare *share,
			      GError **error)
{
	if (!begin_waiting(line->chat, share->account, error)) {
		return false;
	}
	bool sent = hand_over(line, address, share, true, error);
	end_waiting(line->chat, share->account);
	return sent;
}

bool chat_share_send(Chat *chat, const ChatShare *share, char **ret_to, GError **error)
{
	const char *provider = NULL;
	bool room = false;
	if (!chat_is_there(chat)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_UNSUPPORTED,
				    "this drive writes to nobody in chat" YOURSELF);
		return false;
	}
	g_autofree char *address = chat_normalize(chat, share->to, &provider, error);
	const ChatLine *line = address ? chat_line(chat, provider) : NULL;
	if (!line || !take_sender(chat, share->account, error) ||
	    !may_write(line, address, &room, error) || !is_online(line, error) ||
	    !(room ? hand_over_to_room(line, address, share, error)
		   : hand_over(line, address, share, false, error))) {
		return false;
	}
	*ret_to = g_steal_pointer(&address);
	return true;
}
