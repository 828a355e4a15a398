/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/api_internal.h"

/* Links with which others read a file or a folder: docs/openapi.yaml, /api/v1/links. */

bool links_list(ApiCall *call, GError **error);
bool links_make(ApiCall *call, GError **error);
bool links_send(ApiCall *call, GError **error);
bool links_end(ApiCall *call, GError **error);
