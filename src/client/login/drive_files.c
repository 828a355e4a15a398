/* SPDX-License-Identifier: Apache-2.0 */
#include "client/login/drive_files.h"

#include "base/error.h"
#include "base/text.h"
#include "client/login/account.h"

#include <string.h>

#define LINKS "/api/v1/links"

json_t *drive_files_versions(const Profile *profile, const char *path, GError **error)
{
	g_autofree char *escaped = g_uri_escape_string(path, NULL, FALSE);
	g_autofree char *call = g_strconcat("/api/v1/versions?path=", escaped, NULL);
	return account_call(profile, "GET", call, NULL, error);
}

/* The newest deleted node that was at this path. */
static json_t *find_deleted(const Profile *profile, const char *path, GError **error)
{
	json_auto_t *answer = account_call(profile, "GET", "/api/v1/trash", NULL, error);
	size_t index;
	json_t *node;
	if (!answer) {
		return NULL;
	}
	json_array_foreach(json_object_get(answer, "nodes"), index, node)
	{
		const char *was = json_string_value(json_object_get(node, "path"));
		if (was && strcmp(was, path) == 0) {
			return json_incref(json_object_get(node, "node"));
		}
	}
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
		    "nothing of that name was deleted, as far as the server remembers; to bring "
		    "back an older version, say --version N");
	return NULL;
}

static json_t *request(const Profile *profile, const char *path, int64_t version, GError **error)
{
	if (version > 0) {
		return json_pack("{s:s, s:I}", "path", path, "version", (json_int_t)version);
	}
	json_t *node = find_deleted(profile, path, error);
	return node ? json_pack("{s:o, s:i}", "node", node, "version", 0) : NULL;
}

json_t *drive_files_restore(const Profile *profile, const char *path, int64_t version,
			    GError **error)
{
	json_auto_t *object = request(profile, path, version, error);
	return object ? account_call(profile, "POST", "/api/v1/restore", object, error) : NULL;
}

/* ---- links ----------------------------------------------------------------------------- */

static void set_no_link(GError **error)
{
	g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
			    "what the drive answers is no link; tell its operator");
}

/*
 * Whatever shows it, copies it or opens it takes the drive's word for what a link is: only what can
 * be the address of a web page, without anything that a terminal or a page obeys.
 */
static bool check_link(const json_t *link, GError **error)
{
	const char *url = json_string_value(json_object_get(link, "url"));
	bool good = url && (g_str_has_prefix(url, "http://") || g_str_has_prefix(url, "https://"));
	for (const char *c = url; good && *c; c++) {
		good = g_ascii_isgraph(*c);
	}
	if (!good) {
		set_no_link(error);
	}
	return good;
}

static bool check_links(const json_t *answer, GError **error)
{
	size_t index;
	const json_t *link;
	json_array_foreach(json_object_get(answer, "links"), index, link)
	{
		if (!check_link(link, error)) {
			return false;
		}
	}
	return true;
}

static bool check_is_below(const char *path, GError **error)
{
	if (!*path) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID,
				    "the whole drive cannot be shared: share a folder in it");
	}
	return *path != '\0';
}

json_t *drive_files_share(const Profile *profile, const char *path, int64_t days, GError **error)
{
	if (!check_is_below(path, error)) {
		return NULL;
	}
	json_auto_t *wish = json_pack("{s:s}", "path", path);
	if (days != DRIVE_FILES_AS_IT_IS) {
		json_object_set_new(wish, "days", json_integer(days));
	}
	json_auto_t *link = account_call(profile, "POST", LINKS, wish, error);
	return link && check_link(link, error) ? json_incref(link) : NULL;
}

json_t *drive_files_send_link(const Profile *profile, const char *path, int64_t days,
			      const char *to, GError **error)
{
	json_auto_t *link = drive_files_share(profile, path, days, error);
	const char *node = json_string_value(json_object_get(link, "node"));
	if (!link) {
		return NULL;
	}
	if (!node) {
		set_no_link(error);
		return NULL;
	}
	g_autofree char *escaped = g_uri_escape_string(node, NULL, FALSE);
	g_autofree char *call = g_strconcat(LINKS "/", escaped, "/messages", NULL);
	json_auto_t *message = json_pack("{s:s}", "to", to);
	json_auto_t *sent = message ? account_call(profile, "POST", call, message, error) : NULL;
	if (!sent) {
		return NULL;
	}
	/* As it was typed, unless the drive has it otherwise; nothing else in the answer counts. */
	const char *address = json_string_value(json_object_get(sent, "to"));
	g_autofree char *shown = text_visible(address ? address : to, false);
	json_object_set_new(link, "to", json_string(shown));
	return json_incref(link);
}

json_t *drive_files_links(const Profile *profile, const char *path, GError **error)
{
	if (path && !check_is_below(path, error)) {
		return NULL;
	}
	g_autofree char *escaped = path ? g_uri_escape_string(path, NULL, FALSE) : NULL;
	g_autofree char *call = g_strconcat(LINKS, path ? "?path=" : NULL, escaped, NULL);
	json_auto_t *answer = account_call(profile, "GET", call, NULL, error);
	return answer && check_links(answer, error) ? json_incref(answer) : NULL;
}

bool drive_files_unshare(const Profile *profile, const char *node, GError **error)
{
	g_autofree char *escaped = g_uri_escape_string(node, NULL, FALSE);
	g_autofree char *call = g_strconcat(LINKS "/", escaped, NULL);
	json_auto_t *answer = account_call(profile, "DELETE", call, NULL, error);
	return answer != NULL;
}

bool drive_files_unshare_path(const Profile *profile, const char *path, GError **error)
{
	json_auto_t *answer = drive_files_links(profile, NULL, error);
	size_t index;
	json_t *link;
	if (!answer) {
		return false;
	}
	json_array_foreach(json_object_get(answer, "links"), index, link)
	{
		const char *where = json_string_value(json_object_get(link, "path"));
		const char *node = json_string_value(json_object_get(link, "node"));
		if (where && node && strcmp(where, path) == 0) {
			return drive_files_unshare(profile, node, error);
		}
	}
	g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND, "it is not shared");
	return false;
}
