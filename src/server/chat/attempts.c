/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every attempt lies in one list for each way to find it: by browser, network, address, code and
 * message. A list is named by a letter and what it is found by.
 */
#include "server/chat/attempts.h"

#include "base/error.h"
#include "base/limits.h"

#include <string.h>

#define SWEEP_US G_TIME_SPAN_SECOND
#define KEPT_US (2 * CHAT_ATTEMPT_S * G_TIME_SPAN_SECOND)
#define REDEEMED_KEPT_US (CHAT_KEPT_S * G_TIME_SPAN_SECOND)
#define KEYS 4

struct Attempts {
	GHashTable *by_id; /* id -> Attempt */
	GHashTable *lists; /* name -> GPtrArray of Attempt */
	int64_t swept_us;
};

struct ChatWatch {
	char id[ATTEMPT_ID_SIZE + 1];
	ChatWakeFunc wake;
	void *data;
	bool called;
};

Attempts *attempts_new(void)
{
	Attempts *attempts = g_new0(Attempts, 1);
	attempts->by_id = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, attempt_free);
	attempts->lists = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
						(GDestroyNotify)g_ptr_array_unref);
	return attempts;
}

void attempts_free(Attempts *attempts)
{
	if (!attempts) {
		return;
	}
	g_hash_table_unref(attempts->by_id);
	g_hash_table_unref(attempts->lists);
	g_free(attempts);
}

/* ---- lists ------------------------------------------------------------------------------ */

static char *name_browser(const uint8_t hash[ATTEMPT_BROWSER_SIZE])
{
	char hex[2 * ATTEMPT_BROWSER_SIZE + 1];
	sodium_bin2hex(hex, sizeof hex, hash, ATTEMPT_BROWSER_SIZE);
	return g_strconcat("b", hex, NULL);
}

static char *name_address(const char *provider, const char *address)
{
	return g_strconcat("a", provider, " ", address, NULL);
}

static void name_lists(const Attempt *attempt, char *ret_names[KEYS])
{
	ret_names[0] = name_browser(attempt->browser);
	ret_names[1] = name_address(attempt->provider, attempt->address);
	ret_names[2] = g_strconcat("p", attempt->peer_key, NULL);
	ret_names[3] = attempt->mode == CHAT_SEND ? g_strconcat("c", attempt->code, NULL)
						  : g_strconcat("m", attempt->message, NULL);
}

static void list_add(Attempts *attempts, char *name, Attempt *attempt)
{
	GPtrArray *list = g_hash_table_lookup(attempts->lists, name);
	if (!list) {
		list = g_ptr_array_new();
		g_hash_table_insert(attempts->lists, g_strdup(name), list);
	}
	g_ptr_array_add(list, attempt);
}

static void list_remove(Attempts *attempts, char *name, Attempt *attempt)
{
	GPtrArray *list = g_hash_table_lookup(attempts->lists, name);
	g_ptr_array_remove_fast(list, attempt);
	if (list->len == 0) {
		g_hash_table_remove(attempts->lists, name);
	}
}

static void change_lists(Attempts *attempts, Attempt *attempt,
			 void (*change)(Attempts *, char *, Attempt *))
{
	char *names[KEYS];
	name_lists(attempt, names);
	for (size_t i = 0; i < KEYS; i++) {
		change(attempts, names[i], attempt);
		g_free(names[i]);
	}
}

/* The first of a list that waits; NULL if there is none. Takes the name. */
static Attempt *first_waiting(Attempts *attempts, char *name, int64_t now_us)
{
	const GPtrArray *list = g_hash_table_lookup(attempts->lists, name);
	g_free(name);
	for (guint i = 0; list && i < list->len; i++) {
		Attempt *attempt = g_ptr_array_index(list, i);
		if (attempt_outcome(attempt, now_us) == CHAT_WAITING) {
			return attempt;
		}
	}
	return NULL;
}

/* ---- adding and forgetting -------------------------------------------------------------- */

/* Redeemed ones stay while STOP may concern them; what is over stays for the page that says so. */
static bool is_forgotten(const Attempt *attempt, int64_t now_us)
{
	bool redeemed = attempt->outcome == CHAT_REDEEMED;
	return now_us >= attempt->changed_us + (redeemed ? REDEEMED_KEPT_US : KEPT_US);
}

static void sweep(Attempts *attempts, int64_t now_us)
{
	if (now_us < attempts->swept_us + SWEEP_US) {
		return;
	}
	attempts->swept_us = now_us;
	GHashTableIter iter;
	void *value;
	g_hash_table_iter_init(&iter, attempts->by_id);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		if (is_forgotten(value, now_us)) {
			change_lists(attempts, value, list_remove);
			g_hash_table_iter_remove(&iter);
		}
	}
}

static unsigned open_of_peer(Attempts *attempts, const char *peer_key, int64_t now_us)
{
	g_autofree char *name = g_strconcat("p", peer_key, NULL);
	const GPtrArray *list = g_hash_table_lookup(attempts->lists, name);
	unsigned count = 0;
	for (guint i = 0; list && i < list->len; i++) {
		count += attempt_outcome(g_ptr_array_index(list, i), now_us) == CHAT_WAITING;
	}
	return count;
}

bool attempts_add(Attempts *attempts, Attempt *attempt, int64_t now_us, GError **error)
{
	sweep(attempts, now_us);
	if (g_hash_table_size(attempts->by_id) >= CHAT_ATTEMPTS_MAX ||
	    open_of_peer(attempts, attempt->peer_key, now_us) >= CHAT_ATTEMPTS_PER_PEER_MAX) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_BUSY,
				    "too many are signing in by chat just now; try again in two "
				    "minutes");
		return false;
	}
	attempt->outcome = CHAT_WAITING;
	attempt->changed_us = now_us;
	g_hash_table_insert(attempts->by_id, attempt->id, attempt);
	change_lists(attempts, attempt, list_add);
	return true;
}

void attempts_remove(Attempts *attempts, Attempt *attempt)
{
	change_lists(attempts, attempt, list_remove);
	g_hash_table_remove(attempts->by_id, attempt->id);
}

/* ---- finding ---------------------------------------------------------------------------- */

Attempt *attempts_find(Attempts *attempts, const char *id, const char *browser)
{
	Attempt *attempt = g_hash_table_lookup(attempts->by_id, id);
	return attempt && attempt_is_of(attempt, browser) ? attempt : NULL;
}

Attempt *attempts_find_asked(Attempts *attempts, const char *provider, const char *address,
			     const char *thread, int64_t now_us)
{
	g_autofree char *name = name_address(provider, address);
	const GPtrArray *list = g_hash_table_lookup(attempts->lists, name);
	for (guint i = 0; list && i < list->len; i++) {
		Attempt *attempt = g_ptr_array_index(list, i);
		if (attempt->mode == CHAT_ASK && attempt_outcome(attempt, now_us) == CHAT_WAITING &&
		    (!thread || strcmp(attempt->thread, thread) == 0)) {
			return attempt;
		}
	}
	return NULL;
}

Attempt *attempts_find_code(Attempts *attempts, const char *code, int64_t now_us)
{
	return first_waiting(attempts, g_strconcat("c", code, NULL), now_us);
}

Attempt *attempts_find_message(Attempts *attempts, const char *message, int64_t now_us)
{
	return first_waiting(attempts, g_strconcat("m", message, NULL), now_us);
}

void attempts_each(Attempts *attempts, const char *provider, const char *address, AttemptsFunc func,
		   void *data)
{
	g_autofree char *name = name_address(provider, address);
	const GPtrArray *list = g_hash_table_lookup(attempts->lists, name);
	for (guint i = 0; list && i < list->len; i++) {
		func(attempts, g_ptr_array_index(list, i), data);
	}
}

void attempts_cancel_of(Attempts *attempts, const char *browser, int64_t now_us)
{
	uint8_t hash[ATTEMPT_BROWSER_SIZE];
	attempt_hash_browser(browser, hash);
	g_autofree char *name = name_browser(hash);
	const GPtrArray *list = g_hash_table_lookup(attempts->lists, name);
	for (guint i = 0; list && i < list->len; i++) {
		Attempt *attempt = g_ptr_array_index(list, i);
		if (attempt_outcome(attempt, now_us) == CHAT_WAITING) {
			attempts_set(attempts, attempt, CHAT_CANCELLED, now_us);
		}
	}
}

/* ---- changing and watching -------------------------------------------------------------- */

void attempts_set(Attempts *attempts, Attempt *attempt, ChatOutcome outcome, int64_t now_us)
{
	attempt->outcome = outcome;
	attempt->changed_us = now_us;
	for (guint i = 0; i < attempt->watches->len; i++) {
		ChatWatch *watch = g_ptr_array_index(attempt->watches, i);
		if (!watch->called) {
			watch->called = true;
			watch->wake(watch->data);
		}
	}
}

ChatWatch *attempts_watch(Attempts *attempts, Attempt *attempt, ChatWakeFunc wake, void *data,
			  GError **error)
{
	if (attempt->watches->len >= CHAT_WATCHES_MAX) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_BUSY,
				    "this attempt is open in too many windows");
		return NULL;
	}
	ChatWatch *watch = g_new0(ChatWatch, 1);
	g_strlcpy(watch->id, attempt->id, sizeof watch->id);
	watch->wake = wake;
	watch->data = data;
	g_ptr_array_add(attempt->watches, watch);
	return watch;
}

void attempts_unwatch(Attempts *attempts, ChatWatch *watch)
{
	Attempt *attempt = g_hash_table_lookup(attempts->by_id, watch->id);
	if (attempt) {
		g_ptr_array_remove_fast(attempt->watches, watch);
	}
	g_free(watch);
}
