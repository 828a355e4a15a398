/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/provider/login_internal.h"

/*
 * Asks whose a token is, at the service's userinfo endpoint and as the record says. token is the
 * answer that it came in. The claims, out of their envelope. json_decref().
 */
json_t *userinfo_ask(Login *login, const json_t *token, GError **error);
