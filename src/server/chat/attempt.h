/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/chat/answer.h"
#include "server/chat/chat.h"

#include <glib.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>

/* One attempt of somebody to prove a chat address. Not locked. */
#define ATTEMPT_ID_SIZE 32
#define ATTEMPT_BROWSER_SIZE crypto_hash_sha256_BYTES

typedef struct Attempt {
	char id[ATTEMPT_ID_SIZE + 1];
	uint8_t browser[ATTEMPT_BROWSER_SIZE]; /* hash of what only it has */
	const char *provider;                  /* the driver's */
	char *address;
	ChatPurpose purpose;
	ChatMode mode;
	ChatReason reason;
	char number[2 + 1];                /* CHAT_ASK */
	char code[ANSWER_CODE_SIZE + 1];   /* CHAT_SEND */
	char message[ATTEMPT_ID_SIZE + 1]; /* id of the question, which a bounce names */
	char thread[ATTEMPT_ID_SIZE + 1];
	char *device;
	char *place;
	char *peer;
	char *peer_key;
	char *language;
	ChatOutcome outcome; /* as of the last change: attempt_outcome() */
	int64_t changed_us;
	bool hinted;        /* told once how to answer */
	GPtrArray *watches; /* ChatWatch, theirs who watch */
} Attempt;

/* A new one with random id, number, code, message and thread. */
Attempt *attempt_new(ChatMode mode);
void attempt_free(void *attempt);
void attempt_set_browser(Attempt *attempt, const char *browser);
void attempt_hash_browser(const char *browser, uint8_t ret_hash[ATTEMPT_BROWSER_SIZE]);
bool attempt_is_of(const Attempt *attempt, const char *browser);

/* With time that ran out. */
ChatOutcome attempt_outcome(const Attempt *attempt, int64_t now_us);
/* Until then; 0 if it is over. */
int64_t attempt_left_us(const Attempt *attempt, int64_t now_us);
