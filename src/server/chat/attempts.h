/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/chat/answer.h"
#include "server/chat/chat.h"

#include <glib.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The attempts, in memory. What is over is kept for a while, so that a page can say how it went and
 * STOP can say what it came too late for. Looking for one goes through all, which are few.
 *
 * Not locked: the owner locks.
 */
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

/* With time that ran out. */
ChatOutcome attempt_outcome(const Attempt *attempt, int64_t now_us);
/* Until then; 0 if it is over. */
int64_t attempt_left_us(const Attempt *attempt, int64_t now_us);

typedef struct Attempts Attempts;

Attempts *attempts_new(void);
void attempts_free(Attempts *attempts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Attempts, attempts_free)

/*
 * Takes the attempt, as CHAT_WAITING. DRIVE_ERROR_BUSY, not taken, if there are too many, of this
 * peer or at all.
 */
bool attempts_add(Attempts *attempts, Attempt *attempt, int64_t now_us, GError **error);
void attempts_remove(Attempts *attempts, Attempt *attempt);

/* All find_: borrowed, NULL if there is none. */
Attempt *attempts_find(Attempts *attempts, const char *id, const char *browser);
/* Waiting for this answer of this person. thread NULL: any. */
Attempt *attempts_find_asked(Attempts *attempts, const char *provider, const char *address,
			     const char *thread, int64_t now_us);
Attempt *attempts_find_code(Attempts *attempts, const char *code, int64_t now_us);
Attempt *attempts_find_message(Attempts *attempts, const char *message, int64_t now_us);

/* For all of one address, or of one browser. */
typedef void (*AttemptsFunc)(Attempts *attempts, Attempt *attempt, void *data);
void attempts_each(Attempts *attempts, const char *provider, const char *address, AttemptsFunc func,
		   void *data);
void attempts_cancel_of(Attempts *attempts, const char *browser, int64_t now_us);

/* Another outcome, and wakes who watches. */
void attempts_set(Attempts *attempts, Attempt *attempt, ChatOutcome outcome, int64_t now_us);

/* DRIVE_ERROR_BUSY over CHAT_WATCHES_MAX. */
ChatWatch *attempts_watch(Attempts *attempts, Attempt *attempt, ChatWakeFunc wake, void *data,
			  GError **error);
void attempts_unwatch(Attempts *attempts, ChatWatch *watch);
