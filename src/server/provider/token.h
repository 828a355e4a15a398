/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/provider/login_internal.h"

/*
 * Redeems a code at the service's token endpoint, as the record says: RFC 6749 4.1.3, or what the
 * service makes of it. The answer under the names of RFC 6749 (access_token, id_token), with
 * whatever else is in it. json_decref() soon: it holds the tokens.
 */
json_t *token_redeem(Login *login, const char *code, GError **error);
