/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/api_internal.h"

/* What was: versions, trash, and bringing back. /api/v1/. */

/* GET versions?path=P or ?node=HEX -> {node, versions: [{number, size, mtime_ns, …}]} */
bool history_versions(ApiCall *call, GError **error);
/* GET trash -> {nodes: [{node, path, kind, size, deleted_us, …}]}, newest first */
bool history_trash(ApiCall *call, GError **error);
/* POST restore {node or path, version} -> {node, seq}; version 0 or none: the deleted node itself
 */
bool history_restore(ApiCall *call, GError **error);
