/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api_node.h"

#include "api/json_body.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"

#define PATH_SIZE_MAX (DEPTH_MAX * (NAME_SIZE_MAX + 1))

bool api_node_home(ApiCall *call, GError **error)
{
	return drive_home(call->api->drive, call->caller.account, &call->caller.drive, error);
}

json_t *api_node_id_json(const NodeId *id)
{
	char hex[NODE_ID_HEX_SIZE];
	node_id_to_hex(id, hex);
	return json_string(hex);
}

json_t *api_node_text_json(GBytes *bytes)
{
	size_t size = 0;
	const char *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;
	g_autofree char *text = text_printable(data ? data : "", size);
	return json_string(text);
}

const char *api_node_kind(JournalKind kind)
{
	switch (kind) {
	case JOURNAL_FILE:
		return "file";
	case JOURNAL_FOLDER:
		return "folder";
	case JOURNAL_LINK:
		return "link";
	}
	return "unknown";
}

bool api_node_find(ApiCall *call, const char *hex, const char *path, NodeId *ret_node,
		   GError **error)
{
	if (!hex == !path) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "say which node: either 'node' or 'path'");
		return false;
	}
	if (hex) {
		if (node_id_from_hex(hex, ret_node)) {
			return true;
		}
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "'node' must be 32 hexadecimal digits");
		return false;
	}
	JournalNode node = { 0 };
	while (*path == '/') {
		path++;
	}
	if (!drive_resolve(call->api->drive, &call->caller, path, &node, error)) {
		return false;
	}
	*ret_node = node.id;
	journal_node_clear(&node);
	return true;
}

bool api_node_read(ApiCall *call, const json_t *object, NodeId *ret_node, GError **error)
{
	const char *hex = NULL;
	const char *path = NULL;
	if (json_object_get(object, "node") &&
	    !(hex = json_body_text(object, "node", NODE_ID_HEX_SIZE - 1, error))) {
		return false;
	}
	if (json_object_get(object, "path") &&
	    !(path = json_body_text(object, "path", PATH_SIZE_MAX, error))) {
		return false;
	}
	return api_node_find(call, hex, path, ret_node, error);
}
