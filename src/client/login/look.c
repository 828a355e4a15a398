/* SPDX-License-Identifier: Apache-2.0 */
#include "client/login/look.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"
#include "client/login/endpoint.h"
#include "client/login/server_url.h"

#include <stdbool.h>
#include <string.h>

#define LABEL_SIZE_MAX 128

static json_t *shown(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	text = text ? text : "";
	g_autofree char *printable = text_printable(text, strnlen(text, LABEL_SIZE_MAX));
	return json_string(printable);
}

/* It goes into a URL and stands for a record of ours. */
static bool is_id(const char *id)
{
	size_t size = id ? strlen(id) : 0;
	return size > 0 && size <= OAUTH_PROVIDER_SIZE_MAX &&
	       strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-_") == size;
}

static json_t *read_services(const json_t *answer)
{
	json_t *services = json_array();
	size_t index;
	json_t *service;
	json_array_foreach(json_object_get(answer, "services"), index, service)
	{
		const char *id = json_string_value(json_object_get(service, "id"));
		if (is_id(id) && json_array_size(services) < PROVIDERS_MAX) {
			json_array_append_new(services, json_pack("{s:s, s:o, s:o}", "id", id,
								  "label", shown(service, "label"),
								  "icon", shown(service, "icon")));
		}
	}
	return services;
}

json_t *look_at(const char *address, GCancellable *cancellable, GError **error)
{
	g_autofree char *server = server_url_read(address, error);
	g_auto(Endpoints) endpoints = { 0 };
	if (!server || !endpoint_discover(server, cancellable, &endpoints, error)) {
		return NULL;
	}
	g_autofree char *url = g_strconcat(server, "/login/services", NULL);
	g_auto(EndpointAnswer) answer = { 0 };
	if (!endpoint_get(url, cancellable, &answer, error)) {
		return NULL;
	}
	if (answer.code) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_UNSUPPORTED,
			    "the drive at %s does not tell its ways to sign in (status %u): it is "
			    "older than this program, and its operator has to renew it",
			    server, answer.status);
		return NULL;
	}
	const json_t *object = answer.object;
	return json_pack("{s:s, s:o, s:b, s:b, s:b, s:b, s:o}", "server", server, "name",
			 shown(object, "drive"), "loopback", server_url_is_loopback(server),
			 "password", json_is_true(json_object_get(object, "password")), "chat",
			 json_is_true(json_object_get(object, "chat")), "device_code",
			 endpoints.device != NULL, "services", read_services(object));
}
