/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/oauth/oauth_internal.h"

/* POST /oauth/revoke: a token, and the device with it, ends (RFC 7009). */
void revoke_endpoint_handle(OauthCall *call);
