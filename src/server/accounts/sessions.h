/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/accounts/accounts.h"
#include "server/accounts/audit.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Sessions of browsers: a cookie of 256 random bits, stored hashed. Each sign-in makes a new one
 * (R16). It ends when it is not used for SESSION_IDLE_DAYS, SESSION_DAYS_MAX after it began, when
 * it is ended, and when the account's access is revoked. Asked of the table each time, so that what
 * was ended is ended at once.
 *
 * All functions may be called from any thread.
 */

typedef struct Session {
	int64_t id; /* for lists; never used again */
	int64_t account;
	char *account_name;
	AccountRole role;
	int64_t epoch; /* of the account, see accounts.h */
	int64_t created_us;
	int64_t seen_us;          /* some minutes behind at most */
	int64_t authenticated_us; /* last fresh proof or password */
	char *method;             /* of that: a provider's id, or "password" */
	char *peer;               /* where it was last seen */
	char *agent;              /* what the browser says it is, shortened */
} Session;

void sessions_session_clear(void *session);

typedef struct SessionsSpec {
	int64_t account;
	const char *method;
	const char *agent;     /* NULL: not said */
	const char *language;  /* of the pages; the account keeps it. NULL: not said */
	const char *old_token; /* the browser's session of before, which ends; NULL: none */
} SessionsSpec;

/*
 * Begins a session; by->account need not be set. DRIVE_ERROR_UNAUTHENTICATED if the account may not
 * enter. The oldest ends over SESSIONS_PER_ACCOUNT_MAX. The token is yours to hand over and wipe.
 */
bool sessions_begin(Accounts *accounts, const SessionsSpec *spec, const AuditBy *by,
		    char **ret_token, GError **error);

/*
 * The session of a token, which must be cleared; DRIVE_ERROR_UNAUTHENTICATED if there is none.
 * by->peer is written down with the time.
 */
bool sessions_find(Accounts *accounts, const char *token, const AuditBy *by, Session *ret_session,
		   GError **error);

/* Whether it proved itself less than SESSION_FRESH_S ago, as R11 wants. */
bool sessions_is_fresh(const Session *session, int64_t now_us);

/* The account's (Session, to be cleared), oldest first. */
bool sessions_list(Accounts *accounts, int64_t account, int64_t now_us, GArray *ret_sessions,
		   GError **error);

/* Signs out. Nothing happens if there is no such session. */
bool sessions_end_token(Accounts *accounts, const char *token, const AuditBy *by, GError **error);

/* Ends one of the account's; DRIVE_ERROR_NOT_FOUND. */
bool sessions_end(Accounts *accounts, int64_t account, int64_t session, const AuditBy *by,
		  GError **error);

/* Ends all of the account's but one (0: none is spared). */
bool sessions_end_others(Accounts *accounts, int64_t account, int64_t spared, const AuditBy *by,
			 GError **error);

/* Inside the caller's transaction, for accounts_revoke(). */
bool sessions_end_in(SqlSession *session, int64_t account, int64_t spared, GError **error);

/* Forgets what expired; part of accounts_upkeep(). */
bool sessions_forget(SqlSession *session, int64_t now_us, GError **error);
