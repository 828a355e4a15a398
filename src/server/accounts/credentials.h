/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/accounts/audit.h"
#include "server/accounts/devices.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What a program that was let in gets: an access token for CREDENTIALS_ACCESS_S, asked of
 * devices_authenticate() with each request, and a refresh token that is exchanged for the next pair
 * of both (OAuth 2.1, RFC 9700 4.14). Each grant is one device, with one family of tokens; all are
 * stored hashed.
 *
 * Exchanging rotates: the refresh token that was used is good no more, except that it gets *the
 * same* successors again
 *  - for CREDENTIALS_GRACE_S, for two that refresh at once, and
 *  - as long as nobody has used the successors, for who crashed between answer and saving it.
 * Otherwise somebody else has it too: the device ends, and everything of it. Successors come from
 * the token itself and a salt that the table forgets with it, so that the table alone lets
 * nobody in.
 *
 * The token of a device that signed in before there was a refresh token is exchanged like one.
 *
 * All functions may be called from any thread.
 */

typedef struct CredentialsGrant {
	int64_t account;
	int64_t epoch; /* of the account when it said yes (accounts.h); < 0: not checked */
	const char *device_name; /* 1..DEVICE_NAME_SIZE_MAX bytes, for people */
	const char *method;      /* how the person proved himself: a provider's id, "password" */
	const char *client;      /* client id, 1..CLIENT_ID_SIZE_MAX bytes; "" for /api/v1/login */
	unsigned scopes;         /* DevicesScope */
} CredentialsGrant;

typedef struct Credentials {
	char *access; /* owned; wiped by credentials_clear() */
	char *refresh;
	int64_t expires_us; /* of access, UTC */
	int64_t account;
	int64_t device;
	unsigned scopes;
} Credentials;

void credentials_clear(Credentials *credentials);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Credentials, credentials_clear)

/*
 * Lets a new device in. DRIVE_ERROR_UNAUTHENTICATED if the account may not enter, or if its access
 * was revoked since `epoch`; DRIVE_ERROR_FORBIDDEN over DEVICES_PER_ACCOUNT_MAX;
 * DRIVE_ERROR_INVALID for a name that is none. Audited as "sign-in".
 */
bool credentials_issue(Devices *devices, const CredentialsGrant *grant, const AuditBy *by,
		       Credentials *ret_credentials, GError **error);

/*
 * Exchanges a refresh token that was given to `client` (NULL: whichever). DRIVE_ERROR_
 * UNAUTHENTICATED ("invalid_grant"): unknown, ended, idle or old, of another client, account
 * disabled, or used by somebody else (then the device ended just now, audited as
 * "refresh-reuse"). Any other error: try again, nothing has changed for the caller.
 */
bool credentials_refresh(Devices *devices, const char *refresh, const char *client,
			 const AuditBy *by, Credentials *ret_credentials, GError **error);

/*
 * RFC 7009: ends the device that an access or refresh token belongs to, if it was given to `client`
 * (NULL: whichever). True, and nothing happens, if the token is nobody's.
 */
bool credentials_revoke(Devices *devices, const char *token, const char *client, const AuditBy *by,
			GError **error);
