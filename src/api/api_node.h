/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/api_internal.h"

/* Files and folders in JSON: how they are named in a request, and how in an answer. */

/* The caller's own drive becomes the call's. */
bool api_node_home(ApiCall *call, GError **error);

/*
 * The node that is meant: by its id in hex, or by the path of a live one; just one of them.
 * DRIVE_ERROR_INVALID, or DRIVE_ERROR_NOT_FOUND for a path.
 */
bool api_node_find(ApiCall *call, const char *hex, const char *path, NodeId *ret_node,
		   GError **error);
/* The same by the members "node" or "path" of a request. */
bool api_node_read(ApiCall *call, const json_t *object, NodeId *ret_node, GError **error);

json_t *api_node_id_json(const NodeId *id);
/* A name or a path, as far as it is text. */
json_t *api_node_text_json(GBytes *bytes);
const char *api_node_kind(JournalKind kind);
