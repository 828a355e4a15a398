/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/login/login_internal.h"

/* To a chat service and back: /login/PROVIDER?a=JOURNEY and /login/PROVIDER/callback. */
bool relay_get(LoginCall *call, GError **error);

/* Nothing is taken from whoever POSTs here: not a token, not a code (R1). Always 400. */
bool relay_post(LoginCall *call, GError **error);
