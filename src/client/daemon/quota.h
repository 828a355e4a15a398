/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * How much the account may still store, for who asks a virtual disk how much room there is.
 *
 * The drive is asked on a thread of its own: at the start, after something was stored, and now and
 * then if somebody wants to know. Between two answers it is reckoned from what is being sent, so
 * nobody waits for the drive, and no question of a program becomes one to the drive.
 */
typedef struct Quota Quota;

typedef struct QuotaAnswer {
	uint64_t quota; /* bytes; 0: none */
	uint64_t used;
} QuotaAnswer;

/* Asks the drive; blocks. Called on a thread of the quota's own, one at a time. */
typedef bool QuotaAsk(void *data, GCancellable *cancellable, QuotaAnswer *ret_answer,
		      GError **error);

/* path: a file of the quota's own, in which the last answer is kept; NULL: none. */
Quota *quota_new(QuotaAsk *ask, void *data, const char *path);
/* Until the drive answers, what it said last of that account is believed. Answers are its from here
 * on. Once, after quota_new() or quota_forget(). */
void quota_recall(Quota *quota, const char *account);
/* Gives up a question that is under way. */
void quota_free(Quota *quota);

/* Of all bindings of the account together. */
typedef struct QuotaNews {
	uint64_t stored;  /* bytes of files that the drive is known to hold */
	uint64_t sent;    /* bytes of files sent since the start */
	uint64_t waiting; /* bytes of files that are being sent, or will be next */
} QuotaNews;

/* now_us: monotonic. */
void quota_note(Quota *quota, const QuotaNews *news, int64_t now_us);
/* Another account may be signed in: nothing is known any more. */
void quota_forget(Quota *quota);

/* Of quota and what is left of it, in bytes. False if there is none, or nobody ever knew. Never
 * waits; from any thread. */
bool quota_room(Quota *quota, int64_t now_us, uint64_t *ret_total, uint64_t *ret_free);
/* For tests: until no question is under way. */
void quota_settle(Quota *quota);
