/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/accounts/identities.h"

/* As identities_find(), inside a transaction; id 0, without error, if it is nobody's. */
bool identities_read(SqlSession *session, const Proof *proof, Identity *ret_identity,
		     GError **error);

/* A new row; nobody has this identity. */
bool identities_insert(SqlSession *session, const IdentitiesBind *bind, const AuditBy *by,
		       GError **error);

/* Writes down what the proof says beside the key, and when. */
bool identities_refresh(SqlSession *session, int64_t id, const IdentitiesBind *bind, int64_t now_us,
			GError **error);

/* "qq/tenant/subject", for people. */
char *identities_text(const Proof *proof);
