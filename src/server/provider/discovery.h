/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/provider/login_internal.h"

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

/*
 * What a service says of itself: OpenID Connect Discovery and RFC 8414. Kept for an hour. Its
 * issuer must be the one that was asked for (R7); every endpoint must be one that may be asked.
 */

/*
 * The record's endpoints under their names of RFC 8414 (issuer, authorization_endpoint,
 * token_endpoint, userinfo_endpoint, jwks_uri), from the record and, where it says so, discovery;
 * authorization_response_iss_parameter_supported as it was announced. json_decref().
 */
json_t *discovery_of_record(Providers *providers, const Record *record, GError **error);

/*
 * What the issuer says of itself at its /.well-known/openid-configuration; its issuer is equal.
 * For an issuer that a typed server named: asked on public addresses only.
 */
json_t *discovery_of_issuer(Providers *providers, const Record *record, const char *issuer,
			    GError **error);

/*
 * The keys that the service signs with. again: they were found to be too few; asks anew, but not
 * more than once a minute for any service (R5). BUSY if it was less.
 */
json_t *discovery_keys(Login *login, bool again, GError **error);
