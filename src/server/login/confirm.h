/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/login/login_internal.h"

/* Signing in by confirming in chat; all take ?a=JOURNEY. */

/* POST /login/chat: address= */
bool confirm_begin(LoginCall *call, GError **error);
/* GET /login/chat: what is to be done, or what came of it. */
bool confirm_show(LoginCall *call, GError **error);
/* GET /login/chat/poll: JSON {"state": "waiting"|"over"|"gone"}; waits. */
bool confirm_poll(LoginCall *call, GError **error);
/* POST /login/chat/cancel */
bool confirm_cancel(LoginCall *call, GError **error);
/* POST /login/chat/continue: answer=yes|no, after it was proved. */
bool confirm_continue(LoginCall *call, GError **error);
