/* SPDX-License-Identifier: Apache-2.0 */
#include "api/links.h"

#include "api/api_node.h"
#include "api/json_body.h"
#include "base/error.h"
#include "base/limits.h"
#include "server/share/share.h"
#include "server/share/share_message.h"

#include <sodium.h>
#include <string.h>

static AuditBy by_of(const ApiCall *call)
{
	return (AuditBy){
		.account = call->caller.account,
		.peer = call->request->peer,
		.now_us = call->now_us,
	};
}

/* *ret_json NULL, without error: what it led to is forgotten. */
static bool link_json(ApiCall *call, const ShareLink *link, json_t **ret_json, GError **error)
{
	JournalNode node = { 0 };
	g_autoptr(GBytes) path = NULL;
	g_autoptr(GError) local = NULL;
	*ret_json = NULL;
	if (!drive_node(call->api->drive, &call->caller, &link->node, &node, &local) ||
	    !drive_path(call->api->drive, &call->caller, &link->node, &path, &local)) {
		journal_node_clear(&node);
		if (g_error_matches(local, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND)) {
			return true;
		}
		g_propagate_error(error, g_steal_pointer(&local));
		return false;
	}
	char *url = share_url(call->api->share, link);
	*ret_json = json_pack(
		"{s:o, s:o, s:s, s:I, s:b, s:s, s:I, s:I}", "node", api_node_id_json(&link->node),
		"path", api_node_text_json(path), "kind", api_node_kind(node.kind), "size",
		(json_int_t)node.size, "deleted", node.deleted, "url", url, "created_us",
		(json_int_t)link->created_us, "expires_us", (json_int_t)link->expires_us);
	sodium_memzero(url, strlen(url));
	g_free(url);
	journal_node_clear(&node);
	return true;
}

/* ---- listing --------------------------------------------------------------------------- */

/* Whether the request is about all, or about one node. */
static bool read_filter(ApiCall *call, NodeId *ret_node, bool *ret_one, GError **error)
{
	const char *hex = request_query(call->request, "node");
	const char *path = request_query(call->request, "path");
	*ret_one = hex || path;
	return !*ret_one || api_node_find(call, hex, path, ret_node, error);
}

static bool append(ApiCall *call, const ShareLink *link, json_t *list, GError **error)
{
	json_t *object;
	if (!link_json(call, link, &object, error)) {
		return false;
	}
	if (object) {
		json_array_append_new(list, object);
	}
	return true;
}

bool links_list(ApiCall *call, GError **error)
{
	NodeId node = { 0 };
	bool one = false;
	g_autoptr(GArray) links = g_array_new(FALSE, FALSE, sizeof(ShareLink));
	g_array_set_clear_func(links, share_link_clear);
	g_autoptr(json_t) list = json_array();
	if (!api_node_home(call, error) || !read_filter(call, &node, &one, error) ||
	    !share_list(call->api->share, call->caller.account, call->now_us, links, error)) {
		return false;
	}
	for (unsigned i = 0; i < links->len; i++) {
		const ShareLink *link = &g_array_index(links, ShareLink, i);
		if ((!one || node_id_equal(&link->node, &node)) &&
		    !append(call, link, list, error)) {
			return false;
		}
	}
	api_reply_json(call, json_pack("{s:O, s:b}", "links", list, "chat",
				       (int)share_message_is_possible(call->api->share)));
	return true;
}

/* ---- making and ending ----------------------------------------------------------------- */

static bool read_terms(const ApiCall *call, const json_t *object, ShareTerms *ret_terms,
		       GError **error)
{
	int64_t days;
	if (!json_body_number(object, "days", 0, &days, error)) {
		return false;
	}
	if (days < 0 || days > SHARE_DAYS_MAX) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "'days' must be 1 to %d, or 0 for a link without end", SHARE_DAYS_MAX);
		return false;
	}
	ret_terms->has_expiry = json_object_get(object, "days");
	ret_terms->expires_us = days > 0 ? call->now_us + days * G_TIME_SPAN_DAY : 0;
	return true;
}

bool links_make(ApiCall *call, GError **error)
{
	g_autoptr(json_t) object = json_body_parse(call->request->body, error);
	const AuditBy by = by_of(call);
	ShareTerms terms;
	NodeId node;
	g_auto(ShareLink) link = { 0 };
	json_t *answer = NULL;
	if (!object || !read_terms(call, object, &terms, error) || !api_node_home(call, error) ||
	    !api_node_read(call, object, &node, error) ||
	    !share_make(call->api->share, &call->caller, &node, &terms, &by, &link, error) ||
	    !link_json(call, &link, &answer, error)) {
		return false;
	}
	if (!answer) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
				    "it was deleted meanwhile");
		return false;
	}
	api_reply_json(call, answer);
	return true;
}

#define MESSAGES "/messages"

bool links_send(ApiCall *call, GError **error)
{
	g_autofree char *hex =
		g_str_has_suffix(call->rest, MESSAGES)
			? g_strndup(call->rest, strlen(call->rest) - strlen(MESSAGES))
			: NULL;
	g_autoptr(json_t) object = json_body_parse(call->request->body, error);
	const AuditBy by = by_of(call);
	ShareMessage message = { .to = NULL };
	g_autofree char *to = NULL;
	if (!object) {
		return false;
	}
	if (!hex || !node_id_from_hex(hex, &message.node)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
				    "links/NODE/messages takes the id of a node");
		return false;
	}
	message.to = json_body_text(object, "to", CHAT_TYPED_SIZE_MAX, error);
	if (!message.to || !share_message_send(call->api->share, &message, &by, &to, error)) {
		return false;
	}
	api_reply_json(call, json_pack("{s:s}", "to", to));
	return true;
}

bool links_end(ApiCall *call, GError **error)
{
	NodeId node;
	const AuditBy by = by_of(call);
	if (!node_id_from_hex(call->rest, &node)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
				    "links/NODE takes the id of a node");
		return false;
	}
	if (!share_end(call->api->share, call->caller.account, &node, &by, error)) {
		return false;
	}
	call->response->status = 204;
	return true;
}
