/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/oauth/oauth_internal.h"

/*
 * The credentials that are given out: made, renewed and ended by the accounts (credentials.h).
 */
typedef struct Issued {
	char *access;
	char *refresh;
	int64_t expires_us; /* of access, UTC */
	int64_t device;
	unsigned scopes;
} Issued;

void issue_clear(Issued *issued);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Issued, issue_clear)

/*
 * A new device for what was redeemed. DRIVE_ERROR_UNAUTHENTICATED if the account's access was
 * revoked since it was approved; DRIVE_ERROR_FORBIDDEN if it has too many devices.
 */
bool issue_device(OauthCall *call, const GrantIssue *issue, Issued *ret_issued, GError **error);

/* The next pair of tokens; DRIVE_ERROR_UNAUTHENTICATED if the device is signed out. */
bool issue_refresh(OauthCall *call, const char *refresh, const char *client_id, Issued *ret_issued,
		   GError **error);

/* Ends the device of a token that was given to this client; true also if it is nobody's. */
bool issue_revoke(OauthCall *call, const char *token, const char *client_id, GError **error);
