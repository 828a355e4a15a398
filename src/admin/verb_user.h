/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "admin/verb.h"

/* imdrived user …, imdrived device … */
bool verb_user_add(VerbCall *call, GError **error);
bool verb_user_list(VerbCall *call, GError **error);
bool verb_user_passwd(VerbCall *call, GError **error);
bool verb_user_quota(VerbCall *call, GError **error);
bool verb_user_names(VerbCall *call, GError **error);
bool verb_user_disable(VerbCall *call, GError **error);
bool verb_user_enable(VerbCall *call, GError **error);
bool verb_user_remove(VerbCall *call, GError **error);
bool verb_user_devices(VerbCall *call, GError **error);
bool verb_user_revoke(VerbCall *call, GError **error);
