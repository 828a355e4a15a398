/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/chat/attempt.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The attempts, in memory. What is over is kept for a while, so that a page can say how it went and
 * STOP can say what it came too late for. Finding one costs no walk through all.
 *
 * Not locked: the owner locks.
 */
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
