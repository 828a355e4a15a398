/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/oauth/oauth_internal.h"

/*
 * The request that a browser brings to /oauth/authorize (RFC 6749 4.1, OAuth 2.1), and where the
 * browser is sent with the answer.
 */

/* See oauth_begin(). */
OauthBegun authorize_begin(Oauth *oauth, const Parameters *query, int64_t now_us,
			   char **ret_pending, char **ret_redirect, GError **error);

/*
 * The redirect of a browser's request with name=value, the state it came with, and iss (RFC 9207).
 * Free with g_free().
 */
char *authorize_redirect(Oauth *oauth, const GrantAsk *ask, const char *name, const char *value);

/* The source that form-action of a CSP must allow for this redirect. Free with g_free(). */
char *authorize_form_action(const char *redirect);
