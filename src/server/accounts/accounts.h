/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/accounts/devices.h"
#include "sql/sql.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Who may enter: accounts with a name and a password of the drive's own, and their devices.
 * All functions may be called from any thread.
 */
typedef struct Accounts Accounts;

/* Uses tables in sql; migrates them. Borrows sql. idle_max_s: see devices_open(). */
Accounts *accounts_open(Sql *sql, int64_t idle_max_s, GError **error);
void accounts_close(Accounts *accounts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Accounts, accounts_close)

/* Borrowed. */
Devices *accounts_devices(Accounts *accounts);

/* What an account may do beside using its drive. Only the operator and administrators give it. */
typedef enum AccountRole {
	ACCOUNT_USER,
	ACCOUNT_ADMIN, /* looks after the drive's people */
} AccountRole;

typedef struct Account {
	int64_t id;
	char *name;    /* its handle: unique, see account_name.h */
	bool disabled; /* also while waiting */
	int64_t created_us;
	unsigned device_count;
	AccountRole role;
	bool waiting;      /* registered itself, and is to be approved */
	bool has_password; /* of the drive's own */
	unsigned identity_count;
	char *display_name; /* as its first chat service calls it, or "" */
	char *language;     /* of the pages at its last sign-in, "zh-CN"; "" if not known */
	/*
	 * How often its access was revoked. Who asks an account for something that is done later (a
	 * code, a link in progress) keeps the epoch beside it and hands it in then: what was asked
	 * before a revocation is refused after it (R13).
	 */
	int64_t epoch;
} Account;

void accounts_account_clear(void *account);

/*
 * A new account; see account_name.h and password.h for what is allowed. password NULL: none of its
 * own, nobody signs in by name. DRIVE_ERROR_CONFLICT if there is one whose name looks the same.
 */
bool accounts_add(Accounts *accounts, const char *name, const char *password, int64_t *ret_account,
		  GError **error);

/* By name; DRIVE_ERROR_NOT_FOUND. */
bool accounts_find(Accounts *accounts, const char *name, Account *ret_account, GError **error);
bool accounts_get(Accounts *accounts, int64_t id, Account *ret_account, GError **error);

/* All (Account, to be cleared), by name. */
bool accounts_list(Accounts *accounts, GArray *ret_accounts, GError **error);

/*
 * The account, its devices, sessions and identities end at once, and the name is free again. Its id
 * is not reused.
 */
bool accounts_remove(Accounts *accounts, int64_t id, GError **error);

/* A disabled account cannot sign in, and its access is revoked at once. */
bool accounts_set_disabled(Accounts *accounts, int64_t id, bool disabled, GError **error);

/* Sets or changes the password, and revokes all access that there was (R13). */
bool accounts_set_password(Accounts *accounts, int64_t id, const char *password, GError **error);

struct AuditBy; /* audit.h */

/*
 * The person's own change of password, in a session that proved itself freshly (R12): revokes all
 * else, but not that session (its id; 0: none is spared). password NULL removes it;
 * DRIVE_ERROR_FORBIDDEN if it is the last way to sign in.
 */
bool accounts_change_password(Accounts *accounts, int64_t id, const char *password,
			      int64_t spared_session, const struct AuditBy *by, GError **error);

/*
 * DRIVE_ERROR_FORBIDDEN if a person (not the operator) would take the role of the last
 * administrator who may enter.
 */
bool accounts_set_role(Accounts *accounts, int64_t id, AccountRole role, const struct AuditBy *by,
		       GError **error);

/* Lets in an account that waits; DRIVE_ERROR_CONFLICT if it does not. To refuse it, remove it. */
bool accounts_approve(Accounts *accounts, int64_t id, const struct AuditBy *by, GError **error);

/*
 * Revokes all access of the account from this moment on: sessions, devices with all their tokens,
 * and (by its epoch) codes and links that are under way. It may sign in anew.
 */
bool accounts_revoke(Accounts *accounts, int64_t id, const struct AuditBy *by, GError **error);

/*
 * For an account that may be in somebody else's hands, or whose person lost all ways in: revokes
 * all access and takes away its password and every identity. What enters next is what the operator
 * binds, or who opens a recovery link (invitations.h).
 */
bool accounts_recover(Accounts *accounts, int64_t id, const struct AuditBy *by, GError **error);

/* Writes down who was seen, and forgets what has expired. For a thread that has time. */
bool accounts_upkeep(Accounts *accounts, int64_t now_us, GError **error);

/*
 * Signs in with name and password. DRIVE_ERROR_UNAUTHENTICATED, always with the same text and after
 * the same time, if the name is unknown, the account disabled or the password wrong;
 * DRIVE_ERROR_BUSY if too many are trying.
 */
bool accounts_sign_in(Accounts *accounts, const char *name, const char *password,
		      Account *ret_account, GError **error);
