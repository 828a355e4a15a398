/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/*
 * A chat service's word on who somebody is. Whoever makes one has verified it (signature, audience,
 * state, number …); whoever gets one believes it. Strings are owned, UTF-8 and bounded; NULL where
 * the service did not say.
 *
 * An identity is (provider, tenant, subject), compared as bytes. All else is for people to read, or
 * to write to, and may change from one proof to the next without changing who it is.
 */
typedef struct Proof {
	char *provider; /* id of the provider record, "qq"; "xmpp" for confirm in chat */
	char *tenant;   /* issuer, corporation, team, server that subject is relative to; or "" */
	char *subject;  /* 1..255 bytes, no control characters */
	char *alt_subject; /* such as a unionid: kept beside, never a key */
	char *name;        /* what people call him */
	char *username;    /* what the service calls him */
	char *avatar_url;
	char *email;
	bool email_verified;
	char *chat_address; /* where he can be written to: JID, mxid, Telegram id */
} Proof;

#define PROOF_PROVIDER_SIZE_MAX 32 /* of a-z, 0-9, '-' and '_' */
#define PROOF_TENANT_SIZE_MAX 255
#define PROOF_SUBJECT_SIZE_MAX 255
#define PROOF_TEXT_SIZE_MAX 1024 /* each of the others */

/* Frees what it holds; may be called twice, and on zeroes. */
void proof_clear(Proof *proof);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Proof, proof_clear)

/*
 * Whether it can be an identity: provider, tenant (NULL is taken for "") and subject are within
 * their limits and of allowed characters, and the others are UTF-8 within theirs.
 * DRIVE_ERROR_INVALID says which is not, without quoting it.
 */
bool proof_check(const Proof *proof, GError **error);
