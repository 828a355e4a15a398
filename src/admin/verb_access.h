/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "admin/verb.h"

/* Who may enter, and who did: verbs on identities, invitations and the audit, see verb_table. */

bool verb_access_role(VerbCall *call, GError **error);
bool verb_access_approve(VerbCall *call, GError **error);
bool verb_access_identities(VerbCall *call, GError **error);
bool verb_access_bind(VerbCall *call, GError **error);
bool verb_access_bind_all(VerbCall *call, GError **error);
bool verb_access_rebind(VerbCall *call, GError **error);
bool verb_access_unbind(VerbCall *call, GError **error);
bool verb_access_sessions(VerbCall *call, GError **error);
bool verb_access_revoke(VerbCall *call, GError **error);
bool verb_access_recover(VerbCall *call, GError **error);
bool verb_access_invite(VerbCall *call, GError **error);
bool verb_access_invitations(VerbCall *call, GError **error);
bool verb_access_uninvite(VerbCall *call, GError **error);
bool verb_access_audit(VerbCall *call, GError **error);
