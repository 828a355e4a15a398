/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/login/login_internal.h"

/* Assets, files that prove the domain, the choice of a language, the root. */

/* Whether a path that is no page's is an asset or may be a file of DATA/verify. */
bool site_serves(const char *path);

/* Answers a request for an asset, which needs no cookie; false if it is none. */
bool site_asset(LoginCall *call);

/* The root, or a file of DATA/verify. */
bool site_file(LoginCall *call, GError **error);

/* /language?to=TAG&back=PATH */
bool site_language(LoginCall *call, GError **error);
