/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/accounts/sessions.h"

/* As sessions_begin(), inside a transaction: the token is worth nothing until it is committed. */
bool sessions_begin_inside(SqlSession *sql, const SessionsSpec *spec, const AuditBy *by,
			   char **ret_token, GError **error);
