/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/accounts/accounts.h"
#include "server/accounts/audit.h"
#include "server/accounts/proof.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Identities: which chat accounts enter which account of the drive. The key is (provider, tenant,
 * subject), compared as bytes and unique; never an e-mail address, a phone number or a name. An
 * account can have several, and a password beside them.
 *
 * All functions may be called from any thread.
 */

typedef struct Identity {
	int64_t id; /* never used again */
	int64_t account;
	char *provider;
	char *tenant;
	char *subject;
	char *name; /* texts: "" where the service did not say */
	char *username;
	char *avatar_url;
	char *email;
	bool email_verified; /* and the operator trusts the service with that */
	char *chat_address;
	int64_t created_us;
	int64_t used_us; /* last proof */
} Identity;

void identities_identity_clear(void *identity);

/* Whose identity a proof is of; DRIVE_ERROR_NOT_FOUND if nobody's. Changes nothing. */
bool identities_find(Accounts *accounts, const Proof *proof, Identity *ret_identity,
		     GError **error);

/* The account's identities (Identity, to be cleared), oldest first. */
bool identities_list(Accounts *accounts, int64_t account, GArray *ret_identities, GError **error);

/*
 * Links: the proof's identity enters the account too. The broker has seen a session of the account
 * that proved itself within five minutes, and this proof is fresh (R11). `epoch` is the account's
 * as the session has it: DRIVE_ERROR_UNAUTHENTICATED if its access was revoked since.
 * DRIVE_ERROR_CONFLICT if it is another account's; if it is this one's already it is only noted.
 * DRIVE_ERROR_FORBIDDEN over IDENTITIES_PER_ACCOUNT_MAX. epoch < 0: the operator, no such check.
 */
typedef struct IdentitiesBind {
	int64_t account;
	int64_t epoch;
	const Proof *proof;
	bool trust_email; /* the provider's record says that its email_verified is worth something
			   */
} IdentitiesBind;

bool identities_bind(Accounts *accounts, const IdentitiesBind *bind, const AuditBy *by,
		     GError **error);

/*
 * The same for many (IdentitiesBind), all or none of them. *ret_failed is set when it fails: which
 * one it was, or their number if it was none of them.
 */
bool identities_bind_all(Accounts *accounts, const GArray *binds, const AuditBy *by,
			 unsigned *ret_failed, GError **error);

/*
 * Unlinks one of the account's identities and revokes all access of the account, as
 * accounts_revoke(), but for one session: that of whoever proved himself and asked for it (0:
 * none). DRIVE_ERROR_FORBIDDEN if it is the last way to sign in; DRIVE_ERROR_NOT_FOUND.
 */
typedef struct IdentitiesUnbind {
	int64_t account;
	int64_t identity;
	int64_t spared_session;
} IdentitiesUnbind;

bool identities_unbind(Accounts *accounts, const IdentitiesUnbind *unbind, const AuditBy *by,
		       GError **error);

/*
 * The operator's: the identity of this key enters that account from now on, whoever had it before;
 * access of both accounts is revoked.
 */
bool identities_rebind(Accounts *accounts, int64_t account, const Proof *key, const AuditBy *by,
		       GError **error);

/*
 * Whether the identity of this proof has a picture at its service that is not kept: which identity,
 * and where the picture is (to be freed). Neither is set if not.
 */
bool identities_lack_picture(Accounts *accounts, const Proof *proof, int64_t *ret_identity,
			     char **ret_url, GError **error);

/*
 * A person's picture. type: "image/png" or "image/jpeg"; bytes: NULL, nothing could be had. coming:
 * a newer one is at the service, and nobody could say yet whether it can be had.
 */
typedef struct IdentitiesPicture {
	char *type;
	GBytes *bytes;
	bool coming;
} IdentitiesPicture;
void identities_picture_clear(IdentitiesPicture *picture);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(IdentitiesPicture, identities_picture_clear)

/*
 * Keeps what was at this address until the service names another, or the identity goes; nothing if
 * it names another by now.
 */
bool identities_keep_picture(Accounts *accounts, int64_t identity, const char *url,
			     const IdentitiesPicture *picture, GError **error);

/* Is there one that identities_find_picture() would find? Reads none. */
bool identities_have_picture(Accounts *accounts, int64_t account, bool *ret_there, GError **error);
/* The account's: of the identity that proved itself last and has one. Reads no other. */
bool identities_find_picture(Accounts *accounts, int64_t account, IdentitiesPicture *ret_picture,
			     GError **error);

/*
 * Whether somebody who may enter has this chat address at that provider: it may be asked in its
 * chat program without having written first. Compared as bytes: normalise before.
 */
bool identities_know_address(Accounts *accounts, const char *provider, const char *address,
			     bool *ret_known, GError **error);

/* The language of who has this chat address (Account.language); NULL if nobody's is known. */
char *identities_address_language(Accounts *accounts, const char *provider, const char *address,
				  GError **error);
