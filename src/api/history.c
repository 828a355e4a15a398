/* SPDX-License-Identifier: Apache-2.0 */
#include "api/history.h"

#include "api/api_node.h"
#include "api/json_body.h"
#include "base/error.h"
#include "base/limits.h"

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
	if (!api_node_home(call, error) ||
	    !api_node_find(call, query_value(call, "node"), query_value(call, "path"), &node,
			   error)) {
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
	api_reply_json(call,
		       json_pack("{s:o, s:O}", "node", api_node_id_json(&node), "versions", list));
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
	*ret_json = json_pack("{s:o, s:o, s:s, s:I, s:I, s:s?}", "node",
			      api_node_id_json(&node->id), "path", api_node_text_json(path), "kind",
			      api_node_kind(node->kind), "size", (json_int_t)node->size,
			      "deleted_us", (json_int_t)node->time_us, "device", device);
	return true;
}

bool history_trash(ApiCall *call, GError **error)
{
	g_autoptr(GArray) nodes = g_array_new(FALSE, FALSE, sizeof(JournalNode));
	g_array_set_clear_func(nodes, clear_node);
	if (!api_node_home(call, error) ||
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
	int64_t version;
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
	if (!api_node_home(call, error) || !api_node_read(call, object, &node, error) ||
	    !drive_restore(call->api->drive, &call->caller, &node, version, &seq, error)) {
		return false;
	}
	api_reply_json(call, json_pack("{s:o, s:I}", "node", api_node_id_json(&node), "seq",
				       (json_int_t)seq));
	return true;
}
