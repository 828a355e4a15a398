/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/accounts/accounts.h"
#include "sql/sql.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What happened to access: who got it, changed it, lost it, and who did that. Rows are appended
 * in the transaction of what they tell of, never changed, and forgotten by the upkeep once they
 * are older than AUDIT_DAYS or more than AUDIT_ROWS_MAX. Secrets never stand in them.
 *
 * All functions may be called from any thread.
 */

/*
 * Who does something, when and from where. Every function that changes access takes one; NULL is
 * the operator at the console, now.
 */
typedef struct AuditBy {
	int64_t account;  /* who it is; 0: the operator, or nobody that is known yet */
	const char *peer; /* his network address; NULL: the console */
	int64_t now_us;   /* UTC; 0: now */
} AuditBy;

/* UTC now, as `by` has it. */
int64_t audit_by_now(const AuditBy *by);

/* What is to be written; texts are borrowed, bounded and made valid when they are stored. */
typedef struct AuditEvent {
	const char *what;   /* "register", "sign-in", "link", "revoke", …: a short fixed word */
	int64_t account;    /* whose access it is about; 0: nobody's */
	const char *target; /* what of it: "device 7 laptop", "qq/…", a client; NULL: nothing */
	const char *detail; /* more, for people; NULL: nothing */
} AuditEvent;

/* Appends inside the caller's transaction: it stands if and only if that is committed. */
bool audit_append(SqlSession *session, const AuditBy *by, const AuditEvent *event, GError **error);

/* Appends in a transaction of its own, for what changes no table (a refused sign-in). */
bool audit_note(Accounts *accounts, const AuditBy *by, const AuditEvent *event, GError **error);

/* A row as it is read; texts are owned, "" where there is none. */
typedef struct AuditRow {
	int64_t id;
	int64_t time_us;
	int64_t actor;    /* account; 0: operator or nobody */
	char *actor_name; /* the account's name, "operator" without a peer, or "" */
	int64_t account;
	char *account_name;
	char *what;
	char *target;
	char *detail;
	char *peer; /* "" for the console */
} AuditRow;

void audit_row_clear(void *row);

typedef struct AuditQuery {
	int64_t since_us;   /* 0: from the first */
	int64_t account;    /* that did it or that it is about; 0: all */
	unsigned count_max; /* the newest so many; 0: AUDIT_LIST_MAX */
} AuditQuery;

/* Rows (AuditRow, to be cleared), oldest first. */
bool audit_list(Accounts *accounts, const AuditQuery *query, GArray *ret_rows, GError **error);

/* Forgets what is too old or too much; part of accounts_upkeep(). */
bool audit_forget(SqlSession *session, int64_t now_us, GError **error);
