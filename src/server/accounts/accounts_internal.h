/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/accounts/accounts.h"
#include "server/accounts/audit.h"

/* Borrowed. */
Sql *accounts_sql(Accounts *accounts);

/* A new account of an unused name; *ret_id 0, without error, if the name is taken. */
typedef struct AccountsNew {
	const char *name;
	const char *password_hash; /* NULL: none */
	const char *origin;        /* provider it registers with; "" for none */
	AccountRole role;
	bool waiting;
} AccountsNew;

bool accounts_insert(SqlSession *session, const AccountsNew *new, const AuditBy *by,
		     int64_t *ret_id, GError **error);

/* As accounts_get(), inside a transaction; DRIVE_ERROR_NOT_FOUND also if it was removed. */
bool accounts_read(SqlSession *session, int64_t id, Account *ret_account, GError **error);

/*
 * Revokes all but one session (0: none is spared) inside the caller's transaction. Once it is
 * committed, or has failed, accounts_forget() must follow, outside of it.
 */
bool accounts_revoke_in(SqlSession *session, int64_t id, int64_t spared_session, GError **error);
void accounts_forget(Accounts *accounts, int64_t id);

bool accounts_store_password(SqlSession *session, int64_t id, const char *hash, GError **error);
