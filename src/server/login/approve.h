/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/login/login_internal.h"

/* A device without a browser asks for access: its code, then the question (A9, A10). */
bool approve_entry(LoginCall *call, GError **error);
bool approve_find(LoginCall *call, GError **error);
/* /device/approve?a=JOURNEY */
bool approve_show(LoginCall *call, GError **error);
bool approve_answer(LoginCall *call, GError **error);
