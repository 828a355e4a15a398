/* SPDX-License-Identifier: Apache-2.0 */
#include "server/chat/chat_share.h"

#include "base/error.h"
#include "server/chat/chat_internal.h"

#include <string.h>

#define YOURSELF "; send the link yourself"

static bool is_online(const ChatLine *line, GError **error)
{
	if (!line->driver->ops->is_online(line->driver)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_BUSY,
				    "the drive cannot reach its chat server just now; try again in "
				    "a minute, or send the link yourself");
		return false;
	}
	return true;
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

static bool may_write(const ChatLine *line, const char *address, GError **error)
{
	ChatDriver *driver = line->driver;
	ChatPolicy policy = driver->ops->policy(driver, address);
	if (policy.circle == CHAT_CIRCLE_NONE ||
	    (policy.circle != CHAT_CIRCLE_OWN &&
	     !chat_knows(line->chat, driver->provider, address))) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN,
			    "the drive writes to people whom it knows only, and '%s' is none of "
			    "them" YOURSELF,
			    address);
		return false;
	}
	if (chat_is_stopped(line->chat, driver->provider, address)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN,
			    "'%s' does not want messages of the drive" YOURSELF, address);
		return false;
	}
	return true;
}

static bool take_receiver(const ChatLine *line, const char *address, GError **error)
{
	g_autofree char *key = chat_person_key(line->driver->provider, address);
	if (!take(line->chat, line->chat->receivers, key)) {
		g_set_error(
			error, DRIVE_ERROR, DRIVE_ERROR_BUSY,
			"the drive brought many links to '%s' of late; try again later, or send "
			"the link yourself",
			address);
		return false;
	}
	return true;
}

/* "alice (alice@example.org)" */
static char *sender_of(const ChatShare *share)
{
	g_autofree char *name = words_clean(share->name);
	g_autofree char *address = words_clean(share->address);
	return address ? g_strdup_printf("%s (%s)", name, address) : g_steal_pointer(&name);
}

static bool send_message(const ChatLine *line, const char *address, const ChatShare *share,
			 GError **error)
{
	g_autofree char *own = chat_language(line->chat, line->driver->provider, address);
	g_autofree char *what = words_clean(share->what);
	g_autofree char *sender = sender_of(share);
	const WordsValues values = {
		.language = own ? own : share->language,
		.drive = line->chat->drive_name,
		.what = what,
		.account = sender,
		.url = share->link,
	};
	char *text = words_text(share->folder ? WORDS_FOLDER : WORDS_FILE, &values);
	const ChatMessage message = { .to = address, .text = text, .link = share->link };
	bool sent = line->driver->ops->send(line->driver, &message, CHAT_NOTICE_KEPT_S, error);
	sodium_memzero(text, strlen(text));
	g_free(text);
	return sent;
}

bool chat_share_send(Chat *chat, const ChatShare *share, char **ret_to, GError **error)
{
	const char *provider = NULL;
	if (!chat_is_there(chat)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_UNSUPPORTED,
				    "this drive writes to nobody in chat" YOURSELF);
		return false;
	}
	g_autofree char *address = chat_normalize(chat, share->to, &provider, error);
	const ChatLine *line = address ? chat_line(chat, provider) : NULL;
	if (!line || !take_sender(chat, share->account, error) ||
	    !may_write(line, address, error) || !is_online(line, error) ||
	    !take_receiver(line, address, error) || !send_message(line, address, share, error)) {
		return false;
	}
	*ret_to = g_steal_pointer(&address);
	return true;
}
