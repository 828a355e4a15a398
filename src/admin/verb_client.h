/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "admin/verb.h"

/* imdrived client …: programs that people may sign in to with the drive (server/oauth). */
#define VERB_CLIENT_WORDS_MAX 32

bool verb_client_add(VerbCall *call, GError **error);
bool verb_client_list(VerbCall *call, GError **error);
bool verb_client_remove(VerbCall *call, GError **error);
