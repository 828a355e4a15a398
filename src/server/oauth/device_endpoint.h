/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/oauth/oauth_internal.h"

/* POST /oauth/device: a device without a browser asks for its two codes (RFC 8628 3.1). */
void device_endpoint_handle(OauthCall *call);
