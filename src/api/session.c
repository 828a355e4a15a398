/* SPDX-License-Identifier: Apache-2.0 */
#include "api/session.h"

#include "api/json_body.h"
#include "base/error.h"
#include "base/limits.h"

#include <sodium.h>
#include <string.h>

static json_t *account_json(const Account *account)
{
	return json_pack("{s:I, s:s}", "id", (json_int_t)account->id, "name", account->name);
}

static json_t *device_json(int64_t id, const char *name)
{
	return json_pack("{s:I, s:s}", "id", (json_int_t)id, "name", name);
}

/* ---- login ----------------------------------------------------------------------------- */

typedef struct Credentials {
	const char *name;
	const char *password;
	const char *device_name;
} Credentials;

static bool read_credentials(const json_t *object, Credentials *ret_credentials, GError **error)
{
	/* A longer password than is allowed is a wrong one, as a longer name is an unknown one. */
	ret_credentials->name = json_body_text(object, "name", JSON_BODY_SIZE_MAX, error);
	if (!ret_credentials->name) {
		return false;
	}
	ret_credentials->password = json_body_text(object, "password", JSON_BODY_SIZE_MAX, error);
	if (!ret_credentials->password) {
		return false;
	}
	ret_credentials->device_name =
		json_body_text(object, "device_name", DEVICE_NAME_SIZE_MAX, error);
	return ret_credentials->device_name != NULL;
}

static bool sign_in(ApiCall *call, const Credentials *credentials, Account *ret_account,
		    GError **error)
{
	Api *api = call->api;
	const char *peer = call->request->peer;
	if (!login_limit_take(api->login_limit, peer, credentials->name, call->now_us,
			      &call->response->retry_after_s)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_BUSY,
			    "too many failed sign-ins: try again in %u seconds",
			    call->response->retry_after_s);
		return false;
	}
	g_autoptr(GError) local = NULL;
	bool right = accounts_sign_in(api->accounts, credentials->name, credentials->password,
				      ret_account, &local);
	if (right || !g_error_matches(local, DRIVE_ERROR, DRIVE_ERROR_UNAUTHENTICATED)) {
		login_limit_give_back(api->login_limit, peer, credentials->name, call->now_us);
	}
	if (right) {
		api->sign_ins++;
		return true;
	}
	api->sign_in_failures++;
	g_propagate_error(error, g_steal_pointer(&local));
	return false;
}

bool session_login(ApiCall *call, GError **error)
{
	g_autoptr(json_t) object = json_body_parse(call->request->body, error);
	Credentials credentials;
	if (!object || !read_credentials(object, &credentials, error)) {
		return false;
	}
	Account account;
	if (!sign_in(call, &credentials, &account, error)) {
		return false;
	}
	g_autofree char *account_name = account.name;
	g_autofree char *token = NULL;
	int64_t device;
	NodeId drive;
	if (!drive_home(call->api->drive, account.id, &drive, error) ||
	    !devices_add(accounts_devices(call->api->accounts), account.id, credentials.device_name,
			 call->now_us, &token, &device, error)) {
		return false;
	}
	char drive_hex[NODE_ID_HEX_SIZE];
	node_id_to_hex(&drive, drive_hex);
	api_reply_json(call, json_pack("{s:s, s:o, s:o, s:s, s:b}", "token", token, "account",
				       account_json(&account), "device",
				       device_json(device, credentials.device_name), "drive",
				       drive_hex, "registered", 0));
	sodium_memzero(token, strlen(token));
	call->response->device = device;
	return true;
}

/* ---- the signed-in --------------------------------------------------------------------- */

bool session_logout(ApiCall *call, GError **error)
{
	if (!devices_end(accounts_devices(call->api->accounts), call->caller.account,
			 call->caller.device, error)) {
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
	if (!drive_home(api->drive, call->caller.account, &call->caller.drive, error) ||
	    !drive_usage(api->drive, &call->caller, &usage, error) ||
	    !accounts_get(api->accounts, call->caller.account, &account, error)) {
		return false;
	}
	g_autofree char *account_name = account.name;
	g_autofree char *device_name = NULL;
	if (!devices_name(accounts_devices(api->accounts), call->caller.device, &device_name,
			  error)) {
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
	if (!devices_end(accounts_devices(call->api->accounts), call->caller.account, device,
			 error)) {
		return false;
	}
	call->response->status = 204;
	return true;
}
