/* SPDX-License-Identifier: Apache-2.0 */
#include "server/login/site.h"

#include "base/error.h"
#include "base/limits.h"
#include "pages/asset.h"
#include "server/login/reply.h"
#include "server/login/cookies.h"
#include "server/login/target.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define VERIFY_NAME_SIZE_MAX 128
#define VERIFY_SIZE_MAX (64 * KIB)

/* "WW_verify_Ab12.txt", "1234.html": no path, nothing hidden. */
static bool is_verify_name(const char *name)
{
	size_t size = strlen(name);
	return size > 0 && size <= VERIFY_NAME_SIZE_MAX && name[0] != '.' &&
	       strspn(name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._-") == size &&
	       (g_str_has_suffix(name, ".txt") || g_str_has_suffix(name, ".html") ||
		g_str_has_suffix(name, ".htm"));
}

bool site_serves(const char *path)
{
	return g_str_has_prefix(path, ASSET_ROOT) || is_verify_name(path + 1);
}

bool site_asset(LoginCall *call)
{
	if (!g_str_has_prefix(call->request->path, ASSET_ROOT)) {
		return false;
	}
	Response *response = call->response;
	const Asset *asset = asset_find(call->request->path + strlen(ASSET_ROOT));
	if (!asset) {
		response_fail(response, 404, "not-found", "there is no such asset");
		return true;
	}
	const char *known = call->request->headers[REQUEST_IF_NONE_MATCH];
	response->cache_control = "public, max-age=31536000, immutable";
	response_add_header(response, "ETag", asset->etag);
	if (known && strstr(known, asset->etag)) {
		response->status = 304;
		return true;
	}
	response->status = 200;
	response->content_type = asset->content_type;
	response->body = g_bytes_ref(asset->bytes);
	return true;
}

static GBytes *read_verify(const char *folder, const char *name)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0) {
		return NULL;
	}
	struct stat state;
	g_autofree char *data = NULL;
	ssize_t size = -1;
	if (fstat(fd, &state) == 0 && S_ISREG(state.st_mode) &&
	    state.st_size <= (off_t)VERIFY_SIZE_MAX) {
		data = g_malloc((size_t)state.st_size + 1);
		size = read(fd, data, (size_t)state.st_size);
	}
	close(fd);
	return size >= 0 ? g_bytes_new(data, (size_t)size) : NULL;
}

bool site_file(LoginCall *call, GError **error)
{
	const char *name = call->request->path + 1;
	if (*name == '\0') {
		reply_go(call, call->signed_in ? "/account" : "/login");
		return true;
	}
	GBytes *bytes =
		call->login->verify_folder ? read_verify(call->login->verify_folder, name) : NULL;
	if (!bytes) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND, "there is nothing at '/%s'",
			    name);
		return false;
	}
	/* It is the operator's, but nothing in it may run with the drive's cookies. */
	reply_page(call, 200, bytes, NULL);
	response_add_header(call->response, "Content-Security-Policy", "sandbox");
	if (g_str_has_suffix(name, ".txt")) {
		call->response->content_type = "text/plain; charset=utf-8";
	}
	return true;
}

bool site_language(LoginCall *call, GError **error)
{
	const char *to = request_query(call->request, "to");
	const char *back = request_query(call->request, "back");
	Language language;
	if (!to || !phrase_language_from_tag(to, &language)) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "there is no such language");
		return false;
	}
	cookies_set(call->response, COOKIES_LANGUAGE, call->base, phrase_language_tag(language));
	reply_go(call, back && target_is_own(back) ? back : "/");
	return true;
}
