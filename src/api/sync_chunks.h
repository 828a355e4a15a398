/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/api_internal.h"

/* Content on its way between devices and the drive: /sync/v1/. */

bool sync_chunks_missing(ApiCall *call, GError **error);
bool sync_chunks_upload(ApiCall *call, GError **error);
bool sync_chunks_fetch(ApiCall *call, GError **error);
