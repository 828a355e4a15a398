/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/accounts/proof.h"
#include "server/provider/record.h"

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

/*
 * Turns what a service said about somebody into a Proof, as the record's paths say. tenant is what
 * the subject is relative to.
 *
 * The subject decides who somebody is, so it must be there, at most PROVIDER_SUBJECT_SIZE_MAX bytes
 * of UTF-8 without control characters, and is never changed: INVALID (R8). Everything else only
 * decorates: it is shortened and cleaned, or left out. FORBIDDEN: groups are given, and this is
 * none of them (R17).
 */
bool claims_read(const Record *record, const char *tenant, const json_t *claims, Proof *ret_proof,
		 GError **error);
