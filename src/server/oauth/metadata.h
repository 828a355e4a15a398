/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/oauth/oauth_internal.h"

/* GET /.well-known/oauth-authorization-server: what there is, and where (RFC 8414). */
void metadata_handle(OauthCall *call);
