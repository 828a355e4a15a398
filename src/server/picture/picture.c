/* SPDX-License-Identifier: Apache-2.0 */
#include "server/picture/picture.h"

#include "base/error.h"
#include "base/limits.h"
#include "server/provider/record.h"

#include <string.h>

#define STATUS_OK 200

const char *picture_type(const void *bytes, size_t size)
{
	static const struct {
		const char *bytes;
		size_t size;
		const char *type;
	} types[] = {
		{ "\x89PNG\r\n\x1a\n", 8, "image/png" },
		{ "\xff\xd8\xff", 3, "image/jpeg" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
		if (size > types[i].size && memcmp(bytes, types[i].bytes, types[i].size) == 0) {
			return types[i].type;
		}
	}
	return NULL;
}

bool picture_fetch(Http *http, const PictureFetch *fetch, GCancellable *cancellable,
		   IdentitiesPicture *ret_picture, GError **error)
{
	static const char *const headers[] = { "Accept: image/png, image/jpeg", NULL };
	bool here = fetch->loopback && record_is_loopback(fetch->url);
	if (!record_is_url(fetch->url, here)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "fetch a picture: only https is asked");
		return false;
	}
	const HttpRequest request = {
		.method = "GET",
		.url = fetch->url,
		.headers = headers,
		.response_size_max = PICTURE_SIZE_MAX,
		.timeout_ms = PICTURE_TIMEOUT_MS,
		.public_only = !here,
	};
	g_autoptr(HttpResponse) response = http_send(http, &request, cancellable, error);
	if (!response) {
		g_prefix_error(error, "fetch a picture: ");
		return false;
	}
	size_t size;
	const void *bytes = g_bytes_get_data(response->body, &size);
	const char *type = response->status == STATUS_OK ? picture_type(bytes, size) : NULL;
	if (!type) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "fetch a picture: the answer, with status %u, is neither PNG nor JPEG",
			    response->status);
		return false;
	}
	*ret_picture =
		(IdentitiesPicture){ .type = g_strdup(type), .bytes = g_bytes_ref(response->body) };
	return true;
}
