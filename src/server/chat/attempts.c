/* SPDX-License-Identifier: Apache-2.0 */
#include "server/chat/attempts.h"

#include "base/error.h"
#include "base/limits.h"

#include <string.h>

#define LIFE_US (CHAT_ATTEMPT_S * G_TIME_SPAN_SECOND)
#define SWEEP_US G_TIME_SPAN_SECOND

struct Attempts {
	GHashTable *by_id; /* id -> Attempt */
	int64_t swept_us;
};

struct ChatWatch {
	char id[ATTEMPT_ID_SIZE + 1];
	ChatWakeFunc wake;
	void *data;
	bool called;
};

/* ---- one -------------------------------------------------------------------------------- */

static void random_hex(char ret_hex[ATTEMPT_ID_SIZE + 1])
{
	uint8_t bytes[ATTEMPT_ID_SIZE / 2];
	randombytes_buf(bytes, sizeof bytes);
	sodium_bin2hex(ret_hex, ATTEMPT_ID_SIZE + 1, bytes, sizeof bytes);
}

Attempt *attempt_new(ChatMode mode)
{
	Attempt *attempt = g_new0(Attempt, 1);
	attempt->mode = mode;
	attempt->watches = g_ptr_array_new();
	random_hex(attempt->id);
	random_hex(attempt->message);
	random_hex(attempt->thread);
	if (mode == CHAT_ASK) {
		attempt->number[0] = (char)('1' + randombytes_uniform(9));
		attempt->number[1] = (char)('0' + randombytes_uniform(10));
		return attempt;
	}
	for (size_t i = 0; i < ANSWER_CODE_SIZE; i++) {
		uint32_t letter = randombytes_uniform(strlen(ANSWER_CODE_LETTERS));
		attempt->code[i] = ANSWER_CODE_LETTERS[letter];
	}
	return attempt;
}

void attempt_free(void *data)
{
	Attempt *attempt = data;
	g_free(attempt->address);
	g_free(attempt->device);
	g_free(attempt->place);
	g_free(attempt->peer);
	g_free(attempt->peer_key);
	g_free(attempt->language);
	g_ptr_array_unref(attempt->watches);
	sodium_memzero(attempt, sizeof *attempt);
	g_free(attempt);
}

static void hash_browser(const char *browser, uint8_t ret_hash[ATTEMPT_BROWSER_SIZE])
{
	crypto_hash_sha256(ret_hash, (const uint8_t *)browser, strlen(browser));
}

void attempt_set_browser(Attempt *attempt, const char *browser)
{
	hash_browser(browser, attempt->browser);
}

static bool is_open(ChatOutcome outcome)
{
	return outcome == CHAT_WAITING || outcome == CHAT_PROVED;
}

int64_t attempt_left_us(const Attempt *attempt, int64_t now_us)
{
	return is_open(attempt->outcome) ? MAX(0, attempt->changed_us + LIFE_US - now_us) : 0;
}

ChatOutcome attempt_outcome(const Attempt *attempt, int64_t now_us)
{
	bool late = is_open(attempt->outcome) && attempt_left_us(attempt, now_us) == 0;
	return late ? CHAT_EXPIRED : attempt->outcome;
}

/* ---- all -------------------------------------------------------------------------------- */

Attempts *attempts_new(void)
{
	Attempts *attempts = g_new0(Attempts, 1);
	attempts->by_id = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, attempt_free);
	return attempts;
}

void attempts_free(Attempts *attempts)
{
	if (!attempts) {
		return;
	}
	g_hash_table_unref(attempts->by_id);
	g_free(attempts);
}

/* Redeemed ones stay while STOP may concern them; what is over stays for the page that says so. */
static gboolean is_forgotten(void *key, void *value, void *data)
{
	const Attempt *attempt = value;
	int64_t kept_us =
		attempt->outcome == CHAT_REDEEMED ? CHAT_KEPT_S * G_TIME_SPAN_SECOND : 2 * LIFE_US;
	return *(const int64_t *)data >= attempt->changed_us + kept_us;
}

static void sweep(Attempts *attempts, int64_t now_us)
{
	if (now_us >= attempts->swept_us + SWEEP_US) {
		attempts->swept_us = now_us;
		g_hash_table_foreach_remove(attempts->by_id, is_forgotten, &now_us);
	}
}

static unsigned open_of_peer(Attempts *attempts, const char *peer_key, int64_t now_us)
{
	unsigned count = 0;
	GHashTableIter iter;
	void *value;
	g_hash_table_iter_init(&iter, attempts->by_id);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const Attempt *attempt = value;
		if (attempt_outcome(attempt, now_us) == CHAT_WAITING &&
		    g_strcmp0(attempt->peer_key, peer_key) == 0) {
			count++;
		}
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
	return true;
}

void attempts_remove(Attempts *attempts, Attempt *attempt)
{
	g_hash_table_remove(attempts->by_id, attempt->id);
}

Attempt *attempts_find(Attempts *attempts, const char *id, const char *browser)
{
	uint8_t hash[ATTEMPT_BROWSER_SIZE];
	hash_browser(browser, hash);
	Attempt *attempt = g_hash_table_lookup(attempts->by_id, id);
	return attempt && sodium_memcmp(attempt->browser, hash, sizeof hash) == 0 ? attempt : NULL;
}

typedef bool (*MatchFunc)(const Attempt *attempt, const char *const *wanted);

static Attempt *find_waiting(Attempts *attempts, MatchFunc match, const char *const *wanted,
			     int64_t now_us)
{
	GHashTableIter iter;
	void *value;
	g_hash_table_iter_init(&iter, attempts->by_id);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		if (attempt_outcome(value, now_us) == CHAT_WAITING && match(value, wanted)) {
			return value;
		}
	}
	return NULL;
}

static bool is_asked(const Attempt *attempt, const char *const *wanted)
{
	return attempt->mode == CHAT_ASK && strcmp(attempt->provider, wanted[0]) == 0 &&
	       strcmp(attempt->address, wanted[1]) == 0 &&
	       (!wanted[2] || strcmp(attempt->thread, wanted[2]) == 0);
}

Attempt *attempts_find_asked(Attempts *attempts, const char *provider, const char *address,
			     const char *thread, int64_t now_us)
{
	const char *wanted[] = { provider, address, thread };
	return find_waiting(attempts, is_asked, wanted, now_us);
}

static bool has_code(const Attempt *attempt, const char *const *wanted)
{
	return attempt->mode == CHAT_SEND &&
	       sodium_memcmp(attempt->code, wanted[0], ANSWER_CODE_SIZE) == 0;
}

Attempt *attempts_find_code(Attempts *attempts, const char *code, int64_t now_us)
{
	return find_waiting(attempts, has_code, &code, now_us);
}

static bool has_message(const Attempt *attempt, const char *const *wanted)
{
	return attempt->mode == CHAT_ASK && strcmp(attempt->message, wanted[0]) == 0;
}

Attempt *attempts_find_message(Attempts *attempts, const char *message, int64_t now_us)
{
	return find_waiting(attempts, has_message, &message, now_us);
}

void attempts_each(Attempts *attempts, const char *provider, const char *address, AttemptsFunc func,
		   void *data)
{
	GHashTableIter iter;
	void *value;
	g_hash_table_iter_init(&iter, attempts->by_id);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		Attempt *attempt = value;
		if (strcmp(attempt->provider, provider) == 0 &&
		    strcmp(attempt->address, address) == 0) {
			func(attempts, attempt, data);
		}
	}
}

void attempts_cancel_of(Attempts *attempts, const char *browser, int64_t now_us)
{
	uint8_t hash[ATTEMPT_BROWSER_SIZE];
	hash_browser(browser, hash);
	GHashTableIter iter;
	void *value;
	g_hash_table_iter_init(&iter, attempts->by_id);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		Attempt *attempt = value;
		if (attempt_outcome(attempt, now_us) == CHAT_WAITING &&
		    sodium_memcmp(attempt->browser, hash, sizeof hash) == 0) {
			attempts_set(attempts, attempt, CHAT_CANCELLED, now_us);
		}
	}
}

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
