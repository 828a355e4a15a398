/* SPDX-License-Identifier: Apache-2.0 */
#include "api/session.h"

#include "api/json_body.h"
#include "base/error.h"
#include "base/limits.h"
#include "server/accounts/audit.h"
#include "server/accounts/credentials.h"

#include <sodium.h>
#include <string.h>

/* That the tokens of a sign-in by name and password belong to. */
#define CLIENT "imdrive"

static json_t *account_json(const Account *account)
{
	return json_pack("{s:I, s:s, s:s}", "id", (json_int_t)account->id, "name", account->name,
			 "role", account->role == ACCOUNT_ADMIN ? "admin" : "user");
}

static json_t *device_json(int64_t id, const char *name)
{
	return json_pack("{s:I, s:s}", "id", (json_int_t)id, "name", name);
}

/* ---- login ----------------------------------------------------------------------------- */

typedef struct Claim {
	const char *name;
	const char *password;
	const char *device_name;
	bool refresh; /* asks for what is renewed instead of what lasts */
} Claim;

static bool read_claim(const json_t *object, Claim *ret_claim, GError **error)
{
	/* A longer password than is allowed is a wrong one, as a longer name is an unknown one. */
	ret_claim->name = json_body_text(object, "name", JSON_BODY_SIZE_MAX, error);
	if (!ret_claim->name) {
		return false;
	}
	ret_claim->password = json_body_text(object, "password", JSON_BODY_SIZE_MAX, error);
	if (!ret_claim->password) {
		return false;
	}
	ret_claim->device_name = json_body_text(object, "device_name", DEVICE_NAME_SIZE_MAX, error);
	ret_claim->refresh = json_is_true(json_object_get(object, "refresh"));
	return ret_claim->device_name != NULL;
}

static void note_failure(ApiCall *call, const char *name)
{
	const AuditBy by = { .peer = call->request->peer, .now_us = call->now_us };
	const AuditEvent event = { .what = "sign-in-failed", .target = name, .detail = "password" };
	audit_note(call->api->accounts, &by, &event, NULL);
}

static bool sign_in(ApiCall *call, const Claim *claim, Account *ret_account, GError **error)
{
	Api *api = call->api;
	const char *peer = call->request->peer;
	if (!login_limit_take(api->login_limit, peer, claim->name, call->now_us,
			      &call->response->retry_after_s)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_BUSY,
			    "too many failed sign-ins: try again in %u seconds",
			    call->response->retry_after_s);
		return false;
	}
	g_autoptr(GError) local = NULL;
	bool right =
		accounts_sign_in(api->accounts, claim->name, claim->password, ret_account, &local);
	if (right || !g_error_matches(local, DRIVE_ERROR, DRIVE_ERROR_UNAUTHENTICATED)) {
		login_limit_give_back(api->login_limit, peer, claim->name, call->now_us);
	}
	if (right) {
		api->sign_ins++;
		return true;
	}
	api->sign_in_failures++;
	if (g_error_matches(local, DRIVE_ERROR, DRIVE_ERROR_UNAUTHENTICATED)) {
		note_failure(call, claim->name);
	}
	g_propagate_error(error, g_steal_pointer(&local));
	return false;
}

/* Who was let in. */
static json_t *welcome(const Account *account, const NodeId *drive, int64_t device,
		       const char *device_name)
{
	char drive_hex[NODE_ID_HEX_SIZE];
	node_id_to_hex(drive, drive_hex);
	return json_pack("{s:o, s:o, s:s, s:b}", "account", account_json(account), "device",
			 device_json(device, device_name), "drive", drive_hex, "registered", 0);
}

/* One that lasts, for programs that do not renew. */
static bool let_in_lasting(ApiCall *call, const Account *account, const Claim *claim,
			   json_t *ret_answer, int64_t *ret_device, GError **error)
{
	g_autofree char *token = NULL;
	if (!devices_add(accounts_devices(call->api->accounts), account->id, claim->device_name,
			 call->now_us, &token, ret_device, error)) {
		return false;
	}
	json_object_set_new(ret_answer, "token", json_string(token));
	sodium_memzero(token, strlen(token));
	return true;
}

/* As the token endpoint answers; it is renewed there as well, by this client. */
static bool let_in(ApiCall *call, const Account *account, const Claim *claim, json_t *ret_answer,
		   int64_t *ret_device, GError **error)
{
	const CredentialsGrant grant = {
		.account = account->id,
		.epoch = account->epoch,
		.device_name = claim->device_name,
		.method = "password",
		.client = CLIENT,
		.scopes = DEVICES_SCOPES_ALL,
	};
	const AuditBy by = { .account = account->id,
			     .peer = call->request->peer,
			     .now_us = call->now_us };
	g_auto(Credentials) credentials = { 0 };
	if (!credentials_issue(accounts_devices(call->api->accounts), &grant, &by, &credentials,
			       error)) {
		return false;
	}
	int64_t life_s = (credentials.expires_us - call->now_us) / G_TIME_SPAN_SECOND;
	json_object_set_new(ret_answer, "access_token", json_string(credentials.access));
	json_object_set_new(ret_answer, "refresh_token", json_string(credentials.refresh));
	json_object_set_new(ret_answer, "token_type", json_string("Bearer"));
	json_object_set_new(ret_answer, "expires_in", json_integer(life_s));
	json_object_set_new(ret_answer, "client_id", json_string(CLIENT));
	*ret_device = credentials.device;
	return true;
}

static bool answer_login(ApiCall *call, const Account *account, const Claim *claim, GError **error)
{
	NodeId drive;
	int64_t device = 0;
	g_autoptr(json_t) answer = json_object();
	if (!drive_home(call->api->drive, account->id, &drive, error) ||
	    !(claim->refresh ? let_in : let_in_lasting)(call, account, claim, answer, &device,
							error)) {
		return false;
	}
	json_object_update_new(answer, welcome(account, &drive, device, claim->device_name));
	api_reply_json(call, g_steal_pointer(&answer));
	call->response->device = device;
	return true;
}

bool session_login(ApiCall *call, GError **error)
{
	g_autoptr(json_t) object = json_body_parse(call->request->body, error);
	Claim claim;
	if (!object || !read_claim(object, &claim, error)) {
		return false;
	}
	Account account = { 0 };
	if (!sign_in(call, &claim, &account, error)) {
		return false;
	}
	bool answered = answer_login(call, &account, &claim, error);
	accounts_account_clear(&account);
	return answered;
}

/* ---- the signed-in --------------------------------------------------------------------- */

static bool end_device(ApiCall *call, int64_t device, GError **error)
{
	const DevicesCaller which = { .account = call->caller.account, .device = device };
	const AuditBy by = { .account = call->caller.account,
			     .peer = call->request->peer,
			     .now_us = call->now_us };
	return devices_end_by(accounts_devices(call->api->accounts), &which, &by, error);
}

bool session_logout(ApiCall *call, GError **error)
{
	if (!end_device(call, call->caller.device, error)) {
		return false;
	}
	call->response->status = 204;
	return true;
}

bool session_me(ApiCall *call, GError **error)
{
	Api *api = call->api;
	JournalUsage usage;
	Account account;
	g_autofree char *device_name = NULL;
	if (!drive_home(api->drive, call->caller.account, &call->caller.drive, error) ||
	    !drive_usage(api->drive, &call->caller, &usage, error) ||
	    !devices_name(accounts_devices(api->accounts), call->caller.device, &device_name,
			  error) ||
	    !accounts_get(api->accounts, call->caller.account, &account, error)) {
		return false;
	}
	char drive_hex[NODE_ID_HEX_SIZE];
	node_id_to_hex(&call->caller.drive, drive_hex);
	json_t *used = json_pack("{s:I, s:I, s:I}", "bytes", (json_int_t)usage.bytes, "nodes",
				 (json_int_t)usage.nodes, "seq", (json_int_t)usage.seq);
	api_reply_json(call,
		       json_pack("{s:o, s:o, s:s, s:o, s:I}", "account", account_json(&account),
				 "device", device_json(call->caller.device, device_name), "drive",
				 drive_hex, "usage", used, "quota", (json_int_t)usage.quota));
	accounts_account_clear(&account);
	return true;
}

bool session_devices(ApiCall *call, GError **error)
{
	g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(DevicesEntry));
	g_array_set_clear_func(entries, devices_entry_clear);
	if (!devices_list(accounts_devices(call->api->accounts), call->caller.account, entries,
			  error)) {
		return false;
	}
	json_t *list = json_array();
	for (unsigned i = 0; i < entries->len; i++) {
		const DevicesEntry *entry = &g_array_index(entries, DevicesEntry, i);
		json_t *device = device_json(entry->id, entry->name);
		json_object_set_new(device, "created_us", json_integer(entry->created_us));
		json_object_set_new(device, "seen_us", json_integer(entry->seen_us));
		json_object_set_new(device, "peer", json_string(entry->peer));
		json_object_set_new(device, "method", json_string(entry->method));
		json_object_set_new(device, "client", json_string(entry->client));
		json_object_set_new(device, "this", json_boolean(entry->id == call->caller.device));
		json_array_append_new(list, device);
	}
	api_reply_json(call, json_pack("{s:o}", "devices", list));
	return true;
}

bool session_end_device(ApiCall *call, GError **error)
{
	int64_t device;
	if (!g_ascii_string_to_signed(call->rest, 10, 1, INT64_MAX, &device, NULL)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
				    "devices/ID takes the number of a device");
		return false;
	}
	if (!end_device(call, device, error)) {
		return false;
	}
	call->response->status = 204;
	return true;
}
