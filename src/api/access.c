/* SPDX-License-Identifier: Apache-2.0 */
#include "api/access.h"

#include "base/error.h"
#include "request/agent.h"
#include "server/accounts/identities.h"
#include "server/accounts/sessions.h"

bool access_sessions(ApiCall *call, GError **error)
{
	g_autoptr(GArray) sessions = g_array_new(FALSE, FALSE, sizeof(Session));
	g_array_set_clear_func(sessions, sessions_session_clear);
	if (!sessions_list(call->api->accounts, call->caller.account, call->now_us, sessions,
			   error)) {
		return false;
	}
	json_t *list = json_array();
	for (unsigned i = 0; i < sessions->len; i++) {
		const Session *session = &g_array_index(sessions, Session, i);
		g_autofree char *agent = agent_describe(session->agent);
		json_array_append_new(list, json_pack("{s:I, s:I, s:I, s:s, s:s, s:s}", "id",
						      (json_int_t)session->id, "created_us",
						      (json_int_t)session->created_us, "seen_us",
						      (json_int_t)session->seen_us, "peer",
						      session->peer, "method", session->method,
						      "agent", agent ? agent : ""));
	}
	api_reply_json(call, json_pack("{s:o}", "sessions", list));
	return true;
}

bool access_end_session(ApiCall *call, GError **error)
{
	int64_t session;
	const AuditBy by = { .account = call->caller.account,
			     .peer = call->request->peer,
			     .now_us = call->now_us };
	if (!g_ascii_string_to_signed(call->rest, 10, 1, INT64_MAX, &session, NULL)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
				    "sessions/ID takes the number of a session");
		return false;
	}
	if (!sessions_end(call->api->accounts, call->caller.account, session, &by, error)) {
		return false;
	}
	call->response->status = 204;
	return true;
}

bool access_identities(ApiCall *call, GError **error)
{
	Account account;
	g_autoptr(GArray) identities = g_array_new(FALSE, FALSE, sizeof(Identity));
	g_array_set_clear_func(identities, identities_identity_clear);
	if (!identities_list(call->api->accounts, call->caller.account, identities, error) ||
	    !accounts_get(call->api->accounts, call->caller.account, &account, error)) {
		return false;
	}
	json_t *list = json_array();
	for (unsigned i = 0; i < identities->len; i++) {
		const Identity *identity = &g_array_index(identities, Identity, i);
		json_array_append_new(list, json_pack("{s:I, s:s, s:s, s:s, s:s, s:I, s:I}", "id",
						      (json_int_t)identity->id, "provider",
						      identity->provider, "name", identity->name,
						      "username", identity->username, "address",
						      identity->chat_address, "created_us",
						      (json_int_t)identity->created_us, "used_us",
						      (json_int_t)identity->used_us));
	}
	api_reply_json(call, json_pack("{s:o, s:b}", "identities", list, "password",
				       (int)account.has_password));
	accounts_account_clear(&account);
	return true;
}

bool access_picture(ApiCall *call, GError **error)
{
	g_auto(IdentitiesPicture) picture = { 0 };
	if (!identities_find_picture(call->api->accounts, call->caller.account, &picture, error)) {
		return false;
	}
	json_t *answer = json_pack("{s:b}", "coming", (int)picture.coming);
	if (picture.bytes) {
		size_t size;
		const void *bytes = g_bytes_get_data(picture.bytes, &size);
		g_autofree char *data = g_base64_encode(bytes, size);
		json_object_set_new(answer, "type", json_string(picture.type));
		json_object_set_new(answer, "data", json_string(data));
	}
	api_reply_json(call, answer);
	return true;
}
