/* SPDX-License-Identifier: Apache-2.0 */
#include "server/chat/chat_memory.h"

#include "base/error.h"
#include "base/limits.h"
#include "server/chat/jid.h"

#define ROOMS "@rooms.example"

typedef struct Memory {
	ChatDriver driver;
	ChatReceiveFunc received;
	void *data;
	GMutex lock; /* guards the rest */
	bool online;
	GQueue messages; /* ChatMemoryMessage */
	GArray *slow;    /* Posted */
	GCond slower;    /* there is one more */
} Memory;

typedef struct Posted {
	ChatPostedFunc func;
	void *data;
} Posted;

static bool memory_start(ChatDriver *driver, ChatReceiveFunc received, void *data, GError **error)
{
	Memory *memory = (Memory *)driver;
	memory->received = received;
	memory->data = data;
	return true;
}

static void message_free(void *data)
{
	chat_memory_message_clear(data);
	g_free(data);
}

static void memory_stop(ChatDriver *driver)
{
	Memory *memory = (Memory *)driver;
	g_assert(memory->slow->len == 0);
	g_array_unref(memory->slow);
	g_cond_clear(&memory->slower);
	g_queue_clear_full(&memory->messages, message_free);
	g_mutex_clear(&memory->lock);
	g_free(memory);
}

static bool memory_is_online(ChatDriver *driver)
{
	Memory *memory = (Memory *)driver;
	g_mutex_lock(&memory->lock);
	bool online = memory->online;
	g_mutex_unlock(&memory->lock);
	return online;
}

static char *memory_normalize(ChatDriver *driver, const char *typed, GError **error)
{
	return jid_from_typed(typed, error);
}

static ChatPolicy memory_policy(ChatDriver *driver, const char *address)
{
	if (g_str_has_suffix(address, "@own.example")) {
		return (ChatPolicy){ CHAT_CIRCLE_OWN, ENTRY_AUTO };
	}
	if (g_str_has_suffix(address, "@open.example")) {
		return (ChatPolicy){ CHAT_CIRCLE_OPEN, ENTRY_INVITE };
	}
	return (ChatPolicy){ CHAT_CIRCLE_NONE, ENTRY_OFF, g_str_has_suffix(address, ROOMS) };
}

/* Locked. False: the room does not take it. */
static bool post(Memory *memory, const ChatMessage *message)
{
	g_autoptr(GError) refusal = NULL;
	if (g_str_has_prefix(message->to, "slow")) {
		const Posted posted = { message->posted, message->posted_data };
		g_array_append_val(memory->slow, posted);
		g_cond_broadcast(&memory->slower);
		return true;
	}
	if (g_str_has_prefix(message->to, "closed@")) {
		g_set_error_literal(&refusal, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN,
				    "the room is closed");
	}
	message->posted(refusal, message->posted_data);
	return !refusal;
}

static bool memory_send(ChatDriver *driver, const ChatMessage *message, unsigned keep_s,
			GError **error)
{
	Memory *memory = (Memory *)driver;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&memory->lock);
	if (!memory->online && (keep_s == 0 || message->posted)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_OFFLINE, "not connected");
		return false;
	}
	if (memory->messages.length >= CHAT_OUTBOX_MAX) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_BUSY, "too many messages wait");
		return false;
	}
	if (message->posted && !post(memory, message)) {
		return true;
	}
	ChatMemoryMessage *copy = g_new0(ChatMemoryMessage, 1);
	*copy = (ChatMemoryMessage){
		.to = g_strdup(message->to),
		.id = g_strdup(message->id),
		.thread = g_strdup(message->thread),
		.text = g_strdup(message->text),
		.name = g_strdup(message->name),
		.asks = message->ask_id != NULL,
	};
	g_queue_push_tail(&memory->messages, copy);
	return true;
}

static const char *memory_address(ChatDriver *driver)
{
	return "drive@chat.example";
}

static char *memory_link(ChatDriver *driver, const char *text)
{
	return g_strconcat("memory:", text, NULL);
}

static const ChatDriverOps memory_ops = {
	.start = memory_start,
	.stop = memory_stop,
	.is_online = memory_is_online,
	.normalize = memory_normalize,
	.policy = memory_policy,
	.send = memory_send,
	.address = memory_address,
	.link = memory_link,
};

ChatDriver *chat_memory_new(void)
{
	Memory *memory = g_new0(Memory, 1);
	memory->driver = (ChatDriver){ &memory_ops, "memory" };
	memory->online = true;
	g_mutex_init(&memory->lock);
	g_queue_init(&memory->messages);
	memory->slow = g_array_new(FALSE, FALSE, sizeof(Posted));
	g_cond_init(&memory->slower);
	return &memory->driver;
}

void chat_memory_set_online(ChatDriver *driver, bool online)
{
	Memory *memory = (Memory *)driver;
	g_mutex_lock(&memory->lock);
	memory->online = online;
	g_mutex_unlock(&memory->lock);
}

void chat_memory_await_slow(ChatDriver *driver, unsigned count)
{
	Memory *memory = (Memory *)driver;
	g_mutex_lock(&memory->lock);
	while (memory->slow->len < count) {
		g_cond_wait(&memory->slower, &memory->lock);
	}
	g_mutex_unlock(&memory->lock);
}

void chat_memory_release_slow(ChatDriver *driver)
{
	Memory *memory = (Memory *)driver;
	g_mutex_lock(&memory->lock);
	for (unsigned i = 0; i < memory->slow->len; i++) {
		const Posted *posted = &g_array_index(memory->slow, Posted, i);
		posted->func(NULL, posted->data);
	}
	g_array_set_size(memory->slow, 0);
	g_mutex_unlock(&memory->lock);
}

void chat_memory_receive(ChatDriver *driver, const ChatReceived *received)
{
	Memory *memory = (Memory *)driver;
	memory->received(received, memory->data);
}

bool chat_memory_take(ChatDriver *driver, ChatMemoryMessage *ret_message)
{
	Memory *memory = (Memory *)driver;
	g_mutex_lock(&memory->lock);
	g_autofree ChatMemoryMessage *message = g_queue_pop_head(&memory->messages);
	g_mutex_unlock(&memory->lock);
	if (!message) {
		return false;
	}
	*ret_message = *message;
	return true;
}

void chat_memory_message_clear(ChatMemoryMessage *message)
{
	g_free(message->to);
	g_free(message->id);
	g_free(message->thread);
	g_free(message->text);
	g_free(message->name);
	*message = (ChatMemoryMessage){ NULL };
}
