/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON over HTTP with the server's /api/v1/.
 */
#include "client/login/account.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"
#include "client/login/credential.h"
#include "client/login/endpoint.h"
#include "client/login/server_url.h"
#include "client/login/sign_in.h"
#include "http/http.h"

#include <string.h>

#define ANSWER_SIZE_MAX (8 * MIB)
#define TIMEOUT_MS 60000
#define MESSAGE_SIZE_SHOWN_MAX 2000

/* ---- one exchange ----------------------------------------------------------------------- */

static json_t *parse(GBytes *body, GError **error)
{
	size_t size;
	const char *text = g_bytes_get_data(body, &size);
	json_error_t failure;
	json_t *object = size == 0 ? json_object()
				   : json_loadb(text, size, JSON_REJECT_DUPLICATES, &failure);
	if (!json_is_object(object)) {
		json_decref(object);
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "the server's answer is not what a drive answers: is it one?");
		return NULL;
	}
	return object;
}

static void set_refusal(const HttpResponse *response, GError **error)
{
	json_auto_t *object = parse(response->body, NULL);
	const char *message = object ? json_string_value(json_object_get(object, "message")) : NULL;
	const char *name = json_string_value(json_object_get(object, "error"));
	int code = (int)error_code_from_http(response->status, name);
	if (message) {
		g_autofree char *shown =
			text_printable(message, strnlen(message, MESSAGE_SIZE_SHOWN_MAX));
		g_set_error_literal(error, DRIVE_ERROR, code, shown);
		return;
	}
	g_set_error(error, DRIVE_ERROR, code,
		    "the server refused (status %u), and did not say why: is it a drive?",
		    response->status);
}

typedef struct Exchange {
	const char *server;
	const char *method;
	const char *path;
	const char *token; /* NULL: none */
	json_t *object;    /* NULL: none */
} Exchange;

static json_t *exchange(const Exchange *call, GError **error)
{
	g_autoptr(Http) http = http_new("imdrive");
	g_autofree char *url = g_strconcat(call->server, call->path, NULL);
	g_autofree char *bearer =
		call->token ? g_strconcat("Authorization: Bearer ", call->token, NULL) : NULL;
	const char *headers[] = { "Content-Type: application/json", bearer, NULL };
	char *text = call->object ? json_dumps(call->object, JSON_COMPACT) : NULL;
	const HttpRequest request = {
		.method = call->method,
		.url = url,
		.headers = headers,
		.body = text,
		.body_size = text ? strlen(text) : 0,
		.response_size_max = ANSWER_SIZE_MAX,
		.timeout_ms = TIMEOUT_MS,
	};
	g_autoptr(HttpResponse) response =
		http_send(http, &request, g_cancellable_get_current(), error);
	free(text);
	if (!response) {
		server_url_explain(call->server, error);
		return NULL;
	}
	if (response->status < 200 || response->status > 299) {
		set_refusal(response, error);
		return NULL;
	}
	return parse(response->body, error);
}

json_t *account_call(const Profile *profile, const char *method, const char *path, json_t *object,
		     GError **error)
{
	g_autofree char *folder = profile_path(profile, "");
	g_autoptr(Credential) credential = credential_new(folder);
	g_autofree char *token = NULL;
	for (unsigned tries = 0;; tries++) {
		g_autofree char *refused = g_steal_pointer(&token);
		token = credential_get(credential, refused, g_cancellable_get_current(), error);
		if (!token) {
			return NULL;
		}
		const Exchange call = {
			.server = profile_login(profile)->server,
			.method = method,
			.path = path,
			.token = token,
			.object = object,
		};
		g_autoptr(GError) failure = NULL;
		json_t *answer = exchange(&call, &failure);
		bool again = g_error_matches(failure, DRIVE_ERROR, DRIVE_ERROR_UNAUTHENTICATED);
		if (!answer && (!again || tries > 0)) {
			g_propagate_error(error, g_steal_pointer(&failure));
		}
		if (answer || !again || tries > 0) {
			return answer;
		}
	}
}

/* ---- signing in and out ----------------------------------------------------------------- */

/* Of a drive that does not renew credentials yet: one that lasts. */
static bool take_lasting(json_t *answer, const char *device_name, ProfileLogin *ret_login,
			 GError **error)
{
	const char *token = json_string_value(json_object_get(answer, "token"));
	const char *drive = json_string_value(json_object_get(answer, "drive"));
	json_t *account = json_object_get(answer, "account");
	json_t *device = json_object_get(answer, "device");
	const char *name = json_string_value(json_object_get(account, "name"));
	if (!token || !drive || !name || !node_id_from_hex(drive, &ret_login->drive)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "the server's answer lacks the credential: is it a drive?");
		return false;
	}
	ret_login->tokens.access = g_strdup(token);
	ret_login->account = text_printable(name, strlen(name));
	ret_login->device_name = g_strdup(device_name);
	ret_login->device = json_integer_value(json_object_get(device, "id"));
	return true;
}

static bool take(json_t *answer, const char *device_name, ProfileLogin *ret_login, GError **error)
{
	if (!json_object_get(answer, "access_token")) {
		return take_lasting(answer, device_name, ret_login, error);
	}
	if (!sign_in_take(answer, ret_login, error)) {
		return false;
	}
	const char *client = json_string_value(json_object_get(answer, "client_id"));
	ret_login->tokens.client_id = g_strdup(client ? client : "imdrive");
	return true;
}

bool account_sign_in(const AccountPassword *with, ProfileLogin *ret_login, GError **error)
{
	g_autofree char *server = server_url_read(with->server, error);
	if (!server) {
		return false;
	}
	json_auto_t *object =
		json_pack("{s:s, s:s, s:s, s:b}", "name", with->name, "password", with->password,
			  "device_name", with->device_name, "refresh", 1);
	if (!object) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "name, password and device name must be UTF-8 text");
		return false;
	}
	const Exchange call = {
		.server = server,
		.method = "POST",
		.path = "/api/v1/login",
		.object = object,
	};
	json_auto_t *answer = exchange(&call, error);
	if (!answer || !take(answer, with->device_name, ret_login, error)) {
		g_prefix_error(error, "sign in to %s as %s: ", server, with->name);
		return false;
	}
	ret_login->tokens.token_endpoint = g_strconcat(server, "/oauth/token", NULL);
	ret_login->tokens.revocation_endpoint = g_strconcat(server, "/oauth/revoke", NULL);
	ret_login->server = g_steal_pointer(&server);
	return true;
}

bool account_sign_out(const ProfileLogin *login, GError **error)
{
	const Tokens *tokens = &login->tokens;
	if (!tokens->access) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_BUSY,
				    "its credential lies in the keyring, which is locked: unlock "
				    "that");
		return false;
	}
	if (!tokens->refresh) {
		const Exchange call = {
			.server = login->server,
			.method = "POST",
			.path = "/api/v1/logout",
			.token = tokens->access,
		};
		json_auto_t *answer = exchange(&call, error);
		return answer != NULL;
	}
	g_autoptr(GString) form = g_string_new(NULL);
	endpoint_form_add(form, "client_id", tokens->client_id);
	endpoint_form_add(form, "token_type_hint", "refresh_token");
	endpoint_form_add(form, "token", tokens->refresh);
	g_auto(EndpointAnswer) answer = { 0 };
	if (!endpoint_post(tokens->revocation_endpoint, form, g_cancellable_get_current(), &answer,
			   error)) {
		return false;
	}
	return !answer.code || endpoint_refused(&answer, error);
}
