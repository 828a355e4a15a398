/* SPDX-License-Identifier: Apache-2.0 */
#include "api/history.h"

#include "api/json_body.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"

#define PATH_SIZE_MAX (DEPTH_MAX * (NAME_SIZE_MAX + 1))

static bool enter_home(ApiCall *call, GError **error)
{
	return drive_home(call->api->drive, call->caller.account, &call->caller.drive, error);
}

static json_t *hex_json(const NodeId *id)
{
	char hex[NODE_ID_HEX_SIZE];
	node_id_to_hex(id, hex);
	return json_string(hex);
}

static json_t *bytes_json(GBytes *bytes)
{
	size_t size = 0;
	const char *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;
	g_autofree char *text = text_printable(data ? data : "", size);
	return json_string(text);
}

static const char *kind_name(JournalKind kind)
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

/* The node that is meant: by its id in hex, or by the path of a live one. */
static bool find_node(ApiCall *call, const char *hex, const char *path, NodeId *ret_node,
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

static void clear_version(void *version)
{
	journal_node_clear(&((JournalVersion *)version)->node);
}

static void clear_node(void *node)
{
	journal_node_clear(node);
}

static bool version_json(ApiCall *call, const JournalVersion *version, json_t **ret_json,
			 GError **error)
{
	g_autofree char *device = NULL;
	if (!devices_name(accounts_devices(call->api->accounts), version->node.device, &device,
			  error)) {
		return false;
	}
	*ret_json = json_pack("{s:I, s:I, s:I, s:I, s:s?, s:b}", "number",
			      (json_int_t)version->number, "size", (json_int_t)version->node.size,
			      "mtime_ns", (json_int_t)version->node.mtime_ns, "time_us",
			      (json_int_t)version->node.time_us, "device", device, "current",
			      version->current);
	return true;
}

static const char *query_value(ApiCall *call, const char *key)
{
	return request_query(call->request, key);
}

bool history_versions(ApiCall *call, GError **error)
{
	NodeId node;
	if (!enter_home(call, error) ||
	    !find_node(call, query_value(call, "node"), query_value(call, "path"), &node, error)) {
		return false;
	}
	g_autoptr(GArray) versions = g_array_new(FALSE, FALSE, sizeof(JournalVersion));
	g_array_set_clear_func(versions, clear_version);
	if (!drive_versions(call->api->drive, &call->caller, &node, versions, error)) {
		return false;
	}
	g_autoptr(json_t) list = json_array();
	for (unsigned i = 0; i < versions->len; i++) {
		json_t *version;
		if (!version_json(call, &g_array_index(versions, JournalVersion, i), &version,
				  error)) {
			return false;
		}
		json_array_append_new(list, version);
	}
	api_reply_json(call, json_pack("{s:o, s:O}", "node", hex_json(&node), "versions", list));
	return true;
}

static bool trash_json(ApiCall *call, const JournalNode *node, json_t **ret_json, GError **error)
{
	g_autoptr(GBytes) path = NULL;
	g_autofree char *device = NULL;
	if (!drive_path(call->api->drive, &call->caller, &node->id, &path, error) ||
	    !devices_name(accounts_devices(call->api->accounts), node->device, &device, error)) {
		return false;
	}
	*ret_json = json_pack("{s:o, s:o, s:s, s:I, s:I, s:s?}", "node", hex_json(&node->id),
			      "path", bytes_json(path), "kind", kind_name(node->kind), "size",
			      (json_int_t)node->size, "deleted_us", (json_int_t)node->time_us,
			      "device", device);
	return true;
}

bool history_trash(ApiCall *call, GError **error)
{
	g_autoptr(GArray) nodes = g_array_new(FALSE, FALSE, sizeof(JournalNode));
	g_array_set_clear_func(nodes, clear_node);
	if (!enter_home(call, error) ||
	    !drive_trash(call->api->drive, &call->caller, TRASH_LIST_MAX, nodes, error)) {
		return false;
	}
	g_autoptr(json_t) list = json_array();
	for (unsigned i = 0; i < nodes->len; i++) {
		json_t *node;
		if (!trash_json(call, &g_array_index(nodes, JournalNode, i), &node, error)) {
			return false;
		}
		json_array_append_new(list, node);
	}
	api_reply_json(call, json_pack("{s:O}", "nodes", list));
	return true;
}

bool history_restore(ApiCall *call, GError **error)
{
	g_autoptr(json_t) object = json_body_parse(call->request->body, error);
	if (!object) {
		return false;
	}
	const char *hex = NULL;
	const char *path = NULL;
	int64_t version;
	if (json_object_get(object, "node") &&
	    !(hex = json_body_text(object, "node", NODE_ID_HEX_SIZE - 1, error))) {
		return false;
	}
	if (json_object_get(object, "path") &&
	    !(path = json_body_text(object, "path", PATH_SIZE_MAX, error))) {
		return false;
	}
	if (!json_body_number(object, "version", 0, &version, error)) {
		return false;
	}
	if (version < 0) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "'version' must not be negative");
		return false;
	}
	NodeId node;
	uint64_t seq;
	if (!enter_home(call, error) || !find_node(call, hex, path, &node, error) ||
	    !drive_restore(call->api->drive, &call->caller, &node, version, &seq, error)) {
		return false;
	}
	api_reply_json(call,
		       json_pack("{s:o, s:I}", "node", hex_json(&node), "seq", (json_int_t)seq));
	return true;
}
