/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/api_internal.h"

/* POST /sync/v1/changes: what is new after the cursors; waits if nothing is. */
bool sync_changes(ApiCall *call, GError **error);
