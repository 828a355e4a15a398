/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON over HTTP with the server's /api/v1/.
 */
#include "client/login/account.h"

#include "base/error.h"
#include "base/limits.h"
#include "http/http.h"

#include <string.h>

#define ANSWER_SIZE_MAX (8 * MIB)
#define TIMEOUT_MS 60000

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
	g_set_error(error, DRIVE_ERROR, (int)error_code_from_http(response->status), "%s",
		    message ? message : "the server refused, and did not say why");
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
	g_autoptr(HttpResponse) response = http_send(http, &request, NULL, error);
	free(text);
	if (!response) {
		return NULL;
	}
	if (response->status < 200 || response->status > 299) {
		set_refusal(response, error);
		return NULL;
	}
	return parse(response->body, error);
}

json_t *account_call(const ProfileLogin *login, const char *method, const char *path,
		     json_t *object, GError **error)
{
	const Exchange call = {
		.server = login->server,
		.method = method,
		.path = path,
		.token = login->token,
		.object = object,
	};
	return exchange(&call, error);
}

/* ---- signing in ------------------------------------------------------------------------- */

/* "drive.example.org/" -> "https://drive.example.org"; a loopback address is taken as http. */
static char *server_url(const char *typed, GError **error)
{
	g_autofree char *url = NULL;
	if (strstr(typed, "://")) {
		url = g_strdup(typed);
	} else {
		bool local = g_str_has_prefix(typed, "127.") || g_str_has_prefix(typed, "[::1]") ||
			     g_str_has_prefix(typed, "localhost");
		url = g_strconcat(local ? "http://" : "https://", typed, NULL);
	}
	size_t size = strlen(url);
	while (size > 0 && url[size - 1] == '/') {
		url[--size] = '\0';
	}
	g_autoptr(GUri) parsed = g_uri_parse(url, G_URI_FLAGS_NONE, NULL);
	const char *scheme = parsed ? g_uri_get_scheme(parsed) : NULL;
	bool known = scheme && (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
	if (!known || !g_uri_get_host(parsed) || !*g_uri_get_host(parsed) ||
	    g_uri_get_userinfo(parsed) || g_uri_get_query(parsed)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "'%s' is not the address of a drive: type it like "
			    "https://drive.example.org",
			    typed);
		return NULL;
	}
	return g_steal_pointer(&url);
}

static bool read_answer(json_t *answer, ProfileLogin *ret_login, GError **error)
{
	json_t *account = json_object_get(answer, "account");
	json_t *device = json_object_get(answer, "device");
	const char *token = json_string_value(json_object_get(answer, "token"));
	const char *drive = json_string_value(json_object_get(answer, "drive"));
	const char *name = json_string_value(json_object_get(account, "name"));
	if (!token || !drive || !name || !node_id_from_hex(drive, &ret_login->drive)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "the server's answer lacks the credential: is it a drive?");
		return false;
	}
	ret_login->token = g_strdup(token);
	ret_login->account = g_strdup(name);
	ret_login->device = json_integer_value(json_object_get(device, "id"));
	ret_login->registered = json_is_true(json_object_get(answer, "registered"));
	return true;
}

bool account_sign_in(const AccountPassword *with, ProfileLogin *ret_login, GError **error)
{
	g_autofree char *server = server_url(with->server, error);
	if (!server) {
		return false;
	}
	json_auto_t *object = json_pack("{s:s, s:s, s:s}", "name", with->name, "password",
					with->password, "device_name", with->device_name);
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
	if (!answer || !read_answer(answer, ret_login, error)) {
		g_prefix_error(error, "sign in to %s as %s: ", server, with->name);
		return false;
	}
	ret_login->server = g_steal_pointer(&server);
	ret_login->device_name = g_strdup(with->device_name);
	return true;
}
