/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/login/login_internal.h"

/* A program asks for access: /oauth/authorize, and the question that its person is asked. */
bool consent_begin(LoginCall *call, GError **error);
/* The same by somebody who is invited: the token stands in for nothing until he presses a button.
 */
bool consent_begin_invited(LoginCall *call, const char *invitation, GError **error);
/* /oauth/consent?a=JOURNEY */
bool consent_show(LoginCall *call, GError **error);
bool consent_answer(LoginCall *call, GError **error);
