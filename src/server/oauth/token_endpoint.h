/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/oauth/oauth_internal.h"

/*
 * POST /oauth/token: a code, a device code or a refresh token becomes a credential (RFC 6749 5,
 * RFC 8628 3.4). The answer to a sign-in also says who was let in:
 *
 *	account {id, name}, device {id, name}, drive, registered
 */
void token_endpoint_handle(OauthCall *call);
