/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/accounts/entry.h"
#include "server/chat/words.h"
#include "server/login/login_internal.h"

/* What follows when somebody has shown who he is. */

/* By a chat service or in chat: enters, registers, links or is asked no more, as the journey says.
 */
typedef struct FinishProof {
	const Proof *proof;
	EntryPolicy policy;
	bool trust_email;
	const char *label; /* of the service, for pages */
} FinishProof;
bool finish_proof(LoginCall *call, const Journey *journey, const FinishProof *by, GError **error);

/*
 * This account enters: a session of its own (R16), then what the journey was for. method: a
 * provider's id or "password".
 */
typedef struct FinishEntry {
	const Account *account;
	const char *method;
	bool registered;
	const char *token; /* of the session, if it began with the entry; NULL: one is begun */
} FinishEntry;
bool finish_entry(LoginCall *call, const Journey *journey, const FinishEntry *entry,
		  GError **error);

/* A page that says why somebody does not enter. about: the service. */
void finish_refuse(LoginCall *call, EntryRefusal refusal, const char *about);

/* Says yes to a client's request for who is signed in, and goes on to the client. */
bool finish_approve(LoginCall *call, const Journey *journey, const FinishEntry *entry,
		    GError **error);

/* The identities of the account that is signed in (Identity); empty if they cannot be read. */
GArray *finish_identities(LoginCall *call);

/*
 * Tells the account's owner in chat, at each address that can be written to, what happened to his
 * access (A10, R11), in the language that he signed in with last. notice: a device, or a chat
 * account, called what. It can only fail to help.
 */
void finish_tell(LoginCall *call, const GArray *identities, Words notice, const char *what);
