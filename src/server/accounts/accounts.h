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

typedef struct Account {
	int64_t id;
	char *name;
	bool disabled;
	int64_t created_us;
	unsigned device_count;
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

/* The account and its devices end at once, and the name is free again. Its id is not reused. */
bool accounts_remove(Accounts *accounts, int64_t id, GError **error);

/* A disabled account cannot sign in, and its devices end at once. */
bool accounts_set_disabled(Accounts *accounts, int64_t id, bool disabled, GError **error);

bool accounts_set_password(Accounts *accounts, int64_t id, const char *password, GError **error);

/*
 * Signs in with name and password. DRIVE_ERROR_UNAUTHENTICATED, always with the same text and after
 * the same time, if the name is unknown, the account disabled or the password wrong;
 * DRIVE_ERROR_BUSY if too many are trying.
 */
bool accounts_sign_in(Accounts *accounts, const char *name, const char *password,
		      Account *ret_account, GError **error);
