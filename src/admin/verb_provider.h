/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "admin/verb.h"

/* imdrived provider …: chat services. They stand apart: they only read DATA/providers. */
bool verb_provider_list(VerbCall *call, GError **error);
bool verb_provider_show(VerbCall *call, GError **error);
/* Prints while it runs, since a person must open what it prints first. */
bool verb_provider_test(VerbCall *call, GError **error);
