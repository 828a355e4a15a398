/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/login/login_internal.h"

/* Signing in with a name and a password of the drive's own. */
bool local_sign_in(LoginCall *call, GError **error);

/* A local account by an invitation: POST /login/register?a=JOURNEY. */
bool local_register(LoginCall *call, GError **error);
