/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/accounts/accounts.h"
#include "server/accounts/audit.h"
#include "server/accounts/proof.h"
#include "server/accounts/sessions.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Entering by a proof: a known identity enters its account; an unknown one registers as the policy
 * of its provider allows, all in one transaction. Two first proofs of one identity at once make one
 * account. Whoever is refused leaves no row behind, except under ENTRY_APPROVE.
 *
 * All functions may be called from any thread.
 */

typedef enum EntryPolicy {
	ENTRY_OFF,     /* nobody registers, invited or not */
	ENTRY_INVITE,  /* with an invitation */
	ENTRY_APPROVE, /* registers, and waits until an administrator lets him in */
	ENTRY_AUTO,    /* registers */
} EntryPolicy;

/* "off", "invite", "approve", "auto"; false for another text. */
bool entry_policy_from_name(const char *name, EntryPolicy *ret_policy);

typedef struct EntryRequest {
	const Proof *proof;
	EntryPolicy policy;
	/*
	 * Registering only: the tenants that may, NULL-terminated; a proof's tenant must be one of
	 * them as bytes, or the part of its chat address after '@'. NULL: all. An invitation does
	 * not help.
	 */
	const char *const *tenants;
	const char *invitation; /* token; NULL: none */
	bool trust_email;       /* see identities.h */
	unsigned hourly_max;    /* registrations at this provider; 0: ENTRY_HOURLY_MAX */
	/* What begins with the entry, in the same transaction; its account is not looked at. */
	const SessionsSpec *session; /* NULL: none */
} EntryRequest;

typedef enum EntryRefusal {
	ENTRY_ENTERED,            /* not refused */
	ENTRY_REFUSED_OFF,        /* unknown, and registration is off */
	ENTRY_REFUSED_UNINVITED,  /* unknown, and an invitation is needed */
	ENTRY_REFUSED_INVITATION, /* the invitation is wrong, used up or expired */
	ENTRY_REFUSED_TENANT,     /* unknown, and of another tenant than those that may register */
	ENTRY_REFUSED_OFTEN,      /* too many registered lately: later */
	ENTRY_REFUSED_WAITING,    /* registered, now or before, and not yet approved */
	ENTRY_REFUSED_DISABLED,   /* the account is disabled */
	ENTRY_REFUSED_BOUND_ELSEWHERE /* a recovery link, but the identity is another account's */
} EntryRefusal;

/* "off", "uninvited", …: for the audit and for pages' tables. */
const char *entry_refusal_name(EntryRefusal refusal);

typedef struct EntryResult {
	EntryRefusal refusal;
	Account account; /* cleared by entry_result_clear(); also known if WAITING or DISABLED */
	bool registered; /* by this proof */
	bool recovered;  /* by a recovery link: the identity was bound to an account of before */
	char *token;     /* of the session that began; NULL if none did */
} EntryResult;

void entry_result_clear(EntryResult *result);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(EntryResult, entry_result_clear)

/*
 * True also if refused: look at refusal. by->peer is counted against ENTRY_HOURLY_PEER_MAX. Writes
 * down the identity's present names. An invitation is consumed if somebody registers with it, or if
 * it gives who is known already a higher role.
 */
bool entry_by_proof(Accounts *accounts, const EntryRequest *request, const AuditBy *by,
		    EntryResult *ret_result, GError **error);

/*
 * Registers a local account with name and password by an invitation, which is consumed; a recovery
 * link sets the password of its account instead (name is not looked at). DRIVE_ERROR_INVALID and
 * DRIVE_ERROR_CONFLICT as accounts_add().
 */
typedef struct EntryByPassword {
	const char *invitation;
	const char *name;
	const char *password;
} EntryByPassword;

bool entry_by_password(Accounts *accounts, const EntryByPassword *request, const AuditBy *by,
		       EntryResult *ret_result, GError **error);
