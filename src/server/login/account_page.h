/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/login/login_internal.h"

/* The page of who is signed in: devices, browsers, ways to sign in. */
bool account_page_show(LoginCall *call, GError **error);
/* Their picture, if a chat service had one; to nobody else. */
bool account_page_picture(LoginCall *call, GError **error);
bool account_page_end_device(LoginCall *call, GError **error);
bool account_page_end_session(LoginCall *call, GError **error);
bool account_page_end_all(LoginCall *call, GError **error);
bool account_page_password(LoginCall *call, GError **error);
bool account_page_sign_out(LoginCall *call, GError **error);

/* Linking (R11): begin, the question that names both, the answer; and unlinking. */
bool account_page_link(LoginCall *call, GError **error);
bool account_page_link_show(LoginCall *call, GError **error);
bool account_page_bind(LoginCall *call, GError **error);
bool account_page_unlink(LoginCall *call, GError **error);
