/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/accounts/invitations.h"

/* As invitations_find(), inside a transaction; id 0, without error, if it is good for nothing. */
bool invitations_read(SqlSession *session, const char *token, int64_t now_us,
		      Invitation *ret_invitation, GError **error);
/* Takes one use. */
bool invitations_consume(SqlSession *session, const Invitation *invitation, GError **error);
