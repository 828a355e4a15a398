/* SPDX-License-Identifier: Apache-2.0 */
#include "request/response.h"

#include <jansson.h>
#include <string.h>

void response_clear(Response *response)
{
	g_clear_pointer(&response->body, g_bytes_unref);
	if (response->source.free) {
		response->source.free(response->source.data);
	}
	response->source = (ResponseSource){ 0 };
	g_clear_pointer(&response->headers, g_ptr_array_unref);
	g_clear_pointer(&response->detail, g_free);
}

void response_add_header(Response *response, const char *name, const char *value)
{
	g_assert(!strpbrk(name, "\r\n:") && !strpbrk(value, "\r\n"));
	if (!response->headers) {
		response->headers = g_ptr_array_new_with_free_func(g_free);
	}
	g_ptr_array_add(response->headers, g_strconcat(name, ": ", value, NULL));
}

void response_redirect(Response *response, const char *location)
{
	response->status = 303;
	g_clear_pointer(&response->body, g_bytes_unref);
	response_add_header(response, "Location", location);
}

void response_fail(Response *response, unsigned status, const char *name, const char *message)
{
	/* Messages can quote what the peer sent. */
	g_autofree char *text = g_utf8_make_valid(message, -1);
	json_t *object = json_pack("{s:s, s:s}", "error", name, "message", text);
	g_assert(object);
	char *body = json_dumps(object, JSON_COMPACT);
	g_assert(body);
	json_decref(object);
	response->status = status;
	response->content_type = "application/json";
	g_clear_pointer(&response->body, g_bytes_unref);
	response->body = g_bytes_new_take(body, strlen(body));
}
