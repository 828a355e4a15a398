/* SPDX-License-Identifier: Apache-2.0 */
#include "server/chat/attempt.h"

#include "base/limits.h"

#include <string.h>

#define LIFE_US (CHAT_ATTEMPT_S * G_TIME_SPAN_SECOND)

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

void attempt_hash_browser(const char *browser, uint8_t ret_hash[ATTEMPT_BROWSER_SIZE])
{
	crypto_hash_sha256(ret_hash, (const uint8_t *)browser, strlen(browser));
}

void attempt_set_browser(Attempt *attempt, const char *browser)
{
	attempt_hash_browser(browser, attempt->browser);
}

bool attempt_is_of(const Attempt *attempt, const char *browser)
{
	uint8_t hash[ATTEMPT_BROWSER_SIZE];
	attempt_hash_browser(browser, hash);
	return sodium_memcmp(attempt->browser, hash, sizeof hash) == 0;
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
