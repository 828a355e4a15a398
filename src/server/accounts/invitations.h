/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/accounts/accounts.h"
#include "server/accounts/audit.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Invitations: a link PUBLIC_URL/invite/TOKEN that lets somebody register, or lets the owner of an
 * account in who lost his other ways (recovery). The token has 256 random bits, is shown once and
 * stored hashed; it is consumed by entry_by_proof() in the transaction that registers.
 *
 * All functions may be called from any thread.
 */

typedef struct Invitation {
	int64_t id;
	AccountRole role; /* of who registers with it */
	int64_t account;  /* recovery: the account that it lets into; 0: registers a new one */
	unsigned uses_left;
	unsigned uses; /* in all */
	int64_t created_us;
	int64_t expires_us;
} Invitation;

typedef struct InvitationsSpec {
	AccountRole role;
	int64_t account;    /* see above */
	unsigned uses;      /* 0: one; at most INVITATION_USES_MAX */
	int64_t lifetime_s; /* 0: INVITATION_DAYS; at most INVITATION_DAYS_MAX */
} InvitationsSpec;

/* The token is yours to hand over and to wipe. DRIVE_ERROR_FORBIDDEN over INVITATIONS_MAX. */
bool invitations_add(Accounts *accounts, const InvitationsSpec *spec, const AuditBy *by,
		     char **ret_token, GError **error);

/*
 * The first administrator's, while the drive has no account at all: it ends the one before it, so
 * that there is one at a time. *ret_token NULL, without error, once there is an account.
 */
bool invitations_add_first(Accounts *accounts, int64_t now_us, char **ret_token, GError **error);

/* What a token is good for now; DRIVE_ERROR_NOT_FOUND if it is none, used up, ended or expired. */
bool invitations_find(Accounts *accounts, const char *token, int64_t now_us,
		      Invitation *ret_invitation, GError **error);

/* Those that are good (Invitation), oldest first. */
bool invitations_list(Accounts *accounts, int64_t now_us, GArray *ret_invitations, GError **error);

bool invitations_end(Accounts *accounts, int64_t id, const AuditBy *by, GError **error);
