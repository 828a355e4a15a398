/* SPDX-License-Identifier: Apache-2.0 */
#include "request/request.h"

#include "base/error.h"

#include <string.h>

#define FORM_TYPE "application/x-www-form-urlencoded"

const char *request_header_name(RequestHeader header)
{
	static const char *const names[REQUEST_HEADERS] = {
		[REQUEST_ACCEPT_LANGUAGE] = "Accept-Language",
		[REQUEST_AUTHORIZATION] = "Authorization",
		[REQUEST_CONTENT_TYPE] = "Content-Type",
		[REQUEST_COOKIE] = "Cookie",
		[REQUEST_HOST] = "Host",
		[REQUEST_IF_NONE_MATCH] = "If-None-Match",
		[REQUEST_IF_RANGE] = "If-Range",
		[REQUEST_ORIGIN] = "Origin",
		[REQUEST_RANGE] = "Range",
		[REQUEST_SEC_FETCH_SITE] = "Sec-Fetch-Site",
		[REQUEST_USER_AGENT] = "User-Agent",
	};
	return names[header];
}

const char *request_query(const Request *request, const char *name)
{
	return request->query ? parameters_get(request->query, name) : NULL;
}

/* Whether a Content-Type is this one, whatever its parameters. */
static bool is_of_type(const char *content_type, const char *type)
{
	size_t size = strlen(type);
	return content_type && g_ascii_strncasecmp(content_type, type, size) == 0 &&
	       (content_type[size] == '\0' || content_type[size] == ';' ||
		content_type[size] == ' ');
}

Parameters *request_form(const Request *request, GError **error)
{
	if (!is_of_type(request->headers[REQUEST_CONTENT_TYPE], FORM_TYPE)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "the body is no form: its Content-Type is not " FORM_TYPE);
		return NULL;
	}
	size_t size = 0;
	const char *text = request->body ? g_bytes_get_data(request->body, &size) : NULL;
	return parameters_parse(text, size, error);
}
