/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/api_internal.h"

/* POST /sync/v1/commit: a batch of operations, and the small content that they need. */
bool sync_commit(ApiCall *call, GError **error);
