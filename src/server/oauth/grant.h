/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/oauth/user_code.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What somebody asked for, from the request to the credential, in memory:
 *
 *	          approve               redeem               issued
 *	PENDING ----------> APPROVED ----------> ISSUING ----------> ISSUED
 *	   | deny              ^      failed        |
 *	   v                   +--------------------+
 *	DENIED
 *
 * A secret (code, device code) is redeemed once: whoever comes second ends what the first one got,
 * also if both come at the same time, so that what was stolen is worth nothing (RFC 9700 4.5).
 * Secrets are kept as SHA-256.
 *
 * Nothing is refused for want of room: the oldest goes. All functions may be called from any
 *thread.
 */
typedef struct Grants Grants;

Grants *grant_table_new(void);
void grant_table_free(Grants *grants);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Grants, grant_table_free)

typedef enum GrantKind {
	GRANT_CODE,   /* of a browser, which is redirected with a code */
	GRANT_DEVICE, /* of a device, which polls */
} GrantKind;

/* What is asked; borrowed in calls. */
typedef struct GrantAsk {
	GrantKind kind;
	char *client_id;
	char *client_name;
	bool own; /* the drive's own client */
	char *device_name;
	unsigned scopes;
	/* Of a browser: */
	char *redirect;
	char *state;      /* NULL: none */
	char *challenge;  /* PKCE, S256 */
	char *provider;   /* NULL: none */
	char *login_hint; /* NULL: none */
	/* Of a device: */
	char *peer;     /* NULL: not known */
	char *peer_key; /* by which requests of a peer are counted; NULL: not counted */
} GrantAsk;

void grant_ask_clear(GrantAsk *ask);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(GrantAsk, grant_ask_clear)

/* A browser's request: its id, by which it is approved. Free with g_free(). */
char *grant_add_code(Grants *grants, const GrantAsk *ask, int64_t now_us);

/*
 * A device's request: the two codes, of which the first is the device's secret. DRIVE_ERROR_BUSY if
 * the peer has too many.
 */
bool grant_add_device(Grants *grants, const GrantAsk *ask, int64_t now_us, char **ret_device_code,
		      char ret_user_code[USER_CODE_SIZE], GError **error);

/* The id of the pending request with this code (as user_code_read() gives it); NULL if none. */
char *grant_find(Grants *grants, const char *user_code, int64_t now_us);

typedef struct GrantShown {
	GrantAsk ask;
	char user_code[USER_CODE_SIZE]; /* of a device */
	int64_t asked_us;
	int64_t expires_us;
} GrantShown;

void grant_shown_clear(GrantShown *shown);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(GrantShown, grant_shown_clear)

/* False if it is not pending, or not any more. */
bool grant_show(Grants *grants, const char *id, int64_t now_us, GrantShown *ret_shown);

/* Who said yes; borrowed in calls. */
typedef struct GrantApproval {
	int64_t account;
	int64_t epoch; /* of the account, see oauth.h */
	bool registered;
	char *method;
	char *peer; /* NULL: not known */
} GrantApproval;

/* Approves a pending request; false if it is none. *ret_code is a browser's; NULL for a device. */
bool grant_approve(Grants *grants, const char *id, const GrantApproval *approval, int64_t now_us,
		   char **ret_code);
bool grant_deny(Grants *grants, const char *id, int64_t now_us);

/* ---- redeeming -------------------------------------------------------------------------- */

/* What to make a credential from. */
typedef struct GrantIssue {
	char *client_id;
	char *device_name;
	unsigned scopes;
	GrantApproval approval;
	int64_t device; /* GRANT_REUSED: what the first one got, to be ended; else 0 */
} GrantIssue;

void grant_issue_clear(GrantIssue *issue);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(GrantIssue, grant_issue_clear)

typedef enum GrantResult {
	GRANT_ISSUE,  /* make the credential, then grant_issued() or grant_failed() */
	GRANT_REUSED, /* *ret_issue says which device of which account to end */
	GRANT_INVALID,
	/* Of a device's poll: */
	GRANT_PENDING,
	GRANT_SLOW_DOWN,
	GRANT_DENIED,
	GRANT_EXPIRED,
} GrantResult;

typedef struct GrantCode {
	const char *code;
	const char *client_id;
	const char *redirect;
	const char *verifier;
	int64_t now_us;
} GrantCode;

/* A code that comes with anything wrong beside it is worth nothing from then on. */
GrantResult grant_redeem_code(Grants *grants, const GrantCode *code, GrantIssue *ret_issue);

GrantResult grant_poll(Grants *grants, const char *device_code, const char *client_id,
		       int64_t now_us, GrantIssue *ret_issue);

/* False if the secret was used once more meanwhile: end the device again, and give nothing out. */
bool grant_issued(Grants *grants, const char *secret, int64_t device, int64_t now_us);
/* It can be redeemed again, for the rest of its time. */
void grant_failed(Grants *grants, const char *secret);
