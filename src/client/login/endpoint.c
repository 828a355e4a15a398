/* SPDX-License-Identifier: Apache-2.0 */
#include "client/login/endpoint.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"
#include "client/login/server_url.h"
#include "http/http.h"

#include <string.h>

#define TIMEOUT_MS 30000
#define TEXT_LENGTH_MAX 300

void endpoint_list_clear(Endpoints *endpoints)
{
	g_clear_pointer(&endpoints->issuer, g_free);
	g_clear_pointer(&endpoints->authorization, g_free);
	g_clear_pointer(&endpoints->token, g_free);
	g_clear_pointer(&endpoints->device, g_free);
	g_clear_pointer(&endpoints->revocation, g_free);
}

void endpoint_answer_clear(EndpointAnswer *answer)
{
	g_clear_pointer(&answer->object, json_decref);
	g_clear_pointer(&answer->code, g_free);
}

void endpoint_form_add(GString *form, const char *name, const char *value)
{
	g_autofree char *escaped = g_uri_escape_string(value, NULL, FALSE);
	g_string_append_printf(form, "%s%s=%s", form->len > 0 ? "&" : "", name, escaped);
}

/* ---- one exchange ----------------------------------------------------------------------- */

static json_t *parse(const HttpResponse *response)
{
	size_t size = 0;
	const char *text = g_bytes_get_data(response->body, &size);
	json_t *object =
		size > 0 ? json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL) : json_object();
	if (!json_is_object(object)) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static bool send(const HttpRequest *request, GCancellable *cancellable, EndpointAnswer *ret_answer,
		 GError **error)
{
	g_autoptr(Http) http = http_new("imdrive");
	g_autoptr(HttpResponse) response = http_send(http, request, cancellable, error);
	if (!response) {
		g_autofree char *server = http_origin(request->url);
		server_url_explain(server, error);
		return false;
	}
	if (response->status == 429 || response->status >= 500) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_BUSY,
			    "the drive is busy or being restarted (status %u): try again in a "
			    "moment",
			    response->status);
		return false;
	}
	json_t *object = parse(response);
	if (!object) {
		g_set_error(
			error, DRIVE_ERROR, DRIVE_ERROR_OFFLINE,
			"something that is not a drive answers there (status %u): is the address "
			"right?",
			response->status);
		return false;
	}
	*ret_answer = (EndpointAnswer){ .status = response->status, .object = object };
	if (response->status < 200 || response->status > 299) {
		const char *code = json_string_value(json_object_get(object, "error"));
		ret_answer->code = g_strdup(code ? code : "unknown");
	}
	return true;
}

bool endpoint_post(const char *url, const GString *form, GCancellable *cancellable,
		   EndpointAnswer *ret_answer, GError **error)
{
	static const char *const headers[] = {
		"Content-Type: application/x-www-form-urlencoded",
		"Accept: application/json",
		NULL,
	};
	const HttpRequest request = {
		.method = "POST",
		.url = url,
		.headers = headers,
		.body = form->str,
		.body_size = form->len,
		.response_size_max = JSON_BODY_SIZE_MAX,
		.timeout_ms = TIMEOUT_MS,
	};
	return send(&request, cancellable, ret_answer, error);
}

bool endpoint_get(const char *url, GCancellable *cancellable, EndpointAnswer *ret_answer,
		  GError **error)
{
	const HttpRequest request = {
		.method = "GET",
		.url = url,
		.response_size_max = JSON_BODY_SIZE_MAX,
		.timeout_ms = TIMEOUT_MS,
	};
	return send(&request, cancellable, ret_answer, error);
}

bool endpoint_refused(const EndpointAnswer *answer, GError **error)
{
	const char *said = json_string_value(json_object_get(answer->object, "error_description"));
	g_autofree char *text = said ? text_printable(said, strnlen(said, TEXT_LENGTH_MAX))
				     : text_printable(answer->code, strlen(answer->code));
	bool refused = strcmp(answer->code, "access_denied") == 0;
	g_set_error(error, DRIVE_ERROR, refused ? DRIVE_ERROR_FORBIDDEN : DRIVE_ERROR_INVALID,
		    "%s%s",
		    refused ? "the sign-in was not approved: start again if that was a mistake"
			    : "the drive refused: ",
		    refused ? "" : text);
	return false;
}

/* ---- discovery --------------------------------------------------------------------------- */

/* An endpoint below the drive's own address; NULL if it is not there or elsewhere. */
static char *own_url(const json_t *object, const char *key, const char *server)
{
	const char *url = json_string_value(json_object_get(object, key));
	bool own = url && server_url_is_below(url, server) && !strpbrk(url, " #?\"\\");
	return own ? g_strdup(url) : NULL;
}

static bool check_issuer(const json_t *object, const char *server, GError **error)
{
	const char *issuer = json_string_value(json_object_get(object, "issuer"));
	if (!issuer) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "%s is not a drive that can be signed in to: is the address right?",
			    server);
		return false;
	}
	if (strcmp(issuer, server) != 0) {
		g_autofree char *shown = text_printable(issuer, strnlen(issuer, TEXT_LENGTH_MAX));
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "the drive at %s says that its address is %s: sign in there, or tell "
			    "its operator that public_url is wrong",
			    server, shown);
		return false;
	}
	return true;
}

bool endpoint_discover(const char *server, GCancellable *cancellable, Endpoints *ret_endpoints,
		       GError **error)
{
	g_autofree char *url = g_strconcat(server, "/.well-known/oauth-authorization-server", NULL);
	g_auto(EndpointAnswer) answer = { 0 };
	if (!endpoint_get(url, cancellable, &answer, error)) {
		return false;
	}
	if (answer.code && answer.status != 404) {
		return endpoint_refused(&answer, error);
	}
	if (!check_issuer(answer.object, server, error)) {
		return false;
	}
	g_auto(Endpoints) found = {
		.issuer = g_strdup(server),
		.authorization = own_url(answer.object, "authorization_endpoint", server),
		.token = own_url(answer.object, "token_endpoint", server),
		.device = own_url(answer.object, "device_authorization_endpoint", server),
		.revocation = own_url(answer.object, "revocation_endpoint", server),
	};
	bool tells = json_is_true(
		json_object_get(answer.object, "authorization_response_iss_parameter_supported"));
	if (!found.authorization || !found.token || !found.revocation || !tells) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "the drive at %s does not say where to sign in, or says another "
			    "server's address: ask its operator to look at public_url",
			    server);
		return false;
	}
	*ret_endpoints = found;
	found = (Endpoints){ 0 };
	return true;
}
